"""What a person attaches to a command, and the roles they name: as Discord tells the app of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import __main__ as command_line
from sandbox.discord import ClientRefusalError, Upload, schema
from sandbox.discord.cdn import SIGNED_SECONDS
from sandbox.discord.incoming import FILE_LIMIT
from tests.fakes.discord_app import Pair, reply, running

CONNECT: dict[str, Any] = {
    "name": "cloud-connect",
    "description": "Connect",
    "options": [
        {"type": 11, "name": "file", "description": "key"},
        {"type": 8, "name": "role", "description": "whose"},
        {"type": 3, "name": "words", "description": "what"},
    ],
}
KEY = Upload("my key.json", b'{"type": "service_account"}', "application/json")


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        assert pair.calls.register(CONNECT).status_code == 200
        yield pair


def sent(pair: Pair, **options: Any) -> dict[str, Any]:
    """The `data` that the app got of a command."""
    pair.discord.slash("cloud-connect", options)
    return dict(pair.app.received[-1]["data"])


def attached(pair: Pair) -> dict[str, Any]:
    data = sent(pair, file=KEY)
    assert pair.discord.attached(pair.app.received[-1]["id"]) == list(data["resolved"]["attachments"].values())
    (option,), (found,) = data["options"], data["resolved"]["attachments"].values()
    assert option == {"name": "file", "type": 11, "value": found["id"]}
    assert data["resolved"]["attachments"][option["value"]] is found
    return dict(found)


def fetched(url: str, method: str = "GET") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=5)


def test_an_attached_file_is_told_of_by_its_id_with_its_size_and_address(pair: Pair) -> None:
    found = attached(pair)

    assert schema.check("MessageAttachmentResponse", found) == ()
    assert (found["filename"], found["size"], found["ephemeral"]) == ("my_key.json", KEY.size, True)
    assert found["url"].startswith(f"{pair.discord.cdn_url}/ephemeral-attachments/")


def test_the_address_is_signed_and_ends_after_a_day(pair: Pair) -> None:
    url = attached(pair)["url"]

    assert fetched(url).content == KEY.data
    for wrong in (url.partition("?")[0], url.replace("hm=", "hm=0"), url.replace("ex=", "ex=f"), url[:-70] + url[-69:]):
        assert fetched(wrong).status_code == 404
    assert fetched(url, "POST").status_code == 404
    for signed in ("ex=\u0661&is=1&hm=1", "ex=1&is=1&hm=\xe9", "ex=1", ""):
        assert fetched(f"{pair.discord.cdn_url}/ephemeral-attachments/1/2/x?{signed}").status_code == 404
    pair.discord.clock.advance(SIGNED_SECONDS + 1)
    assert fetched(url).status_code == 404


def test_where_nothing_is_registered_a_file_is_sent_all_the_same() -> None:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        assert attached(pair)["size"] == KEY.size


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"file": "a text"}, "takes a file"),
        ({"words": KEY}, "takes no file"),
        ({"role": KEY}, "takes no file"),
        ({"file": Upload("big", b"x" * (FILE_LIMIT + 1), "text/plain")}, "larger than"),
        ({"role": "nobody"}, "no role 'nobody'"),
    ],
    ids=["text for a file", "file for a text", "file for a role", "too large", "no such role"],
)
def test_what_the_client_would_not_send_is_refused(pair: Pair, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientRefusalError, match=reason):
        pair.discord.slash("cloud-connect", options)
    assert pair.app.received == []


@pytest.mark.parametrize("named", ["deployers", "@deployers", "1061000000000000401"])
def test_a_role_is_told_of_by_its_id(pair: Pair, named: str) -> None:
    role = pair.discord.world.deployers
    data = sent(pair, role=named)

    assert data["options"] == [{"name": "role", "type": 8, "value": role.id}]
    assert data["resolved"] == {"roles": {role.id: role.as_json()}}
    assert schema.check("GuildRoleResponse", role.as_json()) == ()


def test_everyone_has_the_id_of_the_guild(pair: Pair) -> None:
    assert sent(pair, role="@everyone")["options"][0]["value"] == pair.discord.world.guild.id


def test_an_interaction_says_which_roles_its_person_has(pair: Pair) -> None:
    world = pair.discord.world
    guest = world.add_user("guest", world.guild)
    for who, roles in (("owner", []), ("member", [world.deployers.id]), ("guest", [])):
        pair.discord.slash("cloud-connect", {}, user=who)
        assert pair.app.received[-1]["member"]["roles"] == roles

    world.give(guest, world.deployers)
    pair.discord.slash("cloud-connect", {}, user="guest")
    assert pair.app.received[-1]["member"]["roles"] == [world.deployers.id]


@pytest.fixture
def state(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (state := tmp_path / "sandbox.json").write_text(json.dumps({"discord": pair.discord.origin}))
    monkeypatch.setattr(command_line, "STATE", state)
    return tmp_path


def test_the_command_line_attaches_a_file_and_names_a_role(pair: Pair, state: Path) -> None:
    (state / "key.json").write_bytes(KEY.data)
    pair.app.answer = lambda i: reply({"type": 4, "data": {"content": "ok", "allowed_mentions": {"parse": []}}})

    command_line.main(["send", "/cloud-connect", f"file:@{state}/key.json", "role:@deployers", "words:@text"])

    data = pair.app.received[-1]["data"]
    (found,) = data["resolved"]["attachments"].values()
    assert fetched(found["url"]).content == KEY.data and found["filename"] == "key.json"
    values = {option["name"]: option["value"] for option in data["options"]}
    assert (values["role"], values["words"]) == (pair.discord.world.deployers.id, "@text")


def test_a_file_that_is_not_there_is_said(pair: Pair, state: Path) -> None:
    with pytest.raises(SystemExit, match="cannot be read"):
        command_line.main(["send", "/cloud-connect", f"file:@{state}/missing.json"])


@pytest.mark.parametrize("files", [{"file": "x"}, {"file": {"name": "x"}}, {"file": {"name": "x", "base64": "*"}}, [1]])
def test_a_file_that_makes_no_sense_is_a_bad_control_request(pair: Pair, files: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        body = {"name": "cloud-connect", "files": files}
        answer = session.post(f"{pair.discord.origin}/_sandbox/slash", json=body, timeout=5)

    assert answer.status_code == 400 and "'files' must be" in answer.json()["error"]
