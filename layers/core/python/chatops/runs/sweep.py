"""The watchdog: find runs whose build or execution died, and have them reported."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from chatops.domain.runs import CHATOPS, GRACE_SECONDS, HEARTBEAT_LOST_SECONDS, LINE_SECONDS, Run, Status
from chatops.errors import ConflictError, OutsideError
from chatops.ports import Builds, RunStore, Workflow

START_SECONDS = 60
"""How long a run may be without an execution: the command may just be starting it."""
CALLED_SECONDS = 150
"""The same where its turn came: two looks of the watchdog, each of which has it begun, come before that."""
HALF_WAY_SECONDS = 5 * 60
"""How long a run may be in line without a message: after so long no try of its command comes (template.yaml)."""
SILENT_SECONDS = 20 * 60
"""How long a build that CodeBuild calls alive may be silent. Its network may be gone, and it may be in good work."""
OLD_SECONDS = 50
"""After this long without an edit a live message is brought up to date, so that nobody takes silence for progress."""
BETWEEN_SECONDS = 5 * 60
"""How long after its build's good end a run may take to its next step, tries again of functions that crash included."""
LOOK_SECONDS = 40
"""How long a sweep looks at runs; the function's minute is for its other duties too (template.yaml)."""


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
    if run.status is Status.QUEUED:
        return _waited_out(run, now)
    execution = workflow.status(run.execution_name)
    if execution == "RUNNING":
        cause = _lost_build(run, now, builds)
        return Finding(run.id, Status.INTERRUPTED, cause) if cause else None
    if now - run.began_at < (CALLED_SECONDS if run.turn_at else START_SECONDS):
        return None
    outcome = Status.INTERRUPTED if execution in ("ABORTED", "MISSING") else Status.FAILED
    return Finding(run.id, outcome, _EXECUTION_CAUSES.get(execution, f"The execution ended ({execution.lower()})."))


def _waited_out(run: Run, now: int) -> Finding | None:
    """A run that waits in line has nothing that could be lost; it is over when it was cancelled, or waited too long."""
    if run.cancel_requested_by:
        ended = Status.WAITED_OUT if run.cancel_requested_by == CHATOPS else Status.CANCELLED
        return Finding(run.id, ended, "")
    if run.message is None and now - run.created_at > HALF_WAY_SECONDS:
        return Finding(run.id, Status.FAILED, "The command died half-way, before the run was in line.")
    if now - run.created_at > LINE_SECONDS:
        return Finding(run.id, Status.WAITED_OUT, "Its turn had not come after an hour.")
    return None


_EXECUTION_CAUSES = {
    "ABORTED": "The execution was stopped in the Step Functions console.",
    "MISSING": "The run was never started: the command died half-way. Nothing was changed.",
    "TIMED_OUT": "The execution took longer than it may.",
}


def _lost_build(run: Run, now: int, builds: Builds) -> str:
    """Why the run will not go on by itself, or nothing. "Not found" never counts as ended."""
    build = run.build
    if build is None or not run.status.at_work:
        return ""
    if not build.build_id:
        return "The build never started." if now > build.claim_until + START_SECONDS else ""
    silence = now - build.heartbeat_at
    if silence <= HEARTBEAT_LOST_SECONDS:
        return ""
    match builds.status(build.build_id):
        case None:
            return ""
        case "IN_PROGRESS":
            return _hung(run, silence, now)
        case "SUCCEEDED":
            return _stuck(run, silence, now)
        case status:
            return f"The build died ({status.lower()}) {silence} seconds after its last sign of life."


def _hung(run: Run, silence: int, now: int) -> str:
    """A build that lives and says nothing; once it was asked to stop, its grace is all that it gets."""
    asked = now - run.cancel_requested_at if run.cancel_requested_at else 0
    if silence > SILENT_SECONDS or asked > GRACE_SECONDS + START_SECONDS:
        return f"The build gave no sign of life for {silence} seconds."
    return ""


def _stuck(run: Run, silence: int, now: int) -> str:
    """A success tells by itself, unless whoever was to hear of it died."""
    asked = now - run.cancel_requested_at if run.cancel_requested_at else 0
    if silence > BETWEEN_SECONDS or min(silence, asked) > START_SECONDS:
        return "Nothing went on after the build had ended."
    return ""


def sweep(
    runs: RunStore,
    workflow: Workflow,
    builds: Builds,
    report: Callable[[Finding], None],
    look: Callable[[str], None],
    turn: Callable[[str], None],
    now: int,
    in_time: Callable[[], bool] = lambda: True,
) -> tuple[list[Finding], list[str]]:
    """Stop and report every active run that hangs, and have the tracker `look` at those whose message grows old.

    Each guild where somebody waits, or has just been called, gets a `turn` of its line as soon as the first of them is
    met. Whoever is not looked at while it is `in_time` is on another minute: each has an order of its own. Returns the
    findings, and the ids of those that failed.
    """
    findings, failed = [], []
    lines: set[str] = set()
    active = runs.active()
    for run_id in Random(now).sample(active, len(active)):  # noqa: S311 - an order, no secret
        if not in_time():
            break
        try:
            run = runs.get(run_id)
            finding = find_lost(run, now, workflow, builds) if run and not run.reported else None
            if run and finding:
                findings.append(finding)
                stop(run, finding, runs, workflow, now)
                report(finding)
            elif run and run.status.at_work and grows_old(runs, run_id, now):
                look(run_id)
            elif run and run.guild_id not in lines and _in_line(run):
                lines.add(run.guild_id)
                turn(run.guild_id)
        except OutsideError:
            failed.append(run_id)  # one sick run must not hide the others; the next minute looks again
    return findings, failed


def _in_line(run: Run) -> bool:
    """Whether it waits, or was called and may have got no further."""
    return run.status is Status.QUEUED or bool(run.turn_at and run.status is Status.STARTING)


def grows_old(runs: RunStore, run_id: str, now: float) -> bool:
    """Whether nobody has shown the run for long, and nobody is doing so or was asked to wait with it."""
    held_until, edited_at = runs.edit_times(run_id)
    return held_until < now and now - edited_at >= OLD_SECONDS


def stop(run: Run, finding: Finding, runs: RunStore, workflow: Workflow, now: int) -> None:
    """Keep a lost run from going on while it is being ended: the wish to stop, and the end of its execution.

    One that was put in line by half is not asked: its turn cannot come, and a wish would change what it ends as.
    """
    if run.status.ended or (run.status is Status.QUEUED and finding.outcome is Status.FAILED):
        return
    with suppress(ConflictError):  # asked to stop before, by a person or by the last minute's watchdog
        runs.request_cancel(run.id, CHATOPS, now, finding.cause)
    if run.status is not Status.QUEUED:
        workflow.stop(run.execution_name, finding.cause)
