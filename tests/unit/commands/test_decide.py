from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.connections import KEY, Connection
from chatops.domain.runs import APPROVAL_SECONDS, Approval, Run, Status
from chatops.errors import OutsideError
from tests.fakes.outside import Faults
from tests.fakes.runs import (
    GUILD,
    MEMBER,
    MESSAGE,
    NOW,
    OTHER_GUILD,
    OWNER,
    a_run,
    applying,
    awaiting,
    buttons,
    index,
    planning,
    shown,
)
from tests.fakes.stores import InMemoryRunStore
from tests.unit.commands.bot import DEPLOYERS, PEOPLE, Bot

RUN = awaiting()
EVERY_STATUS = [a_run(), planning(), applying()]


def live(bot: Bot) -> Any:
    return bot.chat.messages[MESSAGE.message_id]


def test_approve_wakes_the_execution_and_shows_who(bot: Bot) -> None:
    bot.store(RUN)

    assert bot.press("approve", RUN.id) == ""

    assert bot.workflow.decisions == [("task", "approve")]
    approval = bot.only_run().approval
    assert approval and (approval.decision, approval.decided_by) == ("approve", OWNER)
    assert f"Approved by <@{OWNER}>" in shown(live(bot)) and buttons(live(bot)) == ["Cancel"]


def test_an_approval_does_not_write_over_what_its_build_shows(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.store(RUN)
    decide = bot.workflow.decide

    def at_once(task_token: str, decision: str) -> None:
        decide(task_token, decision)
        bot.runs.runs[RUN.id] = replace(bot.runs.runs[RUN.id], status=Status.APPLYING)

    monkeypatch.setattr(bot.workflow, "decide", at_once)
    bot.press("approve", RUN.id)

    assert bot.chat.edits == []


def test_a_press_brings_a_fresh_token_for_the_live_message(bot: Bot) -> None:
    for press, run in (("approve", RUN), ("cancel", replace(applying(), id="bbbb000011112222", deployment="other"))):
        bot.store(run)
        bot.press(press, run.id)
        token = bot.runs.runs[run.id].token
        assert token and token.value == f"token-{bot.number}"


def test_reject_wakes_the_execution_with_a_no(bot: Bot) -> None:
    bot.store(RUN)

    assert bot.press("reject", RUN.id) == ""

    assert bot.workflow.decisions == [("task", "reject")]


def test_who_manages_the_server_may_decide_for_another(bot: Bot) -> None:
    bot.store(RUN)

    assert bot.press("approve", RUN.id, who="manager") == ""

    assert bot.workflow.decisions == [("task", "approve")]


@pytest.mark.parametrize("action", ["approve", "reject", "cancel"])
def test_another_member_may_not_and_is_told_privately(bot: Bot, action: str) -> None:
    bot.store(RUN)

    note = bot.press(action, RUN.id, who="member")

    assert f"<@{OWNER}>" in note and "Manage Server" in note
    assert bot.only_run() == RUN and bot.workflow.decisions == []


@pytest.mark.parametrize("who", ["owner", "manager"])
@pytest.mark.parametrize("action", ["approve", "reject", "cancel"])
def test_a_run_of_another_server_does_not_exist(bot: Bot, action: str, who: str) -> None:
    bot.store(RUN)

    assert "does not exist" in bot.press(action, RUN.id, who=who, guild=OTHER_GUILD)

    assert bot.only_run() == RUN


@pytest.mark.parametrize("argument", ["ffff", "aaaa000011112222-plan", "x" * 60])
def test_an_invented_run_does_not_exist(bot: Bot, argument: str) -> None:
    assert "does not exist" in bot.press("approve", argument)


@pytest.mark.parametrize("action", ["explode", "APPROVE", "approve:extra"])
def test_an_unknown_button_is_no_longer_in_use(bot: Bot, action: str) -> None:
    assert "no longer in use" in bot.press(action, RUN.id)


def test_the_second_of_two_presses_comes_too_late(bot: Bot) -> None:
    bot.store(RUN)
    bot.press("approve", RUN.id)

    for action in ("approve", "reject"):
        assert "Somebody decided before you" in bot.press(action, RUN.id, who="manager")
    assert bot.workflow.decisions == [("task", "approve")]


def test_an_approval_that_has_expired_comes_too_late(bot: Bot) -> None:
    bot.store(RUN)
    bot.clock.now = NOW + APPROVAL_SECONDS

    assert "the time to decide is over" in bot.press("approve", RUN.id)
    assert bot.workflow.decisions == []


def test_an_execution_that_waits_no_more_is_too_late(bot: Bot) -> None:
    bot.store(RUN)
    bot.workflow.waiting.clear()

    assert "Somebody decided before you" in bot.press("approve", RUN.id)


@pytest.mark.parametrize("run", EVERY_STATUS, ids=lambda run: run.status.value)
def test_only_a_run_that_waits_can_be_approved(bot: Bot, run: Run) -> None:
    bot.store(run)

    assert bot.press("approve", run.id) != ""
    assert bot.workflow.decisions == [] and bot.only_run().status is run.status


def test_a_decision_that_could_not_be_passed_on_may_be_taken_again(bot: Bot) -> None:
    bot.store(RUN)
    sound = bot.services
    bot.services = replace(sound, workflow=Faults(0).wrap(bot.workflow))
    assert "error id" in bot.press("approve", RUN.id)
    bot.services = sound

    assert bot.press("approve", RUN.id) == ""
    assert bot.workflow.decisions == [("task", "approve")]


@pytest.mark.parametrize("status", [status for status in Status if status.ended])
def test_an_ended_run_can_be_neither_decided_nor_cancelled(bot: Bot, status: Status) -> None:
    bot.store(replace(RUN, status=status, ended_at=NOW))

    for action in ("approve", "reject", "cancel"):
        assert "has ended already" in bot.press(action, RUN.id)


@pytest.mark.parametrize("run", EVERY_STATUS, ids=lambda run: run.status.value)
def test_cancel_asks_a_working_run_to_stop_and_shows_it(bot: Bot, run: Run) -> None:
    bot.store(run)

    assert bot.press("cancel", run.id) == ""

    assert (bot.only_run().cancel_requested_by, bot.only_run().cancel_requested_at) == (OWNER, NOW)
    assert "⏹️ Stopping" in shown(live(bot)) and buttons(live(bot)) == []


def test_cancel_of_a_run_that_waits_is_a_rejection(bot: Bot) -> None:
    bot.store(RUN)

    bot.press("cancel", RUN.id)

    assert bot.workflow.decisions == [("task", "reject")]


def test_cancel_between_the_approval_and_the_build_stops_the_run(bot: Bot) -> None:
    bot.store(replace(RUN, approval=Approval("task", "feed", NOW + 600, "approve", OWNER)))

    assert bot.press("cancel", RUN.id) == ""

    assert bot.only_run().cancel_requested_by == OWNER


def test_cancel_hears_of_a_plan_that_became_ready_in_that_moment(bot: Bot) -> None:
    class Ready(InMemoryRunStore):
        def request_cancel(self, run_id: str, person_id: str, now: int, cause: str = "") -> None:
            self.await_approval(run_id, Approval("task", "feed", NOW + 600))
            super().request_cancel(run_id, person_id, now, cause)

    bot.runs = Ready()
    bot.services = replace(bot.services, runs=bot.runs)
    bot.store(planning())
    bot.workflow.waiting.add("task")

    bot.press("cancel", RUN.id)

    assert bot.workflow.decisions == [("task", "reject")]


def test_a_second_cancel_is_told_that_it_is_stopping(bot: Bot) -> None:
    bot.store(applying())
    bot.press("cancel", RUN.id)

    assert "stopping already" in bot.press("cancel", RUN.id)


def test_while_the_tracker_edits_cancel_leaves_the_message_to_it_and_makes_it_look_again(bot: Bot) -> None:
    bot.store(applying())
    bot.runs.lease_edit(RUN.id, NOW, 20)
    before = bot.runs.progress(RUN.id, "apply").version

    bot.press("cancel", RUN.id)

    assert bot.chat.edits == []
    assert bot.runs.progress(RUN.id, "apply").version > before


def test_cancel_shows_how_far_it_got(bot: Bot) -> None:
    run = bot.store(applying())
    bot.artefacts.put(run.artefact("index.json.gz"), index())

    bot.press("cancel", RUN.id)

    assert "(0/2 resources)" in shown(live(bot))


def test_the_slash_command_cancels_with_a_private_answer(bot: Bot) -> None:
    bot.store(applying())

    assert "Stopping `shop`" in bot.say("cloud-cancel", name="shop")
    assert bot.only_run().cancel_requested_by == OWNER
    assert bot.only_run().token == applying().token


def test_the_slash_command_rejects_a_plan_that_waits(bot: Bot) -> None:
    bot.store(RUN)

    assert "not applied" in bot.say("cloud-cancel", name="shop")
    assert bot.workflow.decisions == [("task", "reject")]


def test_cancelling_where_nothing_goes_on_says_so(bot: Bot) -> None:
    bot.store(RUN)
    bot.deployments.rows[RUN.guild_id, "shop"] = replace(bot.deployments.rows[RUN.guild_id, "shop"], lock=None)

    assert "Nothing is going on" in bot.say("cloud-cancel", name="shop")


def test_cancelling_somebody_elses_run_is_refused(bot: Bot) -> None:
    bot.store(replace(applying(), user_id=MEMBER))

    assert f"<@{MEMBER}>" in bot.say("cloud-cancel", name="shop")
    assert not bot.only_run().cancel_requested_by


def test_discord_refusing_the_edit_does_not_undo_the_decision(bot: Bot) -> None:
    class Away:
        def edit(self, *arguments: object) -> bool:
            raise OutsideError("PATCH to Discord answered 503")

    bot.services = replace(bot.services, chat=Away())  # type: ignore[arg-type]
    bot.store(RUN)

    bot.press("approve", RUN.id)

    assert bot.workflow.decisions == [("task", "approve")] and bot.log == []


WITH_CLOUD = awaiting(provider="aws", project_id="222222222222", user_id=PEOPLE["deployer"].id)
"""A plan that was made with the cloud that the server has connected."""


def connect(bot: Bot, **changes: Any) -> None:
    bot.connections.put(
        replace(Connection(GUILD, "aws", "222222222222", "eu-west-1", KEY, "sealed", DEPLOYERS), **changes)
    )


def test_who_may_use_the_servers_cloud_may_apply_with_it(bot: Bot) -> None:
    for who in ("deployer", "manager"):
        bot.store(WITH_CLOUD)
        connect(bot)
        assert bot.press("approve", WITH_CLOUD.id, who=who) == ""

    assert bot.workflow.decisions == [("task", "approve")] * 2


def test_who_has_lost_the_role_does_not_apply_with_the_servers_cloud(bot: Bot) -> None:
    bot.store(WITH_CLOUD)
    connect(bot, role_id="1100000000000000059")

    told = bot.press("approve", WITH_CLOUD.id, who="deployer")

    assert "Not approved" in told and "<@&1100000000000000059> or Manage Server" in told
    assert bot.workflow.decisions == [] and bot.only_run() == WITH_CLOUD
    assert bot.audit.actions() == ["refused"]
    assert bot.press("reject", WITH_CLOUD.id, who="deployer") == ""


@pytest.mark.parametrize("project", ["", "333333333333"], ids=["disconnected", "another account"])
@pytest.mark.parametrize("who", ["deployer", "manager"])
def test_nobody_applies_with_a_cloud_that_is_disconnected(bot: Bot, who: str, project: str) -> None:
    bot.store(WITH_CLOUD)
    if project:
        connect(bot, project_id=project)

    assert "`222222222222`" in bot.press("approve", WITH_CLOUD.id, who=who)
    assert bot.workflow.decisions == []


def test_a_plan_of_a_persons_own_session_needs_no_connection(bot: Bot) -> None:
    bot.store(replace(WITH_CLOUD, session_id="abcdefgh"))

    assert bot.press("approve", WITH_CLOUD.id, who="deployer") == ""
