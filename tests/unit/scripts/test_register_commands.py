import json
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from chatops.commands import COMMANDS
from chatops.commands.base import Command
from scripts.register_commands import Answer, RegistrationError, commands_url, main, put_json, register

APPLICATION = "1100000000000000001"
GUILD = "1100000000000000002"
ENVIRON = {"DISCORD_BOT_TOKEN": "bot-token", "DISCORD_APPLICATION_ID": APPLICATION}
BODY = [{"name": "cloud-init"}, {"name": "cloud-help"}]


class Discord:
    """Gives prepared answers, the last one for good."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, Sequence[Mapping[str, Any]]]] = []

    def put(self, url: str, token: str, body: Sequence[Mapping[str, Any]]) -> Answer:
        self.requests.append((url, token, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refused(answer: Answer) -> str:
    with pytest.raises(RegistrationError) as caught:
        register("url", "bot-token", BODY, Discord(answer).put, lambda seconds: None)
    assert "bot-token" not in str(caught.value)
    return str(caught.value)


def test_a_dry_run_prints_the_json_and_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dry-run"], {}) == 0
    assert {command["name"] for command in json.loads(capsys.readouterr().out)} == set(COMMANDS)


def test_the_commands_of_one_guild_are_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    discord = Discord(Answer(200, BODY))

    assert main(["--guild", GUILD], ENVIRON, discord.put) == 0
    [(url, token, body)] = discord.requests
    assert (url, token) == (
        f"https://discord.com/api/v10/applications/{APPLICATION}/guilds/{GUILD}/commands",
        "bot-token",
    )
    assert all("contexts" not in command for command in body)
    assert "/cloud-init, /cloud-help" in capsys.readouterr().out


def test_the_address_of_the_api_and_the_application_can_be_others() -> None:
    discord = Discord(Answer(200, []))
    other = "1100000000000000099"

    main(["--application", other], {**ENVIRON, "DISCORD_API_BASE_URL": "http://127.0.0.1:1/api/v10/"}, discord.put)

    assert discord.requests[0][0] == f"http://127.0.0.1:1/api/v10/applications/{other}/commands"


@pytest.mark.parametrize("name", ["DISCORD_BOT_TOKEN", "DISCORD_APPLICATION_ID"])
def test_what_is_not_set_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {key: value for key, value in ENVIRON.items() if key != name}

    assert main([], environ, Discord(Answer(200, [])).put) == 2
    assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--guild", "x"], ["--guild", "12"], ["--application", "../1"], ["--token", "x"]]
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments, ENVIRON)

    assert caught.value.code == 2


def test_a_broken_registry_is_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Command("cloud-x", "", lambda call, services: None)

    assert main([], ENVIRON, Discord(Answer(200, [])).put, {"cloud-x": broken}) == 1
    assert "/cloud-x" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(401, {"message": "401: Unauthorized", "code": 0}), "bot token"),
        (Answer(403, {"message": "Missing Access", "code": 50001}), "applications.commands"),
        (Answer(404, None), "ids"),
        (Answer(429, {"retry_after": 900.4}), "900 s"),
        (Answer(429, None, {"Retry-After": "1200"}), "1200 s"),
        (Answer(500, None), "500"),
        (Answer(302, None), "302"),
        (Answer(200, {"message": "not a list"}), "200"),
    ],
)
def test_each_refusal_says_what_to_do(answer: Answer, told: str) -> None:
    assert told in refused(answer)


def test_a_form_error_names_the_command_and_the_field() -> None:
    tree = {"1": {"options": {"0": {"description": {"_errors": [{"code": "X", "message": "Too long."}]}}}}}

    assert "/cloud-help options.0.description: Too long." in refused(
        Answer(400, {"code": 50035, "message": "Invalid Form Body", "errors": tree})
    )


@pytest.mark.parametrize("errors", [None, [], {"_errors": "x"}, {"9": {"_errors": ["x"]}}, {"x": 5}])
def test_a_strange_error_tree_does_not_break_the_explanation(errors: Any) -> None:
    assert "400" in refused(Answer(400, {"code": 50035, "message": "Invalid Form Body", "errors": errors}))


def test_a_short_wait_is_waited_and_tried_again() -> None:
    waits: list[float] = []
    discord = Discord(Answer(429, {"retry_after": 1.5}), Answer(429, None, {"Retry-After": "2"}), Answer(200, BODY))

    assert register("url", "t", BODY, discord.put, waits.append) == ["cloud-init", "cloud-help"]
    assert waits == [1.5, 2.0]


def test_a_wait_without_end_is_given_up() -> None:
    waits: list[float] = []
    with pytest.raises(RegistrationError):
        register("url", "t", BODY, Discord(Answer(429, {"retry_after": 1})).put, waits.append)

    assert len(waits) == 2


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen = {name: self.headers[name] for name in ("Authorization", "User-Agent", "Content-Type")}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps([{"name": "seen", **seen, "body": body}]).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_the_request_has_the_headers_that_discord_asks_for(server: HTTPServer) -> None:
    url = commands_url(f"http://127.0.0.1:{server.server_port}", APPLICATION, None)

    answer = put_json(url, "bot-token", BODY)

    [seen] = answer.body
    assert seen["Authorization"] == "Bot bot-token"
    assert seen["User-Agent"].startswith("DiscordBot (http")
    assert seen["Content-Type"] == "application/json"
    assert seen["body"] == BODY


def test_an_address_where_nobody_listens_is_explained(server: HTTPServer) -> None:
    server.server_close()

    with pytest.raises(RegistrationError, match="cannot be reached"):
        put_json(f"http://127.0.0.1:{server.server_port}/x", "bot-token", BODY)
