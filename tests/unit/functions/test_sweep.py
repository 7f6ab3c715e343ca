import time
from typing import Any

import pytest

from chatops import bootstrap
from chatops.domain.runs import Phase, Status
from functions.sweep.app import handler
from tests.fakes.outside import FakeBuilds, FakeWorkflow
from tests.fakes.runs import a_build, a_run, planning
from tests.fakes.stores import HELD_SECONDS, InMemoryInteractionStore, InMemoryRunStore


class Blobs:
    swept = 0

    def cleanup_expired_recovery_blobs(self) -> int:
        self.swept += 1
        return 3


def ignored(payload: dict[str, Any]) -> None:
    """A function that nobody asks about."""


def test_a_lost_run_is_reported_and_what_is_over_is_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dict[str, Any]] = []
    blobs, interactions = Blobs(), InMemoryInteractionStore()
    now = int(time.time())
    interactions.hold("abandoned", {}, now - HELD_SECONDS)
    interactions.hold("open", {}, now)
    runs = InMemoryRunStore(a_run(created_at=1))
    outside = (runs, FakeWorkflow(), FakeBuilds(), called.append, ignored, blobs, interactions)
    monkeypatch.setattr(bootstrap, "sweep", lambda: outside)

    handler({}, None)

    ((payload),) = called
    assert payload["run_id"] == a_run().id and payload["outcome"] == "interrupted"
    assert "never started" in payload["cause"]
    assert blobs.swept == 1
    assert list(interactions.waiting) == ["open"]


def test_a_message_that_grows_old_is_looked_at_by_the_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dict[str, Any]] = []
    now = int(time.time())
    run = planning(created_at=now, build=a_build(Phase.PLAN, heartbeat_at=now))
    workflow = FakeWorkflow()
    workflow.start(run.execution_name, run.id)
    runs, interactions = InMemoryRunStore(run), InMemoryInteractionStore()
    outside = (runs, workflow, FakeBuilds(), ignored, called.append, Blobs(), interactions)
    monkeypatch.setattr(bootstrap, "sweep", lambda: outside)

    handler({}, None)

    assert called == [{"look": run.id}]


def test_a_guild_where_somebody_waits_gets_a_turn_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[dict[str, Any]] = []
    run = a_run(status=Status.QUEUED, fence=0, created_at=int(time.time()))
    outside = (
        InMemoryRunStore(run), FakeWorkflow(), FakeBuilds(), called.append, ignored, Blobs(), InMemoryInteractionStore()
    )  # fmt: skip
    monkeypatch.setattr(bootstrap, "sweep", lambda: outside)

    handler({}, None)

    assert called == [{"source": "sweep", "turn": run.guild_id}]


def test_a_run_that_cannot_be_read_does_not_stop_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    runs, blobs = InMemoryRunStore(a_run()), Blobs()
    runs.sick.add(a_run().id)
    outside = (runs, FakeWorkflow(), FakeBuilds(), ignored, ignored, blobs, InMemoryInteractionStore())
    monkeypatch.setattr(bootstrap, "sweep", lambda: outside)

    handler({}, None)

    assert blobs.swept == 1
