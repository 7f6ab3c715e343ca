"""What is kept of guilds, in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from chatops.adapters.guild_register import NOTED_SECONDS
from chatops.domain.audit import Entry
from chatops.domain.connections import Connection
from chatops.domain.queues import Line
from chatops.errors import ConflictError, OutsideError, UserError


@dataclass
class InMemoryConnections:
    """`Connections`."""

    kept: dict[tuple[str, str], Connection] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def of(self, guild_id: str) -> Sequence[Connection]:
        return [each for (guild, _), each in sorted(self.kept.items()) if guild == guild_id]

    def get(self, guild_id: str, provider: str) -> Connection | None:
        return self.kept.get((guild_id, provider))

    def put(self, connection: Connection) -> None:
        self.kept[connection.guild_id, connection.provider] = connection

    def trust(self, connection: Connection, role_id: str) -> bool:
        key = connection.guild_id, connection.provider
        if key not in self.kept or self.kept[key].sealed != connection.sealed:
            return False
        self.kept[key] = replace(self.kept[key], role_id=role_id)
        return True

    def delete(self, guild_id: str, provider: str) -> bool:
        return self.kept.pop((guild_id, provider), None) is not None

    def external_id(self, guild_id: str) -> str:
        return self.ids.setdefault(guild_id, f"chatops-{uuid4().hex}")

    def forget(self, guild_id: str) -> None:
        self.ids.pop(guild_id, None)
        self.kept = {key: each for key, each in self.kept.items() if key[0] != guild_id}


@dataclass
class FakeGuildAws:
    """`GuildAws`: accounts by access key id; roles by the external id that opens them ("" opens to anybody)."""

    accounts: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    default_account: str = "222222222222"

    def account_of(self, credentials: Mapping[str, str]) -> str:
        return self.accounts.get(credentials["aws_access_key_id"], self.default_account)

    def check_role(self, role_arn: str, external_id: str) -> None:
        if self.roles.get(role_arn) != external_id:
            raise UserError("That role cannot be assumed, or anybody could.")

    def lend(self, role_arn: str, external_id: str, run_id: str) -> Mapping[str, str]:
        if self.roles.get(role_arn) != external_id:
            raise OutsideError("borrowing a guild's role: AccessDenied")
        return {
            "aws_access_key_id": "ASIAIOSFODNN7EXAMPLE",
            "aws_secret_access_key": "s" * 40,
            "aws_session_token": f"token-of-{run_id}",
        }


@dataclass
class FakeAttachments:
    """`Attachments`: files by address."""

    files: dict[str, bytes] = field(default_factory=dict)

    def fetch(self, address: str, most_bytes: int) -> bytes:
        if address not in self.files or len(self.files[address]) > most_bytes:
            raise UserError("The attached file is gone or too long.")
        return self.files[address]


@dataclass
class InMemoryLines:
    """`Lines`."""

    kept: dict[str, Line] = field(default_factory=dict)

    def get(self, guild_id: str) -> Line:
        return self.kept.get(guild_id, Line())

    def put(self, guild_id: str, line: Line) -> None:
        if self.get(guild_id).version != line.version:
            raise ConflictError(f"the line of {guild_id} has changed")
        self.kept[guild_id] = replace(line, version=line.version + 1)

    def forget(self, guild_id: str, line: Line) -> None:
        if self.get(guild_id).version != line.version:
            raise ConflictError(f"the line of {guild_id} has changed")
        self.kept.pop(guild_id, None)


@dataclass
class InMemoryAuditLog:
    """`AuditLog`."""

    entries: dict[tuple[str, int, str, str], Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.entries.setdefault((entry.guild_id, entry.at_ms, entry.id, entry.action), entry)

    def of_guild(self, guild_id: str) -> Iterator[Entry]:
        ordered = sorted(self.entries.items(), reverse=True)
        return (entry for key, entry in ordered if key[0] == guild_id)

    def actions(self) -> list[str]:
        """What was done, in order."""
        return [entry.action for _, entry in sorted(self.entries.items(), key=lambda each: each[0][1])]


@dataclass
class InMemoryGuildRegister:
    """`GuildRegister`: the guilds of which something is kept, and since when Discord refuses us."""

    guilds: set[str] = field(default_factory=set)
    shut: dict[str, int] = field(default_factory=dict)

    def known(self) -> Iterator[str]:
        return iter(sorted(self.guilds, key=lambda guild_id: (guild_id not in self.shut, guild_id)))

    def shut_since(self, guild_id: str) -> int:
        return self.shut.get(guild_id, 0)

    def note_shut(self, guild_id: str, now: int) -> None:
        if self.shut_since(guild_id) + NOTED_SECONDS <= now:
            self.shut[guild_id] = now

    def note_open(self, guild_id: str) -> None:
        self.shut.pop(guild_id, None)


@dataclass
class FakeInstallations:
    """`Installations`: what Discord says of each guild; nothing clear of the others."""

    removed: dict[str, bool] = field(default_factory=dict)
    ours: bool | None = True

    def is_ours(self) -> bool | None:
        return self.ours

    def removed_from(self, guild_id: str) -> bool | None:
        return self.removed.get(guild_id)
