"""A small version of bench/guilds.py: many guilds at once, and nothing of one is seen, held or touched by another."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.guilds import World
from bench.guilds_world import marks
from chatops.domain.queues import Limits, Line
from chatops.domain.runs import Run
from chatops.runs import queue
from tests.fakes.stores import InMemoryDeploymentStore

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW = Limits(concurrent=2, hourly=12)


def world(seed: int, limits: Limits = FEW, runs: int = 60) -> World:
    return World(seed, guilds=15, runs=runs, biggest=25, limits=limits, places=8)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_lost_dies_or_comes_twice_every_guild_keeps_its_own_and_every_run_ends(seed: int) -> None:
    played = world(seed).finish()

    assert played.check() == []
    assert len(played.runs.runs) >= 60
    assert max(played.most.values()) == FEW.concurrent
    assert played.notes.events["asked again"] > 0
    assert len(played.waits()) == 15


def test_a_line_that_lets_too_many_go_on_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody: Iterator[object] = iter(())
    monkeypatch.setattr(queue, "joined", lambda line, place, limits, now, counted: (_let_in(line, place), everybody))
    played = world(1, runs=40)
    played.limits = FEW

    assert any("runs at once" in each for each in played.finish().check())


def _let_in(line: Line, place: object) -> Line:
    return replace(line, running=(*line.running, place))  # type: ignore[arg-type]


def test_a_lock_that_two_runs_can_have_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    acquire = InMemoryDeploymentStore.acquire

    def careless(self: InMemoryDeploymentStore, deployment: object, *told: object) -> object:
        key = (deployment.guild_id, deployment.name)  # type: ignore[attr-defined]
        if held := self.rows.get(key):
            self.rows[key] = replace(held, lock=None)
        return acquire(self, deployment, *told)  # type: ignore[arg-type]

    monkeypatch.setattr(InMemoryDeploymentStore, "acquire", careless)
    monkeypatch.setattr(queue, "joined", lambda line, place, limits, now, counted: (_let_in(line, place), None))

    assert any("two builds at once" in each for each in world(1, Limits(100, 1000)).finish().check())


def test_a_file_in_another_guilds_folder_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    played = world(1, runs=30)
    first, second = sorted(played.mark_of)[:2]
    artefact = Run.artefact
    monkeypatch.setattr(
        Run,
        "artefact",
        lambda run, name: artefact(replace(run, guild_id=second) if run.guild_id == first else run, name),
    )

    assert any("runs/" in each and "shows" in each for each in played.finish().check())


def test_a_lock_that_is_never_given_back_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    played = world(1, runs=30).finish()
    _key, row = next(iter(played.product.kept.deployments.rows.items()))
    run = next(iter(played.runs.runs.values()))
    played.product.kept.deployments.acquire(row, run.id, run.user_id, 0)

    assert any("is locked" in each for each in played.check())


def test_a_mark_is_found_wherever_it_is_written() -> None:
    assert marks({"a": ["deploying g007x-1", {"b": "g123x-secret"}]}) == {"g007x", "g123x"}


def test_calls_are_counted_as_the_real_adapters_make_them() -> None:
    played = world(1, runs=30).finish()
    calls = played.bill.calls

    assert calls["states:StartExecution"] >= len(played.runs.runs) - calls["codebuild:StopBuild"]
    assert calls["dynamodb:UpdateItem"] > calls["dynamodb:DeleteItem"]
    assert calls["kms:GenerateDataKey"] >= len(played.runs.runs)
    assert "USD" in played.bill.per_run(len(played.runs.runs))
