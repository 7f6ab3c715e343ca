from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.fakes.discord_app import Pair, button, quiet, reply, row, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        yield pair


@pytest.fixture(scope="module")
def untouched() -> Iterator[Pair]:
    with running() as pair:
        yield pair


def control(pair: Pair, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        url = f"{pair.discord.origin}/_sandbox/{path}"
        return session.request(method, url, json=body, headers=headers, timeout=10)


def test_a_command_from_another_process_waits_for_the_deferred_answer(pair: Pair) -> None:
    def defer_then_edit(interaction: dict[str, Any]) -> Any:
        threading.Timer(0.15, pair.calls.edit, (interaction["token"], "3 deployments")).start()
        return reply({"type": 5})

    pair.app.answer = defer_then_edit
    answer = control(
        pair, "POST", "slash", {"name": "/cloud-status", "options": {"name": "web"}, "wait_seconds": 5}
    ).json()

    assert answer["problem"] is None
    assert [message["content"] for message in answer["messages"]] == ["3 deployments"]
    assert answer["messages"][0]["rendered"] == "Cloud ChatOps\n  3 deployments"


def test_buttons_modals_and_suggestions_work_from_another_process(pair: Pair) -> None:
    pair.app.answer = lambda i: reply({"type": 4, "data": quiet(content="plan", components=[row(button("go"))])})
    message_id = control(pair, "POST", "slash", {"name": "cloud-deploy-v2"}).json()["message_id"]
    part = {"type": 18, "label": "Why", "component": {"type": 4, "custom_id": "why", "style": 1}}
    pair.app.answer = lambda i: reply({"type": 9, "data": {"custom_id": "m", "title": "Sure?", "components": [part]}})
    pressed = control(pair, "POST", "press", {"message_id": message_id, "custom_id": "go", "user": "member"}).json()
    assert pressed["modal"]["title"] == "Sure?"

    pair.app.answer = lambda i: reply({"type": 7, "data": quiet(content="applied", components=[])})
    body = {"interaction_id": pressed["interaction_id"], "values": {"why": "yes"}, "user": "member"}
    assert control(pair, "POST", "submit", body).json()["messages"][0]["content"] == "applied"

    pair.app.answer = lambda i: reply({"type": 8, "data": {"choices": [{"name": "a", "value": "a"}]}})
    asked = {"name": "cloud-deploy-v2", "options": {"blueprint": "a"}, "focused": "blueprint"}
    assert control(pair, "POST", "autocomplete", asked).json()["choices"] == [{"name": "a", "value": "a"}]
    assert pair.discord.problems == []


def test_messages_are_listed_as_one_user_sees_them(pair: Pair) -> None:
    pair.app.answer = lambda i: reply({"type": 4, "data": quiet(content="mine", flags=64)})
    control(pair, "POST", "slash", {"name": "x", "user": "member"})

    assert control(pair, "GET", "messages?user=owner").json()["messages"] == []
    assert control(pair, "GET", "messages?user=outsider").json()["messages"] == []
    assert [m["content"] for m in control(pair, "GET", "messages?user=member").json()["messages"]] == ["mine"]


def test_the_transcript_is_followed_by_long_poll(pair: Pair) -> None:
    pair.app.answer = lambda i: reply({"type": 4, "data": quiet(content="hi")})
    later = threading.Timer(0.1, pair.discord.slash, ("cloud-help",))
    later.start()
    first = control(pair, "GET", "transcript?since=0&wait=5").json()
    later.join()
    rest = control(pair, "GET", f"transcript?since={first['last']}&wait=1").json()

    events = first["events"] + rest["events"]
    assert [event["kind"] for event in events] == ["sent", "created", "answered"]
    assert events[1]["rendered"] == "Cloud ChatOps\n  hi"
    assert control(pair, "GET", "transcript?since=3").json() == {"events": [], "last": 3}


def test_a_web_site_cannot_reach_the_controls(pair: Pair) -> None:
    port = pair.discord.port

    assert control(pair, "GET", "messages", Host=f"evil.example:{port}").status_code == 403
    assert control(pair, "GET", "messages", Origin="https://evil.example").status_code == 403
    assert control(pair, "GET", "messages", Host=f"localhost:{port}").status_code == 200
    assert control(pair, "GET", "messages", Origin=f"http://127.0.0.1:{port}").status_code == 200
    with requests.Session() as session:
        session.trust_env = False
        plain = session.post(f"{pair.discord.origin}/_sandbox/slash", data='{"name": "x"}', timeout=5)
    assert plain.status_code == 400
    assert "Content-Type: application/json" in plain.json()["error"]
    assert pair.app.received == []


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "slash", {}, "'name' must be a text"),
        ("POST", "slash", {"name": 5}, "'name' must be a text"),
        ("POST", "slash", {"name": "x", "options": ["a"]}, "'options' must be an object"),
        ("POST", "slash", {"name": "x", "options": {"a": None}}, "'options' must be an object"),
        ("POST", "slash", {"name": "x", "user": "nobody"}, "there is no user 'nobody'"),
        ("POST", "slash", {"name": "x", "channel": "nowhere"}, "owner has no channel 'nowhere'"),
        ("POST", "slash", {"name": "x", "wait_seconds": -1}, "'wait_seconds' must be a number"),
        ("POST", "slash", {"name": ""}, "the command needs a name"),
        ("POST", "press", {"message_id": "1", "custom_id": "a"}, "there is no message 1"),
        ("POST", "press", {"message_id": "1", "custom_id": "a", "values": "x"}, "'values' must be a list"),
        ("POST", "submit", {"interaction_id": "1", "values": {}}, "opened no modal"),
        ("POST", "submit", {"interaction_id": 1, "values": {}}, "'interaction_id' must be a text"),
        ("POST", "submit", {"values": {}, "user": "member"}, "no modal on member's screen"),
        ("POST", "submit", {"interaction_id": "1", "values": "x"}, "'values' must be an object"),
        ("POST", "submit", {"interaction_id": "1", "values": {"a": 1}}, "'values' must be an object"),
        ("POST", "autocomplete", {"name": "x", "options": {"a": {}}, "focused": "a"}, "'options' must be an object"),
        ("GET", "transcript?since=x", None, "must be whole numbers"),
        ("GET", "transcript?since=0&wait=nan", None, "must be whole numbers"),
        ("GET", "messages?user=nobody", None, "there is no user 'nobody'"),
    ],
)
def test_bad_input_gets_a_clear_error(untouched: Pair, method: str, path: str, body: Any, reason: str) -> None:
    answer = control(untouched, method, path, body)

    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert untouched.app.received == []


def test_unknown_paths_name_the_known_ones_and_no_app_is_a_conflict(pair: Pair) -> None:
    unknown = control(pair, "GET", "slash")
    assert unknown.status_code == 404
    assert "POST /_sandbox/slash" in unknown.json()["error"]
    pair.discord.interactions_url = None
    assert control(pair, "POST", "slash", {"name": "x"}).status_code == 409


def test_commands_and_problems_can_be_read(pair: Pair) -> None:
    pair.calls.register({"name": "cloud-help", "description": "Help"})
    pair.calls.register({"name": "BAD", "description": "Help"})

    assert [c["name"] for c in control(pair, "GET", "commands").json()["commands"]] == ["cloud-help"]
    assert "50035" in control(pair, "GET", "problems").json()["problems"][0]
