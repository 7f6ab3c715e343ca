"""The line of a guild at work: who is called when a run leaves, whatever dies in between."""

from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.connections import KEY, Connection
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.queues import Limits, Place
from chatops.domain.runs import MessageRef, Phase, Run, Status
from chatops.errors import BusyError, ConflictError, OutsideError, UserError
from chatops.runs.lock import ORPHAN_SECONDS
from chatops.runs.queue import TRIES, Queue, Refusal
from tests.fakes.guilds import InMemoryConnections, InMemoryLines
from tests.fakes.outside import FakeChat, FakeClock, FakeWorkflow, Faults
from tests.fakes.runs import GUILD, MEMBER, NOW, OWNER, a_build, a_run, applying, buttons, shown
from tests.fakes.stores import InMemoryDeploymentStore, InMemoryGuildSettings, InMemoryRunStore


def a_place(run: Run) -> Place:
    return Place(run.id, run.deployment, run.user_id, NOW - 60)


def waits(number: int, deployment: str = "shop", **changes: Any) -> Run:
    """The n-th run that waits; each has its own message."""
    return a_run(
        id=f"{number:016x}",
        interaction_id=f"{1000 + number}",
        deployment=deployment,
        status=Status.QUEUED,
        fence=0,
        user_id=MEMBER,
        message=MessageRef("channel", f"message-{number}"),
        **changes,
    )


class World:
    """One run of `shop` works; others wait in line."""

    def __init__(self, *waiting: Run, concurrent: int = 3) -> None:
        self.going = applying()
        self.runs = InMemoryRunStore(self.going, *waiting)
        lock = Lock(self.going.id, 1, OWNER, NOW - 60)
        row = Deployment(GUILD, "shop", "demo/countdown", status="deployed", lock=lock, fence=1)
        self.deployments = InMemoryDeploymentStore(replace(row, last_run_id=self.going.id, region="eu-west-1"))
        self.lines = InMemoryLines()
        self.lines.kept[GUILD] = replace(
            self.lines.get(GUILD),
            running=(a_place(self.going),),
            waiting=tuple(map(a_place, waiting)),
            version=5,
        )
        self.settings = InMemoryGuildSettings()
        self.connections = InMemoryConnections()
        self.workflow = FakeWorkflow()
        self.chat = FakeChat()
        self.clock = FakeClock(NOW)
        self.limits = Limits(concurrent, 30)

    def queue(self, faults: Faults | None = None) -> Queue:
        wrap = (faults or Faults()).wrap
        return Queue(
            wrap(self.lines),
            wrap(self.runs),
            wrap(self.deployments),
            wrap(self.settings),
            wrap(self.connections),
            wrap(self.workflow),
            wrap(self.chat),
            self.limits,
            self.clock,
            self.clock.sleep,
        )

    def end(self, run: Run) -> None:
        """What a report does before it lets the run leave the line."""
        self.runs.runs[run.id] = replace(self.runs.runs[run.id], status=Status.SUCCEEDED, ended_at=NOW)
        self.deployments.release(GUILD, run.deployment, run.id)

    def leave(self, run: Run | None = None) -> list[str]:
        """The run ends and leaves; returns who was started."""
        run = run or self.going
        self.end(run)
        queue = self.queue()
        moved = queue.leave(run)
        queue.show(moved)
        return [each.id for each in moved.started]

    def run(self, run: Run) -> Run:
        return self.runs.runs[run.id]

    def line(self) -> tuple[list[str], list[str]]:
        line = self.lines.get(GUILD)
        return [each.run_id for each in line.running], [each.run_id for each in line.waiting]

    def message(self, run: Run) -> Any:
        assert run.message
        return self.chat.messages[run.message.message_id]


FIRST, SECOND, BLOG = waits(1), waits(2), waits(3, "blog")


def test_when_a_run_leaves_the_next_of_its_deployment_starts_under_the_lock() -> None:
    world = World(FIRST, SECOND)

    assert world.leave() == [FIRST.id]

    row, run = world.deployments.rows[GUILD, "shop"], world.run(FIRST)
    assert row.lock == Lock(FIRST.id, 2, MEMBER, NOW, previous_run_id=world.going.id)
    assert (run.status, run.fence, run.previous_run_id, run.turn_at) == (Status.STARTING, 2, world.going.id, NOW)
    assert world.workflow.inputs == {FIRST.execution_name: FIRST.id}
    assert world.line() == ([FIRST.id], [SECOND.id])


def test_its_own_live_message_says_that_it_started_and_the_others_move_up() -> None:
    world = World(FIRST, SECOND)

    world.leave()

    assert "Deployment Started" in shown(world.message(FIRST)) and buttons(world.message(FIRST)) == ["Cancel"]
    told = shown(world.message(SECOND))
    assert "**1st in line**" in told and f"behind run `{FIRST.id}` by <@{MEMBER}>" in told
    assert buttons(world.message(SECOND)) == ["Cancel"]


def test_who_gives_up_lets_those_behind_it_move_up_and_starts_nobody() -> None:
    world = World(FIRST, SECOND)

    assert world.leave(FIRST) == []

    assert "**1st in line**" in shown(world.message(SECOND))
    assert world.line() == ([world.going.id], [SECOND.id])


def test_a_run_that_is_still_being_put_in_line_is_called_and_begun_once_it_is() -> None:
    world = World(waits(1))
    world.runs.runs[FIRST.id] = replace(FIRST, message=None)
    world.end(world.going)

    assert world.queue().leave(world.going).started == []
    world.runs.keep_message(FIRST.id, MessageRef("channel", "message-1"))

    assert [run.id for run in world.queue().turn(GUILD).started] == [FIRST.id]


def test_nobody_is_told_of_a_place_that_has_not_changed() -> None:
    world = World(FIRST, SECOND)

    world.queue().show(world.queue().turn(GUILD))

    assert world.chat.edits == []


def test_all_who_may_go_are_started_other_deployments_too() -> None:
    world = World(FIRST, BLOG)

    assert world.leave() == [FIRST.id, BLOG.id]
    assert world.line() == ([FIRST.id, BLOG.id], [])


def test_a_full_guild_starts_no_more_than_it_may() -> None:
    world = World(FIRST, BLOG, concurrent=1)

    assert world.leave() == [FIRST.id]
    assert "as many runs at once as it may" in shown(world.message(BLOG))


def test_a_guilds_own_lower_limit_counts() -> None:
    world = World(FIRST, BLOG)
    world.settings.wished[GUILD] = Limits(1, 0)

    assert world.leave() == [FIRST.id]


def test_a_run_that_leaves_while_nobody_waits_costs_two_calls() -> None:
    world, faults = World(), Faults()
    world.end(world.going)

    world.queue(faults).leave(world.going)

    assert faults.calls == ["get", "put"] and world.line() == ([], [])


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("step", range(20))
def test_a_call_that_dies_anywhere_is_finished_by_the_next_turn(step: int, late: bool) -> None:
    world = World(FIRST, SECOND)
    world.end(world.going)
    world.runs.mark_reported(world.going.id)
    faults = Faults(step, late, KeyboardInterrupt)
    died = False
    try:
        queue = world.queue(faults)
        queue.show(queue.leave(world.going))
    except KeyboardInterrupt:
        died = True
    assert died == (len(faults.calls) > step)

    world.queue().turn(GUILD)

    lock = world.deployments.rows[GUILD, "shop"].lock
    assert lock and lock.run_id == FIRST.id and lock.fence == 2
    assert world.run(FIRST).status is Status.STARTING and world.run(FIRST).fence == 2
    assert world.workflow.inputs == {FIRST.execution_name: FIRST.id}
    assert world.line() == ([FIRST.id], [SECOND.id])


@pytest.mark.parametrize("how", ["cancelled", "ended"])
@pytest.mark.parametrize("step", range(12))
def test_a_run_that_is_given_up_while_it_is_called_does_not_keep_the_lock(step: int, how: str) -> None:
    world = World(FIRST)
    world.end(world.going)

    class GivenUp(Faults):
        """At this call a person cancels, or the watchdog ends, the run that is being called."""

        def call(self, function: Any, arguments: Any, named: Any) -> Any:
            if len(self.calls) == step and world.run(FIRST).status is Status.QUEUED:
                if how == "ended":
                    world.runs.finish(FIRST, Status.EXPIRED, {}, NOW)
                else:
                    world.runs.request_cancel(FIRST.id, MEMBER, NOW)
            return super().call(function, arguments, named)

    world.queue(GivenUp()).leave(world.going)

    run, row = world.run(FIRST), world.deployments.rows[GUILD, "shop"]
    if run.status is Status.STARTING:
        assert row.lock and row.lock.run_id == FIRST.id and FIRST.execution_name in world.workflow.inputs
    else:
        assert row.lock is None and world.workflow.inputs == {}
        assert row.last_run_id == world.going.id  # Resume and the search for orphans begin there


@pytest.mark.parametrize("ends", [False, True], ids=["its build works", "it has ended since"])
def test_who_calls_a_run_too_late_leaves_the_lock_to_the_one_who_began_it(ends: bool) -> None:
    """The late one holds the run as it waited; begun by another since, it is asked to stop while its build works."""
    world = World(FIRST)
    world.end(world.going)

    class Late(InMemoryRunStore):
        def take_turn(self, run_id: str, *arguments: Any) -> Run:
            world.queue().turn(GUILD)
            self.runs[run_id] = replace(self.runs[run_id], status=Status.APPLYING, build=a_build(Phase.APPLY))
            self.request_cancel(run_id, MEMBER, NOW)
            if ends:
                world.end(FIRST)
            return super().take_turn(run_id, *arguments)

    late = Late()
    late.runs = world.runs.runs
    replace(world.queue(), runs=late).leave(world.going)

    lock = world.deployments.rows[GUILD, "shop"].lock
    assert (lock is None) if ends else (lock and lock.run_id == FIRST.id)


def test_a_lock_taken_for_a_run_that_has_come_and_gone_is_given_back() -> None:
    world = World(FIRST)
    world.end(world.going)

    class Late(InMemoryDeploymentStore):
        def acquire(self, *arguments: Any) -> Lock:
            if not world.workflow.inputs:
                world.queue().turn(GUILD)
                world.end(FIRST)
            return super().acquire(*arguments)

    late = Late()
    late.rows = world.deployments.rows
    replace(world.queue(), deployments=late).leave(world.going)

    assert world.workflow.inputs and world.deployments.rows[GUILD, "shop"].lock is None


@pytest.mark.parametrize("step", range(14))
def test_two_who_call_at_once_start_a_run_once(step: int) -> None:
    world = World(FIRST, SECOND)
    world.end(world.going)

    class Meanwhile(Faults):
        def call(self, function: Any, arguments: Any, named: Any) -> Any:
            if len(self.calls) == step:
                world.queue().turn(GUILD)
            return super().call(function, arguments, named)

    world.queue(Meanwhile()).leave(world.going)

    assert world.run(FIRST).fence == 2 and world.workflow.inputs == {FIRST.execution_name: FIRST.id}
    assert world.line() == ([FIRST.id], [SECOND.id])


def test_a_lock_that_is_not_free_lets_others_go_first_and_is_tried_again() -> None:
    """A run of an older version of ours is in no line."""
    world = World(FIRST, BLOG, concurrent=1)
    world.lines.kept[GUILD] = replace(world.lines.get(GUILD), running=())

    moved = world.queue().turn(GUILD)

    assert [each.id for each in moved.started] == [BLOG.id]
    assert world.line() == ([BLOG.id], [FIRST.id]) and world.run(FIRST).status is Status.QUEUED
    world.end(world.going)
    world.end(BLOG)
    world.queue().leave(BLOG)
    assert world.line() == ([FIRST.id], [])


def test_those_whose_lock_is_not_free_keep_their_order_and_how_long_they_have_waited() -> None:
    world = World(FIRST, BLOG)
    world.lines.kept[GUILD] = replace(world.lines.get(GUILD), running=())
    busy = Lock(world.going.id, 1, OWNER, NOW)
    world.deployments.rows[GUILD, "blog"] = Deployment(GUILD, "blog", "demo/countdown", lock=busy, fence=1)

    for _ in range(3):
        world.clock.now += 60
        world.queue().turn(GUILD)

        assert world.line() == ([], [FIRST.id, BLOG.id])
        assert [each.since for each in world.lines.get(GUILD).waiting] == [FIRST.created_at, BLOG.created_at]


@pytest.mark.parametrize("place", ["running", "waiting"])
def test_a_run_that_cannot_be_read_keeps_its_place_and_holds_up_nobody_else(place: str) -> None:
    sick = waits(4, "wiki")
    world = World(FIRST, BLOG)
    line = world.lines.get(GUILD)
    world.lines.kept[GUILD] = replace(line, **{place: (a_place(sick), *getattr(line, place))})  # type: ignore[arg-type]
    world.runs.sick.add(sick.id)

    assert world.leave() == [FIRST.id, BLOG.id]
    assert world.queue().join(a_run(id="new", deployment="new"))[0].number == 1
    assert any(sick.id in ids for ids in world.line())
    world.runs.sick.clear()
    world.runs.create(sick)
    assert sick.id in [run.id for run in world.queue().turn(GUILD).started]


def test_what_was_not_typed_for_a_run_is_as_its_deployment_has_it_when_its_turn_comes() -> None:
    world = World(waits(1, variables={"steps": 3, "seconds": 1, "order": "chain"}, typed=("seconds",)))
    row = world.deployments.rows[GUILD, "shop"]
    changed = {"steps": 7, "seconds": 9, "order": "chain", "dropped by the blueprint": 1}
    world.deployments.rows[GUILD, "shop"] = replace(row, variables=changed)

    world.leave()

    assert world.run(FIRST).variables == {"steps": 7, "seconds": 1, "order": "chain"}


def test_a_destroy_takes_the_variables_that_its_deployment_has_when_its_turn_comes() -> None:
    world = World(waits(1, destroy=True, variables={}))
    row = world.deployments.rows[GUILD, "shop"]
    world.deployments.rows[GUILD, "shop"] = replace(row, variables={"steps": 7})

    world.leave()

    assert world.run(FIRST).variables == {"steps": 7}


def test_a_run_whose_deployment_is_gone_keeps_the_variables_that_it_was_asked_for_with() -> None:
    world = World(waits(1, variables={"steps": 3}))
    del world.deployments.rows[GUILD, "shop"]
    world.runs.runs[world.going.id] = replace(world.going, status=Status.SUCCEEDED, ended_at=NOW)

    world.queue().leave(world.going)

    assert world.run(FIRST).variables == {"steps": 3}


def test_a_dead_runs_lock_is_taken_over_when_it_is_somebodys_turn() -> None:
    world = World(FIRST)
    world.runs.runs[world.going.id] = replace(world.going, status=Status.FAILED, ended_at=NOW, reported=True)

    world.queue().turn(GUILD)

    assert world.run(FIRST).status is Status.STARTING


@pytest.mark.parametrize("place", ["running", "waiting"])
@pytest.mark.parametrize(("age", "mended"), [(ORPHAN_SECONDS, False), (ORPHAN_SECONDS + 1, True)])
def test_a_place_without_a_run_is_taken_out_after_two_minutes(place: str, age: int, mended: bool) -> None:
    world = World()
    world.lines.kept[GUILD] = replace(
        world.lines.get(GUILD), **{"running": (), "waiting": ()} | {place: (Place("ghost", "blog", MEMBER, NOW - age),)}
    )

    world.queue().turn(GUILD)

    running, waiting = world.line()
    assert ("ghost" not in running + waiting) is mended


@pytest.mark.parametrize(
    ("known", "refused"),
    [
        ({"blueprint": "aws/web-app"}, "is a deployment of `aws/web-app` by now"),
        ({"project_id": "333333333333"}, "is in project `333333333333` by now"),
    ],
)
def test_a_deployment_that_has_become_another_one_is_not_touched(known: dict[str, str], refused: str) -> None:
    world = World(FIRST)
    world.end(world.going)
    row = replace(world.deployments.rows[GUILD, "shop"], **known)  # type: ignore[arg-type]
    world.deployments.rows[GUILD, "shop"] = row

    moved = world.queue().leave(world.going)

    ((run_id, outcome, cause),) = [(each.run_id, each.outcome, each.cause) for each in moved.refused]
    assert (run_id, outcome) == (FIRST.id, Status.FAILED) and refused in cause
    assert world.deployments.rows[GUILD, "shop"] == row and world.workflow.inputs == {}


@pytest.mark.parametrize("known", [True, False], ids=["it exists", "it is new"])
@pytest.mark.parametrize("connected", ["", "333333333333"], ids=["disconnected", "another account"])
def test_a_run_with_the_servers_own_cloud_does_not_begin_once_that_is_disconnected(known: bool, connected: str) -> None:
    run = waits(1, provider="aws", project_id="222222222222")
    world = World(run)
    world.end(world.going)
    row = replace(world.deployments.rows[GUILD, "shop"], project_id="222222222222")
    world.deployments.rows = {(GUILD, "shop"): row} if known else {}
    if connected:
        world.connections.put(Connection(GUILD, "aws", connected, "eu-west-1", KEY, "sealed"))

    moved = world.queue().leave(world.going)

    ((run_id, outcome, cause),) = [(each.run_id, each.outcome, each.cause) for each in moved.refused]
    assert (run_id, outcome) == (run.id, Status.FAILED) and "disconnected from this server" in cause
    assert world.workflow.inputs == {}


@pytest.mark.parametrize("session_id", ["", "abcdefgh"])
def test_a_run_with_a_session_needs_no_connection_and_with_the_servers_own_cloud_that_one(session_id: str) -> None:
    run = waits(1, provider="aws", project_id="222222222222", session_id=session_id)
    world = World(run)
    row = world.deployments.rows[GUILD, "shop"]
    world.deployments.rows[GUILD, "shop"] = replace(row, project_id="222222222222")
    if not session_id:
        world.connections.put(Connection(GUILD, "aws", "222222222222", "eu-west-1", KEY, "sealed"))

    assert world.leave() == [run.id]


def test_a_destroy_of_what_is_destroyed_by_now_has_nothing_to_do() -> None:
    destroy = waits(1, destroy=True)
    world = World(destroy)
    del world.deployments.rows[GUILD, "shop"]
    world.runs.runs[world.going.id] = replace(world.going, status=Status.SUCCEEDED, ended_at=NOW)

    assert world.queue().leave(world.going).refused == [Refusal(destroy.id, Status.NO_CHANGES, "")]


def test_a_deploy_of_what_is_destroyed_by_now_makes_it_anew() -> None:
    world = World(FIRST)
    del world.deployments.rows[GUILD, "shop"]
    world.runs.runs[world.going.id] = replace(world.going, status=Status.SUCCEEDED, ended_at=NOW)

    world.queue().leave(world.going)

    assert world.run(FIRST).status is Status.STARTING and world.deployments.rows[GUILD, "shop"].status == "new"


def test_a_run_takes_the_region_in_which_its_deployment_was_made_meanwhile() -> None:
    world = World(waits(1, region="us-east-1"))

    world.leave()

    assert world.run(FIRST).region == world.deployments.rows[GUILD, "shop"].region == "eu-west-1"


def test_one_that_cannot_be_started_holds_up_nobody_and_is_named() -> None:
    world = World(FIRST, BLOG)
    world.end(world.going)

    class Sick(FakeWorkflow):
        def start(self, name: str, run_id: str) -> None:
            if run_id == FIRST.id:
                raise OutsideError("starting: ThrottlingException")
            super().start(name, run_id)

    world.workflow = Sick()
    moved = world.queue().leave(world.going)

    assert (moved.failed, [each.id for each in moved.started]) == ([FIRST.id], [BLOG.id])


def test_a_message_that_somebody_else_edits_or_that_cannot_be_edited_stops_nothing() -> None:
    world = World(FIRST, SECOND)
    world.runs.lease_edit(FIRST.id, NOW, 30)

    class Silent(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    world.chat = Silent()
    assert world.leave() == [FIRST.id]


def test_a_message_of_a_run_that_ended_meanwhile_is_not_made_to_wait_again() -> None:
    world = World(FIRST, SECOND)
    world.end(world.going)
    moved = world.queue().leave(world.going)
    world.runs.runs[FIRST.id] = replace(world.run(FIRST), status=Status.PLANNING, build=a_build(Phase.PLAN))
    world.runs.finish(SECOND, Status.CANCELLED, {}, NOW)

    world.queue().show(moved)

    assert world.chat.edits == []


class Contended(InMemoryLines):
    """Somebody else is faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def put(self, guild_id: str, line: Any) -> None:
        if self.times:
            self.times -= 1
            raise ConflictError("the line has changed")
        super().put(guild_id, line)


@pytest.mark.parametrize("times", [1, TRIES - 1])
def test_who_meets_others_in_the_line_tries_again(times: int) -> None:
    world = World()
    world.lines = Contended(times)

    stands, new = world.queue().join(a_run())

    assert stands.number == 0 and new and len(world.clock.slept) == times


def test_who_meets_others_time_and_again_is_told_to_come_back() -> None:
    world = World()
    world.lines = Contended(TRIES)

    with pytest.raises(UserError, match="Try again in a few seconds"):
        world.queue().join(a_run())
    world.lines = Contended(TRIES)
    world.lines.kept[GUILD] = replace(world.lines.get(GUILD), running=(a_place(world.going),))
    with pytest.raises(BusyError):
        world.queue().leave(world.going)
