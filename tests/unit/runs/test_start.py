from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.runs import Phase, Run, Status
from chatops.errors import ConflictError, LockedError, OutsideError, UserError
from chatops.runs.start import ORPHAN_SECONDS, Start
from tests.fakes.outside import FakeWorkflow, Faults, InMemoryArtefacts
from tests.fakes.runs import GUILD, MEMBER, NOW, OWNER, a_build, a_run
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryRunStore

CREDENTIALS = {"key": "canary"}
RUN = a_run(created_at=NOW, message=None, fence=0)
STEPS = 6  # acquire, create, seal, put, announce and start: every outside call of a start with credentials


class World:
    """Everything a start touches, behind one counter of faults."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.runs = InMemoryRunStore()
        self.deployments = InMemoryDeploymentStore()
        self.artefacts = InMemoryArtefacts()
        self.workflow = FakeWorkflow()
        self.announced: list[str] = []

    def start(self, run: Run = RUN, credentials: dict[str, str] | None = None) -> Run:
        wrap = self.faults.wrap
        start = Start(
            wrap(self.runs), wrap(self.deployments), wrap(self.artefacts), wrap(self.workflow), self._counted(_seal)
        )

        def announce(run: Run) -> None:
            self.announced.append(run.id)

        return start(run, CREDENTIALS if credentials is None else credentials, self._counted(announce))

    def lock(self) -> Lock | None:
        found = self.deployments.get(GUILD, "shop")
        return found.lock if found else None

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: self.faults.call(function, arguments, {})


def _seal(guild_id: str, run_id: str, credentials: object) -> bytes:
    return f"sealed for {run_id} of {guild_id}".encode()


def test_a_start_locks_keeps_seals_announces_and_wakes_the_state_machine() -> None:
    world = World()

    run = world.start()

    assert world.lock() == Lock(RUN.id, 1, OWNER, NOW)
    assert world.runs.get(RUN.id) == run == replace(RUN, fence=1)
    assert world.artefacts.objects == {RUN.artefact("credentials.sealed"): f"sealed for {RUN.id} of {GUILD}".encode()}
    assert world.announced == [RUN.id]
    assert world.workflow.inputs == {f"i-{RUN.interaction_id}": RUN.id}
    assert len(world.faults.calls) == STEPS


def test_without_credentials_nothing_is_sealed() -> None:
    world = World()

    world.start(credentials={})

    assert world.artefacts.objects == {}


def test_a_second_run_is_told_who_holds_the_lock_since_when_and_with_which_run() -> None:
    world = World()
    world.start()

    with pytest.raises(LockedError) as error:
        world.start(replace(RUN, id="bbbb", user_id=MEMBER, interaction_id="2"))

    text = str(error.value)
    assert f"<@{OWNER}>" in text and f"<t:{NOW}:R>" in text and f"`{RUN.id}`" in text and "starting" in text
    assert "/cloud-cancel name:shop" in text
    assert world.runs.get("bbbb") is None
    assert world.announced == [RUN.id]


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(1, STEPS))
def test_whatever_fails_the_lock_is_given_back_and_a_first_deployment_leaves_no_row(step: int, late: bool) -> None:
    world = World(Faults(step, late))

    with pytest.raises(OutsideError):
        world.start()

    assert world.deployments.rows == {}
    assert world.artefacts.objects == {}
    kept = world.runs.get(RUN.id)
    assert kept is None or kept.status is Status.FAILED


@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_failed_start_leaves_an_existing_deployment_as_it_was(step: int) -> None:
    world = World(Faults(step))
    before = Deployment(GUILD, "shop", "demo/countdown", {"n": 3}, status="deployed", outputs={"url": "x"}, fence=4)
    world.deployments = InMemoryDeploymentStore(before)

    with pytest.raises(OutsideError):
        world.start()

    after = world.deployments.rows[GUILD, "shop"]
    assert (after.lock, after.status, after.variables, after.outputs) == (None, "deployed", {"n": 3}, {"url": "x"})


def test_a_run_that_could_not_be_started_is_left_to_the_watchdog_for_its_last_message() -> None:
    world = World(Faults(STEPS - 1))

    with pytest.raises(OutsideError):
        world.start()

    assert world.runs.active() == [RUN.id]


def test_after_a_failed_start_the_next_one_begins_at_once() -> None:
    world = World(Faults(STEPS - 1))
    with pytest.raises(OutsideError):
        world.start()
    again = replace(RUN, id="bbbb", interaction_id="2")

    world.start(again)

    assert world.lock() == Lock("bbbb", 1, OWNER, NOW)


def test_a_lock_whose_run_was_reported_protects_nothing() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.FAILED, reported=True)

    world.start(replace(RUN, id="bbbb", interaction_id="2"))

    assert world.lock() == Lock("bbbb", 1, OWNER, NOW)


@pytest.mark.parametrize(("age", "freed"), [(ORPHAN_SECONDS, False), (ORPHAN_SECONDS + 1, True)])
def test_a_lock_without_a_run_is_orphaned_after_two_minutes(age: int, freed: bool) -> None:
    world = World()
    world.deployments.acquire(Deployment(GUILD, "shop", "demo/countdown"), "dead", MEMBER, NOW - age)

    if freed:
        world.start()
        assert world.lock() == Lock(RUN.id, 1, OWNER, NOW)
    else:
        with pytest.raises(LockedError, match="dead"):
            world.start()


def test_an_ended_run_that_is_not_reported_yet_keeps_its_lock() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.FAILED, ended_at=NOW)

    with pytest.raises(LockedError, match="failed"):
        world.start(replace(RUN, id="bbbb", interaction_id="2"))


def test_losing_a_race_for_a_free_lock_is_said_without_a_name() -> None:
    world = World()

    class Contended(InMemoryDeploymentStore):
        def acquire(self, deployment: Deployment, run_id: str, user_id: str, now: int) -> Lock:
            raise ConflictError("somebody was faster, and is done already")

    world.deployments = Contended()

    with pytest.raises(LockedError, match="somebody else right now"):
        world.start()


def test_the_credentials_are_in_no_run_and_no_error() -> None:
    world = World(Faults(STEPS - 1))

    with pytest.raises(OutsideError) as error:
        world.start()

    assert "canary" not in repr(world.runs.runs) + str(error.value)


def test_a_run_remembers_which_one_held_the_deployment_before() -> None:
    world = World()
    before = Deployment(GUILD, "shop", "demo/countdown", status="deployed", last_run_id="earlier")
    world.deployments = InMemoryDeploymentStore(before)

    assert world.start().previous_run_id == "earlier"


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(STEPS))
def test_a_command_that_died_half_way_is_finished_by_its_second_try(step: int, late: bool) -> None:
    """A killed process undoes nothing; Lambda invokes the function again with the same interaction."""
    world = World(Faults(step, late, KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        world.start()

    run = world.start()

    assert world.lock() == Lock(RUN.id, 1, OWNER, NOW)
    assert world.runs.get(RUN.id) == run and run.status is Status.STARTING
    assert world.workflow.inputs == {f"i-{RUN.interaction_id}": RUN.id}
    assert set(world.artefacts.objects) == {RUN.artefact("credentials.sealed")}


def test_the_second_try_does_not_bring_back_a_run_that_was_given_up_meanwhile() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.INTERRUPTED, ended_at=NOW, reported=True)
    world.deployments.release(GUILD, "shop", RUN.id)

    with pytest.raises(UserError, match=r"died half-way.*interrupted.*cloud-status"):
        world.start()

    assert world.lock() is None
    kept = world.runs.get(RUN.id)
    assert kept and kept.status is Status.INTERRUPTED


def test_the_lock_of_another_run_is_named_for_who_wants_to_look_at_it() -> None:
    world = World()
    world.start()

    with pytest.raises(LockedError) as error:
        world.start(replace(RUN, id="bbbb", interaction_id="2"))

    assert error.value.run_id == RUN.id


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_second_try_that_fails_undoes_nothing_of_what_the_first_began(step: int, late: bool) -> None:
    """The first one died after it had woken the state machine: a build may be at work."""
    world = World()
    world.start()
    lock, run, objects = world.lock(), world.runs.get(RUN.id), dict(world.artefacts.objects)
    world.faults.calls.clear()
    world.faults.fail_at, world.faults.late = step, late

    with suppress(OutsideError):
        world.start()

    assert (world.lock(), world.runs.get(RUN.id), world.artefacts.objects) == (lock, run, objects)


def test_a_start_whose_answer_was_lost_undoes_nothing_once_a_build_is_at_work() -> None:
    world = World()

    class Claimed(FakeWorkflow):
        def start(self, name: str, run_id: str) -> None:
            kept = world.runs.runs[run_id]
            world.runs.runs[run_id] = replace(kept, status=Status.PLANNING, build=a_build(Phase.PLAN))
            raise OutsideError("StartExecution: ReadTimeoutError")

    world.workflow = Claimed()
    with pytest.raises(OutsideError):
        world.start()

    assert world.lock() and world.artefacts.objects
    assert world.runs.runs[RUN.id].status is Status.PLANNING


def test_a_run_that_ended_and_is_not_reported_yet_keeps_its_lock_from_a_second_try() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.SUCCEEDED, ended_at=NOW)

    with pytest.raises(UserError, match="succeeded"):
        world.start()

    assert world.lock()


def test_a_state_that_could_not_be_saved_is_the_next_runs_first_task() -> None:
    world = World()
    world.deployments = InMemoryDeploymentStore(
        Deployment(GUILD, "shop", "demo/countdown", status="incomplete", unsaved_run_id="earlier")
    )

    assert world.start().unsaved_run_id == "earlier"
