from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord import Flag, Message, render_message
from sandbox.discord.clock import Clock, Snowflakes
from sandbox.discord.messages import MessageBook
from sandbox.discord.transcript import Transcript
from sandbox.discord.world import World
from tests.fakes.discord_app import button, row

NOW = 1_700_000_000


def message(only_for: str | None = None, **payload: Any) -> Message:
    clock, world = Clock(), World()
    book = MessageBook(clock, Snowflakes(clock), world, Transcript(clock), {"id": "1", "username": "Cloud ChatOps"})
    return book.create(world.channel, payload, only_for=only_for)


def test_a_whole_message_is_readable() -> None:
    shown = render_message(
        message(
            content="Plan for **web**",
            embeds=[
                {
                    "title": "Facts",
                    "description": "[▓▓▓▓░░░░░░] 43%\n(3/7 resources)",
                    "fields": [{"name": "Add", "value": "7"}, {"name": "Errors", "value": "one\ntwo"}],
                    "footer": {"text": "run 7"},
                }
            ],
            components=[row(button("a", "Approve"), button("c", "Cancel", disabled=True))],
        )
    )

    assert shown.splitlines() == [
        "Cloud ChatOps",
        "  Plan for **web**",
        "  │ Facts",
        "  │ [▓▓▓▓░░░░░░] 43%",
        "  │ (3/7 resources)",
        "  │ Add: 7",
        "  │ Errors:",
        "  │   one",
        "  │   two",
        "  │ run 7",
        "  [ Approve ]  [ Cancel ] (disabled)",
    ]


def test_ephemeral_and_thinking_messages_say_so() -> None:
    assert render_message(message("7", content="hi")) == "Cloud ChatOps (only you can see this)\n  hi"
    clock, world = Clock(), World()
    book = MessageBook(clock, Snowflakes(clock), world, Transcript(clock), {"id": "1", "username": "Cloud ChatOps"})
    thinking = book.create(world.channel, {}, extra={"flags": int(Flag.LOADING)})
    assert render_message(thinking) == "Cloud ChatOps is thinking…"


def test_control_characters_never_reach_the_terminal() -> None:
    shown = render_message(message(content="a\x1b[31mb\x07\r\x9b2J", embeds=[{"title": "\x1b]0;t\x07"}]))

    assert not any(character in shown for character in "\x1b\x07\r\x9b")
    assert "a[31mb" in shown


def test_colour_only_when_asked() -> None:
    one = message(content="x", embeds=[{"title": "T"}])

    assert "\x1b" not in render_message(one)
    assert "\x1b[1mCloud ChatOps\x1b[0m" in render_message(one, colour=True)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        (f"<t:{NOW + 1800}:R>", "in 30 minutes"),
        (f"<t:{NOW - 3600}:R>", "1 hour ago"),
        (f"<t:{NOW}:R>", "now"),
        (f"<t:{NOW}:t>", "22:13 UTC"),
        (f"<t:{NOW}>", "14 November 2023 22:13 UTC"),
        ("<t:999999999999>", "999999999999"),
        ("<@1061000000000000201>", "@member"),
        ("<@5>", "<@5>"),
        ("<#1061000000000000101>", "#operations"),
        ("</cloud-status:123>", "/cloud-status"),
        ("<:terraform:123>", ":terraform:"),
    ],
)
def test_markup_is_shown_as_discord_shows_it(markup: str, shown: str) -> None:
    assert render_message(message(content=markup), names=World().names(), now=NOW).splitlines()[1] == f"  {shown}"


def test_components_v2_links_and_selects_are_shown() -> None:
    parts = [
        {"type": 17, "components": [{"type": 10, "content": "inside"}, {"type": 14}]},
        {"type": 9, "components": [{"type": 10, "content": "beside"}], "accessory": button("b", "Go")},
        row({"type": 3, "custom_id": "s", "placeholder": "Region", "options": [{"label": "a", "value": "a"}]}),
        row({"type": 2, "style": 5, "label": "Console", "url": "https://x.example", "emoji": {"name": "🔗"}}),
        {"type": 12, "items": [{"media": {"url": "https://x.example/i.png"}}]},
    ]
    shown = render_message(message(flags=int(Flag.COMPONENTS_V2), components=parts))

    for expected in (
        "│ inside",
        "│ ────",
        "beside",
        "[ Go ]",
        "[ Region ▾ ]",
        "[ 🔗 Console ↗ https://x.example ]",
        "i.png",
    ):
        assert expected in shown
