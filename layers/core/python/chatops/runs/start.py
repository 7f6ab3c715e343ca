"""Start a run: get in line, lock the deployment, keep the run and its sealed credentials, wake the state machine."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from chatops.domain.queues import Standing
from chatops.domain.runs import Run, Status
from chatops.errors import BusyError, ChatOpsError, ConflictError, OutsideError, UserError
from chatops.ports import Artefacts, DeploymentStore, RunStore, Workflow
from chatops.runs.lock import began, take_lock, under
from chatops.runs.queue import Queue


@dataclass(frozen=True)
class Start:
    """What starting a run needs; `seal` is (guild id, run id, credentials) → sealed bytes.

    A start may be tried again with the same run, after a try that died half-way. Only what a call has begun itself does
    it undo: what an earlier try began may be at work already.
    """

    runs: RunStore
    deployments: DeploymentStore
    artefacts: Artefacts
    workflow: Workflow
    queue: Queue
    seal: Callable[[str, str, Mapping[str, Any]], bytes]

    def __call__(self, run: Run, credentials: Mapping[str, Any], announce: Callable[[Run, Standing], None]) -> Run:
        """Start `run`, or let it wait in its guild's line; whoever ends the run before it starts it then.

        `announce` posts its live message, before the state machine is woken.

        Raises:
            UserError: the guild's limits allow no more runs; or this very run was begun before, and has ended since.
            OutsideError: AWS or Discord did not do their part; what this call began was undone.
        """
        stands, ours = self.queue.join(run)
        try:
            run, stands, ours = self._with_its_turn(run, stands, ours)
            run, ours = self._kept(run, ours)
            if credentials:
                sealed = self.seal(run.guild_id, run.id, credentials)
                self.artefacts.put(run.artefact("credentials.sealed"), sealed)
            announce(run, stands)
            if run.status is not Status.QUEUED:
                self.workflow.start(run.execution_name, run.id)
        except ChatOpsError:
            with suppress(OutsideError, BusyError):  # what is left undone is found by the watchdog
                if ours:
                    self._undo(run)
            raise
        return run

    def _with_its_turn(self, run: Run, stands: Standing, joined: bool) -> tuple[Run, Standing, bool]:
        """The run under its lock, or as one that waits; and whether this call took the lock, or got it in line."""
        if stands.number == 0:
            taken = take_lock(run, self.deployments, self.runs, run.created_at)
            if taken:
                return under(taken[0], run), stands, taken[1]
            stands = self.queue.step_back(run)
        return replace(run, status=Status.QUEUED), stands, joined

    def _kept(self, run: Run, locked_now: bool) -> tuple[Run, bool]:
        """The run as it is stored, and whether this call stored it."""
        try:
            self.runs.create(run)
        except ConflictError:
            kept = self.runs.get(run.id)
            if kept and not kept.status.ended:
                return kept, False
            if locked_now:
                self.deployments.release(run.guild_id, run.deployment, run.id, began=began(kept))
            self.queue.forget(run)
            ended = f" has ended since ({kept.status.value})" if kept else " is gone"
            raise UserError(
                f"The first try of this command died half-way, and its run `{run.id}`{ended}. "
                f"`/cloud-status name:{run.deployment}` shows what there is; run the command again if you want to."
            ) from None
        return run, True

    def _undo(self, run: Run) -> None:
        """End the run before its lock goes; the last word in the live message is the watchdog's."""
        try:
            self.runs.finish(run, Status.FAILED, {"cause": "The run could not be started."}, run.created_at)
        except ConflictError:
            if self.runs.get(run.id):
                return  # it was started all the same, and is at work
        self.artefacts.delete(run.artefact("credentials.sealed"))
        self.deployments.release(run.guild_id, run.deployment, run.id)
        self.queue.forget(run)
