"""/cloud-cost, /cloud-settings and the button Details, as members of a guild see them."""

import gzip
import json
from typing import Any

import pytest

from chatops.domain.deployments import Deployment
from chatops.domain.money import Budgets
from chatops.domain.runs import Run
from tests.fakes.runs import FACTS, GUILD, NOW, OTHER_GUILD, awaiting, planning
from tests.fakes.story import DETAILS, STORY, told_of
from tests.unit.commands.bot import PEOPLE, Bot

COST = {"monthly": 7.3, "since": NOW - 36000, "counts": {"unknown": 0}, "usage": [0, 0, 0]}


def deployed(bot: Bot, name: str, cost: dict[str, Any], guild: str = GUILD) -> None:
    bot.deployments.rows[guild, name] = Deployment(guild, name, "aws/web-app", status="deployed", cost=cost)


def told(bot: Bot, story: Any = STORY, **changes: Any) -> Run:
    return bot.store(awaiting(**{"plan": FACTS | {"story": story}, **changes}))


class TestCost:
    def test_one_deployment(self, bot: Bot) -> None:
        deployed(bot, "shop", COST)

        text = bot.say("cloud-cost", name="shop")

        assert "$7.30/month" in text and "So far: about $0.10" in text

    def test_all_of_them_and_of_no_other_guild(self, bot: Bot) -> None:
        deployed(bot, "shop", COST)
        deployed(bot, "blog", COST | {"monthly": 2.7})
        deployed(bot, "theirs", COST | {"monthly": 999.0}, OTHER_GUILD)
        bot.settings.budgets[GUILD] = Budgets(guild=20)

        text = bot.say("cloud-cost", who="member")

        assert "**$10.00/month**" in text and "together $20.00" in text and "theirs" not in text

    def test_a_name_that_is_none_and_a_guild_without_any(self, bot: Bot) -> None:
        assert "There is no deployment" in bot.say("cloud-cost", name="shop")
        assert "costs nothing" in bot.say("cloud-cost")


class TestSettings:
    def test_anybody_sees_them(self, bot: Bot) -> None:
        bot.settings.budgets[GUILD] = Budgets(25, 100.5, True, "1100000000000000006", NOW)

        text = bot.say("cloud-settings", who="member")

        assert "$25.00 a month" in text and "$100.50 a month" in text and "**block**" in text
        assert "<@1100000000000000006>" in text

    @pytest.mark.parametrize(
        "options",
        [{"deployment-budget": 5.0}, {"guild-budget": 0}, {"over-budget": "warn"}],
        ids=lambda each: min(each),
    )
    @pytest.mark.parametrize("who", ["owner", "member"])
    def test_only_members_with_manage_server_change_them(self, bot: Bot, who: str, options: dict[str, Any]) -> None:
        assert "Manage Server" in bot.say("cloud-settings", who=who, **options)
        assert bot.settings.budgets == {}

    def test_what_is_named_changes_and_the_rest_stays(self, bot: Bot) -> None:
        bot.say("cloud-settings", who="manager", **{"deployment-budget": 25, "over-budget": "block"})
        text = bot.say("cloud-settings", who="manager", **{"guild-budget": 99.999})

        manager = PEOPLE["manager"].id
        assert bot.settings.budgets == {GUILD: Budgets(25.0, 100.0, True, manager, int(bot.clock.now))}
        assert "Settings changed" in text and "$25.00" in text

    def test_zero_removes_a_budget(self, bot: Bot) -> None:
        bot.settings.budgets[GUILD] = Budgets(25, 100, True)

        bot.say("cloud-settings", who="manager", **{"deployment-budget": 0, "over-budget": "warn"})

        assert (bot.settings.budgets[GUILD].deployment, bot.settings.budgets[GUILD].guild) == (None, 100)
        assert bot.settings.budgets[GUILD].block is False

    @pytest.mark.parametrize("amount", [-1, 0.001, 1_000_001])
    def test_an_amount_that_is_no_budget_changes_nothing(self, bot: Bot, amount: float) -> None:
        text = bot.say("cloud-settings", who="manager", **{"deployment-budget": amount, "over-budget": "block"})

        assert "budget is" in text and bot.settings.budgets == {}


class TestApprove:
    def approved(self, bot: Bot) -> bool:
        return bool(bot.workflow.decisions)

    def test_a_plan_that_has_gone_beyond_the_budget_meanwhile_is_not_approved(self, bot: Bot) -> None:
        run = told(bot)
        deployed(bot, "grown", COST | {"monthly": 95.0})
        bot.settings.budgets[GUILD] = Budgets(guild=100, block=True)

        note = bot.press("approve", run.id)

        assert "Not approved" in note and "**$106.24** a month; the budget is $100.00" in note
        assert "/cloud-settings" in note
        assert not self.approved(bot) and bot.runs.runs[run.id].approval.decision == ""  # type: ignore[union-attr]

    def test_it_may_still_be_rejected_and_approved_once_the_budget_is_raised(self, bot: Bot) -> None:
        run = told(bot)
        bot.settings.budgets[GUILD] = Budgets(1, block=True)
        bot.press("approve", run.id)
        bot.say("cloud-settings", who="manager", **{"deployment-budget": 50})

        bot.press("approve", run.id)

        assert self.approved(bot)

    @pytest.mark.parametrize(
        ("story", "budgets"),
        [
            (STORY, Budgets(1)),
            (STORY, Budgets(11.24, 11.24, block=True)),
            (told_of(before=50.0, after=20.0), Budgets(1, 1, block=True)),
            ({}, Budgets(1, 1, block=True)),
        ],
        ids=["warn", "within", "cheaper", "untold"],
    )
    def test_what_is_not_forbidden_is_approved(self, bot: Bot, story: Any, budgets: Budgets) -> None:
        run = told(bot, story)
        bot.settings.budgets[GUILD] = budgets

        assert bot.press("approve", run.id) == "" and self.approved(bot)

    def test_nobody_learns_of_the_money_of_a_run_that_is_not_theirs_to_decide(self, bot: Bot) -> None:
        run = told(bot)
        bot.settings.budgets[GUILD] = Budgets(1, block=True)

        note = bot.press("approve", run.id, who="member")

        assert "budget" not in note and "Manage Server" in note


class TestDetails:
    def details_of(self, bot: Bot, run: Run) -> None:
        bot.artefacts.objects[run.artefact("story.json.gz")] = gzip.compress(json.dumps(DETAILS).encode())

    def press(self, bot: Bot, run_id: str, **how: str) -> str:
        bot.chat.answers.clear()
        bot.press("story", run_id, **how)
        return json.dumps(bot.chat.answers, ensure_ascii=False)

    @pytest.mark.parametrize("who", ["owner", "member"])
    def test_anybody_in_the_guild_may_look(self, bot: Bot, who: str) -> None:
        run = told(bot)
        self.details_of(bot, run)

        text = self.press(bot, run.id, who=who)

        assert "730 × $0.0104 per hour" in text and "All risks (3)" in text
        assert [file.name for file in bot.chat.files] == [f"shop-{run.id}-story.txt"]

    def test_nobody_of_another_guild(self, bot: Bot) -> None:
        run = told(bot)
        self.details_of(bot, run)

        assert "does not exist" in self.press(bot, run.id, guild=OTHER_GUILD) and bot.chat.files == []

    @pytest.mark.parametrize("run_id", ["ffffffffffffffff", "x", "runs-other"])
    def test_a_name_that_is_no_runs_finds_nothing(self, bot: Bot, run_id: str) -> None:
        assert "does not exist" in self.press(bot, run_id)

    @pytest.mark.parametrize(
        "kept", [None, b"no gzip", gzip.compress(b"{"), gzip.compress(b"[" * 100_000)], ids=range(4)
    )
    def test_details_that_are_gone_or_broken_say_so(self, bot: Bot, kept: bytes | None) -> None:
        run = told(bot)
        if kept is not None:
            bot.artefacts.objects[run.artefact("story.json.gz")] = kept

        text = self.press(bot, run.id)

        assert "are gone" in text or "cannot be read" in text
        assert bot.log == []


def test_a_waiting_plan_is_told_by_cloud_status_too(bot: Bot) -> None:
    told(bot)

    text = bot.say("cloud-status", name="shop")

    assert "Coffee Cup Cost" in text and "Plan: 2 to add" in text


def test_a_run_remembers_the_language_of_who_started_it(bot: Bot) -> None:
    bot.say("cloud-deploy-v2", blueprint="demo/countdown", name="shop")

    assert bot.only_run().locale == "en-US"
    assert planning().locale == ""
