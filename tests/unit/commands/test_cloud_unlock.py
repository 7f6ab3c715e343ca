"""/cloud-unlock: who holds a deployment, whether that lives, and who may free what."""

from dataclasses import replace
from typing import Any

import pytest

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.queues import Place
from chatops.domain.runs import Phase, Run, Status
from chatops.runs.lock import ORPHAN_SECONDS
from tests.fakes.runs import BUILD, GUILD, MEMBER, NOW, OTHER_GUILD, OWNER, a_build, a_run, applying, awaiting, planning
from tests.unit.commands.bot import Bot

LIVING = [
    (a_run(created_at=NOW), "starting"),
    (planning(), "Its build works, and its last sign of life came 0 s ago"),
    (planning(build=a_build(Phase.PLAN, build_id="", heartbeat_at=0, claimed_at=0)), "left to come"),
    (awaiting(), "It needs no build right now"),
    (applying(), "Its build works"),
]


def lock_of(bot: Bot) -> Lock | None:
    row = bot.deployments.get(GUILD, "shop")
    return row.lock if row else None


def ended(**changes: Any) -> Run:
    return applying(status=Status.FAILED, ended_at=NOW, **changes)


def orphan(bot: Bot, age: int) -> None:
    """A lock of a run that was never kept."""
    lock = Lock("ghost", 1, OWNER, NOW - age)
    bot.deployments.rows[GUILD, "shop"] = Deployment(GUILD, "shop", "demo/countdown", status="deployed", lock=lock)


@pytest.mark.parametrize(("run", "told"), LIVING, ids=[run.status.value + told[:9] for run, told in LIVING])
def test_a_living_run_is_shown_and_never_unlocked(bot: Bot, run: Run, told: str) -> None:
    bot.store(run)
    bot.builds.statuses[BUILD] = "IN_PROGRESS"

    answer = bot.say("cloud-unlock", who="manager", name="shop")

    assert told in answer and f"Locked by <@{OWNER}> since <t:{run.created_at}:R>, by run `{run.id}`" in answer
    assert "/cloud-cancel name:shop" in answer
    assert lock_of(bot) and bot.reported == [] and bot.audit.actions() == []


def test_who_may_not_cancel_is_not_told_to(bot: Bot) -> None:
    bot.store(applying())

    answer = bot.say("cloud-unlock", who="member", name="shop")

    assert "/cloud-cancel" not in answer and f"ask <@{OWNER}> or a member with Manage Server" in answer


@pytest.mark.parametrize("status", ["SUCCEEDED", None])
def test_a_build_that_may_still_tell_counts_as_living(bot: Bot, status: str | None) -> None:
    bot.store(applying(build=a_build(Phase.APPLY, heartbeat_at=NOW - 60)))
    if status:
        bot.builds.statuses[BUILD] = status

    answer = bot.say("cloud-unlock", name="shop")

    assert "It lives" in answer and ("succeeded" if status else "CodeBuild does not know its build") in answer
    assert BUILD not in answer, "which build it is, is nobody's business"


@pytest.mark.parametrize("who", ["owner", "manager"])
@pytest.mark.parametrize(("age", "freed"), [(ORPHAN_SECONDS, False), (ORPHAN_SECONDS + 1, True)])
def test_a_lock_that_a_dead_command_left_behind_is_freed(bot: Bot, who: str, age: int, freed: bool) -> None:
    orphan(bot, age)

    answer = bot.say("cloud-unlock", who=who, name="shop")

    assert (lock_of(bot) is None) is freed
    assert ("The lock is free" in answer) is freed and ("can be freed in" in answer) is not freed
    assert bot.reported == ([{"source": "commands", "turn": GUILD}] if freed else []), "whoever waits goes on"
    assert bot.audit.actions() == (["unlock"] if freed else [])


def test_the_lock_of_a_run_that_has_ended_and_told_is_freed(bot: Bot) -> None:
    bot.store(ended())
    bot.runs.mark_reported(ended().id)

    assert "The lock is free" in bot.say("cloud-unlock", name="shop")
    assert lock_of(bot) is None


@pytest.mark.parametrize(
    ("run", "build", "outcome"),
    [
        (ended(), "FAILED", "failed"),
        (applying(build=a_build(Phase.APPLY, heartbeat_at=NOW - 60)), "FAULT", "interrupted"),
    ],
    ids=["not told yet", "its build died"],
)
def test_a_run_that_is_lost_is_ended_properly_before_its_lock_goes(
    bot: Bot, run: Run, build: str, outcome: str
) -> None:
    bot.store(run)
    bot.builds.statuses[BUILD] = build

    answer = bot.say("cloud-unlock", name="shop")

    ((told),) = bot.reported
    assert (told["source"], told["run_id"], told["outcome"]) == ("commands", run.id, outcome)
    assert "ended properly" in answer and lock_of(bot), "report_run gives it back"
    stopped = [] if run.status.ended else [(run.execution_name, told["cause"])]
    assert bot.workflow.stopped == stopped, "else it would go on beside the next run's"
    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.deployment, entry.run_id, entry.by) == ("unlock", "shop", run.id, OWNER)


@pytest.mark.parametrize("kind", ["ghost", "lost"])
def test_a_member_may_look_at_a_dead_lock_and_not_free_it(bot: Bot, kind: str) -> None:
    if kind == "ghost":
        orphan(bot, 999)
    else:
        bot.store(ended())

    answer = bot.say("cloud-unlock", who="member", name="shop")

    assert f"Only <@{OWNER}> or a member with Manage Server" in answer
    assert lock_of(bot) and bot.reported == [] and bot.audit.actions() == []


def test_who_waits_behind_it_is_shown(bot: Bot) -> None:
    bot.store(applying())
    line = bot.lines.get(GUILD)
    waits = (Place("w-shop", "shop", MEMBER, NOW), Place("w-blog", "blog", MEMBER, NOW))
    bot.lines.kept[GUILD] = replace(line, waiting=waits)

    answer = bot.say("cloud-unlock", who="member", name="shop")

    assert "In line (1)" in answer and "w-shop" in answer and "w-blog" not in answer


def test_what_is_not_locked_or_not_there_is_said(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = Deployment(GUILD, "shop", "demo/countdown", status="deployed")

    assert "`shop` is not locked" in bot.say("cloud-unlock", name="shop")
    assert "no deployment `blog`" in bot.say("cloud-unlock", name="blog")


def test_another_servers_lock_does_not_exist_here(bot: Bot) -> None:
    bot.store(ended())

    assert "no deployment `shop`" in bot.say("cloud-unlock", who="manager", guild=OTHER_GUILD, name="shop")
    assert lock_of(bot)
