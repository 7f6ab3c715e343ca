"""A run that ends lets the next one of its guild's line begin; one that waits ends without having begun."""

from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.deployments import Lock
from chatops.domain.queues import Place
from chatops.domain.runs import LINE_SECONDS, MessageRef, Run, Status
from chatops.errors import OutsideError
from tests.fakes.outside import FakeWorkflow
from tests.fakes.runs import GUILD, MEMBER, MESSAGE, NOW, OWNER, a_run, applying, buttons, shown
from tests.fakes.stores import InMemoryRunStore
from tests.unit.runs.test_report import World

WAITS = a_run(
    id="bbbb000011112222",
    interaction_id="2",
    user_id=MEMBER,
    status=Status.QUEUED,
    fence=0,
    message=MessageRef("channel", "waits"),
)
LAST = replace(WAITS, id="cccc000011112222", interaction_id="3", message=MessageRef("channel", "last"))
DEPLOYED = {"status": "deployed", "variables": {"n": 1}}


def world(*waiting: Run, going: Run | None = None) -> World:
    """A run that is to end, and others that wait behind it."""
    made = World(going or applying(), DEPLOYED)
    line = made.lines.get(GUILD)
    for run in waiting:
        made.runs.create(run)
        made.artefacts.put(run.artefact("credentials.sealed"), b"sealed")
    places = tuple(Place(run.id, run.deployment, run.user_id, NOW - 60) for run in waiting)
    made.lines.put(GUILD, replace(line, waiting=places))
    return made


def run_of(made: World, run: Run) -> Run:
    return made.runs.runs[run.id]


def told(made: World, run: Run) -> Any:
    assert run.message
    return made.chat.messages[run.message.message_id]


def test_the_end_of_a_run_is_the_beginning_of_the_next() -> None:
    made = world(WAITS, LAST)

    made.report(made.id, Status.SUCCEEDED)

    assert "Complete" in shown(made.message())
    assert run_of(made, WAITS).status is Status.STARTING and made.workflow.inputs == {"i-2": WAITS.id}
    assert "Deployment Started" in shown(told(made, WAITS)) and "1st in line" in shown(told(made, LAST))
    lock = made.deployments.rows[GUILD, "shop"].lock
    assert lock == Lock(WAITS.id, 2, MEMBER, NOW, previous_run_id=made.id)
    assert made.artefacts.objects.keys() >= {WAITS.artefact("credentials.sealed"), LAST.artefact("credentials.sealed")}


def test_the_next_begins_although_discord_does_not_take_the_last_message() -> None:
    made = world(WAITS)

    def refuse(*arguments: object) -> bool:
        raise OutsideError("PATCH to Discord answered 503")

    made.chat.edit = refuse  # type: ignore[method-assign]
    with pytest.raises(OutsideError):
        made.report(made.id, Status.SUCCEEDED)

    assert run_of(made, WAITS).status is Status.STARTING and not made.run().reported


def test_those_behind_it_see_that_they_moved_up_although_discord_does_not_take_the_last_message() -> None:
    """Later calls see no change of place any more: whoever does not tell it now never does."""
    made = world(WAITS, LAST)
    edit = made.chat.edit

    def refuse(message: MessageRef, *arguments: Any) -> bool:
        if message == MESSAGE:
            raise OutsideError("PATCH to Discord answered 503")
        return edit(message, *arguments)

    made.chat.edit = refuse  # type: ignore[method-assign]
    with pytest.raises(OutsideError):
        made.report(made.id, Status.SUCCEEDED)

    assert "Deployment Started" in shown(told(made, WAITS)) and "1st in line" in shown(told(made, LAST))


def test_the_audit_does_not_wait_for_discord() -> None:
    made = world()

    def refuse(*arguments: object) -> bool:
        raise OutsideError("PATCH to Discord answered 503")

    made.chat.edit = refuse  # type: ignore[method-assign]
    with pytest.raises(OutsideError):
        made.report(made.id, Status.SUCCEEDED)

    assert made.audit.actions() == ["ended"]


def test_a_line_that_cannot_be_left_keeps_the_run_unreported_but_not_untold() -> None:
    made = world()

    def refuse(*arguments: object) -> None:
        raise OutsideError("writing an item: ThrottlingException")

    put, made.lines.put = made.lines.put, refuse  # type: ignore[method-assign]
    with pytest.raises(OutsideError, match="could not leave its line"):
        made.report(made.id, Status.SUCCEEDED)
    assert "Complete" in shown(made.message()) and not made.run().reported

    made.lines.put = put  # type: ignore[method-assign]
    made.report(made.id, Status.SUCCEEDED)
    made.check_ended()


@pytest.mark.parametrize(
    ("outcome", "title", "text"),
    [
        (Status.CANCELLED, "Deployment cancelled", "still waiting in line"),
        (Status.WAITED_OUT, "Waited too long", "was not touched. Run the command again"),
    ],
)
def test_a_run_that_waits_ends_untouched_and_those_behind_it_move_up(outcome: Status, title: str, text: str) -> None:
    made = world(WAITS, LAST)
    going = made.run()

    made.report(WAITS.id, outcome)

    run = run_of(made, WAITS)
    assert run.status is outcome and run.reported and run.fence == 0
    assert title in shown(told(made, WAITS)) and text in shown(told(made, WAITS)) and buttons(told(made, WAITS)) == []
    assert WAITS.artefact("credentials.sealed") not in made.artefacts.objects
    assert "1st in line" in shown(told(made, LAST))
    assert made.run() == going and made.deployments.rows[GUILD, "shop"].lock == Lock(made.id, 1, OWNER, NOW - 60)
    (entry,) = made.audit.entries.values()
    assert (entry.run_id, entry.note, entry.plan_sha256) == (WAITS.id, outcome.value, "")


def test_a_run_for_another_blueprint_than_there_is_by_now_ends_and_lets_the_next_one_go() -> None:
    other = replace(WAITS, blueprint="aws/web-app")
    made = world(other, LAST)

    made.report(made.id, Status.SUCCEEDED)

    text = shown(told(made, other))
    assert "Deployment not started" in text and "is a deployment of `demo/countdown` by now" in text
    assert run_of(made, other).reported and run_of(made, LAST).status is Status.STARTING
    assert made.workflow.inputs == {"i-3": LAST.id}


def test_a_destroy_that_comes_after_another_one_has_nothing_to_do() -> None:
    destroy = replace(WAITS, destroy=True)
    made = world(destroy, LAST, going=applying(destroy=True))

    made.report(made.id, Status.SUCCEEDED)

    assert run_of(made, destroy).status is Status.NO_CHANGES
    assert "Nothing of `shop` was left when it was this run's turn" in shown(told(made, destroy))
    assert run_of(made, LAST).status is Status.STARTING, "a deploy makes it anew"


def test_a_run_cancelled_after_its_promoter_died_under_its_lock_does_not_hide_the_run_before_it() -> None:
    """Behind it the search for what a cut-off build made, Resume and /cloud-status have to find that run."""
    made = world(WAITS, LAST)

    class Dies(InMemoryRunStore):
        def take_turn(self, *arguments: Any) -> Run:
            raise KeyboardInterrupt

    dies = Dies()
    dies.runs = made.runs.runs
    queue = made.report.queue
    with pytest.raises(KeyboardInterrupt):
        replace(made.report, queue=replace(queue, runs=dies))(made.id, Status.INTERRUPTED)
    lock = made.deployments.rows[GUILD, "shop"].lock
    assert lock and lock.run_id == WAITS.id and run_of(made, WAITS).never_began

    made.runs.request_cancel(WAITS.id, MEMBER, NOW)
    made.report(WAITS.id, Status.CANCELLED)

    last = run_of(made, LAST)
    assert (last.status, last.previous_run_id) == (Status.STARTING, made.id)


def test_a_turn_starts_whoever_can_be_started_and_tells_of_the_others() -> None:
    made = world(WAITS)
    made.runs.runs[made.id] = replace(made.run(), status=Status.SUCCEEDED, ended_at=NOW, reported=True)
    made.deployments.release(GUILD, "shop", made.id)

    class Throttled(FakeWorkflow):
        def start(self, name: str, run_id: str) -> None:
            raise OutsideError("starting: ThrottlingException")

    queue = made.report.queue
    with pytest.raises(OutsideError, match=WAITS.id):
        replace(made.report, queue=replace(queue, workflow=Throttled())).turn(GUILD)

    made.report.turn(GUILD)

    assert made.workflow.inputs == {"i-2": WAITS.id}


def test_how_long_a_run_took_does_not_count_its_wait() -> None:
    made = world(going=applying(created_at=NOW - LINE_SECONDS, turn_at=NOW - 60))

    made.report(made.id, Status.SUCCEEDED)

    assert made.message() == made.chat.messages[MESSAGE.message_id]
    assert "· 1 min 0 s" in shown(made.message())
