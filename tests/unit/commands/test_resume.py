from dataclasses import replace
from typing import Any

import pytest

from chatops.commands.line import queue_of
from chatops.domain.deployments import Deployment
from chatops.domain.queues import Line, Place
from chatops.domain.runs import Phase, Run, Status
from tests.fakes.outside import Faults
from tests.fakes.runs import (
    FACTS,
    GUILD,
    MEMBER,
    NOW,
    OTHER_GUILD,
    a_build,
    a_run,
    applying,
    buttons,
    index,
    planning,
    shown,
)
from tests.unit.commands.bot import Bot

VARIABLES = {"steps": 7, "seconds": 1, "order": "chain", "fail_at": 0}
CUT_OFF = applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True, variables=VARIABLES, token=None)


def left(bot: Bot, run: Run = CUT_OFF, **changes: Any) -> Run:
    """A run that ended, with its deployment unlocked."""
    bot.runs.runs[run.id] = run
    bot.artefacts.objects[run.artefact("index.json.gz")] = index()
    deployment = Deployment(
        run.guild_id, run.deployment, run.blueprint, status="incomplete", last_run_id=run.id, fence=1
    )
    bot.deployments.rows[run.guild_id, run.deployment] = replace(deployment, **changes)
    return run


def new_run(bot: Bot) -> Run:
    (run,) = [run for run in bot.runs.runs.values() if run.id != CUT_OFF.id]
    return run


def answer(bot: Bot) -> str:
    return shown(bot.chat.answers[-1])


def test_resume_plans_again_with_the_variables_the_run_had(bot: Bot) -> None:
    left(bot)

    bot.press("resume", CUT_OFF.id)

    run = new_run(bot)
    assert (run.destroy, run.variables, run.blueprint, run.previous_run_id) == (
        False, VARIABLES, "demo/countdown", CUT_OFF.id,
    )  # fmt: skip
    assert bot.workflow.inputs == {f"i-{bot.number}": run.id}
    assert "Continuing where we left off" in answer(bot) and "0 of 2 done" in answer(bot)


def test_its_live_message_is_new_and_public_and_the_old_one_stays(bot: Bot) -> None:
    left(bot)

    bot.press("resume", CUT_OFF.id)

    ((live, ephemeral),) = bot.chat.follow_ups
    assert not ephemeral and buttons(live) == ["Cancel"] and bot.chat.edits == []
    message = new_run(bot).message
    assert message and CUT_OFF.message and message.message_id != CUT_OFF.message.message_id


def test_destroy_plans_the_end_of_what_exists(bot: Bot) -> None:
    left(bot)

    bot.press("destroy", CUT_OFF.id)

    assert new_run(bot).destroy


def test_resuming_a_destruction_destroys(bot: Bot) -> None:
    left(bot, replace(CUT_OFF, destroy=True, build=a_build(Phase.DESTROY)))

    bot.press("resume", CUT_OFF.id)

    assert new_run(bot).destroy


def test_a_first_plan_that_was_cut_off_is_resumed_without_a_deployment(bot: Bot) -> None:
    run = planning(status=Status.INTERRUPTED, ended_at=NOW, reported=True, variables=VARIABLES)
    bot.runs.runs[run.id] = run

    bot.press("resume", run.id)

    assert new_run(bot).deployment == "shop"


def test_a_first_plan_that_was_cut_off_is_resumed_where_it_was_going(bot: Bot) -> None:
    run = planning(
        status=Status.INTERRUPTED, ended_at=NOW, blueprint="aws/web-app", provider="aws", region="ap-south-1"
    )
    bot.runs.runs[run.id] = replace(run, project_id="333333333333")
    bot.open_session()

    bot.press("resume", run.id)
    assert "exists in project `333333333333`" in answer(bot)

    bot.runs.runs[run.id] = replace(run, project_id="222222222222")
    bot.press("resume", run.id)
    assert new_run(bot).region == "ap-south-1"


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_a_run_that_broke_while_it_changed_the_cloud_is_resumed_too(bot: Bot, status: Status) -> None:
    left(bot, replace(CUT_OFF, status=status))

    bot.press("resume", CUT_OFF.id)

    assert new_run(bot).status is Status.STARTING


@pytest.mark.parametrize(
    "status", [Status.SUCCEEDED, Status.NO_CHANGES, Status.OVER_BUDGET, Status.REJECTED, Status.EXPIRED]
)
def test_what_got_through_is_not_resumed(bot: Bot, status: Status) -> None:
    left(bot, replace(CUT_OFF, status=status))

    bot.press("resume", CUT_OFF.id)

    assert "Something newer" in answer(bot) and len(bot.runs.runs) == 1


@pytest.mark.parametrize("action", ["resume", "destroy"])
def test_an_old_message_does_not_undo_what_came_after_it(bot: Bot, action: str) -> None:
    left(bot, last_run_id="bbbb")
    bot.runs.runs["bbbb"] = replace(CUT_OFF, id="bbbb")

    bot.press(action, CUT_OFF.id)

    assert "Something newer" in answer(bot) and "/cloud-status name:shop" in answer(bot)
    assert len(bot.runs.runs) == 2


def test_a_run_that_was_called_from_the_line_and_given_up_is_nothing_newer(bot: Bot) -> None:
    left(bot)
    waits = a_run(id="ffff000011112222", interaction_id="77", status=Status.QUEUED, fence=0, cancel_requested_at=NOW)
    bot.runs.runs[waits.id] = waits
    bot.lines.kept[waits.guild_id] = Line(running=(Place(waits.id, waits.deployment, waits.user_id, NOW),), version=1)
    queue_of(bot.services).turn(waits.guild_id)
    bot.runs.finish(waits, Status.CANCELLED, {}, NOW)
    bot.runs.mark_reported(waits.id)

    assert "interrupted" in bot.say("cloud-status", name="shop").lower()
    bot.press("resume", CUT_OFF.id)

    assert "Continuing where we left off" in answer(bot)


def test_a_resumed_run_that_has_to_wait_keeps_what_was_typed_for_it_and_no_more(bot: Bot) -> None:
    left(bot, replace(CUT_OFF, typed=("steps",)))
    bot.lines.kept[GUILD] = Line(running=(Place("other", "shop", MEMBER, NOW),), version=1)

    bot.press("resume", CUT_OFF.id)

    assert (new_run(bot).status, new_run(bot).typed, new_run(bot).variables) == (Status.QUEUED, ("steps",), VARIABLES)


def test_a_run_that_was_never_kept_is_nothing_newer(bot: Bot) -> None:
    left(bot, last_run_id="ghost")

    bot.press("resume", CUT_OFF.id)

    assert new_run(bot).deployment == "shop"


@pytest.mark.parametrize("action", ["resume", "destroy"])
def test_what_was_destroyed_since_is_not_brought_back(bot: Bot, action: str) -> None:
    left(bot)
    bot.deployments.rows.clear()

    bot.press(action, CUT_OFF.id)

    assert "Something newer" in answer(bot) and len(bot.runs.runs) == 1


@pytest.mark.parametrize("action", ["resume", "destroy"])
def test_a_press_that_died_half_way_is_finished_by_its_second_try(bot: Bot, action: str) -> None:
    left(bot)
    bot.services = replace(bot.services, workflow=Faults(0, error=KeyboardInterrupt).wrap(bot.workflow))
    with pytest.raises(KeyboardInterrupt):
        bot.press(action, CUT_OFF.id)
    bot.services = replace(bot.services, workflow=bot.workflow)
    bot.clock.now += 60
    bot.number -= 1  # the same interaction, delivered again

    bot.press(action, CUT_OFF.id)

    assert bot.workflow.inputs == {f"i-{bot.number}": new_run(bot).id}
    assert "First the plan" in answer(bot)


def test_twice_pressed_is_once_resumed(bot: Bot) -> None:
    left(bot)

    bot.press("resume", CUT_OFF.id)
    bot.press("resume", CUT_OFF.id)

    assert "Something newer" in answer(bot) and len(bot.runs.runs) == 2


@pytest.mark.parametrize("action", ["resume", "destroy"])
def test_only_who_may_decide_may_go_on(bot: Bot, action: str) -> None:
    left(bot)

    bot.press(action, CUT_OFF.id, who="member")
    assert "may decide this" in answer(bot) and len(bot.runs.runs) == 1

    bot.press(action, CUT_OFF.id, who="manager")
    assert len(bot.runs.runs) == 2


@pytest.mark.parametrize("run_id", ["unknown-run", "../x"])
def test_an_invented_id_finds_nothing(bot: Bot, run_id: str) -> None:
    left(bot)

    bot.press("resume", run_id)

    assert len(bot.runs.runs) == 1


def test_another_servers_run_does_not_exist_here(bot: Bot) -> None:
    left(bot)

    bot.press("resume", CUT_OFF.id, guild=OTHER_GUILD)

    assert "does not exist" in answer(bot) and len(bot.runs.runs) == 1


def test_a_kept_state_is_saved_first_and_said_so(bot: Bot) -> None:
    left(bot, unsaved_run_id=CUT_OFF.id)

    bot.press("resume", CUT_OFF.id)

    assert new_run(bot).unsaved_run_id == CUT_OFF.id
    assert f"kept state of run `{CUT_OFF.id}` is saved" in answer(bot)


def test_a_cloud_that_needs_keys_needs_the_pressers_own_session(bot: Bot) -> None:
    left(bot, replace(CUT_OFF, blueprint="aws/web-app", provider="aws"), provider="aws")

    bot.press("resume", CUT_OFF.id)
    assert "/cloud-init" in answer(bot) and len(bot.runs.runs) == 1

    bot.open_session()
    bot.press("resume", CUT_OFF.id)
    assert new_run(bot).session_id


def test_a_deploy_after_an_interruption_says_where_it_goes_on(bot: Bot) -> None:
    left(bot)

    told = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert "Continuing where we left off" in told and CUT_OFF.id in told


def test_a_deploy_of_what_runs_already_shows_that_run_again(bot: Bot) -> None:
    run = bot.store(replace(applying(), plan=FACTS))

    told = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert f"run `{run.id}`" in told and "applying already" in told and "Continuing where we left off" in told
    assert bot.only_run().message != run.message
    ((live, ephemeral),) = bot.chat.follow_ups
    assert "Deployment Started" in shown(live) and "(2 resources)" in shown(live)
    assert not ephemeral


def test_a_destroy_while_ones_own_deploy_runs_waits_behind_it(bot: Bot) -> None:
    run = bot.store(applying())

    told = bot.say("cloud-destroy", name="shop")

    assert "1st in line" in told and run.id in told and "Continuing" not in told
    assert new_run(bot).status is Status.QUEUED and new_run(bot).destroy


def test_a_deploy_of_what_somebody_else_runs_waits_behind_it(bot: Bot) -> None:
    run = bot.store(replace(applying(), user_id=MEMBER))

    told = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert "1st in line" in told and "Continuing" not in told
    assert bot.runs.runs[run.id] == run and new_run(bot).status is Status.QUEUED
