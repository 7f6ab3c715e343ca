"""Forgetting a guild: its runs end, and what is kept of it goes, but for what the people there still need."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatops.domain.audit import REMOVED, Entry
from chatops.domain.queues import HOUR
from chatops.domain.runs import CHATOPS, Run, Status
from chatops.errors import ConflictError, OutsideError
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

ALL_AT_ONCE = 5
"""That every guild there is refuses us, where they are so many, is not believed: it is rather we who are wrong."""


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
        """End the guild's runs, then forget what is kept of it.

        Credentials go first: no build can claim a run's any more that was asked to stop.
        """
        runs = tuple(under_way(self.runs, guild_id=guild_id))
        for run in runs:
            self._end(run, by, cause)
        clouds = len(self.connections.of(guild_id))
        self.connections.forget(guild_id)
        sessions = self.forget_sessions(guild_id)
        forms = self.interactions.forget_held_of(guild_id=guild_id)
        self.settings.forget(guild_id)
        self.timings.forget(guild_id)
        self._forget_line(guild_id)
        return Forgotten(runs, clouds, sessions, forms)

    def _end(self, run: Run, by: str, cause: str) -> None:
        with suppress(ConflictError):  # it has ended meanwhile, or was asked to stop before
            self.runs.request_cancel(run.id, by, int(self.clock()), cause)
        self.artefacts.delete(run.artefact("credentials.sealed"))
        event = {"source": "leaving", "run_id": run.id, "outcome": Status.REJECTED.value, "cause": cause}
        self.report(event)  # a build that lives ends first; then the run is reported as ever

    def _forget_line(self, guild_id: str) -> None:
        """Runs leave it when they end, and what was asked for counts for an hour: else this would free from limits."""
        line, hour_ago = self.lines.get(guild_id), self.clock() - HOUR
        if not line.places and all(asked <= hour_ago for asked in line.asked):
            self.lines.forget(guild_id)


@dataclass(frozen=True)
class Looked:
    """What a day's look at the guilds found: how many there are, who is gone since today, and who was forgotten."""

    guilds: int
    shut: tuple[str, ...]
    forgotten: tuple[str, ...]


def look_at_guilds(
    register: GuildRegister, discord: Installations, leaving: Leaving, audit: AuditLog, now: int
) -> Looked:
    """Forget every guild that has removed the bot: Discord refuses us there, on a second day as well.

    Discord tells an application nothing of being removed that is only called over HTTP; it has to be asked.

    Raises:
        OutsideError: of many guilds not one lets us in. Nothing is forgotten: another application's id does that.
    """
    answers = {guild_id: discord.removed_from(guild_id) for guild_id in register.known()}
    shut = tuple(guild_id for guild_id, removed in answers.items() if removed)
    if len(shut) >= ALL_AT_ONCE and len(shut) == len(answers):
        raise OutsideError(f"asking about {len(answers)} guilds: Discord lets us into none of them; which app are we?")
    for guild_id, removed in answers.items():
        if removed is False:
            register.note_open(guild_id)
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    forgotten = tuple(guild_id for guild_id in shut if _is_gone(guild_id, today, register, now))
    for guild_id in forgotten:
        note = "Discord has refused us since " + register.shut_since(guild_id)
        audit.add(Entry(guild_id, now * 1000, f"removed-{today}", REMOVED, CHATOPS, note=note))
        leaving.forget(guild_id, CHATOPS, "The bot was removed from this server.")
        register.note_open(guild_id)
    return Looked(len(answers), shut, forgotten)


def _is_gone(guild_id: str, today: str, register: GuildRegister, now: int) -> bool:
    register.note_shut(guild_id, today, now)
    return register.shut_since(guild_id) < today
