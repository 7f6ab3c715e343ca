"""The adapter against the stand-in, over real HTTP; time passes for both when the adapter sleeps."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from chatops.adapters.discord_answers import BLOCKED_SECONDS, MOST_SECONDS, OLD_EDITS_SECONDS
from chatops.adapters.discord_http import MOST_REQUESTS, PATIENCE_SECONDS, DiscordChat
from chatops.adapters.discord_manners import BOT_TOKEN_REFUSED
from chatops.discord.replies import Reply, ReplyButton
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import OutsideError, TryLater
from chatops.ports import TextFile
from sandbox.discord import RateLimit, Settings
from sandbox.discord.messages import Message
from tests.fakes.discord_app import Pair, reply, running

SHOWN = Reply("first\nsecond", "Live", buttons=(ReplyButton("Approve", "v1:approve:run"),)).payload()
FOR_EVER = 1000


class World:
    """A Discord with one answered interaction and its live message, and the adapter."""

    def __init__(self, pair: Pair, bot: bool = True, session: requests.Session | None = None) -> None:
        self.discord = pair.discord
        pair.app.answer = lambda interaction: reply({"type": 5})
        self.token = self.discord.slash("cloud-status").token
        self.slept: list[float] = []
        self.sent = 0
        session = session or requests.Session()
        session.trust_env = False
        session.hooks["response"] = [self._count]
        bot_token = self.discord.bot_token if bot else None
        clock = self.discord.clock.now
        self.chat = DiscordChat(self.discord.base_url, lambda: bot_token, session, sleep=self.sleep, clock=clock)
        self.chat.edit_original(self.discord.application_id, self.token, Reply("done").payload())
        self.live = self.chat.follow_up(self.discord.application_id, self.token, Reply("live").payload())
        self.sent = 0

    def _count(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self.sent += 1

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.discord.clock.advance(seconds)

    def faults(self, kind: str, count: int = 1, **more: Any) -> None:
        self.discord.faults.add(kind, count, **more)

    def edit(self, with_token: bool = True, seconds_left: int = 600) -> bool:
        now = int(self.discord.clock.now())
        token = ReplyToken(self.discord.application_id, self.token, now + seconds_left) if with_token else None
        return self.chat.edit(self.live, token, now, SHOWN)

    def follow_up(self) -> MessageRef:
        return self.chat.follow_up(self.discord.application_id, self.token, SHOWN)

    def message(self) -> Message:
        found = self.discord.message(self.live.message_id)
        assert found
        return found

    @property
    def codes(self) -> list[int]:
        return [problem.code for problem in self.discord.problems]


@pytest.fixture
def world() -> Iterator[World]:
    with running() as pair:
        yield World(pair)


@pytest.fixture
def without_bot() -> Iterator[World]:
    with running() as pair:
        yield World(pair, bot=False)


def test_a_message_is_sent_and_edited_by_both_ways(world: World) -> None:
    assert world.edit() and world.edit(with_token=False)

    assert "second" in world.message().text and world.message().edits == 2
    assert world.discord.problems == [] and world.slept == []


@pytest.mark.parametrize(
    ("kind", "seconds", "pause"),
    [
        ("rate_limit", 0.5, 0.5),
        ("rate_limit_shared", 0.5, 0.5),
        ("rate_limit_global", 2, 2),
        ("rate_limit_html", 3, 3),
        ("rate_limit_silent", 1, 1),
        ("rate_limit_at_odds", 4, 4),
        ("rate_limit", -5, 1),
        ("rate_limit", float("nan"), 1),
    ],
)
def test_a_short_rate_limit_is_waited_out(world: World, kind: str, seconds: float, pause: float) -> None:
    world.faults(kind, seconds=seconds)

    assert world.edit() is True
    assert world.slept == [pytest.approx(pause, abs=0.2)] and world.sent == 2
    assert world.message().edits == 1


@pytest.mark.parametrize(
    ("kind", "seconds", "told"),
    [
        ("rate_limit", 40, 40),
        ("rate_limit_shared", 40, 40),
        ("rate_limit_global", 40, 40),
        ("rate_limit_html", 40, 40),
        ("rate_limit_at_odds", 40, 40),
        ("rate_limit", float("inf"), MOST_SECONDS),
        ("rate_limit", 1e12, MOST_SECONDS),
        ("old_message", 1, OLD_EDITS_SECONDS),
        ("blocked", 1, BLOCKED_SECONDS),
    ],
)
def test_a_long_one_is_told_to_the_caller_and_kept_to(world: World, kind: str, seconds: float, told: float) -> None:
    world.faults(kind, seconds=seconds)

    for _ in range(20):
        with pytest.raises(TryLater) as caught:
            world.edit()
        assert caught.value.seconds == pytest.approx(told, abs=1)
    assert world.sent == 1 and world.slept == []

    world.discord.clock.advance(told)
    assert world.edit(seconds_left=1) is True


@pytest.mark.parametrize(
    ("kind", "everybody"),
    [("rate_limit_global", True), ("rate_limit_html", True), ("blocked", True), ("rate_limit", False)],
)
def test_a_global_limit_holds_back_the_next_calls(world: World, kind: str, everybody: bool) -> None:
    world.faults(kind, seconds=40)
    with pytest.raises(TryLater):
        world.edit()

    if everybody:
        with pytest.raises(TryLater):
            world.follow_up()
    else:
        assert world.follow_up()
    assert world.sent == (1 if everybody else 2)


def test_many_edits_keep_below_the_limit_without_being_told() -> None:
    with running(Settings(rate_limit=RateLimit(5, 2.0))) as pair:
        world = World(pair)
        for _ in range(30):
            assert world.edit()

        assert world.sent == 30 and world.discord.problems == []
        assert [event for event in world.discord.transcript.since(0) if event.kind == "rate_limited"] == []
        assert sum(world.slept) >= 30 / 5 * 2 - 4


def test_an_old_message_takes_few_edits_and_the_caller_is_told(world: World) -> None:
    world.discord.clock.advance(3601)
    made = 0
    with pytest.raises(TryLater) as caught:
        while made < 10:
            made += world.edit(with_token=False)

    assert caught.value.seconds == pytest.approx(OLD_EDITS_SECONDS, abs=1) and made == 3
    world.discord.clock.advance(OLD_EDITS_SECONDS)
    assert world.edit(with_token=False) is True


@pytest.mark.parametrize("kind", ["not_ready", "not_found"])
def test_an_acknowledgement_that_is_not_known_yet_is_waited_for(world: World, kind: str) -> None:
    world.faults(kind, 3)

    assert world.edit() is True
    assert world.sent == 4 and sum(world.slept) < PATIENCE_SECONDS


def test_one_that_is_never_known_is_given_up_in_time(without_bot: World) -> None:
    without_bot.faults("not_ready", FOR_EVER)

    assert without_bot.edit() is False
    assert without_bot.sent <= MOST_REQUESTS and sum(without_bot.slept) <= PATIENCE_SECONDS
    sent = without_bot.sent
    without_bot.sleep(PATIENCE_SECONDS)
    for _ in range(10):
        assert without_bot.edit() is False
    assert without_bot.sent == sent + 1


@pytest.mark.parametrize(
    "kind",
    [
        "unknown_message", "unknown_channel", "unknown_interaction", "expired_token", "missing_access",
        "missing_permissions", "archived_thread",
    ],
)  # fmt: skip
def test_what_is_gone_is_edited_by_the_bot_or_not_at_all(world: World, kind: str) -> None:
    world.faults(kind)

    assert world.edit() is True
    assert world.sent == 2 and world.message().edits == 1

    world.discord.faults.clear()
    world.faults(kind, FOR_EVER)
    for _ in range(10):
        assert world.edit() is False
    assert world.sent <= 4 and world.slept == []


def test_a_deleted_message_is_gone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.discord._state.messages.delete(world.live.message_id)

    assert [world.edit() for _ in range(5)] == [False] * 5
    assert world.codes == [10008, 10008] and caplog.text == ""


def test_after_fifteen_minutes_the_bot_edits_and_without_one_nobody_does(world: World, without_bot: World) -> None:
    for each in (world, without_bot):
        each.discord.clock.advance(901)

    assert world.edit(seconds_left=1) is True
    assert world.codes == [50027]
    assert [without_bot.edit(seconds_left=1) for _ in range(5)] == [False] * 5
    assert without_bot.codes == [50027]


@pytest.mark.parametrize("kind", ["server_error", "bad_gateway", "unavailable", "time_out", "lost_answer"])
def test_trouble_of_discords_is_tried_again_but_no_message_is_sent_twice(world: World, kind: str) -> None:
    world.faults(kind, 2, seconds=0.01)
    assert world.edit() is True
    assert len(world.slept) == 2 and world.message().text.startswith("Live")

    there = len(world.discord.messages())
    world.faults(kind, seconds=0.01)
    with pytest.raises(OutsideError):
        world.follow_up()
    assert len(world.discord.messages()) == there + (kind == "lost_answer")


def test_an_answer_that_takes_too_long_is_trouble_too() -> None:
    class Hasty(requests.Session):
        def request(self, *given: Any, **named: Any) -> requests.Response:  # type: ignore[override]
            return super().request(*given, **{**named, "timeout": (1, 0.3)})

    with running() as pair:
        world = World(pair, session=Hasty())
        world.faults("time_out", seconds=0.6)

        began = time.monotonic()
        assert world.edit() is True
        assert time.monotonic() - began < 3 and len(world.slept) == 1


@pytest.mark.parametrize("kind", ["invalid_form", "automod", "too_large"])
def test_a_refused_message_is_shown_in_short_with_its_buttons(
    world: World, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults(kind)

    assert world.edit() is True
    message = world.message()
    assert message.content.startswith("Live\nfirst\n") and message.body["embeds"] == []
    assert [button.custom_id for button in message.buttons] == ["v1:approve:run"]
    assert "a short one is tried" in caplog.text
    assert ("embeds.0.title: BASE_TYPE_MAX_LENGTH" in caplog.text) is (kind == "invalid_form")

    world.faults(kind, FOR_EVER)
    sent = world.sent
    with pytest.raises(OutsideError):
        world.edit()
    assert world.sent == sent + 2


def test_what_discord_really_refuses_is_shown_in_short(world: World) -> None:
    now = int(world.discord.clock.now())
    token = ReplyToken(world.discord.application_id, world.token, now + 600)
    payload = {**SHOWN, "embeds": [{"title": "t" * 300, "description": "first"}]}

    assert world.chat.edit(world.live, token, now, payload) is True
    assert world.message().content.startswith("ttt") and world.message().buttons
    assert world.codes == [50035]


def test_a_file_is_sent_whole_with_every_try(world: World) -> None:
    world.faults("rate_limit", seconds=0.5)
    world.faults("time_out", seconds=0.01)
    file = TextFile("run.log", "grüße\n".encode() * 1000)
    world.chat.edit_original(world.discord.application_id, world.token, Reply("log").payload(), file)

    (attachment,) = world.discord.messages()[0].body["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("run.log", len(file.data))
    assert len(world.slept) == 2


def test_an_acknowledgement_that_came_twice_is_done(world: World) -> None:
    world.faults("acknowledged")

    assert world.edit() is True
    assert world.sent == 1


def test_a_refused_bot_token_opens_the_circuit(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.faults("refused_bot", FOR_EVER, path="/channels/")

    for _ in range(20):
        with pytest.raises(TryLater):
            world.edit(with_token=False)
    assert world.sent == 1 and caplog.text.count(BOT_TOKEN_REFUSED) == 1
    assert world.edit() is True

    world.discord.clock.advance(601)
    with pytest.raises(TryLater):
        world.edit(with_token=False)
    assert world.sent == 3
    world.discord.faults.clear()
    world.discord.clock.advance(601)
    assert world.edit(with_token=False) is True


def test_not_even_the_lowest_log_level_shows_a_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("urllib3"):
            caplog.set_level(logging.DEBUG, logger=name)
    world.faults("time_out", seconds=0.01)

    assert world.edit() and world.edit(with_token=False) and world.follow_up()

    assert f"/webhooks/{world.discord.application_id}/…/messages/" in caplog.text, "urllib3 tells of its requests"
    assert world.token not in caplog.text and world.discord.bot_token not in caplog.text
