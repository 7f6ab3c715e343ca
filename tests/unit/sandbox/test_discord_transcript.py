from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes.discord_app import Pair, reply, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.discord import DiscordServer, Event


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running() as pair:
        pair.app.answer = lambda interaction: reply({"type": 5, "data": {"flags": 64}})
        yield pair


def test_the_transcript_tells_the_story_in_order(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.calls.edit(token, "ready")
    pair.calls.hook("DELETE", token, "@original")

    events = pair.discord.transcript.since(0)
    assert [event.kind for event in events] == ["sent", "created", "answered", "edited", "deleted"]
    edited = events[3].message
    assert edited is not None
    assert (edited.content, edited.only_for) == ("ready", pair.discord.world.owner.id)
    assert pair.discord.transcript.since(4) == events[4:]


def test_a_snapshot_never_changes(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    pair.calls.edit(token, "first")
    first = pair.discord.messages()[0]
    pair.calls.edit(token, "second")

    assert first.content == "first"
    assert pair.discord.messages()[0].edits == 2


def test_a_watcher_sees_every_event_once_and_may_act(pair: Pair) -> None:
    seen: list[Event] = []

    def watch(event: Event) -> None:
        seen.append(event)
        if event.kind == "edited" and len(pair.app.received) == 1:
            pair.discord.slash("cloud-help")

    pair.discord.watch(watch)
    token = pair.discord.slash("cloud-status").token
    pair.calls.edit(token)
    pair.discord.wait_for(lambda message: len(pair.app.received) == 2, 3)
    pair.discord.stop()

    assert [event.number for event in seen] == list(range(1, len(seen) + 1))
    assert [event.kind for event in seen].count("created") == 2


def test_a_stopped_watcher_sees_no_more(pair: Pair) -> None:
    seen: list[Event] = []
    stop = pair.discord.watch(seen.append)
    pair.discord.slash("cloud-status")
    deadline = time.monotonic() + 2
    while len(seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    stop()
    time.sleep(0.25)
    pair.discord.slash("cloud-status")

    assert len(seen) == 3


def test_waiting_ends_as_soon_as_a_message_fits(pair: Pair) -> None:
    token = pair.discord.slash("cloud-status").token
    later = threading.Timer(0.1, pair.calls.edit, (token, "the bar is full"))
    later.start()
    started = time.monotonic()
    message = pair.discord.wait_for(lambda message: "full" in message.text, timeout=5)
    later.join()

    assert message.content == "the bar is full"
    assert time.monotonic() - started < 2


def test_waiting_in_vain_shows_what_is_there(pair: Pair) -> None:
    pair.calls.edit(pair.discord.slash("cloud-status").token, "still planning")

    with pytest.raises(TimeoutError, match="still planning"):
        pair.discord.wait_for(lambda message: "done" in message.text, timeout=0.05)


def test_stopping_ends_every_thread_even_with_open_connections_and_hanging_answers() -> None:
    before = set(threading.enumerate())
    with running() as pair:
        token = pair.discord.slash("cloud-status").token
        pair.discord.watch(lambda event: None)
        pair.discord.faults.add("time_out", seconds=60)
        hanging = threading.Thread(target=_ignore_failure, args=(pair, token))
        hanging.start()
        pair.discord.transcript.wait_until(lambda: _faults(pair.discord) or None, 2)
        started = time.monotonic()
        pair.discord.stop()
        assert time.monotonic() - started < 2
        hanging.join()

    assert set(threading.enumerate()) == before


def _ignore_failure(pair: Pair, token: str) -> None:
    with pytest.raises(OSError, match="onnection"):
        pair.calls.edit(token)


def _faults(discord: DiscordServer) -> int:
    return [event.kind for event in discord.transcript.since(0)].count("fault")
