"""Runs: where they are kept, and what carries them out."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chatops.domain.deployments import Lock
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import Approval, Build, MessageRef, ProgressItem, ReplyToken, Run, Status


class RunStore(Protocol):
    """Runs. Every change names what it expects, and raises ConflictError where something else is found."""

    def create(self, run: Run) -> None:
        """Store a new run; a second one with its id is a ConflictError."""
        ...

    def get(self, run_id: str) -> Run | None:
        """Read a run, strongly consistent."""
        ...

    def active(self) -> Sequence[str]:
        """Ids of the runs whose final message does not stand yet; the list may lag."""
        ...

    def of_session(self, guild_id: str, session_id: str, since: int) -> Sequence[Run]:
        """The runs of a guild that took this session's credentials, newest first; `since` is when it was opened."""
        ...

    def of_deployment(self, guild_id: str, deployment: str, since: int, until: int) -> Sequence[Run]:
        """The runs of a deployment that were created in this time, newest first; the list may lag."""
        ...

    def last_of_deployment(self, guild_id: str, deployment: str, since: int) -> Run | None:
        """The newest run of a deployment that was created since then, if there is one; it may lag."""
        ...

    def take_turn(self, run_id: str, lock: Lock, region: str, variables: Mapping[str, Any], now: int) -> Run:
        """A run that waited in line starts under its lock, in this region and with these variables.

        ConflictError if it waits no more, or was asked to stop.
        """
        ...

    def begin_phase(self, run_id: str, status: Status, build: Build) -> None:
        """A new build may claim; ConflictError if the run has ended, or one has claimed for this very phase."""
        ...

    def claim(self, run_id: str, build: Build) -> None:
        """Note the build that claimed; ConflictError unless `build.claim_hash` is the unclaimed one."""
        ...

    def heartbeat(self, run_id: str, heartbeat_hash: str, now: int) -> Run:
        """Note that the build lives; ConflictError if the token is not the current build's."""
        ...

    def record_plan(self, run_id: str, facts: Mapping[str, Any], plan_sha256: str) -> None:
        """Keep what the plan would do."""
        ...

    def await_approval(self, run_id: str, approval: Approval) -> None:
        """Wait for a person; ConflictError if the run has ended or was asked to stop."""
        ...

    def decide(self, run_id: str, decision: str, person_id: str, now: int) -> Approval:
        """Take the first decision and return the approval; ConflictError for another one.

        The same person may take the same decision again: passing it on may have failed.
        """
        ...

    def request_cancel(self, run_id: str, person_id: str, now: int, cause: str = "") -> None:
        """Ask the run to stop, once, and say why; ConflictError if it has ended or was asked before."""
        ...

    def finish(self, run: Run, status: Status, detail: Mapping[str, Any], now: int) -> None:
        """End the run as it was seen; ConflictError if it has ended already, or another build has claimed since."""
        ...

    def mark_reported(self, run_id: str) -> None:
        """The final message stands; ConflictError if there is no such run."""
        ...

    def keep_message(self, run_id: str, message: MessageRef, token: ReplyToken | None = None) -> None:
        """Where the live message is, and the token that can edit it if it is another one than before.

        ConflictError if there is no such run, or its final message stands.
        """
        ...

    def keep_token(self, run_id: str, token: ReplyToken) -> None:
        """The newest interaction token that can edit the live message."""
        ...

    def add_progress(self, run_id: str, phase: str, delta: ProgressDelta) -> ProgressItem:
        """Unite a batch with what is known, in one write, and return all of it."""
        ...

    def progress(self, run_id: str, phase: str) -> ProgressItem:
        """What is known of a phase's progress, strongly consistent."""
        ...

    def lease_edit(self, run_id: str, now: float, seconds: float) -> bool:
        """Take the right to edit the live message; False if somebody has it."""
        ...

    def extend_edit(self, run_id: str, now: float, seconds: float) -> None:
        """Keep a right that one has, or keep everybody from editing for so long."""
        ...

    def release_edit(self, run_id: str, now: float) -> None:
        """Give the right back."""
        ...

    def edit_times(self, run_id: str) -> tuple[float, float]:
        """Until when nobody may take the right to edit, and when it was last given back (unix seconds; 0 for never)."""
        ...


class Workflow(Protocol):
    """The state machine."""

    def start(self, name: str, run_id: str) -> None:
        """Start an execution; a second start under one name is the first one."""
        ...

    def decide(self, task_token: str, decision: str) -> None:
        """Wake the execution that waits for a person; ConflictError if it waits no more."""
        ...

    def status(self, name: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or MISSING."""
        ...

    def stop(self, name: str, cause: str) -> None:
        """Stop an execution."""
        ...


class Builds(Protocol):
    """CodeBuild."""

    def status(self, build_id: str) -> str | None:
        """IN_PROGRESS, SUCCEEDED, FAILED, …; None when CodeBuild does not know it, which never counts as ended."""
        ...

    def stop(self, build_id: str) -> None:
        """Ask a build to end."""
        ...


class Artefacts(Protocol):
    """A run's files in the runs bucket."""

    def get(self, key: str) -> bytes | None:
        """The object; None if there is none, or an empty or absurdly large one."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object, of whatever size."""
        ...

    def where(self, key: str) -> str:
        """The object's address as an administrator types it (s3://…)."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Store an object."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object."""
        ...


class RunRole(Protocol):
    """Short-lived credentials that reach one deployment's state and one run's files, and nothing else."""

    def assume(self, run_id: str, state_key: str, read: tuple[str, ...], write: tuple[str, ...]) -> Mapping[str, str]:
        """Return access_key_id, secret_access_key and session_token; `read` and `write` are keys in the runs bucket."""
        ...

    def addresses(
        self, credentials: Mapping[str, str], read: Mapping[str, str], write: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return pre-signed GET and PUT addresses of the named keys, signed by these credentials."""
        ...
