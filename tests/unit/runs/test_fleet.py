"""Many runs at once in virtual time: the small sister of bench/fleet.py, and whether its checks see anything."""

from random import Random

import pytest

from bench.fleet import Fleet, plans
from bench.virtual_time import VirtualTime
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import ProgressItem
from chatops.errors import TryLater
from chatops.runs import track

EMPTY = {"content": "", "embeds": []}


def fleet(seed: int, runs: int, most: int) -> Fleet:
    chance = Random(seed)  # noqa: S311 - a model's chance, no secret
    return Fleet(chance, plans(chance, runs, most))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_to_batches_calls_and_edits_every_run_ends_exactly_and_calmly(seed: int) -> None:
    world = fleet(seed, runs=30, most=400)

    world.finish()

    assert world.check() == []
    assert world.bill.used["batches"] > 50 and world.most_at_once > 1
    assert world.edits[0] > 0


def test_the_same_seed_is_the_same_story() -> None:
    one, other = fleet(7, 3, 50), fleet(7, 3, 50)
    one.finish()
    other.finish()

    assert one.discord.edits == other.discord.edits


def test_edits_that_come_too_fast_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "EDIT_SECONDS", 0.1)
    world = fleet(1, 3, 100)

    world.finish()

    assert any("s apart" in each for each in world.check())


def test_more_than_discord_allows_is_seen() -> None:
    world = fleet(1, 1, 10)
    message, token = world.followed[0].run.message, world.followed[0].run.token
    assert message and token
    for _ in range(20):
        world.time.at(world.time.now + 60, lambda: world.discord.edit(message, token, 0, EMPTY))

    with pytest.raises(TryLater):
        world.finish()

    assert any("too many" in each for each in world.check())


def test_a_number_that_is_lost_and_a_message_that_is_old_are_seen() -> None:
    world = fleet(1, 2, 100)
    world.finish()
    (first, second), items = world.followed, world.runs.items
    items[first.run.id, "apply"] = ProgressItem(ProgressDelta(), 1)
    world.discord.shown.pop(second.run.message.message_id)  # type: ignore[union-attr]

    assert len(world.check()) == 2


class TestVirtualTime:
    def test_who_waits_lets_the_others_run_in_the_order_of_time(self) -> None:
        time, seen = VirtualTime(100), []

        def work(name: str, pauses: list[float]) -> None:
            for pause in pauses:
                time.sleep(pause)
                seen.append((time.now, name))

        time.at(101, lambda: work("a", [5, 5]))
        time.at(102, lambda: work("b", [1, 10]))
        time.run()

        assert seen == [(103, "b"), (106, "a"), (111, "a"), (113, "b")]

    def test_a_failure_ends_it_and_is_told_while_others_wait(self) -> None:
        time = VirtualTime()
        time.at(1, lambda: time.sleep(50))
        time.at(2, lambda: {}["nothing"])

        with pytest.raises(KeyError):
            time.run()
