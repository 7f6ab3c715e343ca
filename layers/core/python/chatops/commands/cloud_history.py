"""/cloud-history: who did what in this server; anyone sees the latest, those with Manage Server get all as a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option, OptionType
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.audit_csv import MOST_ROWS, AuditFile
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.audit import AUDIT_KEPT_DAYS, CLAIM_REFUSED, REFUSED, Entry
from chatops.domain.deployments import checked_name
from chatops.domain.runs import CHATOPS
from chatops.errors import DeniedError, UserError
from chatops.ports import TextFile

CSV = "csv"
SHOWN = 20
MOST_READ = 20_000
"""Entries that are looked through for the shown ones: a rare deployment in a busy year would take too long to find."""
MOST_FILE_BYTES = 24 * 1024 * 1024
"""Discord takes requests of 25 MiB at most, however large a server's files may be."""

_DAY_MS = 24 * 3600 * 1000
_OF_CONNECTIONS = ("connect", "disconnect")
"""Their notes name the server's account, which is for those who manage it; the first word is the provider."""


@dataclass
class _Search:
    """The entries that were asked for, newest first; at most so many are looked through."""

    entries: Iterable[Entry]
    name: str
    most: int
    stopped: bool = False
    """Whether there are more that were not looked through."""

    def __iter__(self) -> Iterator[Entry]:
        for number, entry in enumerate(self.entries):
            if number == self.most:
                self.stopped = True
                return
            if self.name in ("", entry.deployment):
                yield entry


def handle(call: Call, services: Services) -> Reply:
    """Show the latest entries, or give all of them as a file.

    Raises:
        DeniedError: the file is wanted by somebody without Manage Server.
        UserError: a name that no deployment can have, or days that there are not.
    """
    name = checked_name(call.text("name")) if call.text("name") else ""
    since = _since_ms(call, services)
    if not call.text("export"):
        return _latest(_searched(call, services, name, since, MOST_READ), call.person.manages_guild)
    if not call.person.manages_guild:
        raise DeniedError(
            "Only a member with Manage Server may export the history; without `export` you see the latest."
        )
    record(call, services, "export", deployment=name)
    return _exported(call, _searched(call, services, name, since, MOST_ROWS), int(services.clock()))


def _since_ms(call: Call, services: Services) -> int:
    days = int(call.options.get("days", AUDIT_KEPT_DAYS))
    if not 1 <= days <= AUDIT_KEPT_DAYS:
        raise UserError(f"`days` goes from 1 to {AUDIT_KEPT_DAYS}: entries are kept for a year.")
    return int(services.clock() * 1000) - days * _DAY_MS


def _searched(call: Call, services: Services, name: str, since_ms: int, most: int) -> _Search:
    young = takewhile(lambda entry: entry.at_ms >= since_ms, services.audit.of_guild(call.guild_id))
    return _Search(young, name, most)


def _latest(search: _Search, manages: bool) -> Reply:
    about = f" of {search.name}" if search.name else ""
    told = "\n".join(_line(entry, times, manages) for entry, times in _folded(search))
    if search.stopped:
        told += f"\nOnly the latest {search.most:,} entries of this server were looked through; there are older ones."
    return Reply(
        title=f"🧾 What was done here{about}",
        text=told.strip() or "Nothing is written down for this time.",
        colour=Colour.BLUE,
        footer=f"The latest {SHOWN}, newest first; what one person was refused is one line. No command and no role of "
        "ours changes an entry; each is kept for a year. With Manage Server: export:csv gives all of them.",
    )


def _folded(search: _Search) -> list[tuple[Entry, int]]:
    """As many as are shown, and how often: a person's refusals are one, or twenty presses would hide all else."""
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in search:
        key = _kind(entry)
        if key in found:
            found[key].append(entry)
        elif len(found) < SHOWN:
            found[key] = [entry]
        else:
            break
    return [(entries[0], len(entries)) for entries in found.values()]


def _kind(entry: Entry) -> tuple[str, ...]:
    """What is told in one line: of refusals a person's, or a run's; of everything else each entry by itself."""
    if entry.action == REFUSED:
        return entry.action, entry.by
    if entry.action == CLAIM_REFUSED:
        return entry.action, entry.run_id
    return entry.action, str(entry.at_ms), entry.id


def _line(entry: Entry, times: int, manages: bool) -> str:
    who = "Cloud ChatOps" if entry.by == CHATOPS else f"<@{entry.by}>"
    often = f" ×{times}, the latest:" if times > 1 else ""
    note = entry.note if manages or entry.action not in _OF_CONNECTIONS else entry.note.partition(" ")[0]
    parts = [f"<t:{entry.at_ms // 1000}:f> {who} **{entry.action}**{often}"]
    parts += [code(entry.deployment)] if entry.deployment else []
    parts += [f"run {code(entry.run_id)}"] if entry.run_id else []
    parts += [f"plan {code(entry.plan_sha256[:12])}"] if entry.plan_sha256 else []
    parts += [code(note)] if note else []
    return " · ".join(parts)


def _exported(call: Call, search: _Search, now: int) -> Reply:
    name, file = search.name, AuditFile(min(call.file_limit, MOST_FILE_BYTES))
    for entry in search:
        if not file.add(entry):
            break
    about = f" of {code(name)}" if name else ""
    rows = "1 entry" if file.rows == 1 else f"{file.rows:,} entries"
    told = [f"{rows}{about}, newest first, as comma-separated UTF-8 text."]
    if file.full:
        told.append("Older ones did not fit into one file: ask with `name` or fewer `days` for parts of it.")
    if search.stopped:
        told.append(
            f"Only the latest {search.most:,} entries of this server were looked through; what is older is not in it."
        )
    told.append("Long ids are numbers to a spreadsheet, which rounds them: import those columns as text.")
    return Reply(
        title="🧾 Who did what",
        text="\n".join(told),
        colour=Colour.BLUE,
        file=TextFile(f"audit-{call.guild_id}-{name or 'all'}-{now}.csv", file.text()),
    )


COMMAND = Command(
    name="cloud-history",
    description="Who did what in this server, when, and with which plan",
    handle=handle,
    usage="/cloud-history name:shop",
    options=(
        Option("name", "One deployment (default: all)", max_length=31, suggest=suggest.deployments),
        Option("days", "Only the last so many days (default: all that is kept)", OptionType.INTEGER),
        Option("export", "All of it as a file (Manage Server)", choices=(CSV,)),
    ),
)
