"""What the audit keeps of what people do with runs."""

from dataclasses import replace

import pytest

from chatops.domain.deployments import Deployment
from chatops.domain.runs import Status
from chatops.errors import OutsideError
from tests.fakes.guilds import InMemoryAuditLog
from tests.fakes.runs import GUILD, NOW, OWNER, applying, awaiting, shown
from tests.unit.commands.bot import PEOPLE, Bot

SHOP = Deployment(GUILD, "shop", "demo/countdown", {"steps": 7}, status="deployed")


def test_a_deploy_is_kept_with_its_run_and_whose_credentials_it_takes(bot: Bot) -> None:
    bot.open_session()
    bot.say("cloud-deploy-v2", blueprint="aws/web-app", name="shop")

    run, (entry,) = bot.only_run(), bot.audit.entries.values()
    assert (entry.action, entry.by, entry.deployment, entry.run_id) == ("deploy", OWNER, "shop", run.id)
    assert entry.id == str(bot.number) and entry.note == f"with session {run.session_id}"


def test_a_destroy_is_kept_as_one(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = SHOP

    bot.say("cloud-destroy", name="shop")

    assert bot.audit.actions() == ["destroy"]


@pytest.mark.parametrize("button", ["resume", "destroy"])
def test_a_button_of_a_broken_run_is_kept_as_what_it_is(bot: Bot, button: str) -> None:
    broken = applying(status=Status.INTERRUPTED, ended_at=NOW, reported=True)
    bot.runs.runs[broken.id] = broken
    bot.deployments.rows[GUILD, "shop"] = replace(SHOP, last_run_id=broken.id)

    bot.press(button, broken.id)

    assert bot.audit.actions() == [button]


@pytest.mark.parametrize(("button", "kept"), [("approve", "approve"), ("reject", "reject"), ("cancel", "cancel")])
def test_a_decision_is_kept_with_the_plan_that_it_was_about(bot: Bot, button: str, kept: str) -> None:
    run = bot.store(awaiting())

    bot.press(button, run.id, who="manager")

    (entry,) = bot.audit.entries.values()
    assert (entry.action, entry.by, entry.run_id) == (kept, PEOPLE["manager"].id, run.id)
    assert entry.plan_sha256 == run.plan_sha256 != ""


def test_an_approval_that_came_too_late_is_not_kept_as_one(bot: Bot) -> None:
    run = bot.store(awaiting())
    bot.press("reject", run.id)

    bot.press("approve", run.id, who="manager")

    assert "approve" not in bot.audit.actions()


class Broken(InMemoryAuditLog):
    def add(self, entry: object) -> None:
        raise OutsideError("writing an item: ThrottlingException")


def test_what_cannot_be_kept_is_not_done(bot: Bot) -> None:
    run = bot.store(awaiting())
    bot.services = replace(bot.services, audit=Broken())

    assert "error id" in bot.press("approve", run.id)
    assert bot.workflow.decisions == []

    bot.services = replace(bot.services, audit=bot.audit)
    assert bot.press("approve", run.id) == "" and bot.workflow.decisions == [("task", "approve")]


def test_a_run_that_cannot_be_kept_in_the_audit_is_not_started(bot: Bot) -> None:
    bot.services = replace(bot.services, audit=Broken())

    bot.say("cloud-deploy-v2", blueprint="demo/countdown")

    assert "error id" in shown(bot.chat.answers[-1])
    assert bot.workflow.executions == {} and bot.deployments.rows == {} and bot.lines.get(GUILD).places == ()
