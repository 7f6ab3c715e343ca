"""The watchdog: find runs whose build or execution died, and have them reported."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chatops.domain.runs import CHATOPS, HEARTBEAT_LOST_SECONDS, Run, Status
from chatops.errors import ConflictError, OutsideError
from chatops.ports import Builds, RunStore, Workflow

START_SECONDS = 60
"""How long a run may be without an execution: the command may just be starting it."""


@dataclass(frozen=True)
class Finding:
    """A run that cannot end by itself, and what to say of it."""

    run_id: str
    outcome: Status
    cause: str


def find_lost(run: Run, now: int, workflow: Workflow, builds: Builds) -> Finding | None:
    """What became of an active run, or None where it may still go on."""
    if run.status.ended:
        return Finding(run.id, run.status, "")
    execution = workflow.status(run.execution_name)
    if execution == "RUNNING":
        cause = _lost_build(run, now, builds)
        return Finding(run.id, Status.INTERRUPTED, cause) if cause else None
    if now - run.created_at < START_SECONDS:
        return None
    outcome = Status.INTERRUPTED if execution in ("ABORTED", "MISSING") else Status.FAILED
    return Finding(run.id, outcome, _EXECUTION_CAUSES.get(execution, f"The execution ended ({execution.lower()})."))


_EXECUTION_CAUSES = {
    "ABORTED": "The execution was stopped in the Step Functions console.",
    "MISSING": "The run was never started: the command died half-way. Nothing was changed.",
    "TIMED_OUT": "The execution took longer than it may.",
}


def _lost_build(run: Run, now: int, builds: Builds) -> str:
    """Why the current build is lost, or nothing. "Not found" never counts as ended, and a success tells by itself."""
    build = run.build
    if build is None or run.status not in (Status.PLANNING, Status.APPLYING):
        return ""
    if not build.build_id:
        return "The build never started." if now > build.claim_until + START_SECONDS else ""
    if now - build.heartbeat_at <= HEARTBEAT_LOST_SECONDS:
        return ""
    status = builds.status(build.build_id)
    if status in (None, "IN_PROGRESS", "SUCCEEDED"):
        return ""
    return f"The build died ({status.lower()}) {now - build.heartbeat_at} seconds after its last sign of life."


def sweep(
    runs: RunStore, workflow: Workflow, builds: Builds, report: Callable[[Finding], None], now: int
) -> tuple[list[Finding], list[str]]:
    """Stop and report every active run that hangs; returns the findings, and the ids that could not be looked at."""
    findings, failed = [], []
    for run_id in runs.active():
        try:
            run = runs.get(run_id)
            finding = find_lost(run, now, workflow, builds) if run and not run.reported else None
            if run is None or finding is None:
                continue
            findings.append(finding)
            if not run.status.ended:
                with suppress(ConflictError):  # asked to stop before, by a person or by the last minute's watchdog
                    runs.request_cancel(run_id, CHATOPS, now, finding.cause)
                workflow.stop(run.execution_name, finding.cause)
            report(finding)
        except OutsideError:
            failed.append(run_id)  # one sick run must not hide the others; the next minute looks again
    return findings, failed
