"""`python -m sandbox send`, `press`, `fill` and `messages`, against a stand-in with a tiny app behind it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import __main__ as command_line
from tests.fakes.discord_app import Pair, button, quiet, reply, row, running

MODAL = {
    "custom_id": "v1:words:1",
    "title": "Two words",
    "components": [
        {
            "type": 18,
            "label": "First word",
            "description": "Any that you like",
            "component": {"type": 4, "custom_id": "first", "style": 1, "min_length": 4, "max_length": 9},
        },
        {"type": 18, "label": "Second word", "component": {"type": 4, "custom_id": "second", "style": 1}},
    ],
}

Say = Callable[..., str]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    with running() as pair:
        (state := tmp_path / "sandbox.json").write_text(json.dumps({"discord": pair.discord.origin}))
        monkeypatch.setattr(command_line, "STATE", state)
        yield pair


@pytest.fixture
def say(pair: Pair, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*arguments: str) -> str:
        assert command_line.main(arguments) == 0
        return capsys.readouterr().out

    return run


def opens_a_form_and_thanks(interaction: dict[str, Any]) -> Any:
    if interaction["type"] == 5:
        return reply({"type": 4, "data": quiet(content="Thank you", flags=64)})
    return reply({"type": 9, "data": MODAL})


@pytest.mark.parametrize("who", [(), ("--as", "member")], ids=["owner", "member"])
def test_a_command_shows_the_form_that_it_opens_and_fill_sends_it(pair: Pair, say: Say, who: tuple[str, ...]) -> None:
    pair.app.answer = opens_a_form_and_thanks

    shown = say("send", "/cloud-words", *who)
    thanks = say("fill", "first:hush", "second:a: b", *who)

    assert shown.splitlines()[:4] == [
        "Two words",
        "  │ first: First word (4 to 9 characters)",
        "  │   Any that you like",
        "  │ second: Second word (1 to 4000 characters)",
    ]
    assert "python -m sandbox fill" in shown and "Thank you" in thanks
    parts = pair.app.received[-1]["data"]["components"]
    assert [part["component"]["value"] for part in parts] == ["hush", "a: b"]


def test_a_private_button_is_found_by_its_person_and_opens_its_form(pair: Pair, say: Say) -> None:
    pair.app.answer = lambda i: reply(
        {"type": 4, "data": quiet(content="Locked", flags=64, components=[row(button("v1:unlock:1", "Unlock"))])}
    )
    assert "[ Unlock ]" in say("send", "/cloud-deploy-v2", "--as", "member")
    pair.app.answer = opens_a_form_and_thanks

    with pytest.raises(SystemExit, match="no message has a button 'Unlock'"):
        say("press", "Unlock")
    assert say("press", "unlock", "--as", "member").startswith("Two words")
    assert "Thank you" in say("fill", "first:hush", "second:hush", "--as", "member")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["first"], "name:value"),
        (["first:hush"], "no modal on owner's screen"),
    ],
)
def test_what_cannot_be_sent_is_explained(say: Say, words: list[str], told: str) -> None:
    with pytest.raises(SystemExit, match=told):
        say("fill", *words)


def test_a_field_that_the_form_does_not_take_is_named(pair: Pair, say: Say) -> None:
    pair.app.answer = opens_a_form_and_thanks
    say("send", "/cloud-words")

    with pytest.raises(SystemExit, match="no field 'third'"):
        say("fill", "first:hush", "second:hush", "third:hush")
    with pytest.raises(SystemExit, match="4 to 9 characters"):
        say("fill", "first:abc", "second:hush")
