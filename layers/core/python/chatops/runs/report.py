"""End a run: its outcome, its last message, its lock and its credentials. May be called any number of times."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from chatops.discord import render
from chatops.domain.audit import Entry
from chatops.domain.money import cost_of
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import CHATOPS, GRACE_SECONDS, PHASE_SECONDS, Phase, Run, Status, storable
from chatops.errors import BusyError, ChatOpsError, ConflictError, OutsideError
from chatops.ports import Artefacts, AuditLog, Builds, Chat, DeploymentStore, RunStore, Timings
from chatops.runs.bundle import FINAL_FILES
from chatops.runs.estimate import measured
from chatops.runs.kept_log import log_key, log_lines
from chatops.runs.live import take_over
from chatops.runs.queue import Moved, Queue
from chatops.runs.track import bounded
from chatops.runs.view import progress_view, read_index
from chatops.terraform.batch import read_batch

WAIT_SECONDS = 25
LINES_AT_ONCE = 20_000
BUILD_SECONDS = PHASE_SECONDS + 2 * GRACE_SECONDS
"""After this long a build has no credentials for the state any more, whatever became of it."""
SILENCE_SECONDS = 3600
"""After this long a final message that Discord keeps refusing is given up; /cloud-status still tells."""

NO_BUILD = (
    "No build machine was free in time, or the one that came could not fetch its work. "
    "Nothing was changed; try again in a few minutes."
)

_CUT_OFF = ("FAULT", "STOPPED", "TIMED_OUT")  # how CodeBuild says that a build did not end by itself
_NAME = re.compile(r"[\w-]{1,100}")  # an output's name, as Terraform allows it


class BuildStillRunning(ChatOpsError):
    """The run cannot end while its build lives: its lock protects the state. Call again."""


@dataclass(frozen=True)
class Report:
    """What ending a run needs; `sleep` waits seconds, `clock` is the time in seconds."""

    runs: RunStore
    deployments: DeploymentStore
    artefacts: Artefacts
    timings: Timings
    builds: Builds
    chat: Chat
    audit: AuditLog
    queue: Queue
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def __call__(self, run_id: str, outcome: Status, cause: str = "") -> None:
        """End the run as `outcome`, unless it has ended already; then only finish what was left undone.

        Raises:
            BuildStillRunning: the run's build lives; it was asked to stop.
        """
        run = self.runs.get(run_id)
        if run is None or run.reported:
            return
        cause = run.cancel_cause or cause or _without_build(run, outcome)
        self._build_has_ended(run, cause)
        run = self._finished(run, self._by_its_build(run, outcome), cause)
        self._hear_the_rest(run)
        self._settle_deployment(run)
        self.artefacts.delete(run.artefact("credentials.sealed"))
        moved = self._leave_line(run)
        try:
            self.audit.add(_entry(run))
            self._say(run)
        finally:
            self.queue.show(moved or Moved())  # a later call would not know any more whose place has changed
        if moved is None:
            raise OutsideError(f"run {run_id!r} has ended, and could not leave its line")
        self.runs.mark_reported(run_id)
        self._end_refused(moved)

    def turn(self, guild_id: str) -> None:
        """Start whose turn it is in a guild's line.

        Raises:
            OutsideError: somebody could not be started; the watchdog asks again in a minute.
        """
        moved = self.queue.turn(guild_id)
        self.queue.show(moved)
        self._end_refused(moved)
        if moved.failed:
            raise OutsideError(f"starting whose turn it is: not done for {', '.join(moved.failed)}")

    def _leave_line(self, run: Run) -> Moved | None:
        """Whoever is next starts before the last message is written, and the last message waits for nobody."""
        with suppress(OutsideError, BusyError):
            return self.queue.leave(run)
        return None

    def _end_refused(self, moved: Moved) -> None:
        """Who must not begin ends, and whoever waits behind moves up again."""
        for each in moved.refused:
            with suppress(OutsideError):  # the watchdog comes back for it
                self(each.run_id, each.outcome, each.cause)

    def _build_has_ended(self, run: Run, cause: str) -> None:
        """A build that lives is asked to stop, waited for a little, and at last ended by CodeBuild."""
        if not self._alive(run):
            return
        now = int(self.clock())
        try:
            self.runs.request_cancel(run.id, CHATOPS, now, cause)
            if run.message:
                with suppress(OutsideError):  # the final message is the one that counts
                    self.chat.edit(run.message, run.token, now, render.stopping(run, cause).payload())
        except ConflictError:
            if run.build and now - run.cancel_requested_at > GRACE_SECONDS + 30:
                self.builds.stop(run.build.build_id)
        waited = 0
        while self._alive(run):
            if waited >= WAIT_SECONDS:
                raise BuildStillRunning(f"run {run.id!r}: its build is still stopping")
            self.sleep(2)
            waited += 2

    def _alive(self, run: Run) -> bool:
        """Whether the build may still write the state; an unknown one may as long as it could."""
        if run.build is None or not run.build.build_id:
            return False
        status = self.builds.status(run.build.build_id)
        if status is None:
            return self.clock() < run.build.claimed_at + BUILD_SECONDS
        return status == "IN_PROGRESS"

    def _by_its_build(self, run: Run, outcome: Status) -> Status:
        """The build knows best: its plan was carried out, however the execution around it ended; or it was cut off."""
        status = self.builds.status(run.build.build_id) if run.build and run.build.build_id else None
        if status == "SUCCEEDED" and run.got_to_work:
            return Status.SUCCEEDED
        return Status.INTERRUPTED if status in _CUT_OFF and outcome is Status.FAILED else outcome

    def _finished(self, run: Run, outcome: Status, cause: str) -> Run:
        if not run.status.ended:
            status = final_status(run, outcome)
            with suppress(ConflictError):  # somebody else ended it a moment ago; their word stands
                self.runs.finish(run, status, self._detail(run, cause), int(self.clock()))
        now = self.runs.get(run.id) or run
        if not now.status.ended:
            raise BuildStillRunning(f"run {run.id!r}: another build has claimed its bundle meanwhile")
        return now

    def _detail(self, run: Run, cause: str) -> dict[str, Any]:
        """What the build left behind, as a claim of untrusted code: shown, never acted upon."""
        result = self._read(run, f"result-{run.phase.value}.json")
        outputs = self._read(run, FINAL_FILES["outputs"]) if run.phase is Phase.APPLY else {}
        resources = _items(result.get("resources"))
        unsaved = run.got_to_work and self.artefacts.exists(run.artefact(FINAL_FILES["errored_state"]))
        return {
            "cause": cause[:1000],
            "phase": run.phase.value,
            "errors": [_error(error) for error in _items(result.get("errors"))[:10]],
            "resources": [_text(address, 200) for address in resources[:50]],
            "existing": len(resources),
            "outputs": _outputs(outputs),
            "unsaved": unsaved,
        }

    def _read(self, run: Run, name: str) -> Mapping[str, Any]:
        try:
            found = json.loads(self.artefacts.get(run.artefact(name)) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _hear_the_rest(self, run: Run) -> None:
        """The log that the build handed in has what CloudWatch has not delivered yet, or never will."""
        if not run.got_to_work or run.build is None:
            return
        phase, started_at_ms, ended_at_ms = run.phase.value, run.build.claimed_at * 1000, run.ended_at * 1000
        with suppress(OutsideError):  # what was delivered is told in any case
            packed = self.artefacts.get(log_key(run, run.phase))
            lines, told = log_lines(packed) if packed else iter(()), ProgressDelta()
            while some := [(ended_at_ms, line) for line in islice(lines, LINES_AT_ONCE)]:
                told |= replace(read_batch(some, started_at_ms), heard=frozenset())
            known = self.runs.progress(run.id, phase).seen
            if news := bounded(told, known, read_index(self.artefacts, run, run.phase), 0):
                self.runs.add_progress(run.id, phase, news)

    def _settle_deployment(self, run: Run) -> None:
        """Write what the run made of the deployment and give the lock back."""
        guild, name = run.guild_id, run.deployment
        try:
            if run.destroy and run.status in (Status.SUCCEEDED, Status.NO_CHANGES):
                self.deployments.forget(guild, name, run.id)
            else:
                if changes := _outcome(run) | self._cost(run):
                    self.deployments.record(guild, name, run.id, changes)
                if not self.deployments.release(guild, name, run.id, began=not run.never_began):
                    return
        except ConflictError:
            return  # the lock was given back by an earlier call
        self._keep_times(run)

    def _cost(self, run: Run) -> dict[str, Any]:
        """What the deployment costs from now on, if this run changed that, or found out."""
        complete = run.status in (Status.SUCCEEDED, Status.NO_CHANGES)
        if not run.got_to_work and not (complete and run.plan.get("story")):
            return {}
        known = self.deployments.get(run.guild_id, run.deployment)
        before = known.cost if known else {}
        return {"cost": cost_of(run.plan.get("story", {}), before, run.ended_at, complete)}

    def _keep_times(self, run: Run) -> None:
        """For the estimates of later runs, once: whoever gave the lock back. A guess is not worth a failure.

        Of a run that was asked to stop nothing is kept: its guild may have had itself forgotten, and this comes after.
        """
        if run.cancel_requested_by:
            return
        with suppress(OutsideError):
            index = read_index(self.artefacts, run, run.phase)
            if index and (samples := measured(self.runs.progress(run.id, run.phase.value).seen, index)):
                self.timings.add(run.guild_id, samples)

    def _say(self, run: Run) -> None:
        """Put the final message last: take the right to edit, and keep it."""
        if run.message is None:
            return
        take_over(self.runs, run.id, self.clock, self.sleep)
        run = self.runs.get(run.id) or run  # it may have got a fresh message meanwhile
        if run.message is None:
            return
        view = progress_view(self.runs, self.artefacts, run, self.clock())
        try:
            self.chat.edit(run.message, run.token, int(self.clock()), render.final(run, view).payload())
        except OutsideError:
            if self.clock() - run.ended_at < SILENCE_SECONDS:
                raise


def _without_build(run: Run, outcome: Status) -> str:
    """Why a run failed whose build never came for its bundle: no result of a build tells of that."""
    unclaimed = run.build is not None and not run.build.build_id
    return NO_BUILD if unclaimed and outcome is Status.FAILED else ""


def final_status(run: Run, outcome: Status) -> Status:
    """What became of the run: a wish to stop outweighs the failure that it caused, but not a success or a death."""
    if run.cancel_requested_by and outcome in (Status.FAILED, Status.REJECTED):
        return Status.INTERRUPTED if run.cancel_requested_by == CHATOPS else Status.CANCELLED
    return outcome


def _entry(run: Run) -> Entry:
    """The audit's entry of an end: the same one, however often the run is reported."""
    counts = " ".join(
        f"{sign}{run.plan.get(name, 0)}" for sign, name in (("+", "add"), ("~", "change"), ("-", "destroy"))
    )
    return Entry(
        guild_id=run.guild_id,
        at_ms=run.ended_at * 1000,
        id=run.id,
        action="ended",
        by=CHATOPS,
        deployment=run.deployment,
        run_id=run.id,
        plan_sha256=run.plan_sha256,
        note=f"{run.status.value}, planned {counts}" if run.plan else run.status.value,
    )


def _outcome(run: Run) -> dict[str, Any]:
    """What changes in the deployment's row."""
    return (_work_of(run) if run.got_to_work else {}) | _unsaved(run)


def _work_of(run: Run) -> dict[str, Any]:
    deployed = run.status in (Status.SUCCEEDED, Status.NO_CHANGES)
    changes: dict[str, Any] = {
        "status": "deployed" if deployed else "incomplete",
        "variables": run.variables,
        "updated_by": run.user_id,
        "updated_at": run.ended_at,
    }
    return changes | ({"outputs": run.detail.get("outputs", {})} if deployed else {})


def _unsaved(run: Run) -> dict[str, str]:
    """Which run's state the next one has to save first: this one's, or none any more once it was saved for a plan."""
    if run.detail.get("unsaved"):
        return {"unsaved_run_id": run.id}
    return {"unsaved_run_id": ""} if run.unsaved_run_id and run.plan else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _error(error: object) -> dict[str, str]:
    known = error if isinstance(error, dict) else {"summary": error}
    return {name: _text(known.get(name) or "", 500) for name in ("summary", "detail", "address")}


def _text(value: object, limit: int) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except RecursionError:
        text = "(nested too deeply to be shown)"
    return storable(text[:limit])


def _outputs(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Outputs as short texts; sensitive ones are withheld by the runner already, and again here."""
    named = {name: output for name, output in outputs.items() if _NAME.fullmatch(name) and isinstance(output, dict)}
    return {
        name: "(sensitive, withheld)" if output.get("sensitive") else _text(output.get("value"), 500)
        for name, output in list(named.items())[:25]
    }
