import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.progress import Operation, OperationKind, ProgressDelta, Step
from chatops.domain.runs import CLAIM_SECONDS, MessageRef, Phase, ReplyToken, Run, Status
from chatops.errors import OutsideError, TryLater
from chatops.runs.track import LEASE_SECONDS, MOST_ERRORS, SECONDS_PER_CALL, Track
from tests.fakes.outside import FakeChat, FakeClock, Faults, InMemoryArtefacts
from tests.fakes.runs import (
    BUILD_UUID,
    MESSAGE,
    NOW,
    OPERATIONS,
    a_build,
    a_run,
    applying,
    awaiting,
    index,
    line,
    planning,
    shown,
)
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore, InMemoryTimings

START_A, DONE_A = line("apply_start", seconds=1), line("apply_complete", seconds=4)
START_B, DONE_B = line("apply_start", "null_resource.b", 2), line("apply_complete", "null_resource.b", 5)
ALL = [START_A, START_B, DONE_A, DONE_B]
NEWS = ProgressDelta()
"""Somebody asks for another look."""


class World:
    def __init__(self, run: Run | None = None, operations: tuple[Operation, ...] = OPERATIONS) -> None:
        run = run or applying()
        self.id = run.id
        self.phase = run.build.phase if run.build else Phase.PLAN
        self.runs = InMemoryRunStore(run)
        self.interactions = InMemoryInteractionStore()
        claimed_at = run.build.claimed_at if run.build else NOW
        self.interactions.link_build(BUILD_UUID, run.id, self.phase.value, claimed_at * 1000)
        self.artefacts = InMemoryArtefacts()
        self.artefacts.put(run.artefact("index.json.gz"), index(operations))
        self.timings = InMemoryTimings()
        self.chat = FakeChat()
        self.clock = FakeClock(NOW + 10)

    @property
    def track(self) -> Track:
        return Track(
            self.runs, self.interactions, self.artefacts, self.timings, self.chat, self.clock, self.clock.sleep
        )

    def take(self, *lines: tuple[int, str]) -> str:
        return self.track(BUILD_UUID, lines)

    def text(self) -> str:
        return shown(self.chat.messages[MESSAGE.message_id])

    def seen(self) -> Any:
        return self.runs.progress(self.id, self.phase.value).seen


def test_the_message_shows_the_bar_and_what_is_under_way() -> None:
    world = World()

    assert world.take(START_A, START_B, DONE_A) == "edited"

    assert "50%" in world.text() and "(1/2 resources)" in world.text()
    assert "Creating `null_resource.b`" in world.text()


def test_a_batch_twice_changes_nothing_that_is_known() -> None:
    world = World()
    world.take(*ALL)
    before = world.seen()

    world.take(*ALL)

    assert world.seen() == before and "(2/2 resources)" in world.text()


@settings(max_examples=50, deadline=None)
@given(st.permutations([*ALL, START_A, DONE_B]), st.integers(1, 5))
def test_in_whatever_order_and_batches_lines_come_the_end_is_the_same(lines: list[Any], cut: int) -> None:
    world = World()
    completed = 0
    for batch in (lines[:cut], lines[cut:]):
        world.take(*batch)
        done = len({number >> 22 for number in world.seen().done})
        assert done >= completed
        completed = done

    whole = World()
    whole.take(*ALL)
    assert world.seen() == whole.seen()
    assert "(2/2 resources)" in world.text()


def test_somebody_elses_lease_is_respected_and_the_news_kept() -> None:
    world = World()
    world.runs.lease_edit(world.id, world.clock.now, 5)

    assert world.take(DONE_A) == "someone else edits"

    assert world.chat.edits == [] and len(world.seen().done) == 1


def test_who_holds_the_lease_shows_the_news_of_the_others() -> None:
    world = World()
    others: list[str] = []
    world.clock.meanwhile = [lambda: others.append(world.take(DONE_A, DONE_B))]

    world.take(START_A)

    assert others == ["someone else edits"]
    assert "(2/2 resources)" in world.text()
    assert len(world.chat.edits) == 2


def test_edits_are_two_seconds_apart_and_a_call_comes_to_an_end() -> None:
    world = World()

    def more() -> None:
        world.runs.add_progress(world.id, "apply", NEWS)
        world.clock.meanwhile.append(more)

    world.clock.meanwhile = [more]

    assert world.take(START_A) == "more to come"

    assert set(world.clock.slept) == {2}
    assert len(world.chat.edits) <= SECONDS_PER_CALL / 2 + 1
    world.clock.meanwhile.clear()
    assert world.take(DONE_A) == "edited"


def test_a_line_that_tells_nothing_new_still_lets_the_time_pass_in_the_message() -> None:
    world = World()
    world.take(START_A)
    world.clock.now = NOW + 70

    world.take(line("apply_progress", seconds=60))

    assert "1 min 9 s" in world.text()


def test_the_lease_of_a_tracker_that_died_ends_by_itself() -> None:
    world = World()

    class Dies(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(world.track, chat=Dies())(BUILD_UUID, [START_A])
    assert world.take(DONE_A) == "someone else edits"
    world.clock.now += LEASE_SECONDS + 0.1
    assert world.take(DONE_B) == "edited" and "(2/2 resources)" in world.text()


@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCEEDED, Status.INTERRUPTED])
def test_a_batch_after_the_end_is_left_alone(status: Status) -> None:
    world = World(applying(status=status, ended_at=NOW))

    assert world.take(*ALL) == "run has ended"

    assert world.chat.edits == [] and not world.seen()


def test_a_late_batch_of_the_plan_does_not_touch_the_message_of_the_apply() -> None:
    world = World()
    world.interactions.link_build("plan-build", world.id, "plan", (NOW - 100) * 1000)

    assert world.track("plan-build", [line("refresh_start")]) == "phase is over"

    assert world.chat.edits == []


def test_the_phase_ending_between_two_edits_stops_the_tracker_and_frees_the_message() -> None:
    world = World()

    def news_then_end() -> None:
        world.runs.add_progress(world.id, "apply", NEWS)
        world.runs.finish(world.runs.runs[world.id], Status.SUCCEEDED, {}, NOW + 12)

    world.clock.meanwhile = [news_then_end]

    assert world.take(START_A) == "phase is over"

    assert len(world.chat.edits) == 1
    assert world.runs.lease_edit(world.id, world.clock.now, 30)


def test_lines_of_an_unknown_build_are_dropped() -> None:
    world = World()

    assert world.track("somebody-elses", ALL) == "unknown build"

    assert world.runs.items == {} and world.chat.edits == []


def test_a_forged_success_moves_no_more_than_the_bar() -> None:
    world = World()
    before = world.runs.runs[world.id]

    world.take(
        (NOW * 1000, "Apply complete! Resources: 2 added, 0 changed, 0 destroyed."),
        (NOW * 1000, "BUILD SUCCEEDED run=aaaa000011112222 status=succeeded"),
    )

    assert world.runs.runs[world.id] == before
    assert "(0/2 resources)" in world.text() and "Complete!" not in world.text()


def test_what_the_plan_does_not_hold_is_not_counted() -> None:
    world = World()

    world.take(*(line("apply_complete", f"forged.resource[{number}]") for number in range(5000)))

    assert world.seen().done == frozenset() and "(0/2 resources)" in world.text()


def test_a_planned_address_repeated_at_many_times_is_stored_once() -> None:
    world = World()
    kinds = ("apply_start", "apply_complete", "apply_errored")

    for batch in range(3):
        world.take(*(line(kind, seconds=second + batch) for second in range(3000) for kind in kinds))

    assert [len(numbers) for numbers in (world.seen().started, world.seen().done, world.seen().failed)] == [1, 1, 1]


def test_as_many_ends_are_stored_as_there_are_objects_behind_an_address() -> None:
    twice = (Operation("x.y", OperationKind.DELETE), Operation("x.y", OperationKind.DELETE, "deadbeef"))
    world = World(operations=twice)

    world.take(*(line("apply_complete", "x.y", second, "delete") for second in range(5)))

    assert len(world.seen().done) == 2 and "(2/2 resources)" in world.text()


HOSTILE = [
    "x" * 1_000_000,
    "Error: " + "x" * 500_000,
    "\x00\x1b[31mred\x1b[0m\u202eevil\u202c",
    "[" * 100_000,
    '{"type":' + "[" * 100_000,
    json.dumps({"type": "diagnostic", "@module": "terraform.ui", "diagnostic": {"severity": "error", "summary": ""}}),
    json.dumps(
        {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "\ud800", "detail": "d" * 90_000}}
    ),
    line("apply_start", "a" * 900_000)[1],
    line("apply_start", "null_resource.a\ud800")[1],
    line("apply_start", "[click](http://evil) @everyone ```")[1],
    json.dumps({"type": "version", "ui": "99.0"}),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("make", [applying, planning])
def test_hostile_lines_are_taken_in_bounded_and_shown_inert(make: Any, text: str) -> None:
    world = World(make())

    assert world.take((NOW * 1000, text), (NOW * 1000, text)) == "edited"

    assert "\x1b" not in world.text() and "\u202e" not in world.text() and "\x00" not in world.text()
    assert len(json.dumps(world.chat.edits[-1])) < 20_000


def test_of_thousands_of_errors_a_few_are_kept() -> None:
    world = World()
    for batch in range(3):
        errors = [
            json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": f"e{batch}-{number}"}})
            for number in range(1000)
        ]
        world.take(*((NOW * 1000, error) for error in errors))

    assert len(world.seen().errors) == MOST_ERRORS


def test_an_error_is_on_top_of_the_message() -> None:
    world = World()

    world.take((NOW * 1000, json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "no"}})))

    assert world.chat.edits[-1]["embeds"][0]["description"].startswith("```\nno\n```\n[")


def test_a_message_that_cannot_be_edited_loses_no_progress() -> None:
    world = World()
    world.chat.editable = False

    assert world.take(*ALL) == "edited"

    assert len(world.seen().done) == 2


def test_discord_failing_is_no_reason_to_deliver_the_batch_again() -> None:
    class Away(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    world = World()

    assert replace(world.track, chat=Away())(BUILD_UUID, ALL) == "edited"


def test_the_newest_token_is_used_for_every_edit() -> None:
    world = World()
    newer = ReplyToken("app", "newer", NOW + 900)

    def press() -> None:
        world.runs.keep_token(world.id, newer)
        world.runs.add_progress(world.id, "apply", NEWS)

    world.clock.meanwhile = [press]

    world.take(START_A)

    assert world.chat.tokens[-1] == newer


def test_a_run_without_a_message_is_followed_silently() -> None:
    world = World(applying(message=None))

    assert world.take(*ALL) == "edited" and world.chat.edits == []


def test_a_run_without_an_index_counts_nothing_and_shows_no_percentage() -> None:
    world = World()
    world.artefacts.put(world.runs.runs[world.id].artefact("index.json.gz"), b"not an index")

    world.take(*ALL)

    assert "%" not in world.text() and world.seen().done == frozenset()


def test_a_plan_shows_no_bar_in_numbers_and_its_cancel_button() -> None:
    world = World(planning())

    world.take((NOW * 1000, "Initializing the backend..."))

    assert "Planning" in world.text() and "Initializing" in world.text() and "%" not in world.text()


def test_another_message_of_the_channel_is_never_edited() -> None:
    world = World(applying(message=MessageRef("c", "the-one")))

    world.take(*ALL)

    assert set(world.chat.messages) == {"the-one"}


def test_while_somebody_edits_a_batch_is_one_write_and_one_refused_lease() -> None:
    world = World()
    world.runs.lease_edit(world.id, world.clock.now, 60)
    faults = Faults()

    replace(world.track, runs=faults.wrap(world.runs))(BUILD_UUID, ALL)

    assert [call for call in faults.calls if call not in ("get", "progress")] == ["add_progress", "lease_edit"]


class Limited(FakeChat):
    def edit(self, *arguments: Any) -> bool:
        super().edit(*arguments)
        raise TryLater("PATCH to Discord answered 429", 40)


def test_where_discord_asks_to_wait_nobody_edits_until_then_and_then_the_last_state_is_shown() -> None:
    world = World()

    assert replace(world.track, chat=Limited())(BUILD_UUID, [START_A]) == "Discord asks to wait"
    assert world.take(DONE_A) == "someone else edits"
    world.clock.now += 39
    assert world.take(DONE_B) == "someone else edits"
    world.clock.now += 2

    assert world.track.look(world.id) == "edited"
    assert len(world.chat.edits) == 1 and "(2/2 resources)" in world.text()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([*ALL, (NOW * 1000, "chatops: step apply")]), max_size=8), st.floats(0, 30))
def test_edits_of_a_run_are_two_seconds_apart_whoever_makes_them(lines: list[Any], pause: float) -> None:
    world = World()
    times: list[float] = []

    class Timed(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            times.append(world.clock.now)
            return super().edit(*arguments)

    world.chat = Timed()
    for each in lines:
        world.clock.meanwhile = [lambda: world.track.look(world.id), lambda: world.take(*ALL)]
        world.take(each)
        world.clock.now += pause

    assert all(after - before >= 2 for before, after in pairwise(times))


QUEUED = a_build(Phase.PLAN, build_id="", claimed_at=0, claim_until=NOW + CLAIM_SECONDS - 20)


@pytest.mark.parametrize(
    ("step", "told"),
    [(Step.QUEUED, "Waiting for a build machine"), (Step.PROVISIONING, "prepared"), (Step.BOOTING, "starting")],
)
def test_a_machine_on_its_way_is_a_state_of_its_own(step: Step, told: str) -> None:
    world = World(planning(build=QUEUED))

    assert world.track.build(world.id, step) == "edited"

    assert told in world.text() and "waiting for 30 s" in world.text() and "Deployment Started" in world.text()


def test_the_machines_steps_may_come_in_any_order() -> None:
    world = World(planning(build=QUEUED))

    world.track.build(world.id, Step.BOOTING)
    world.track.build(world.id, Step.QUEUED)

    assert "starting" in world.text()


@pytest.mark.parametrize("run", [planning(), applying(status=Status.FAILED, ended_at=NOW), a_run()])
def test_a_machines_step_that_comes_late_is_left_alone(run: Run) -> None:
    world = World(run)

    assert world.track.build(world.id, Step.QUEUED) == world.track.build("no such run", Step.QUEUED) == "too late"

    assert world.runs.items == {} and world.chat.edits == []


def test_no_news_is_a_state_of_its_own_until_there_are_news() -> None:
    world = World()
    world.take(START_A)
    alive = replace(world.runs.runs[world.id].build, heartbeat_at=NOW + 295)  # type: ignore[type-var]
    world.runs.runs[world.id] = replace(world.runs.runs[world.id], build=alive)
    world.clock.now = NOW + 300

    assert world.track.look(world.id) == "edited"
    assert "No news for 5 min" in world.text() and "The build itself is alive" in world.text()
    assert "Creating `null_resource.a`" in world.text()

    world.clock.now += 300
    world.track.look(world.id)
    assert "No news for 10 min" in world.text() and "no sign of life either" in world.text()

    world.take(((NOW + 599) * 1000, "null_resource.a: Still creating... [9m59s elapsed]"))
    assert "Deployment in Progress" in world.text()


@pytest.mark.parametrize("run", [a_run(), awaiting(), applying(status=Status.FAILED, ended_at=NOW)])
def test_a_look_at_a_run_that_is_not_at_work_does_nothing(run: Run) -> None:
    world = World(run)

    assert world.track.look(world.id) == "not at work" and world.chat.edits == []


def test_marks_from_the_future_are_not_kept() -> None:
    world = World()

    world.take(*(((NOW + second) * 1000, "chatops: step init") for second in range(-100_000, 100_000, 7)))

    assert world.seen().steps == {Step.INIT}
    assert world.seen().heard == set(range(5))  # 30 s before NOW the build claimed, and it is 10 s after it


def test_a_failure_is_told_before_terraform_says_why() -> None:
    world = World()

    world.take(START_A, line("apply_errored", seconds=3))

    assert "❌ `null_resource.a` failed" in world.text()
    assert "(0/2 resources) · 1 failed · 1 not started" in world.text()


def test_the_time_that_is_left_is_told_when_it_is_known() -> None:
    world = World()
    world.take(START_A)
    assert "left" not in world.text()

    world.timings.add(world.runs.runs[world.id].guild_id, {"null_resource:create": [300, 320, 310]})
    world.clock.now += 10
    world.take(START_B)

    assert re.search(r"apply, \d+ s, .* left", world.text())


def test_a_short_wait_is_waited_out_and_then_the_last_state_stands() -> None:
    world = World()

    class LimitedOnce(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            if not world.clock.slept:
                raise TryLater("PATCH to Discord answered 429", 3)
            return super().edit(*arguments)

    world.chat = LimitedOnce()

    assert world.take(*ALL) == "edited"
    assert world.clock.slept == [3, 2] and "(2/2 resources)" in world.text()


def test_however_long_discord_asks_to_wait_a_button_may_bring_a_fresh_token_after_a_minute() -> None:
    class Banned(FakeChat):
        def edit(self, *arguments: Any) -> bool:
            raise TryLater("PATCH to Discord answered 429", 3600)

    world = World()
    replace(world.track, chat=Banned())(BUILD_UUID, ALL)

    assert world.runs.edit_times(world.id)[0] == world.clock.now + 60


def test_runs_that_the_bot_shows_in_one_channel_take_turns() -> None:
    world = World(applying(token=None))
    world.runs.lease_edit(f"channel {MESSAGE.channel_id}", world.clock.now, 6)

    assert world.take(*ALL) == "edited"

    assert world.clock.now > NOW + 16 and len(world.chat.edits) == 1
    assert "(2/2 resources)" in world.text()


def test_a_run_with_a_token_of_its_own_waits_for_no_turn() -> None:
    world = World()
    world.runs.lease_edit(f"channel {MESSAGE.channel_id}", world.clock.now, 60)

    assert world.take(*ALL) == "edited" and world.clock.slept == [2]
