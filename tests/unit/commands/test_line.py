"""Waiting in line, as members of a guild see it: /cloud-deploy-v2, /cloud-status, /cloud-cancel and the limits."""

from dataclasses import replace

import pytest

from chatops.commands.line import queue_of
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.queues import HOUR, MOST_OF_ONE, MOST_WAITING, Limits, Place
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

    answer, _ = deploy(bot)

    assert f"`{run.id}`" in answer and "waiting in line already" in answer
    assert len(bot.runs.runs) == 2
    assert "**1st in line**" in shown(bot.chat.follow_ups[-1][0]) and bot.runs.runs[run.id].message
    assert "Continued in a newer message" in shown(bot.chat.edits[-1])


@pytest.mark.parametrize("again", ["steps=9", "seconds=1, steps=9", ""])
def test_asking_again_with_what_was_typed_before_is_the_same(bot: Bot, again: str) -> None:
    bot.store(applying())
    _, run = deploy(bot, variables="steps=9, seconds=1")

    answer, _ = deploy(bot, variables=again)

    assert f"`{run.id}`" in answer and "waiting in line already" in answer and len(bot.runs.runs) == 2


@pytest.mark.parametrize("again", ["steps=8", "order=parallel", "steps=9, fail_at=2"])
def test_asking_for_something_else_waits_behind_ones_own_run(bot: Bot, again: str) -> None:
    """The run that waits would have `order=parallel` by default; but whoever is before it may choose another one."""
    bot.store(applying())
    _, first = deploy(bot, variables="steps=9")

    answer, second = deploy(bot, variables=again)

    assert "**2nd in line**" in answer and f"behind run `{first.id}`" in answer
    assert second.id != first.id and second.status is Status.QUEUED


def test_another_change_while_ones_own_run_works_waits_and_the_same_one_shows_it(bot: Bot) -> None:
    _, first = deploy(bot, variables="steps=9")

    assert f"`{first.id}` of `shop` is starting already" in deploy(bot, variables="order=parallel, steps=9")[0]
    answer, second = deploy(bot, variables="steps=2")

    assert "**1st in line**" in answer and second.variables["steps"] == 2 and len(bot.runs.runs) == 2


def test_another_blueprint_under_the_name_of_ones_own_waiting_run_is_not_taken_for_it(bot: Bot) -> None:
    limited(bot, concurrent=1)
    bot.store(applying())
    _, first = deploy(bot, "site")
    bot.open_session(who="member")

    answer = bot.say("cloud-deploy-v2", who="member", blueprint="aws/web-app", name="site")

    assert "**2nd in line**" in answer and f"behind run `{first.id}`" in answer
    assert list(bot.runs.runs.values())[-1].blueprint == "aws/web-app"


def test_a_command_typed_again_after_it_died_before_its_credentials_were_sealed_is_not_taken_for_the_first(
    bot: Bot,
) -> None:
    bot.store(applying(blueprint="aws/web-app"))
    bot.open_session(who="member")
    put = bot.artefacts.put

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    bot.artefacts.put = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        bot.say("cloud-deploy-v2", who="member", blueprint="aws/web-app", name="shop")
    bot.artefacts.put = put  # type: ignore[method-assign]
    dead = list(bot.runs.runs.values())[-1]

    bot.say("cloud-deploy-v2", who="member", blueprint="aws/web-app", name="shop")
    bot.say("cloud-recover-session", who="member", session_id=dead.session_id)

    run = list(bot.runs.runs.values())[-1]
    assert run.id != dead.id and run.artefact("credentials.sealed") in bot.artefacts.objects and run.message
    assert bot.runs.runs[dead.id].message is None, "the line would begin it, and it has no credentials"


def test_a_deploy_that_waited_does_not_undo_what_the_one_before_it_changed(bot: Bot) -> None:
    _, first = deploy(bot, who="owner", variables="steps=7")
    answer, second = deploy(bot, variables="seconds=1")
    assert "Variables that you did not type stay as those before you leave them." in answer

    bot.deployments.record(GUILD, "shop", first.id, {"status": "deployed", "variables": first.variables})
    bot.deployments.release(GUILD, "shop", first.id)
    queue_of(bot.services).leave(first)

    began = bot.runs.runs[second.id]
    assert began.status is Status.STARTING
    assert (began.variables["steps"], began.variables["seconds"]) == (7, 1)


def test_a_run_behind_one_that_cannot_be_read_waits_all_the_same(bot: Bot) -> None:
    limited(bot, concurrent=1)
    bot.store(applying())
    _, first = deploy(bot, "blog")
    bot.runs.sick.add(first.id)

    answer, second = deploy(bot, "wiki", who="manager")

    assert f"behind run `{first.id}`" in answer and second.status is Status.QUEUED


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
    line = bot.lines.get(GUILD)
    others = tuple(Place(f"{number:016x}", "shop", f"u{number}", NOW) for number in range(MOST_WAITING))
    bot.lines.kept[GUILD] = replace(line, waiting=others)

    answer = bot.say("cloud-destroy", who="manager", name="shop")

    assert f"{MOST_WAITING} runs wait" in answer and "/cloud-status" in answer
    assert len(bot.lines.get(GUILD).waiting) == MOST_WAITING


def test_a_destroy_is_taken_over_the_hourly_limit_and_does_not_use_it_up(bot: Bot) -> None:
    limited(bot, hourly=1)
    for name in ("prod", "wiki"):
        bot.deployments.rows[GUILD, name] = Deployment(GUILD, name, "demo/countdown", status="deployed", fence=1)
    bot.say("cloud-destroy", who="member", name="wiki")
    deploy(bot, "blog")
    assert "/cloud-destroy` works at any time" in deploy(bot, "site")[0]

    answer = bot.say("cloud-destroy", who="manager", name="prod")

    assert "Destroying `prod`" in answer
    assert "a destroy does not count" in bot.say("cloud-settings")


def test_one_person_cannot_fill_the_line_of_all(bot: Bot) -> None:
    limited(bot, concurrent=1, hourly=99)
    bot.store(applying())
    for number in range(MOST_OF_ONE):
        deploy(bot, f"site-{number}")

    answer, _ = deploy(bot, "one-more")

    assert f"{MOST_OF_ONE} runs of yours wait" in answer and "/cloud-cancel" in answer
    assert "1st in line" not in answer and len(bot.lines.get(GUILD).waiting) == MOST_OF_ONE
    assert "6th in line" in deploy(bot, "mine", who="manager")[0]


def test_the_message_of_a_run_that_waits_says_where_to_look_should_it_fall_silent(bot: Bot) -> None:
    bot.store(applying())

    deploy(bot)

    assert "Should this message fall silent: `/cloud-status name:shop`" in shown(bot.chat.follow_ups[-1][0])


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

    def test_where_ones_own_run_stops_already_the_one_that_waits_goes(self, bot: Bot) -> None:
        bot.store(applying(user_id=MEMBER))
        bot.say("cloud-destroy", who="member", name="shop")
        waits = list(bot.runs.runs.values())[-1]
        assert "Stopping" in bot.say("cloud-cancel", who="member", name="shop")

        answer = bot.say("cloud-cancel", who="member", name="shop")

        assert "not touched" in answer and [each["run_id"] for each in bot.reported] == [waits.id]

    def test_a_second_press_is_heard_again_since_the_first_may_have_been_lost(self, bot: Bot) -> None:
        bot.store(applying())
        _, run = deploy(bot)
        bot.press("cancel", run.id, who="member")

        assert bot.press("cancel", run.id, who="member") == ""
        assert "not touched" in bot.say("cloud-cancel", who="member", name="shop")

        assert [each["run_id"] for each in bot.reported] == [run.id] * 3

    @pytest.mark.parametrize("who", ["member", "manager"])
    def test_a_lock_that_is_left_over_is_no_run_to_cancel(self, bot: Bot, who: str) -> None:
        bot.store(applying())
        deploy(bot, who="owner")
        dead = Lock("dead" * 4, 2, MEMBER, NOW)
        bot.deployments.rows[GUILD, "shop"] = replace(bot.deployments.rows[GUILD, "shop"], lock=dead)

        answer = bot.say("cloud-cancel", who=who, name="shop")

        assert "over or was never started" in answer and "/cloud-unlock name:shop" in answer
        assert bot.reported == []

    def test_behind_a_lock_that_is_left_over_ones_own_run_can_be_cancelled(self, bot: Bot) -> None:
        bot.store(applying())
        _, run = deploy(bot)
        dead = Lock("dead" * 4, 2, MEMBER, NOW)
        bot.deployments.rows[GUILD, "shop"] = replace(bot.deployments.rows[GUILD, "shop"], lock=dead)

        assert "not touched" in bot.say("cloud-cancel", who="member", name="shop")
        assert [each["run_id"] for each in bot.reported] == [run.id]

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
