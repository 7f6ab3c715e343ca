from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.runs import (
    CHATOPS,
    GRACE_SECONDS,
    HEARTBEAT_LOST_SECONDS,
    LINE_SECONDS,
    Phase,
    Run,
    Status,
)
from chatops.errors import OutsideError
from chatops.runs.sweep import (
    BETWEEN_SECONDS,
    CALLED_SECONDS,
    HALF_WAY_SECONDS,
    LOOK_SECONDS,
    OLD_SECONDS,
    SILENT_SECONDS,
    START_SECONDS,
    Finding,
    find_lost,
    sweep,
)
from tests.fakes.outside import FakeBuilds, FakeWorkflow
from tests.fakes.runs import BUILD, GUILD, NOW, OTHER_GUILD, OWNER, a_build, a_run, applying, awaiting, planning
from tests.fakes.stores import InMemoryRunStore
from tests.infrastructure.state_machine import tasks
from tests.infrastructure.template import functions, written

LATE = NOW + HEARTBEAT_LOST_SECONDS + 1
UNCLAIMED = a_build(Phase.PLAN, build_id="", heartbeat_at=0, claimed_at=0)


def look(run: Run, now: int = NOW, execution: str = "RUNNING", build: str | None = "IN_PROGRESS") -> Finding | None:
    workflow, builds = FakeWorkflow(), FakeBuilds()
    if execution:
        workflow.executions[run.execution_name] = execution
    if build:
        builds.statuses[BUILD] = build
    return find_lost(run, now, workflow, builds)


@pytest.mark.parametrize("run", [a_run(), planning(), awaiting(), applying()], ids=lambda run: run.status.value)
def test_a_run_that_goes_on_is_left_alone(run: Run) -> None:
    assert look(run) is None


@pytest.mark.parametrize("status", ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"])
def test_a_build_that_died_after_its_last_heartbeat_interrupts_the_run(status: str) -> None:
    found = look(applying(), LATE, build=status)

    assert found and found.outcome is Status.INTERRUPTED
    assert status.lower() in found.cause and "31 seconds" in found.cause


def test_not_found_is_no_death() -> None:
    assert look(applying(), NOW + 300_000, build=None) is None


def test_a_build_that_lives_and_says_nothing_is_given_up_after_twenty_minutes() -> None:
    """Its network may be gone while it works well; CodeBuild itself would end it after an hour."""
    assert look(applying(), NOW + SILENT_SECONDS) is None
    found = look(applying(), NOW + SILENT_SECONDS + 1)

    assert found and found.outcome is Status.INTERRUPTED
    assert "no sign of life for 1201 seconds" in found.cause


def test_a_silent_build_that_was_asked_to_stop_gets_its_grace_and_no_more() -> None:
    asked = NOW + 10
    run = applying(cancel_requested_by=OWNER, cancel_requested_at=asked)

    assert look(run, asked + GRACE_SECONDS + START_SECONDS) is None
    assert look(run, asked + GRACE_SECONDS + START_SECONDS + 1)


def test_a_build_that_still_speaks_is_left_to_its_runner() -> None:
    late = NOW + 4000
    build = a_build(Phase.APPLY, heartbeat_at=late)

    assert look(applying(build=build, cancel_requested_by=OWNER, cancel_requested_at=NOW), late) is None


@pytest.mark.parametrize("run", [planning(), applying()], ids=lambda run: run.status.value)
def test_a_run_that_does_not_go_on_after_its_builds_good_end_is_found(run: Run) -> None:
    """Whoever was to hear of it died: the function that asks a person, or the one that reports."""
    assert look(run, NOW + BETWEEN_SECONDS, build="SUCCEEDED") is None
    found = look(run, NOW + BETWEEN_SECONDS + 1, build="SUCCEEDED")
    assert found and "Nothing went on" in found.cause

    cancelled = replace(run, cancel_requested_by=OWNER, cancel_requested_at=NOW + 20)
    assert look(cancelled, NOW + 20 + START_SECONDS, build="SUCCEEDED") is None
    assert look(cancelled, NOW + 20 + START_SECONDS + 1, build="SUCCEEDED")
    early = replace(run, cancel_requested_by=OWNER, cancel_requested_at=NOW - 500)
    assert look(early, NOW + START_SECONDS, build="SUCCEEDED") is None


def test_a_run_is_not_called_stuck_while_its_plan_may_still_be_read_again() -> None:
    (state,) = tasks(calling="AdviseFunction").values()
    (crashed,) = [rule for rule in state["Retry"] if "Runtime.ExitError" in rule["ErrorEquals"]]

    assert (crashed["MaxAttempts"] + 1) * (functions()["Advise"]["Timeout"] + START_SECONDS / 4) < BETWEEN_SECONDS


def test_a_dead_build_whose_heartbeat_is_fresh_may_still_tell_by_itself() -> None:
    assert look(applying(), LATE - 1, build="FAILED") is None


def test_a_run_that_waits_for_a_person_has_no_build_to_lose() -> None:
    assert look(awaiting(), NOW + 500, build="FAILED") is None


def test_a_build_that_never_claimed_is_lost_a_minute_after_it_could() -> None:
    run = planning(build=UNCLAIMED)

    assert look(run, UNCLAIMED.claim_until + START_SECONDS) is None
    found = look(run, UNCLAIMED.claim_until + START_SECONDS + 1)
    assert found and "never started" in found.cause


@pytest.mark.parametrize(
    ("execution", "outcome", "word"),
    [
        ("ABORTED", Status.INTERRUPTED, "console"),
        ("", Status.INTERRUPTED, "never started"),
        ("TIMED_OUT", Status.FAILED, "longer than it may"),
        ("FAILED", Status.FAILED, "failed"),
    ],
)
def test_an_execution_that_is_over_without_a_report_is_found(execution: str, outcome: Status, word: str) -> None:
    found = look(applying(), execution=execution)

    assert found and (found.outcome, word in found.cause) == (outcome, True)


def test_a_run_may_be_without_an_execution_while_its_command_works() -> None:
    run = a_run(created_at=NOW)

    assert look(run, NOW + START_SECONDS - 1, execution="") is None
    assert look(run, NOW + START_SECONDS, execution="") is not None


def test_an_ended_run_that_was_not_reported_is_found_as_it_ended() -> None:
    run = applying(status=Status.SUCCEEDED, ended_at=NOW)

    assert look(run) == Finding(run.id, Status.SUCCEEDED, "")


def queued(**changes: Any) -> Run:
    return a_run(**{"status": Status.QUEUED, "fence": 0, "created_at": NOW, **changes})


def test_a_run_that_waits_in_line_has_nothing_to_lose() -> None:
    assert look(queued(), NOW + LINE_SECONDS, execution="") is None


def test_after_an_hour_in_line_a_run_is_given_up() -> None:
    found = look(queued(), NOW + LINE_SECONDS + 1, execution="")

    assert found == Finding(a_run().id, Status.WAITED_OUT, "Its turn had not come after an hour.")


@pytest.mark.parametrize(("by", "outcome"), [(OWNER, Status.CANCELLED), (CHATOPS, Status.WAITED_OUT)])
def test_a_run_in_line_that_was_asked_to_stop_is_ended_if_nobody_else_did(by: str, outcome: Status) -> None:
    found = look(queued(cancel_requested_by=by, cancel_requested_at=NOW), NOW + 60, execution="")

    assert found and found.outcome is outcome


def test_a_run_that_was_put_in_line_by_half_is_given_up_when_its_command_comes_no_more() -> None:
    run = queued(message=None)

    assert look(run, NOW + HALF_WAY_SECONDS, execution="") is None
    found = look(run, NOW + HALF_WAY_SECONDS + 1, execution="")
    assert found and found.outcome is Status.FAILED and "died half-way" in found.cause
    tries = written()["Resources"]["CommandsFunction"]["Properties"]["EventInvokeConfig"]
    assert tries["MaximumEventAgeInSeconds"] <= HALF_WAY_SECONDS


def test_a_run_whose_turn_has_come_is_begun_by_two_looks_before_it_is_given_up() -> None:
    """Whoever called it may have died right after a look; the watchdog comes every minute."""
    run = a_run(created_at=NOW - 3000, turn_at=NOW)
    period = 60

    assert look(run, NOW + CALLED_SECONDS - 1, execution="") is None
    assert look(run, NOW + CALLED_SECONDS, execution="") is not None
    assert 2 * period < CALLED_SECONDS < 3 * period
    assert written()["Resources"]["SweepSchedule"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"


def lost(number: int, **changes: Any) -> Run:
    return applying(id=f"run-{number}", interaction_id=str(number), **changes)


class World:
    def __init__(self, *runs: Run) -> None:
        self.runs = InMemoryRunStore(*runs)
        self.workflow = FakeWorkflow()
        self.builds = FakeBuilds(**{BUILD: "FAULT"})
        self.reported: list[Finding] = []
        self.looked_at: list[str] = []
        self.turns: list[str] = []
        for run in runs:
            self.workflow.executions[run.execution_name] = "RUNNING"

    def sweep(self) -> tuple[list[str], list[str]]:
        findings, failed = sweep(
            self.runs, self.workflow, self.builds, self.report, self.looked_at.append, self.turns.append, LATE
        )
        return sorted(finding.run_id for finding in findings), sorted(failed)

    def report(self, finding: Finding) -> None:
        self.reported.append(finding)


def test_what_is_lost_is_stopped_with_its_cause_and_reported() -> None:
    world = World(lost(1), awaiting(id="run-2", interaction_id="2"))

    assert world.sweep() == (["run-1"], [])

    ((name, cause),) = world.workflow.stopped
    assert name == "i-1" and "died" in cause
    assert [finding.run_id for finding in world.reported] == ["run-1"]


def test_an_ended_run_is_reported_without_stopping_its_execution() -> None:
    world = World(lost(1, status=Status.FAILED, ended_at=NOW))

    world.sweep()

    assert world.workflow.stopped == [] and len(world.reported) == 1


def test_a_run_that_cannot_be_read_does_not_hide_the_others() -> None:
    world = World(lost(1), lost(2), lost(3))
    world.runs.sick.add("run-1")

    assert world.sweep() == (["run-2", "run-3"], ["run-1"])


def test_a_run_that_cannot_be_asked_about_does_not_hide_the_others() -> None:
    class SickWorkflow(FakeWorkflow):
        def status(self, name: str) -> str:
            if name == "i-1":
                raise OutsideError("asking about an execution: ThrottlingException")
            return super().status(name)

    world = World(lost(1), lost(2))
    sick = SickWorkflow()
    sick.executions = world.workflow.executions
    world.workflow = sick

    assert world.sweep() == (["run-2"], ["run-1"])


def test_a_report_that_does_not_get_through_is_named_and_tried_again() -> None:
    world = World(lost(1), lost(2))

    def refuse(finding: Finding) -> None:
        if finding.run_id == "run-1":
            raise OutsideError("invoking: TooManyRequestsException")
        world.reported.append(finding)

    _, failed = sweep(
        world.runs, world.workflow, world.builds, refuse, world.looked_at.append, world.turns.append, LATE
    )

    assert failed == ["run-1"] and [finding.run_id for finding in world.reported] == ["run-2"]
    assert world.runs.active() == ["run-1", "run-2"]


def test_what_was_reported_meanwhile_is_no_finding() -> None:
    class LaggingIndex(InMemoryRunStore):
        def active(self) -> list[str]:
            return [*self.runs, "forgotten"]

    world = World(lost(1))
    world.runs = LaggingIndex(replace(lost(1), status=Status.FAILED, ended_at=NOW, reported=True))

    assert world.sweep() == ([], []) and world.reported == []


@pytest.mark.parametrize(
    ("run", "edited", "held", "old"),
    [
        (applying(), LATE - OLD_SECONDS, 0, True),
        (planning(), 0, 0, True),
        (planning(build=UNCLAIMED), 0, 0, True),  # it waits for a machine
        (applying(), 0, LATE - 1, True),  # Discord had asked to wait so long, or who edited died
        (applying(), LATE - OLD_SECONDS + 1, 0, False),
        (applying(), 0, LATE + 30, False),
        (awaiting(), 0, 0, False),
        (a_run(), 0, 0, False),
    ],
)
def test_a_message_that_grows_old_while_a_build_works_is_looked_at(
    run: Run, edited: float, held: float, old: bool
) -> None:
    world = World(run)
    world.builds.statuses[BUILD] = "IN_PROGRESS"
    if edited:
        world.runs.release_edit(run.id, edited)
    if held:
        world.runs.extend_edit(run.id, held, 0)

    assert world.sweep() == ([], [])

    assert world.looked_at == ([run.id] if old else [])


def test_what_is_lost_is_reported_and_not_looked_at() -> None:
    world = World(lost(1))

    world.sweep()

    assert world.looked_at == []


def test_a_look_that_cannot_be_asked_for_does_not_hide_the_others() -> None:
    world = World(lost(1), lost(2))
    world.builds.statuses[BUILD] = "IN_PROGRESS"

    def refuse(run_id: str) -> None:
        if run_id == "run-1":
            raise OutsideError("invoking: TooManyRequestsException")
        world.looked_at.append(run_id)

    assert sweep(world.runs, world.workflow, world.builds, world.report, refuse, world.turns.append, LATE) == (
        [],
        ["run-1"],
    )
    assert world.looked_at == ["run-2"]


def test_each_guild_where_somebody_waits_or_was_just_called_gets_one_turn() -> None:
    world = World(
        *(queued(id=f"w-{number}", interaction_id=f"{number}") for number in range(3)),
        a_run(id="called", guild_id=OTHER_GUILD, interaction_id="9", turn_at=LATE),
        a_run(id="ordinary", guild_id="1100000000000000098", interaction_id="10", created_at=LATE),
    )

    assert world.sweep() == ([], [])
    assert sorted(world.turns) == [GUILD, OTHER_GUILD]


def test_a_run_that_waited_too_long_is_asked_to_stop_so_that_its_turn_cannot_come_meanwhile() -> None:
    world = World(queued(created_at=LATE - LINE_SECONDS - 1))
    run = world.runs.get(a_run().id)
    assert run

    assert world.sweep() == ([run.id], [])

    (finding,) = world.reported
    kept = world.runs.runs[run.id]
    assert finding.outcome is Status.WAITED_OUT and kept.cancel_requested_by == CHATOPS
    assert world.workflow.stopped == [], "it has no execution"


def test_a_turn_that_cannot_be_asked_for_is_named_and_does_not_hide_the_others() -> None:
    world = World(queued(id="w-1", interaction_id="1"), queued(id="w-2", interaction_id="2", guild_id=OTHER_GUILD))

    def refuse(guild_id: str) -> None:
        if guild_id == GUILD:
            raise OutsideError("invoking: TooManyRequestsException")
        world.turns.append(guild_id)

    _, failed = sweep(world.runs, world.workflow, world.builds, world.report, world.looked_at.append, refuse, LATE)

    assert failed == ["w-1"] and world.turns == [OTHER_GUILD]


def test_a_run_that_was_put_in_line_by_half_ends_as_failed_and_not_as_cut_off() -> None:
    """A wish of ours to stop it would be what it ends as, and its turn cannot come without a message."""
    world = World(queued(message=None, created_at=LATE - HALF_WAY_SECONDS - 1))

    world.sweep()
    world.sweep()

    assert [finding.outcome for finding in world.reported] == [Status.FAILED, Status.FAILED]
    assert world.runs.runs[a_run().id].cancel_requested_by == ""


def test_a_guilds_turn_is_asked_for_as_soon_as_the_first_who_waits_is_met() -> None:
    waiting = [queued(id=f"w-{number}", interaction_id=f"{number}", guild_id=f"{number % 2}") for number in range(40)]
    world = World(*waiting)
    met: list[str] = []
    get = world.runs.get

    def noted(run_id: str) -> Run | None:
        met.append(run_id)
        return get(run_id)

    world.runs.get = noted  # type: ignore[method-assign]
    sweep(
        world.runs,
        world.workflow,
        world.builds,
        world.report,
        world.looked_at.append,
        lambda guild_id: world.turns.append(f"{guild_id} after {len(met)}"),
        LATE,
    )

    assert len(met) == 40 and len(world.turns) == 2 and world.turns[0].endswith("after 1")


def test_what_a_sweep_has_no_time_for_is_looked_at_in_another_minute() -> None:
    world = World(*(lost(number) for number in range(20)))
    for minute in range(40):
        ticks = iter([True] * 5 + [False])
        sweep(
            world.runs,
            world.workflow,
            world.builds,
            world.report,
            world.looked_at.append,
            world.turns.append,
            LATE + 60 * minute,
            lambda ticks=ticks: next(ticks),  # type: ignore[misc]
        )
        assert len(world.reported) == 5 * (minute + 1)

    assert len({finding.run_id for finding in world.reported}) == 20, "each minute has an order of its own"


def test_a_sweep_has_time_left_for_what_it_does_after_its_look() -> None:
    assert functions()["Sweep"]["Timeout"] - LOOK_SECONDS >= 15
