"""Waiting in line, as members of a guild see it: /cloud-deploy-v2, /cloud-status, /cloud-cancel and the limits."""

from dataclasses import replace

import pytest

from chatops.domain.queues import HOUR, MOST_WAITING, Limits
from chatops.domain.runs import LINE_SECONDS, Run, Status
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER, applying, buttons, shown
from tests.unit.commands.bot import Bot


def deploy(bot: Bot, name: str = "shop", who: str = "member", variables: str = "") -> tuple[str, Run]:
    """Type /cloud-deploy-v2; returns the answer and the newest run."""
    answer = bot.say("cloud-deploy-v2", who=who, blueprint="demo/countdown", name=name, variables=variables)
    return answer, list(bot.runs.runs.values())[-1]


def limited(bot: Bot, concurrent: int = 3, hourly: int = 30) -> None:
    bot.services = replace(bot.services, limits=Limits(concurrent, hourly))


def test_the_second_who_waits_is_behind_the_first_and_is_told_so(bot: Bot) -> None:
    bot.store(applying())
    _, first = deploy(bot)

    answer, second = deploy(bot, who="manager")

    assert "**2nd in line**" in answer and f"behind run `{first.id}` by <@{MEMBER}> (waiting in line" in answer
    assert second.status is Status.QUEUED and second.fence == 0
    assert [action for action in bot.audit.actions() if action != "init"] == ["deploy", "queued", "deploy", "queued"]


def test_a_run_that_waits_says_until_when(bot: Bot) -> None:
    bot.store(applying())

    deploy(bot)

    assert f"<t:{NOW + LINE_SECONDS}:R>" in shown(bot.chat.follow_ups[-1][0])


def test_its_credentials_are_sealed_and_wait_with_it(bot: Bot) -> None:
    bot.store(applying(blueprint="aws/web-app"))
    bot.open_session(who="member")

    bot.say("cloud-deploy-v2", who="member", blueprint="aws/web-app", name="shop")

    run = list(bot.runs.runs.values())[-1]
    assert run.status is Status.QUEUED and run.artefact("credentials.sealed") in bot.artefacts.objects
    assert "canary" not in repr(bot.lines.kept) + repr(bot.runs.runs) + repr(bot.audit.entries)


def test_asking_again_for_the_same_shows_the_run_that_waits_and_queues_nothing(bot: Bot) -> None:
    bot.store(applying())
    _, run = deploy(bot)

    answer, _ = deploy(bot, variables="steps=9")

    assert f"`{run.id}`" in answer and "waiting in line already" in answer
    assert len(bot.runs.runs) == 2
    assert "**1st in line**" in shown(bot.chat.follow_ups[-1][0]) and bot.runs.runs[run.id].message
    assert "Continued in a newer message" in shown(bot.chat.edits[-1])


def test_a_destroy_behind_ones_own_deploy_waits_and_a_third_one_too(bot: Bot) -> None:
    bot.store(applying())
    bot.say("cloud-destroy", name="shop")

    deploy(bot, who="owner")

    assert [run.destroy for run in bot.runs.runs.values() if run.status is Status.QUEUED] == [True, False]


def test_a_guild_at_its_limit_lets_other_deployments_wait(bot: Bot) -> None:
    limited(bot, concurrent=1)
    bot.store(applying())

    answer, run = deploy(bot, "blog")

    assert "1st in line" in answer and "as many runs at once as it may" in answer
    assert run.status is Status.QUEUED and (GUILD, "blog") not in bot.deployments.rows


def test_other_guilds_do_not_feel_it(bot: Bot) -> None:
    limited(bot, concurrent=1)
    bot.store(applying())

    bot.say("cloud-deploy-v2", guild=OTHER_GUILD, blueprint="demo/countdown", name="shop")

    assert list(bot.runs.runs.values())[-1].status is Status.STARTING


def test_over_the_hourly_limit_nothing_is_queued_and_the_time_is_told(bot: Bot) -> None:
    limited(bot, hourly=1)
    deploy(bot, "blog")

    answer, _ = deploy(bot, "wiki")

    assert "may ask for 1 run in an hour" in answer and f"<t:{NOW + HOUR}:R>" in answer
    assert len(bot.runs.runs) == 1 and bot.audit.actions().count("deploy") == 1


def test_a_full_line_takes_no_more(bot: Bot) -> None:
    limited(bot, hourly=99)
    bot.store(applying())
    for number in range(MOST_WAITING):
        deploy(bot, who="member") if number % 2 else bot.say("cloud-destroy", who="member", name="shop")

    answer = bot.say("cloud-destroy", who="manager", name="shop")

    assert f"{MOST_WAITING} runs wait" in answer and "/cloud-status" in answer
    assert len(bot.lines.get(GUILD).waiting) == MOST_WAITING


class TestStatus:
    def test_shows_the_line_of_the_guild(self, bot: Bot) -> None:
        bot.store(applying())
        _, run = deploy(bot)

        answer = bot.say("cloud-status")

        assert "In line (1)" in answer and f"1. `shop` · run `{run.id}` · <@{MEMBER}>" in answer

    def test_shows_who_waits_for_one_deployment(self, bot: Bot) -> None:
        limited(bot, concurrent=1)
        bot.store(applying())
        _, shop = deploy(bot)
        _, blog = deploy(bot, "blog")

        answer = bot.say("cloud-status", name="shop")

        assert shop.id in answer and blog.id not in answer and "applying" in answer

    def test_of_a_deployment_that_only_waits_shows_its_place_and_a_way_out(self, bot: Bot) -> None:
        limited(bot, concurrent=1)
        bot.store(applying())
        deploy(bot, "blog")

        answer = bot.say("cloud-status", name="blog")

        assert "**1st in line** for `blog`" in answer and buttons(bot.chat.answers[-1]) == ["Cancel"]


class TestCancel:
    def test_a_run_that_waits_is_ended_at_once_and_touches_nothing(self, bot: Bot) -> None:
        going = bot.store(applying())
        _, run = deploy(bot)

        assert bot.press("cancel", run.id, who="member") == ""

        assert bot.reported == [{"source": "commands", "run_id": run.id, "outcome": "cancelled", "cause": ""}]
        assert bot.runs.runs[run.id].cancel_requested_by == MEMBER, "its turn cannot come any more"
        assert bot.runs.runs[going.id] == going
        assert bot.audit.actions()[-1] == "cancel"

    def test_the_command_takes_the_persons_own_run(self, bot: Bot) -> None:
        bot.store(applying())
        _, run = deploy(bot)

        answer = bot.say("cloud-cancel", who="member", name="shop")

        assert "not touched" in answer and bot.reported[0]["run_id"] == run.id

    def test_the_one_that_works_goes_before_the_one_that_waits(self, bot: Bot) -> None:
        going = bot.store(applying())
        bot.say("cloud-destroy", name="shop")

        bot.say("cloud-cancel", name="shop")

        assert bot.runs.runs[going.id].cancel_requested_by == OWNER and bot.reported == []

    def test_a_deployment_that_only_waits_can_be_cancelled_by_its_name(self, bot: Bot) -> None:
        limited(bot, concurrent=1)
        bot.store(applying())
        _, run = deploy(bot, "blog")

        bot.say("cloud-cancel", who="manager", name="blog")

        assert bot.reported[0]["run_id"] == run.id

    def test_somebody_elses_is_refused(self, bot: Bot) -> None:
        bot.store(applying())
        _, run = deploy(bot)

        assert "Manage Server" in bot.press("cancel", run.id, who="owner") and bot.reported == []


class TestLimits:
    def test_anybody_sees_them(self, bot: Bot) -> None:
        bot.settings.wished[GUILD] = Limits(1, 0)

        answer = bot.say("cloud-settings", who="member")

        assert "Runs at once: 1 of at most 3" in answer and "Runs in an hour: 30 of at most 30" in answer

    def test_a_guild_may_ask_for_less_and_take_it_back(self, bot: Bot) -> None:
        bot.say("cloud-settings", who="manager", **{"concurrent-runs": 1, "runs-per-hour": 5})
        assert bot.settings.limits(GUILD) == Limits(1, 5)

        answer = bot.say("cloud-settings", who="manager", **{"concurrent-runs": 0})

        assert "Runs at once: 3 of at most 3" in answer and "Runs in an hour: 5 of at most 30" in answer
        assert bot.audit.actions() == ["settings", "settings"]

    @pytest.mark.parametrize("options", [{"concurrent-runs": 4}, {"runs-per-hour": 31}, {"concurrent-runs": -1}])
    def test_never_for_more_than_the_operator_allows(self, bot: Bot, options: dict[str, int]) -> None:
        answer = bot.say("cloud-settings", who="manager", **options)

        assert "is from 1 to" in answer and bot.settings.wished == {} and "settings" not in bot.audit.actions()

    def test_only_members_with_manage_server_change_them(self, bot: Bot) -> None:
        assert "Manage Server" in bot.say("cloud-settings", who="owner", **{"concurrent-runs": 1})
        assert bot.settings.wished == {}
