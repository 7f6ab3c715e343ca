from dataclasses import replace

import pytest

from chatops.domain.deployments import Deployment
from chatops.domain.runs import MessageRef, Status
from chatops.errors import OutsideError
from chatops.vault.sealed import open_credentials
from tests.fakes.outside import FakeChat, Faults
from tests.fakes.runs import GUILD, NOW, OWNER, awaiting, buttons, shown
from tests.unit.commands.bot import Bot

COUNTDOWN = Deployment(GUILD, "shop", "demo/countdown", {"steps": 7}, status="deployed")


def test_a_deploy_locks_starts_and_posts_a_public_live_message(bot: Bot) -> None:
    answer = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop", variables="steps=2")

    run = bot.only_run()
    assert (run.deployment, run.blueprint, run.user_id, run.guild_id) == ("shop", "demo/countdown", OWNER, GUILD)
    assert run.variables == {"steps": 2, "seconds": 3, "order": "parallel", "fail_at": 0}
    assert run.id in answer
    ((live, ephemeral),) = bot.chat.follow_ups
    assert not ephemeral and buttons(live) == ["Cancel"] and "Initializing" in shown(live)
    assert run.message == MessageRef("channel", "message-1")
    assert run.token and run.token.value == f"token-{bot.number}"
    assert bot.workflow.inputs == {f"i-{bot.number}": run.id}


def test_a_deployment_is_named_after_its_blueprint_unless_a_name_is_given(bot: Bot) -> None:
    bot.say("cloud-deploy-v2", blueprint="demo/countdown")

    assert bot.only_run().deployment == "countdown"


@pytest.mark.parametrize(("variables", "seconds"), [("", 3), ("seconds=9", 9)])
def test_deploying_again_keeps_the_variables_that_are_not_given(bot: Bot, variables: str, seconds: int) -> None:
    bot.deployments.rows[GUILD, "shop"] = COUNTDOWN

    bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop", variables=variables)

    assert bot.only_run().variables == {"steps": 7, "seconds": seconds, "order": "parallel", "fail_at": 0}


def test_a_kept_variable_that_no_longer_fits_gives_way_to_the_default(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = replace(COUNTDOWN, variables={"steps": 5000})

    bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert bot.only_run().variables["steps"] == 5


def test_an_unknown_blueprint_is_answered_with_the_nearest_and_all(bot: Bot) -> None:
    answer = bot.say("cloud-deploy-v2", blueprint="demo/countdwn")

    assert "Did you mean `demo/countdown`?" in answer and "`aws/web-app`" in answer
    assert bot.runs.runs == {} and bot.deployments.rows == {}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("steps=many", "`steps` is `many`"),
        ("steps=51", "from 1 to 50"),
        ("step=3", "Did you mean `steps`?"),
        ("order=sideways", "one of `parallel`, `chain`"),
        ("guild_id=1", "cannot be chosen"),
        ("steps", "not `name=value`"),
        ('order="${file(1)}"', "contains"),
        ("steps=1, steps=2", "given twice"),
    ],
)
def test_bad_variables_are_named_and_nothing_is_started(bot: Bot, variables: str, told: str) -> None:
    assert told in bot.say("cloud-deploy-v2", blueprint="demo/countdown", variables=variables)
    assert bot.runs.runs == {} and bot.deployments.rows == {}


@pytest.mark.parametrize("name", ["X", "a", "1abc", "a" * 32, "shop_1", "schön", "a`b", "../x", "a\u202eb"])
def test_a_bad_name_is_refused_without_repeating_what_it_hides(bot: Bot, name: str) -> None:
    answer = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name=name)

    assert "cannot be a deployment's name" in answer and "\u202e" not in answer and "a`b" not in answer
    assert bot.runs.runs == {}


def test_a_name_that_belongs_to_another_blueprint_is_not_taken_over(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = replace(COUNTDOWN, blueprint="aws/web-app")

    answer = bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert "`aws/web-app` already" in answer and "/cloud-destroy name:shop" in answer


def test_a_blueprint_that_needs_credentials_needs_a_session(bot: Bot) -> None:
    assert "/cloud-init" in bot.say("cloud-deploy-v2", blueprint="aws/web-app")
    assert bot.runs.runs == {}


def test_a_session_for_another_cloud_does_not_do(bot: Bot) -> None:
    bot.open_session("azure")

    answer = bot.say("cloud-deploy-v2", blueprint="aws/web-app")

    assert "`aws`" in answer and "`azure`" in answer and "/cloud-init provider:aws" in answer


def test_a_session_of_somebody_else_does_not_do(bot: Bot) -> None:
    bot.open_session(who="member")

    assert "/cloud-init" in bot.say("cloud-deploy-v2", blueprint="aws/web-app")


def test_a_session_that_has_ended_does_not_do(bot: Bot) -> None:
    bot.open_session()
    bot.clock.now += 1801

    assert "session lasts 30 minutes" in bot.say("cloud-deploy-v2", blueprint="aws/web-app")


def test_the_run_gets_its_own_sealed_copy_of_the_credentials(bot: Bot) -> None:
    bot.open_session()

    bot.say("cloud-deploy-v2", blueprint="aws/web-app")

    run = bot.only_run()
    sealed = bot.artefacts.objects[run.artefact("credentials.sealed")].decode()
    assert open_credentials(bot.keys, GUILD, run.id, sealed) == {"key": "canary"}
    assert (run.provider, run.region, run.project_id) == ("aws", "eu-west-1", "222222222222")
    assert "canary" not in repr(bot.runs.runs) + repr(bot.chat.answers) + repr(bot.log)


def test_a_busy_deployment_lets_the_next_run_wait_behind_who_since_when_and_which(bot: Bot) -> None:
    held = bot.store(awaiting())

    answer = bot.say("cloud-deploy-v2", who="member", blueprint="demo/countdown", name="shop")

    assert "**1st in line** for `shop`" in answer and "begins by itself" in answer
    assert f"behind run `{held.id}` by <@{OWNER}> (awaiting approval, since <t:{held.created_at}:R>)" in answer
    ((live, ephemeral),) = bot.chat.follow_ups
    assert not ephemeral and "Waiting in Line" in shown(live) and buttons(live) == ["Cancel"]
    assert held.id in shown(live) and "awaiting approval" not in shown(live), "that would not stay true"


@pytest.mark.parametrize("step", range(3))
def test_a_start_that_fails_is_told_with_an_error_id_and_leaves_nothing_behind(bot: Bot, step: int) -> None:
    wrapped = Faults(step).wrap
    bot.services = replace(bot.services, runs=wrapped(bot.runs), workflow=wrapped(bot.workflow))

    answer = bot.say("cloud-deploy-v2", blueprint="demo/countdown")

    assert "error id" in answer and bot.log
    assert bot.deployments.rows == {}


def test_discord_refusing_the_live_message_starts_nothing(bot: Bot) -> None:
    class Refusing(FakeChat):
        def follow_up(self, *arguments: object, **named: object) -> MessageRef:
            raise OutsideError("POST to Discord answered 599")

    refusing = Refusing()
    bot.services = replace(bot.services, chat=refusing)

    bot.say("cloud-deploy-v2", blueprint="demo/countdown")

    assert "error id" in shown(refusing.answers[-1])
    assert bot.workflow.executions == {} and bot.deployments.rows == {}
    assert bot.only_run().status is Status.FAILED


def test_a_destroy_plans_with_the_deployments_own_variables(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = COUNTDOWN

    bot.say("cloud-destroy", name="shop")

    run = bot.only_run()
    assert run.destroy and run.variables == {"steps": 7} and run.blueprint == "demo/countdown"
    assert "Destruction Started" in shown(bot.chat.follow_ups[0][0])


def test_destroying_what_is_not_there_lists_what_is(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = COUNTDOWN

    answer = bot.say("cloud-destroy", name="shp")

    assert "no deployment `shp`" in answer and "`shop`" in answer
    assert bot.runs.runs == {}


def test_destroying_in_an_empty_server_says_how_to_begin(bot: Bot) -> None:
    assert "none yet" in bot.say("cloud-destroy", name="shop")


def test_another_servers_deployment_does_not_exist_here(bot: Bot) -> None:
    bot.deployments.rows["1100000000000000099", "shop"] = replace(COUNTDOWN, guild_id="1100000000000000099")

    assert "no deployment `shop`" in bot.say("cloud-destroy", name="shop")


def test_a_destroy_needs_the_session_of_its_cloud(bot: Bot) -> None:
    bot.deployments.rows[GUILD, "shop"] = replace(COUNTDOWN, blueprint="aws/web-app", provider="aws")

    assert "/cloud-init" in bot.say("cloud-destroy", name="shop")
    assert bot.deployments.rows[GUILD, "shop"].lock is None


def test_the_live_messages_token_is_held_to_end_before_discords_does(bot: Bot) -> None:
    bot.say("cloud-deploy-v2", blueprint="demo/countdown")

    token = bot.only_run().token
    assert token and NOW < token.expires_at < NOW + 15 * 60


WEB_APP = replace(
    COUNTDOWN, blueprint="aws/web-app", provider="aws", project_id="222222222222", region="ap-south-1", variables={}
)


@pytest.mark.parametrize(
    ("command", "options"), [("cloud-destroy", {}), ("cloud-deploy-v2", {"blueprint": "aws/web-app"})]
)
def test_a_deployment_stays_in_its_region_whatever_the_session_names(
    bot: Bot, command: str, options: dict[str, str]
) -> None:
    bot.open_session()
    bot.deployments.rows[GUILD, "shop"] = WEB_APP

    bot.say(command, name="shop", **options)

    assert bot.only_run().region == "ap-south-1"


@pytest.mark.parametrize(
    ("command", "options"), [("cloud-destroy", {}), ("cloud-deploy-v2", {"blueprint": "aws/web-app"})]
)
def test_a_session_for_another_account_may_not_touch_a_deployment(
    bot: Bot, command: str, options: dict[str, str]
) -> None:
    """There Terraform would find nothing, and forget what it cannot find."""
    bot.open_session()
    bot.deployments.rows[GUILD, "shop"] = replace(WEB_APP, project_id="333333333333")

    answer = bot.say(command, name="shop", **options)

    assert "exists in project `333333333333`" in answer and "/cloud-init project_id:333333333333" in answer
    assert bot.runs.runs == {}
