"""What is kept of a guild."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from chatops.domain.audit import Entry
from chatops.domain.connections import Connection
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.queues import Limits, Line


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

    def release(self, guild_id: str, name: str, run_id: str, *, began: bool = True) -> bool:
        """Give the lock back; False unless `run_id` holds it. A deployment that no apply touched goes too.

        A run that never began leaves no trace: the last run is the one before it again.
        """
        ...

    def record(self, guild_id: str, name: str, run_id: str, changes: Mapping[str, Any]) -> None:
        """Write what a run made of the deployment; ConflictError unless `run_id` holds the lock."""
        ...

    def forget(self, guild_id: str, name: str, run_id: str) -> None:
        """Remove a destroyed deployment; ConflictError unless `run_id` holds the lock."""
        ...


class Timings(Protocol):
    """How long operations took in a guild's earlier runs: seconds by `<resource type>:<kind>`."""

    def of(self, guild_id: str) -> Mapping[str, Sequence[int]]:
        """What is known; may be some minutes old."""
        ...

    def add(self, guild_id: str, samples: Mapping[str, Sequence[int]]) -> None:
        """Keep the samples of one more run."""
        ...

    def forget(self, guild_id: str) -> None:
        """Forget all of a guild's."""
        ...


class GuildSettings(Protocol):
    """What a guild's admins have set."""

    def of(self, guild_id: str) -> Budgets:
        """The guild's budgets, strongly consistent; none where nobody set any."""
        ...

    def limits(self, guild_id: str) -> Limits:
        """The limits that the guild has asked for itself, strongly consistent; 0 where it asked for none."""
        ...

    def change(self, guild_id: str, changes: Mapping[str, Any]) -> Budgets:
        """Set the named fields of `Budgets` and of `Limits`, and return all budgets as they are now."""
        ...

    def forget(self, guild_id: str) -> None:
        """Forget all that was set."""
        ...


class Connections(Protocol):
    """The clouds that a guild's admins have connected, one for each provider; what is sealed stays sealed here."""

    def of(self, guild_id: str) -> Sequence[Connection]:
        """All of a guild's, by provider, strongly consistent."""
        ...

    def get(self, guild_id: str, provider: str) -> Connection | None:
        """One, strongly consistent."""
        ...

    def put(self, connection: Connection) -> None:
        """Keep it, in place of the guild's other one of this provider."""
        ...

    def trust(self, connection: Connection, role_id: str) -> bool:
        """Let the members of another Discord role use it; False if it is not there any more, or another one is."""
        ...

    def delete(self, guild_id: str, provider: str) -> bool:
        """Forget it; False if there is none."""
        ...

    def external_id(self, guild_id: str) -> str:
        """What the guild's AWS role must ask for: random, made once by us, never chosen by a customer."""
        ...

    def forget(self, guild_id: str) -> None:
        """Forget everything of these of a guild, its external id too."""
        ...


class GuildAws(Protocol):
    """A guild's own AWS account, as far as we look at it."""

    def account_of(self, credentials: Mapping[str, str]) -> str:
        """The number of the account that access keys belong to.

        Raises:
            UserError: AWS does not take the keys.
            OutsideError: AWS was not reached.
        """
        ...

    def check_role(self, role_arn: str, external_id: str) -> None:
        """Return if the role may be assumed with the external id, and by nobody without it.

        Raises:
            UserError: it cannot be assumed, or anybody whom we serve could assume it.
            OutsideError: AWS was not reached.
        """
        ...

    def lend(self, role_arn: str, external_id: str, run_id: str) -> Mapping[str, str]:
        """An hour of the role, as access keys with a session token, for one run.

        Raises:
            OutsideError: it cannot be assumed (any more), or AWS was not reached.
        """
        ...


class Lines(Protocol):
    """Who runs and who waits in each guild. Every change names the line that it saw."""

    def get(self, guild_id: str) -> Line:
        """A guild's line, strongly consistent; empty where nobody ran yet."""
        ...

    def put(self, guild_id: str, line: Line) -> None:
        """Keep it; ConflictError unless the kept one still has `line.version`, which grows by one."""
        ...

    def forget(self, guild_id: str, line: Line) -> None:
        """Forget a guild's line; ConflictError unless the kept one still has `line.version`."""
        ...


class GuildRegister(Protocol):
    """Of which guilds anything is kept, and which of them Discord no longer lets us into."""

    def known(self) -> Iterator[str]:
        """The ids of the guilds of which settings, connections, a line or durations are kept; each once.

        Those that Discord has refused us come first, the others in another order each time: who has no time for all of
        them gets to each on some day.
        """
        ...

    def shut_since(self, guild_id: str) -> int:
        """When Discord first refused us there (unix seconds); 0 where it did not, or long ago."""
        ...

    def note_shut(self, guild_id: str, now: int) -> None:
        """Discord refuses us there now; kept for some days, and an earlier time is kept as it is."""
        ...

    def note_open(self, guild_id: str) -> None:
        """Discord lets us in, or nothing is kept there any more: forget what was noted."""
        ...


class AuditLog(Protocol):
    """Who did what. Entries are added, and never changed or taken away."""

    def add(self, entry: Entry) -> None:
        """Keep an entry; the same one twice (guild, time, id, action) is kept once, as it was first."""
        ...

    def of_guild(self, guild_id: str) -> Iterator[Entry]:
        """A guild's entries, newest first, read as they are asked for."""
        ...
