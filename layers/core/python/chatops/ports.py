"""What the product needs from the outside, as Protocols; `adapters/` has the real ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import Approval, Build, MessageRef, ProgressItem, ReplyToken, Run, Status

Context = Mapping[str, str]


class DataKeys(Protocol):
    """One KMS key: data keys that open only under the very context they were made for."""

    def generate(self, context: Context) -> tuple[bytes, bytes]:
        """Return a new 32-byte data key, and the same key wrapped under `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """Return the data key.

        Raises:
            WrongKey: it was wrapped under another key or context, or is no wrapped key at all.
            OutsideError: KMS cannot be used (no right, a disabled key, not reached).
        """
        ...


@dataclass(frozen=True)
class BlobRow:
    """A row of `recovery_blobs`, in the guide's columns and two of our own.

    `attempts` counts tries with a passphrase; `passphrase` says that one is needed.
    """

    session_id: str
    user_id: str
    guild_id: str
    encrypted_blob: str = field(repr=False)
    deployment_status: str
    created_at: float
    expires_at: float
    attempts: int = 0
    passphrase: bool = False


class BlobTable(Protocol):
    """The `recovery_blobs` table; reads are strongly consistent."""

    def put(self, row: BlobRow) -> None:
        """Write a new row; ConflictError where its id is taken."""
        ...

    def get(self, session_id: str) -> BlobRow | None:
        """Read a row, expired or not."""
        ...

    def of_user(self, user_id: str) -> Sequence[BlobRow]:
        """Every row of a user, newest first."""
        ...

    def set_status(self, session_id: str, status: str) -> bool:
        """Change `deployment_status`; False if there is no such row."""
        ...

    def count_attempt(self, session_id: str, most: int) -> int:
        """Count one more try with a passphrase, before it is made, and return how many there were.

        Raises:
            ConflictError: there is no such row, it is not active, or `most` tries were made; however many try at once.
        """
        ...

    def return_attempt(self, session_id: str) -> None:
        """The try could not be made: count one less. Nothing happens where none is counted."""
        ...

    def forget_attempts(self, session_id: str) -> None:
        """The passphrase was right: count from nothing again. Nothing happens where there is no such row."""
        ...

    def delete(self, session_id: str) -> None:
        """Forget a row."""
        ...

    def expired(self, now: float) -> Iterable[str]:
        """Session ids of rows whose time is over."""
        ...


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


class Timings(Protocol):
    """How long operations took in a guild's earlier runs: seconds by `<resource type>:<kind>`."""

    def of(self, guild_id: str) -> Mapping[str, Sequence[int]]:
        """What is known; may be some minutes old."""
        ...

    def add(self, guild_id: str, samples: Mapping[str, Sequence[int]]) -> None:
        """Keep the samples of one more run."""
        ...


class GuildSettings(Protocol):
    """What a guild's admins have set."""

    def of(self, guild_id: str) -> Budgets:
        """The guild's budgets, strongly consistent; none where nobody set any."""
        ...

    def change(self, guild_id: str, changes: Mapping[str, Any]) -> Budgets:
        """Set the named fields of `Budgets`, and return all of them as they are now."""
        ...


class DeploymentStore(Protocol):
    """Deployments and their locks."""

    def get(self, guild_id: str, name: str) -> Deployment | None:
        """Read a deployment, strongly consistent."""
        ...

    def of_guild(self, guild_id: str) -> Sequence[Deployment]:
        """A guild's deployments by name."""
        ...

    def acquire(self, deployment: Deployment, run_id: str, user_id: str, now: int) -> Lock:
        """Take the lock, creating the deployment if it is new; ConflictError if a run holds it."""
        ...

    def release(self, guild_id: str, name: str, run_id: str) -> bool:
        """Give the lock back; False unless `run_id` holds it. A deployment that no apply touched goes too."""
        ...

    def record(self, guild_id: str, name: str, run_id: str, changes: Mapping[str, Any]) -> None:
        """Write what a run made of the deployment; ConflictError unless `run_id` holds the lock."""
        ...

    def forget(self, guild_id: str, name: str, run_id: str) -> None:
        """Remove a destroyed deployment; ConflictError unless `run_id` holds the lock."""
        ...


class InteractionStore(Protocol):
    """Claimed interaction ids, and which run a build works for."""

    def claim(self, interaction_id: str, now: int) -> bool:
        """True for the one that may work on the interaction (first, or after a dead first one); False once it is done.

        Raises:
            BusyError: somebody works on it, or died so short a time ago that nobody can tell.
        """
        ...

    def done(self, interaction_id: str) -> None:
        """The interaction is answered."""
        ...

    def hold(self, interaction_id: str, payload: Mapping[str, Any], now: int) -> None:
        """Keep what an interaction asked until a form about it comes back, for fifteen minutes; without its token.

        What a form has taken stays as it is.
        """
        ...

    def held(self, interaction_id: str, by: str, now: int) -> Mapping[str, Any] | None:
        """What was held, for the form's interaction `by`; None when it is over, or another has taken it."""
        ...

    def take(self, interaction_id: str, by: str) -> bool:
        """True for the one interaction that may do what was held, however often it asks; False for any other."""
        ...

    def forget_expired(self, now: int) -> int:
        """Delete what was held too long, and return how many there were; the list may lag."""
        ...

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        """Remember which run a build works for."""
        ...

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        """(run id, phase, start in ms) of a build that claimed its bundle, else None."""
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


@dataclass(frozen=True)
class TextFile:
    """A file of UTF-8 text under a message; its name is of letters, digits, dashes and dots alone."""

    name: str
    data: bytes = field(repr=False)


class Chat(Protocol):
    """Discord's outbound side."""

    def edit_original(
        self, application_id: str, token: str, payload: Mapping[str, Any], file: TextFile | None = None
    ) -> MessageRef:
        """Replace the deferred answer, with a file under it if there is one."""
        ...

    def follow_up(self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool) -> MessageRef:
        """Send one more message to an interaction."""
        ...

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        """Edit a live message by the freshest way there is; False when it cannot be edited any more.

        Raises:
            TryLater: Discord asks to wait for so long.
            OutsideError: Discord did not take the message, or was not reached.
        """
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


class Model(Protocol):
    """A language model that words stories; `name` is what it is called."""

    name: str

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        """Its whole answer, JSON of this form if it did as asked; OutsideError unless it comes within `seconds`."""
        ...
