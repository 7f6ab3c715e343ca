from dataclasses import dataclass, field
from typing import Any

import pytest

from chatops.domain.connections import KEY, Connection
from chatops.domain.queues import Line, Place
from chatops.domain.runs import CHATOPS, Run
from chatops.errors import OutsideError
from chatops.runs.leaving import APART_SECONDS, LOOK_SECONDS, Leaving, Looked, look_at_guilds
from tests.fakes.guilds import (
    FakeInstallations,
    InMemoryAuditLog,
    InMemoryConnections,
    InMemoryGuildRegister,
    InMemoryLines,
)
from tests.fakes.outside import FakeClock, Faults, InMemoryArtefacts
from tests.fakes.runs import GUILD, NOW, OTHER_GUILD, OWNER, applying, awaiting
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
    lines: InMemoryLines = field(default_factory=InMemoryLines)
    reported: list[Any] = field(default_factory=list)
    unreported: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))

    def __post_init__(self) -> None:
        for guild in (GUILD, OTHER_GUILD):
            self.connections.put(Connection(guild, "aws", "222222222222", "eu-west-1", KEY, "sealed"))

    def look(self, day: float = 0) -> list[str]:
        return self.looked(day).forgotten

    def looked(self, day: float = 0) -> Looked:
        self.clock.now = NOW + int(day * DAY)
        return look_at_guilds(self.register, self.discord, self.leaving(), self.audit, self.clock.now)

    def leaving(self) -> Leaving:
        return Leaving(
            runs=self.runs,
            artefacts=self.artefacts,
            connections=self.faults.wrap(self.connections),
            settings=InMemoryGuildSettings(),
            timings=InMemoryTimings(),
            lines=self.lines,
            interactions=InMemoryInteractionStore(),
            forget_sessions=lambda guild_id: 0,
            report=self._report,
            clock=self.clock,
        )

    def _report(self, event: Any) -> None:
        if event["run_id"] in self.unreported:
            raise OutsideError("invoking report_run: TooManyRequestsException")
        self.reported.append(event)

    @property
    def kept(self) -> set[str]:
        return {guild for guild, _ in self.connections.kept}


def test_a_guild_that_refuses_us_on_two_days_is_forgotten_and_that_is_written_down() -> None:
    world = World()
    world.discord.removed[GUILD] = True

    assert world.look(0) == [] and world.kept == {GUILD, OTHER_GUILD}
    assert world.look(1) == [GUILD] and world.kept == {OTHER_GUILD}

    (entry,) = world.audit.entries.values()
    assert (entry.guild_id, entry.action, entry.by) == (GUILD, "removed", CHATOPS)
    assert world.register.shut == {}


def test_twice_on_one_day_is_not_enough_whatever_midnight_lies_between() -> None:
    world = World()
    world.discord.removed[GUILD] = True

    for hours in range(int(APART_SECONDS / 3600)):
        assert world.look(hours / 24) == [] and GUILD in world.kept
    assert world.look(APART_SECONDS / DAY) == [GUILD]


def test_who_lets_us_in_again_begins_anew() -> None:
    world = World()
    for day, removed in enumerate((True, False, True)):
        world.discord.removed[GUILD] = removed
        assert world.look(day) == []

    assert GUILD in world.kept


def test_what_is_no_clear_answer_changes_nothing() -> None:
    world = World()
    world.discord.removed[GUILD] = True
    world.look(0)
    del world.discord.removed[GUILD]

    for day in range(1, 4):
        assert world.look(day) == []
    assert GUILD in world.kept

    world.discord.removed[GUILD] = True
    assert world.look(4) == [GUILD]


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
    (failed,) = world.looked(1).failed
    assert GUILD in world.kept and failed.startswith(f"{GUILD}: ")

    assert world.look(1) == [GUILD] and len(world.audit.entries) == 1


def test_a_guild_that_cannot_be_forgotten_holds_up_no_other_and_is_written_down_once() -> None:
    world, run = World(), applying()
    world.runs.create(run)
    world.discord.removed = {GUILD: True, OTHER_GUILD: True}
    world.unreported.add(run.id)
    world.look(0)

    assert world.look(1) == [OTHER_GUILD]
    world.register.guilds.remove(OTHER_GUILD)
    assert [world.look(day) for day in (2, 3)] == [[], []]

    assert world.kept == set()
    assert sorted(entry.guild_id for entry in world.audit.entries.values()) == sorted([GUILD, OTHER_GUILD])


def two_runs(world: World) -> tuple[Run, Run]:
    """Two of a guild that are under way, each with its sealed credentials."""
    one, other = applying(), awaiting(id="bbbb000011112222", deployment="blog")
    for run in (one, other):
        world.runs.create(run)
        world.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
    return one, other


def test_credentials_go_first_and_a_run_that_cannot_be_ended_holds_up_nothing() -> None:
    world = World()
    one, other = two_runs(world)
    world.unreported.add(one.id)

    with pytest.raises(OutsideError, match="1 left"):
        world.leaving().forget(GUILD, OWNER, "forgotten")

    assert world.kept == {OTHER_GUILD} and world.artefacts.objects == {}
    assert [event["run_id"] for event in world.reported] == [other.id]
    assert world.runs.runs[one.id].cancel_requested_by == OWNER


def test_a_look_that_has_no_time_for_all_goes_on_where_it_counts_on_the_next_day() -> None:
    world = World()
    guilds = [str(number) for number in range(10, 20)]
    world.register.guilds, world.discord.removed = set(guilds), dict.fromkeys(guilds, False)
    world.discord.removed["11"] = True
    removed_from, asked = world.discord.removed_from, []

    def slow(guild_id: str) -> bool | None:
        world.clock.now += LOOK_SECONDS // 3
        asked.append(guild_id)
        return removed_from(guild_id)

    world.discord.removed_from = slow  # type: ignore[method-assign]
    looked = world.looked(0)
    assert (looked.guilds, looked.left, looked.shut) == (4, 6, ["11"])

    assert world.looked(1).forgotten == ["11"] and asked[4] == "11"


def test_who_gets_into_the_line_while_it_is_forgotten_stays_in_it() -> None:
    place = Place("bbbb000011112222", "new", OWNER, NOW)

    class Racing(InMemoryLines):
        def get(self, guild_id: str) -> Line:
            found = super().get(guild_id)
            if not found.places:
                self.kept[guild_id] = Line((place,), (), (NOW,), found.version + 1)
            return found

    world = World()
    world.lines = Racing({GUILD: Line(version=4)})

    world.leaving().forget(GUILD, OWNER, "forgotten")

    assert world.lines.kept[GUILD].running == (place,)


def test_another_applications_token_to_which_every_guild_looks_shut_forgets_none() -> None:
    world = World()
    world.discord.removed = {GUILD: True, OTHER_GUILD: True}
    world.discord.ours = False

    for day in range(3):
        with pytest.raises(OutsideError, match="another application"):
            world.look(day)
    world.discord.ours = None
    assert world.looked(4) == Looked()
    assert world.register.shut == {} and world.kept == {GUILD, OTHER_GUILD}

    world.discord.ours = True
    world.look(5)
    assert world.look(6) == sorted([GUILD, OTHER_GUILD])
