"""Forgetting a guild: its runs end, and what is kept of it goes, but for what the people there still need."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from chatops.domain.audit import REMOVED, Entry
from chatops.domain.queues import HOUR
from chatops.domain.runs import CHATOPS, Run, Status
from chatops.errors import ChatOpsError, ConflictError, OutsideError
from chatops.ports import (
    Artefacts,
    AuditLog,
    Connections,
    GuildRegister,
    GuildSettings,
    Installations,
    InteractionStore,
    Lines,
    RunStore,
    Timings,
)

APART_SECONDS = 20 * 3600
"""Two looks that both found a guild shut must be so far apart: a bad hour, or a look that is tried again, is one."""
LOOK_SECONDS = 75
"""After this long no further guild is asked about today; the function has 120 s, and a guild may take some of them."""


@dataclass(frozen=True)
class Forgotten:
    """What went: the runs that were under way, and how many clouds, sessions and waiting forms."""

    runs: tuple[Run, ...] = ()
    clouds: int = 0
    sessions: int = 0
    forms: int = 0


def under_way(runs: RunStore, *, guild_id: str = "", user_id: str = "") -> Iterator[Run]:
    """The runs of a guild, or of a person in whatever guild, that have not ended; a very new one may be missed."""
    for run_id in runs.active():
        run = runs.get(run_id)
        if run and not run.status.ended and (run.guild_id == guild_id if guild_id else run.user_id == user_id):
            yield run


@dataclass(frozen=True)
class Leaving:
    """What forgetting a guild needs. `forget_sessions` ends the guild's sessions and returns how many there were;
    `report` has a run ended, by report_run's event; `clock` tells the time in seconds.

    Every step may be done again. Deployments, their states, the audit and the rows of runs stay: without them nobody
    could destroy what exists, or tell who made it.
    """

    runs: RunStore
    artefacts: Artefacts
    connections: Connections
    settings: GuildSettings
    timings: Timings
    lines: Lines
    interactions: InteractionStore
    forget_sessions: Callable[[str], int]
    report: Callable[[Mapping[str, Any]], None]
    clock: Callable[[], float]

    def forget(self, guild_id: str, by: str, cause: str) -> Forgotten:
        """Forget what is kept of the guild, then end its runs.

        Its credentials go first, whatever becomes of the rest; then those of its runs, ended or not.

        Raises:
            OutsideError: something is left to be done, such as a run that could not be ended; the others were.
        """
        clouds = len(self.connections.of(guild_id))
        self.connections.forget(guild_id)
        sessions = self.forget_sessions(guild_id)
        forms = self.interactions.forget_held_of(guild_id=guild_id)
        self.settings.forget(guild_id)
        self.timings.forget(guild_id)
        self._forget_line(guild_id)
        runs = tuple(under_way(self.runs, guild_id=guild_id))
        failures = [error for run in runs if (error := self._failed_to_end(run, by, cause))]
        if failures:
            raise OutsideError(f"ending the runs of guild {guild_id!r}: {len(failures)} left") from failures[0]
        return Forgotten(runs, clouds, sessions, forms)

    def _failed_to_end(self, run: Run, by: str, cause: str) -> OutsideError | None:
        try:
            self._end(run, by, cause)
        except OutsideError as error:
            return error
        return None

    def _end(self, run: Run, by: str, cause: str) -> None:
        try:
            with suppress(ConflictError):  # it has ended meanwhile, or was asked to stop before
                self.runs.request_cancel(run.id, by, int(self.clock()), cause)
        finally:
            self.artefacts.delete(run.artefact("credentials.sealed"))
        event = {"source": "leaving", "run_id": run.id, "outcome": Status.REJECTED.value, "cause": cause}
        self.report(event)  # a build that lives ends first; then the run is reported as ever

    def _forget_line(self, guild_id: str) -> None:
        """Runs leave it when they end, and what was asked for counts for an hour: else this would free from limits."""
        line, hour_ago = self.lines.get(guild_id), self.clock() - HOUR
        if not line.places and all(asked <= hour_ago for asked in line.asked):
            with suppress(ConflictError):  # somebody got into it a moment ago
                self.lines.forget(guild_id, line)


@dataclass(frozen=True)
class Looked:
    """What a day's look at the guilds found.

    `guilds` is how many were asked about, and `left` how many there was no time for; `shut` are those that refused us,
    and of them `forgotten` those that went, and `failed` those that were not forgotten whole, each with the reason.
    """

    guilds: int = 0
    left: int = 0
    shut: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def look_at_guilds(
    register: GuildRegister, discord: Installations, leaving: Leaving, audit: AuditLog, now: int
) -> Looked:
    """Forget every guild that has removed the bot: Discord refuses us there, on a second day as well.

    Discord tells an application nothing of being removed that is only called over HTTP; it has to be asked. What it
    answers of a guild is noted at once, so that a look that ends early was not in vain.

    Raises:
        OutsideError: the bot token is of another application than the one that is asked about. Nothing was noted.
    """
    ours, begun = discord.is_ours(), leaving.clock()
    if ours is False:
        raise OutsideError("asking about guilds: the bot token is of another application than DISCORD_APPLICATION_ID")
    known = list(register.known()) if ours else []
    asked, looked = 0, Looked()
    for guild_id in known:
        if leaving.clock() - begun > LOOK_SECONDS:
            break
        asked += 1
        try:
            removed = discord.removed_from(guild_id)
            looked.shut.extend([guild_id] if removed else [])
            if removed is not None and _is_gone(guild_id, removed, register, now):
                _forget(guild_id, register, leaving, audit)
                looked.forgotten.append(guild_id)
        except ChatOpsError as error:  # one sick guild must not hold up the others
            looked.failed.append(f"{guild_id}: {error}")
    return replace(looked, guilds=asked, left=len(known) - asked)


def _is_gone(guild_id: str, removed: bool, register: GuildRegister, now: int) -> bool:
    """Note what Discord said; whether it has refused us for long enough."""
    if not removed:
        register.note_open(guild_id)
        return False
    register.note_shut(guild_id, now)
    return now - register.shut_since(guild_id) >= APART_SECONDS


def _forget(guild_id: str, register: GuildRegister, leaving: Leaving, audit: AuditLog) -> None:
    """Dated by the first refusal, its entry is one, however often forgetting has to be tried again."""
    since = register.shut_since(guild_id)
    note = "Discord refuses us here since then; forgotten when a later look was refused too"
    audit.add(Entry(guild_id, since * 1000, f"removed-{since}", REMOVED, CHATOPS, note=note))
    leaving.forget(guild_id, CHATOPS, "The bot was removed from this server.")
    register.note_open(guild_id)
