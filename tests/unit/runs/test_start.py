from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.queues import Limits, Line, Standing
from chatops.domain.runs import Phase, Run, Status
from chatops.errors import ConflictError, OutsideError, UserError
from chatops.runs.lock import ORPHAN_SECONDS
from chatops.runs.queue import Queue
from chatops.runs.start import Start
from tests.fakes.guilds import InMemoryConnections, InMemoryLines
from tests.fakes.outside import FakeChat, FakeClock, FakeWorkflow, Faults, InMemoryArtefacts
from tests.fakes.runs import GUILD, MEMBER, NOW, OWNER, a_build, a_run
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryGuildSettings, InMemoryRunStore

CREDENTIALS = {"key": "canary"}
RUN = a_run(created_at=NOW, message=None, fence=0)
OTHER = replace(RUN, id="bbbb000011112222", user_id=MEMBER, interaction_id="2")
LOCK = 3  # after the guild's limits, and its line read and written
STEPS = LOCK + 6  # acquire, create, seal, put, announce and start: every outside call of a start with credentials


class World:
    """Everything a start touches, behind one counter of faults."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.runs = InMemoryRunStore()
        self.deployments = InMemoryDeploymentStore()
        self.artefacts = InMemoryArtefacts()
        self.workflow = FakeWorkflow()
        self.lines = InMemoryLines()
        self.limits = Limits(concurrent=3, hourly=30)
        self.clock = FakeClock(NOW)
        self.announced: list[str] = []
        self.stood: list[Standing] = []

    def start(self, run: Run = RUN, credentials: dict[str, str] | None = None) -> Run:
        wrap = self.faults.wrap
        start = Start(
            wrap(self.runs),
            wrap(self.deployments),
            wrap(self.artefacts),
            wrap(self.workflow),
            self.queue(wrap),
            self._counted(_seal),
        )

        def announce(run: Run, stands: Standing) -> None:
            self.announced.append(run.id)
            self.stood.append(stands)

        return start(run, CREDENTIALS if credentials is None else credentials, self._counted(announce))

    def queue(self, wrap: Callable[[Any], Any] = lambda port: port) -> Queue:
        return Queue(
            wrap(self.lines),
            wrap(self.runs),
            wrap(self.deployments),
            wrap(InMemoryGuildSettings()),
            wrap(InMemoryConnections()),
            wrap(self.workflow),
            FakeChat(),
            self.limits,
            self.clock,
            self.clock.sleep,
        )

    def line(self) -> Line:
        return self.lines.get(GUILD)

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


def test_a_second_run_waits_in_line_with_its_sealed_credentials_and_touches_nothing() -> None:
    world = World()
    world.start()

    run = world.start(OTHER)

    assert run.status is Status.QUEUED and run.never_began
    assert world.runs.get(OTHER.id) == run
    assert OTHER.artefact("credentials.sealed") in world.artefacts.objects
    assert world.lock() == Lock(RUN.id, 1, OWNER, NOW)
    assert world.workflow.inputs == {f"i-{RUN.interaction_id}": RUN.id}
    (stands,) = world.stood[1:]
    assert stands.number == 1 and stands.behind and stands.behind.run_id == RUN.id


def test_over_a_limit_nothing_is_begun() -> None:
    world = World()
    world.limits = Limits(3, 1)
    world.start()

    with pytest.raises(UserError, match="in an hour"):
        world.start(OTHER)

    assert world.runs.get(OTHER.id) is None and world.announced == [RUN.id]
    assert [each.run_id for each in world.line().places] == [RUN.id]


def test_a_run_whose_turn_it_would_be_waits_while_one_that_is_in_no_line_holds_the_lock() -> None:
    """A run of an older version of ours."""
    world = World()
    world.deployments.acquire(Deployment(GUILD, "shop", "demo/countdown"), "older", MEMBER, NOW)
    world.runs.create(replace(RUN, id="older"))

    run = world.start()

    assert run.status is Status.QUEUED and world.stood == [Standing(1)]
    assert [each.run_id for each in world.line().waiting] == [RUN.id]
    assert world.line().running == ()


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(LOCK + 1, STEPS))
def test_whatever_fails_the_lock_is_given_back_and_a_first_deployment_leaves_no_row(step: int, late: bool) -> None:
    world = World(Faults(step, late))

    with pytest.raises(OutsideError):
        world.start()

    assert world.deployments.rows == {}
    assert world.artefacts.objects == {}
    kept = world.runs.get(RUN.id)
    assert kept is None or kept.status is Status.FAILED
    assert world.line().places == ()


@pytest.mark.parametrize("step", range(LOCK + 1, STEPS))
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

    world.start(OTHER)

    assert world.lock() == Lock(OTHER.id, 1, MEMBER, NOW)


def test_a_lock_whose_run_was_reported_protects_nothing() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.FAILED, reported=True)

    world.start(OTHER)

    assert world.lock() == Lock(OTHER.id, 1, MEMBER, NOW)


@pytest.mark.parametrize(("age", "freed"), [(ORPHAN_SECONDS, False), (ORPHAN_SECONDS + 1, True)])
def test_a_lock_without_a_run_is_orphaned_after_two_minutes(age: int, freed: bool) -> None:
    world = World()
    world.deployments.acquire(Deployment(GUILD, "shop", "demo/countdown"), "dead", MEMBER, NOW - age)

    run = world.start()

    assert run.status is (Status.STARTING if freed else Status.QUEUED)
    assert world.lock() == (Lock(RUN.id, 1, OWNER, NOW) if freed else Lock("dead", 1, MEMBER, NOW - age))


def test_an_ended_run_that_is_not_reported_yet_keeps_its_lock_and_its_place() -> None:
    world = World()
    world.start()
    world.runs.runs[RUN.id] = replace(world.runs.runs[RUN.id], status=Status.FAILED, ended_at=NOW)

    assert world.start(OTHER).status is Status.QUEUED
    lock = world.lock()
    assert lock and lock.run_id == RUN.id


def test_losing_a_race_for_a_free_lock_is_waiting_too() -> None:
    world = World()

    class Contended(InMemoryDeploymentStore):
        def acquire(self, deployment: Deployment, run_id: str, user_id: str, now: int) -> Lock:
            raise ConflictError("somebody was faster, and is done already")

    world.deployments = Contended()

    assert world.start().status is Status.QUEUED


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


@pytest.mark.parametrize("fence", [0, 1], ids=["in line", "under its lock"])
def test_a_run_given_up_in_line_is_nobodys_last_run_although_its_second_try_took_the_lock(fence: int) -> None:
    world = World()
    world.runs.create(replace(RUN, fence=fence, status=Status.CANCELLED, ended_at=NOW, reported=True))
    world.deployments.rows[GUILD, "shop"] = Deployment(GUILD, "shop", RUN.blueprint, status="incomplete", fence=1)
    world.deployments.rows[GUILD, "shop"] = replace(world.deployments.rows[GUILD, "shop"], last_run_id="before")

    with pytest.raises(UserError):
        world.start()

    assert world.lock() is None
    assert world.deployments.rows[GUILD, "shop"].last_run_id == (RUN.id if fence else "before")


@pytest.mark.parametrize(("fence", "before"), [(0, "run-0"), (1, RUN.id)], ids=["given up in line", "ended"])
def test_who_takes_over_a_dead_lock_comes_after_the_run_that_began_last(fence: int, before: str) -> None:
    world = World()
    world.runs.create(replace(RUN, fence=fence, status=Status.CANCELLED, ended_at=NOW, reported=True))
    held = Deployment(GUILD, "shop", RUN.blueprint, status="incomplete", fence=1, last_run_id=RUN.id)
    lock = Lock(RUN.id, 1, OWNER, NOW, previous_run_id="run-0")
    world.deployments.rows[GUILD, "shop"] = replace(held, lock=lock)

    assert world.start(OTHER).previous_run_id == before


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(8))
def test_a_command_that_died_while_its_run_got_in_line_is_finished_by_its_second_try(step: int, late: bool) -> None:
    """Limits, the line twice, who is in it, create, seal, put, announce."""
    world = World()
    world.start()
    world.faults.calls.clear()
    world.faults.fail_at, world.faults.late, world.faults.error = step, late, KeyboardInterrupt
    with suppress(KeyboardInterrupt):
        world.start(OTHER)

    run = world.start(OTHER)

    assert run.status is Status.QUEUED and world.runs.get(OTHER.id) == run
    assert [each.run_id for each in world.line().waiting] == [OTHER.id]
    assert len(world.line().asked) == 2
    assert OTHER.artefact("credentials.sealed") in world.artefacts.objects


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(4, 8))
def test_a_run_that_cannot_get_in_line_leaves_nothing_in_it(step: int, late: bool) -> None:
    world = World()
    world.start()
    world.faults.calls.clear()
    world.faults.fail_at, world.faults.late = step, late

    with pytest.raises(OutsideError):
        world.start(OTHER)

    assert [each.run_id for each in world.line().places] == [RUN.id]
    kept = world.runs.get(OTHER.id)
    assert kept is None or kept.status is Status.FAILED
    assert OTHER.artefact("credentials.sealed") not in world.artefacts.objects


def test_a_ghost_in_the_line_keeps_nobody_waiting_for_long() -> None:
    """Its command died before the run was kept, and was not tried again."""
    world = World(Faults(LOCK, error=KeyboardInterrupt))
    with suppress(KeyboardInterrupt):
        world.start()
    world.clock.now += ORPHAN_SECONDS + 1

    run = world.start(OTHER)

    assert run.status is Status.STARTING
    assert [each.run_id for each in world.line().places] == [OTHER.id]


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(STEPS))
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
