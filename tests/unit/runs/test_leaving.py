from dataclasses import dataclass, field
from typing import Any

import pytest

from chatops.domain.connections import KEY, Connection
from chatops.domain.runs import CHATOPS
from chatops.errors import OutsideError
from chatops.runs.leaving import ALL_AT_ONCE, Leaving, look_at_guilds
from tests.fakes.guilds import (
    FakeInstallations,
    InMemoryAuditLog,
    InMemoryConnections,
    InMemoryGuildRegister,
    InMemoryLines,
)
from tests.fakes.outside import FakeClock, Faults, InMemoryArtefacts
from tests.fakes.runs import GUILD, NOW, OTHER_GUILD, applying
from tests.fakes.stores import InMemoryGuildSettings, InMemoryInteractionStore, InMemoryRunStore, InMemoryTimings

DAY = 86400


@dataclass
class World:
    """Guilds that keep something, and a Discord that lets us into each until a test says otherwise."""

    register: InMemoryGuildRegister = field(default_factory=lambda: InMemoryGuildRegister({GUILD, OTHER_GUILD}))
    discord: FakeInstallations = field(default_factory=lambda: FakeInstallations({GUILD: False, OTHER_GUILD: False}))
    audit: InMemoryAuditLog = field(default_factory=InMemoryAuditLog)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    artefacts: InMemoryArtefacts = field(default_factory=InMemoryArtefacts)
    runs: InMemoryRunStore = field(default_factory=InMemoryRunStore)
    reported: list[Any] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        for guild in (GUILD, OTHER_GUILD):
            self.connections.put(Connection(guild, "aws", "222222222222", "eu-west-1", KEY, "sealed"))

    def look(self, day: int = 0) -> tuple[str, ...]:
        leaving = Leaving(
            runs=self.runs,
            artefacts=self.artefacts,
            connections=self.faults.wrap(self.connections),
            settings=InMemoryGuildSettings(),
            timings=InMemoryTimings(),
            lines=InMemoryLines(),
            interactions=InMemoryInteractionStore(),
            forget_sessions=lambda guild_id: 0,
            report=self.reported.append,
            clock=FakeClock(NOW + day * DAY),
        )
        return look_at_guilds(self.register, self.discord, leaving, self.audit, NOW + day * DAY).forgotten

    @property
    def kept(self) -> set[str]:
        return {guild for guild, _ in self.connections.kept}


def test_a_guild_that_refuses_us_on_two_days_is_forgotten_and_that_is_written_down() -> None:
    world = World()
    world.discord.removed[GUILD] = True

    assert world.look(0) == () and world.kept == {GUILD, OTHER_GUILD}
    assert world.look(1) == (GUILD,) and world.kept == {OTHER_GUILD}

    (entry,) = world.audit.entries.values()
    assert (entry.guild_id, entry.action, entry.by) == (GUILD, "removed", CHATOPS)
    assert world.register.shut == {}


def test_twice_on_one_day_is_not_enough() -> None:
    world = World()
    world.discord.removed[GUILD] = True

    assert (world.look(0), world.look(0)) == ((), ()) and GUILD in world.kept


def test_who_lets_us_in_again_begins_anew() -> None:
    world = World()
    for day, removed in enumerate((True, False, True)):
        world.discord.removed[GUILD] = removed
        assert world.look(day) == ()

    assert GUILD in world.kept


def test_what_is_no_clear_answer_changes_nothing() -> None:
    world = World()
    world.discord.removed[GUILD] = True
    world.look(0)
    del world.discord.removed[GUILD]

    for day in range(1, 4):
        assert world.look(day) == ()
    assert GUILD in world.kept

    world.discord.removed[GUILD] = True
    assert world.look(4) == (GUILD,)


def test_a_run_that_was_under_way_ends_and_its_credentials_are_gone() -> None:
    """Fault 43."""
    world, run = World(), applying()
    world.runs.create(run)
    world.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
    world.discord.removed[GUILD] = True

    world.look(0)
    assert world.reported == []
    world.look(1)

    assert world.artefacts.objects == {} and world.runs.runs[run.id].cancel_requested_by == CHATOPS
    assert [event["run_id"] for event in world.reported] == [run.id]


def test_what_broke_half_way_is_finished_the_next_time() -> None:
    world = World()
    world.discord.removed[GUILD] = True
    world.look(0)
    world.faults.fail_at = len(world.faults.calls) + 1  # after counting them, before they are forgotten
    with pytest.raises(OutsideError):
        world.look(1)
    assert GUILD in world.kept

    assert world.look(1) == (GUILD,) and len(world.audit.entries) == 1


def test_a_discord_that_knows_none_of_many_guilds_is_not_believed() -> None:
    world = World()
    guilds = {str(int(GUILD) + number) for number in range(ALL_AT_ONCE)}
    world.register.guilds = guilds
    world.discord.removed = dict.fromkeys(guilds, True)

    for day in range(3):
        with pytest.raises(OutsideError, match="which app are we"):
            world.look(day)
    assert world.register.shut == {} and world.kept == {GUILD, OTHER_GUILD}

    world.discord.removed[min(guilds)] = False
    world.look(3)
    assert len(world.look(4)) == ALL_AT_ONCE - 1
