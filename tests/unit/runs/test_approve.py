from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.runs import APPROVAL_SECONDS, Approval, MessageRef, ReplyToken, Status
from chatops.errors import OutsideError, TryLater
from chatops.runs.approve import SHOWING_SECONDS, request_approval
from tests.fakes.outside import FakeChat, FakeClock, Faults
from tests.fakes.runs import FACTS, MESSAGE, NOW, OWNER, buttons, planning, shown
from tests.fakes.stores import InMemoryRunStore

RUN = planning(plan=FACTS, plan_sha256="feed")


def ask(runs: InMemoryRunStore, chat: FakeChat, clock: FakeClock | None = None) -> list[tuple[str, str]]:
    """Returns whom it woke."""
    clock, woken = clock or FakeClock(NOW), list[tuple[str, str]]()
    request_approval(runs, chat, lambda *told: woken.append(told), RUN.id, "task", clock, clock.sleep)
    return woken


def test_the_run_waits_for_a_decision_about_this_very_plan() -> None:
    runs = InMemoryRunStore(RUN)

    ask(runs, FakeChat())

    assert runs.runs[RUN.id].status is Status.AWAITING
    assert runs.runs[RUN.id].approval == Approval("task", "feed", NOW + APPROVAL_SECONDS)


def test_the_live_message_shows_the_plan_and_its_buttons() -> None:
    chat = FakeChat()

    ask(InMemoryRunStore(RUN), chat)

    payload = chat.messages[MESSAGE.message_id]
    assert buttons(payload) == ["Approve", "Reject"]
    assert "2 to add" in shown(payload) and "null_resource.a" in shown(payload)
    assert "task" not in str(payload)


def test_it_waits_until_the_tracker_has_let_go_of_the_message() -> None:
    runs, chat, clock = InMemoryRunStore(RUN), FakeChat(), FakeClock(NOW)
    runs.lease_edit(RUN.id, NOW, 3)

    ask(runs, chat, clock)

    assert clock.now > NOW + 3
    assert len(chat.edits) == 1


def test_after_it_the_next_phase_may_edit_at_once() -> None:
    runs, clock = InMemoryRunStore(RUN), FakeClock(NOW)

    ask(runs, FakeChat(), clock)
    clock.now += 0.1

    assert runs.lease_edit(RUN.id, clock.now, 3)


def test_the_buttons_come_into_the_message_that_the_run_has_by_then() -> None:
    runs, chat, clock = InMemoryRunStore(RUN), FakeChat(), FakeClock(NOW)
    runs.lease_edit(RUN.id, NOW, 3)
    clock.meanwhile = [lambda: runs.keep_message(RUN.id, MessageRef("channel", "fresh"))]

    ask(runs, chat, clock)

    assert list(chat.messages) == ["fresh"] and buttons(chat.messages["fresh"]) == ["Approve", "Reject"]


@pytest.mark.parametrize("seconds", [APPROVAL_SECONDS - 1, APPROVAL_SECONDS + 1])
def test_a_wait_longer_than_the_token_is_said_where_no_bot_can_edit(seconds: int) -> None:
    class NoBot(FakeChat):
        def edit(self, message: MessageRef, token: ReplyToken | None, *more: Any) -> bool:
            return token is not None and super().edit(message, token, *more)

    chat = NoBot()

    ask(InMemoryRunStore(replace(RUN, token=ReplyToken("app", "token", NOW + seconds))), chat)

    assert ("/cloud-status name:shop" in shown(chat.edits[-1])) is (seconds < APPROVAL_SECONDS)


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, cancel_requested_by=OWNER, cancel_requested_at=NOW),
        replace(RUN, status=Status.FAILED, ended_at=NOW),
    ],
    ids=["cancelled", "ended"],
)
def test_nobody_is_asked_about_a_run_that_will_not_go_on(run: object) -> None:
    runs, chat = InMemoryRunStore(), FakeChat()
    runs.runs[RUN.id] = run  # type: ignore[assignment]

    assert ask(runs, chat) == [("task", "cancelled")]
    assert chat.edits == []


def test_a_cancel_in_the_last_moment_is_heard() -> None:
    class CancelledMeanwhile(InMemoryRunStore):
        def await_approval(self, run_id: str, approval: Approval) -> None:
            self.request_cancel(run_id, OWNER, NOW)
            super().await_approval(run_id, approval)

    runs, chat = CancelledMeanwhile(RUN), FakeChat()

    assert ask(runs, chat) == [("task", "cancelled")]
    assert runs.runs[RUN.id].status is Status.PLANNING and chat.edits == []


def test_an_unknown_run_waits_for_nobody() -> None:
    assert ask(InMemoryRunStore(), FakeChat()) == [("task", "cancelled")]


def test_a_run_without_a_message_still_waits() -> None:
    runs, chat = InMemoryRunStore(replace(RUN, message=None)), FakeChat()

    ask(runs, chat)

    assert runs.runs[RUN.id].status is Status.AWAITING and chat.edits == []


def test_buttons_that_nobody_can_see_are_an_error() -> None:
    runs, chat = InMemoryRunStore(RUN), FakeChat()

    with pytest.raises(OutsideError):
        ask(runs, Faults(0).wrap(chat))


class Limited(FakeChat):
    def edit(self, *arguments: Any) -> bool:
        raise TryLater("PATCH to Discord answered 429", 60)


def test_a_plan_that_discord_does_not_take_yet_is_shown_by_a_later_try_and_gives_nobody_more_time() -> None:
    runs, clock, chat = InMemoryRunStore(RUN), FakeClock(NOW), FakeChat()
    with pytest.raises(TryLater):
        ask(runs, Limited(), clock)
    clock.now += 60

    ask(runs, chat, clock)

    assert buttons(chat.messages[MESSAGE.message_id]) == ["Approve", "Reject"]
    approval = runs.runs[RUN.id].approval
    assert approval and approval.expires_at == NOW + APPROVAL_SECONDS


def test_a_plan_that_cannot_be_shown_at_all_waits_for_a_decision_all_the_same() -> None:
    runs, clock = InMemoryRunStore(RUN), FakeClock(NOW)
    with pytest.raises(TryLater):
        ask(runs, Limited(), clock)
    clock.now += SHOWING_SECONDS

    assert ask(runs, Limited(), clock) == []

    assert runs.runs[RUN.id].status is Status.AWAITING
    assert runs.lease_edit(RUN.id, clock.now, 3)
