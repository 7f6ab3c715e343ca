from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.runs import HEARTBEAT_LOST_SECONDS, Phase, Run, Status
from chatops.errors import OutsideError
from chatops.runs.sweep import START_SECONDS, Finding, find_lost, sweep
from tests.fakes.outside import FakeBuilds, FakeWorkflow
from tests.fakes.runs import BUILD, NOW, a_build, a_run, applying, awaiting, planning
from tests.fakes.stores import InMemoryRunStore

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


@pytest.mark.parametrize("status", [None, "IN_PROGRESS", "SUCCEEDED"])
def test_not_found_still_running_and_succeeded_are_no_deaths(status: str | None) -> None:
    assert look(applying(), NOW + 3000, build=status) is None


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


def lost(number: int, **changes: Any) -> Run:
    return applying(id=f"run-{number}", interaction_id=str(number), **changes)


class World:
    def __init__(self, *runs: Run) -> None:
        self.runs = InMemoryRunStore(*runs)
        self.workflow = FakeWorkflow()
        self.builds = FakeBuilds(**{BUILD: "FAULT"})
        self.reported: list[Finding] = []
        for run in runs:
            self.workflow.executions[run.execution_name] = "RUNNING"

    def sweep(self) -> tuple[list[str], list[str]]:
        findings, failed = sweep(self.runs, self.workflow, self.builds, self.report, LATE)
        return [finding.run_id for finding in findings], failed

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

    _, failed = sweep(world.runs, world.workflow, world.builds, refuse, LATE)

    assert failed == ["run-1"] and [finding.run_id for finding in world.reported] == ["run-2"]
    assert world.runs.active() == ["run-1", "run-2"]


def test_what_was_reported_meanwhile_is_no_finding() -> None:
    class LaggingIndex(InMemoryRunStore):
        def active(self) -> list[str]:
            return [*self.runs, "forgotten"]

    world = World(lost(1))
    world.runs = LaggingIndex(replace(lost(1), status=Status.FAILED, ended_at=NOW, reported=True))

    assert world.sweep() == ([], []) and world.reported == []
