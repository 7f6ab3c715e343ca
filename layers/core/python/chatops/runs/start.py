"""Start a run: lock the deployment, keep the run and its sealed credentials, wake the state machine."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.runs import Run, Status
from chatops.errors import ChatOpsError, ConflictError, LockedError, OutsideError, UserError
from chatops.ports import Artefacts, DeploymentStore, RunStore, Workflow

ORPHAN_SECONDS = 120
"""How old a lock without a run must be before it counts as left behind by a command that died half-way."""


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
    seal: Callable[[str, str, Mapping[str, Any]], bytes]

    def __call__(self, run: Run, credentials: Mapping[str, Any], announce: Callable[[Run], None]) -> Run:
        """Start `run`; `announce` posts its live message between the lock and the first state.

        Raises:
            LockedError: another run holds the deployment; says who, since when, and which.
            UserError: this very run was begun before, and has ended since.
            OutsideError: AWS or Discord did not do their part; what this call began was undone.
        """
        run, ours = self._locked(run)
        try:
            run, ours = self._kept(run, ours)
            if credentials:
                sealed = self.seal(run.guild_id, run.id, credentials)
                self.artefacts.put(run.artefact("credentials.sealed"), sealed)
            announce(run)
            self.workflow.start(run.execution_name, run.id)
        except ChatOpsError:
            if ours:
                with suppress(OutsideError):  # what is left undone is found by the watchdog
                    self._undo(run)
            raise
        return run

    def _locked(self, run: Run) -> tuple[Run, bool]:
        """The run under its lock, and whether this call took it."""
        deployment = Deployment(
            run.guild_id,
            run.deployment,
            run.blueprint,
            provider=run.provider,
            project_id=run.project_id,
            region=run.region,
        )
        for _ in range(2):
            try:
                return _under(self.deployments.acquire(deployment, run.id, run.user_id, run.created_at), run), True
            except ConflictError:
                held = self._lock_of(run)
                if held and held.run_id == run.id:
                    return _under(held, run), False
                if held:
                    self._free_if_orphaned(held, run)
        raise self._locked_by(run)

    def _kept(self, run: Run, locked_now: bool) -> tuple[Run, bool]:
        """The run as it is stored, and whether this call stored it."""
        try:
            self.runs.create(run)
        except ConflictError:
            kept = self.runs.get(run.id)
            if kept and not kept.status.ended:
                return kept, False
            if locked_now:
                self.deployments.release(run.guild_id, run.deployment, run.id)
            ended = f" has ended since ({kept.status.value})" if kept else " is gone"
            raise UserError(
                f"The first try of this command died half-way, and its run `{run.id}`{ended}. "
                f"`/cloud-status name:{run.deployment}` shows what there is; run the command again if you want to."
            ) from None
        return run, True

    def _lock_of(self, run: Run) -> Lock | None:
        found = self.deployments.get(run.guild_id, run.deployment)
        return found.lock if found else None

    def _free_if_orphaned(self, lock: Lock, run: Run) -> None:
        """A lock whose run is over, or was never kept, protects nothing."""
        holder = self.runs.get(lock.run_id)
        orphaned = holder is None and run.created_at - lock.since > ORPHAN_SECONDS
        if orphaned or (holder is not None and holder.reported):
            self.deployments.release(run.guild_id, run.deployment, lock.run_id)

    def _locked_by(self, run: Run) -> LockedError:
        lock = self._lock_of(run)
        if lock is None:
            return LockedError(
                f"`{run.deployment}` is being changed by somebody else right now. Try again in a moment."
            )
        holder = self.runs.get(lock.run_id)
        doing = f" It is {holder.status.value}." if holder else ""
        return LockedError(
            f"`{run.deployment}` is locked by <@{lock.user_id}> since <t:{lock.since}:R> (run `{lock.run_id}`).{doing}"
            f" Wait for that run, or stop it with `/cloud-cancel name:{run.deployment}`.",
            lock.run_id,
        )

    def _undo(self, run: Run) -> None:
        """End the run before its lock goes; the last word in the live message is the watchdog's."""
        try:
            self.runs.finish(run, Status.FAILED, {"cause": "The run could not be started."}, run.created_at)
        except ConflictError:
            if self.runs.get(run.id):
                return  # it was started all the same, and is at work
        self.artefacts.delete(run.artefact("credentials.sealed"))
        self.deployments.release(run.guild_id, run.deployment, run.id)


def _under(lock: Lock, run: Run) -> Run:
    return replace(run, fence=lock.fence, previous_run_id=lock.previous_run_id, unsaved_run_id=lock.unsaved_run_id)
