"""A plan's story as people see it: whatever is in it, Discord takes it, and nothing in it is more than text."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.discord import cost_card, plan_card, render, story_card, story_details
from chatops.discord.replies import EMBED_TOTAL, Reply
from chatops.discord.text import dollars, plain, prose
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.runs import Run, Status
from chatops.runs.telling import Storyteller
from tests.fakes.runs import FACTS, GUILD, NOW, OWNER, applying, awaiting, buttons, planning, shown
from tests.fakes.story import COST, DETAILS, STORY, silent, told_of
from tests.infrastructure.template import ROOT
from tests.unit.discord.test_render import NASTY, accepted, many, texts, view

HOSTILE = sorted((ROOT / "tests/vectors/hostile_plans").rglob("*.json"))
OVER = {
    "over": [{"budget": "deployment", "monthly": 11.24, "limit": 5}, {"budget": "guild", "monthly": 30, "limit": 20}],
    "at_least": True,
    "blocked": True,
}


def told(story: Any = STORY, **changes: Any) -> Run:
    return awaiting(**{"plan": FACTS | {"story": story, "budget": {}}, **changes})


def field(reply: Reply, name: str) -> str:
    (value,) = [value for each, value in reply.fields if name in each]
    return value


def live(payload: Any) -> str:
    """What Discord reads as markdown: neither code nor what a backslash makes plain, and no footer."""
    (embed,) = payload["embeds"]
    texts = [embed["description"], *(each["value"] for each in embed["fields"])]
    return "\n".join(re.sub(r"```.*?```|`[^`\n]*`|\\.", "", each, flags=re.DOTALL) for each in texts)


def inert(payload: Any) -> bool:
    """Whether nothing in it is bold of others' making, hidden, a mention or a link."""
    return not re.search(r"\*\*bold\*\*|\|\||@everyone|\]\(|https?://", live(payload))


def largest(address: str = "a" * 200) -> dict[str, Any]:
    """A story with every field as full as its form allows, and more of everything than is shown."""
    text = ("x" * 60 + " ") * 5
    return {
        "coffee_cup_cost": text[:300],
        "real_world_analogy": text[:300],
        "blast_radius": {
            "security_risk": text[:300],
            "impact_level": "critical",
            "affected_systems": [f"{'s' * 30} ({number})" for number in range(12)],
        },
        "treasure_hunt": {"optimization": text[:300], "estimated_savings": text[:300]},
        "environmental_impact": text[:300],
        "cost": COST
        | {"usage": [1e11, 1e11, 1e11], "before": 1e11, "after": 1e11 + 7, "top": [[address, 1.0, "x"]] * 8},
        "risks": [["critical", "r" * 40, address, "b" * 200, "e" * 200, text[:300]]] * 5,
        "lost": [address] * 20,
        "lost_count": 10_000,
    }


def test_the_card_has_the_guides_five_lines_in_the_guides_order() -> None:
    reply = render.approval(told(), NOW + 600)

    names = [name for name, _ in reply.fields]
    assert names[:5] == [
        "☕ Coffee Cup Cost",
        "🎯 Real-World Analogy",
        "💥 Blast Radius",
        "💎 Treasure Hunt",
        "🌱 Environmental Impact",
    ]
    assert buttons(accepted(reply)) == ["Approve", "Reject", "Details"]


def test_the_card_says_what_it_costs_how_sure_that_is_and_how_old_the_prices_are() -> None:
    reply = render.approval(told(), NOW + 600)

    assert field(reply, "Coffee") == "**$11.24/month** (now $0.00)\nOne latte every 15 days ($11.24/month)."
    assert "list prices of 2024-09 to 2026-07" in reply.footer and "7 of 7 priced" in reply.footer


def test_a_change_says_what_it_costs_now() -> None:
    reply = render.approval(told(told_of(before=3.65, after=11.24, usage=[0, 0, 0])), NOW + 600)

    assert field(reply, "Coffee").startswith("**$11.24/month** (now $3.65)\n")


def test_the_worst_risks_come_first_with_their_address_as_code() -> None:
    value = field(render.approval(told(), NOW + 600), "Blast")

    assert value.startswith("🔴 **CRITICAL** · `aws_security_group.web` lets the whole internet in by SSH.")
    assert value.index("One machine carries") < value.index("No version of") and "SSH is open" not in value
    assert "Reaches: compute (2), network (3)" in value


def test_a_plan_beyond_its_budget_says_so_before_everything_else() -> None:
    run = told()
    reply = render.approval(replace(run, plan=run.plan | {"budget": OVER}), NOW + 600)

    assert reply.fields[0] == (
        "⚠️ Over budget",
        "This deployment would cost at least **$11.24** a month; the budget is $5.00.\n"
        "All of this server's deployments together would cost at least **$30.00** a month; the budget is $20.00.",
    )


def test_what_is_lost_for_ever_is_named_and_counted() -> None:
    plan = FACTS | {"destroy": 3, "destroyed": ["aws_db_instance.main", "aws_a.b", "aws_c.d"], "addresses": 3}
    plan |= {"operations": [[each, "delete"] for each in plan["destroyed"]]}
    story = STORY | {"lost": ["aws_db_instance.main"], "lost_count": 1}
    reply = render.approval(told(plan=plan | {"story": story}, destroy=True), NOW + 600)

    assert "aws_db_instance.main" in field(reply, "Data lost for ever (1)")
    assert "aws_c.d" in field(reply, "3 to destroy, for ever")
    assert not [name for name, _ in reply.fields if "What it does" in name], "the list says it already"


def test_what_is_destroyed_comes_first_in_what_the_plan_does() -> None:
    operations = [["aws_a.new", "create"], ["aws_b.new", "create"], ["aws_z.old", "delete", "create"]]
    plan = FACTS | {"operations": operations, "addresses": 3, "destroy": 1, "destroyed": ["aws_z.old"]}

    value = field(render.approval(told(plan=plan | {"story": STORY}), NOW + 600), "What it does")

    assert value.index("-/+ aws_z.old") < value.index("+ aws_a.new") < value.index("+ aws_b.new")


def test_the_variables_are_shown_and_nothing_that_looks_like_a_key() -> None:
    run = told(variables={"instance_type": "t3.micro", "token": "AKIAIOSFODNN7EXAMPLE"})

    value = field(render.approval(run, NOW + 600), "Variables")

    assert "instance_type=t3.micro" in value and "AKIAIOSFODNN7EXAMPLE" not in value


def test_a_story_that_could_not_be_told_is_said_and_never_passed_over() -> None:
    reply = render.approval(told({}), NOW + 600)

    assert "could not be told" in field(reply, "No story")
    assert buttons(accepted(reply)) == ["Approve", "Reject"]


def test_a_plan_of_before_stories_were_told_is_shown_as_ever() -> None:
    reply = render.approval(awaiting(), NOW + 600)

    assert "Plan: 2 to add" in reply.text and "null_resource.a" in field(reply, "What it does")
    assert not [name for name, _ in reply.fields if "story" in name.lower()]


def total(payload: Any) -> int:
    (embed,) = payload["embeds"]
    texts = [embed["title"], embed["description"], embed.get("footer", {}).get("text", "")]
    return sum(map(len, texts)) + sum(len(each["name"]) + len(each["value"]) for each in embed["fields"])


@pytest.mark.parametrize("address", ["a." + "b" * 198, "`*_" * 66, "\ud800" * 200, "😀" * 200])
def test_the_largest_story_fits_with_every_field_in_it(address: str) -> None:
    plan = FACTS | {
        "destroy": 10_000,
        "destroyed": [address] * 25,
        "operations": [[address, "delete", "create"]] * 25,
        "addresses": 10_000,
        "outputs_changed": ["o" * 200] * 25,
        "story": largest(address),
        "budget": OVER,
    }
    run = told(plan=plan, variables={f"variable_{number}": "v" * 200 for number in range(30)})
    reply = render.approval(run, NOW + 600)

    payload = accepted(reply)

    assert [each["name"] for each in payload["embeds"][0]["fields"]] == [name for name, _ in reply.fields]
    assert 3000 < total(payload) <= EMBED_TOTAL
    assert {"☕ Coffee Cup Cost", "🌱 Environmental Impact", "Variables"} <= {name for name, _ in reply.fields}
    assert "10000 to destroy" in shown(payload) and "Lost" not in shown(payload)


def test_a_waiting_plan_is_shown_by_cloud_status_too_and_fits_there() -> None:
    deployment = Deployment(
        GUILD, "shop", "aws/web-app", {"a": "v" * 1000}, status="deployed", lock=Lock("run", 1, OWNER, NOW),
        outputs={f"o{number}": "v" * 900 for number in range(25)},
    )  # fmt: skip
    for story in (STORY, largest()):
        reply = render.status(deployment, told(story, variables={"a": "w" * 1000}), None)

        payload = accepted(reply)

        assert {"Status", "☕ Coffee Cup Cost", "🌱 Environmental Impact"} <= {
            each["name"] for each in payload["embeds"][0]["fields"]
        }
        assert f"<t:{NOW + 600}:R>" in shown(payload) and buttons(payload) == ["Approve", "Reject", "Details"]


@pytest.mark.parametrize(
    ("cost", "line"),
    [
        ({"before": 3.78, "after": 11.24, "diff": 7.46}, "☕ $7.46/month more than before"),
        ({"before": 11.24, "after": 3.78, "diff": -7.46}, "☕ $7.46/month less than before"),
        ({"before": 11.24, "after": 11.24, "diff": 0.0}, "☕ $11.24/month, as before"),
    ],
)
def test_the_end_says_what_the_run_changed_in_the_cost(cost: dict[str, float], line: str) -> None:
    run = applying(status=Status.SUCCEEDED, ended_at=NOW, plan=FACTS | {"story": told_of(**cost)})

    assert line in shown(accepted(render.final(run, view(many(2)))))


def test_a_run_that_its_budget_forbids_ends_with_the_cost_the_budget_and_what_to_do() -> None:
    run = told(status=Status.OVER_BUDGET, ended_at=NOW)
    payload = accepted(render.final(replace(run, plan=run.plan | {"budget": OVER}), view(many(2))))

    text = shown(payload)
    assert "Over budget" in text and "at least **$11.24** a month; the budget is $5.00" in text
    assert "/cloud-settings" in text and "Nothing was changed" in text
    assert buttons(payload) == []


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_a_story_is_accepted_and_inert_whatever_its_sentences_and_addresses(sentence: str, address: str) -> None:
    story = STORY | {
        "coffee_cup_cost": sentence[:300],
        "real_world_analogy": f"{sentence[:100]} {address[:100]}",
        "blast_radius": {
            "security_risk": sentence[:300],
            "impact_level": sentence[:20],
            "affected_systems": [sentence],
        },
        "treasure_hunt": {"optimization": sentence[:300], "estimated_savings": sentence[:100]},
        "risks": [[sentence[:10], "rule", address[:200], "", "", f"{address[:100]} {sentence[:100]}"]],
        "lost": [address[:200]],
    }
    payload = accepted(render.approval(told(story), NOW + 600))

    assert inert(payload)


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, max_size=5).map(" ".join), st.lists(texts, max_size=3), st.integers(1, 300))
def test_prose_keeps_its_limit_and_leaves_no_code_open(text: str, addresses: list[str], limit: int) -> None:
    made = prose(text, addresses, limit)

    assert len(made) <= limit and "\n" not in made
    assert re.sub(r"\\.", "", made).count("`") % 2 == 0


@pytest.mark.parametrize("text", [each for each in NASTY if each.strip() and "\n" not in each], ids=range(14))
def test_plain_text_reads_as_it_is(text: str) -> None:
    assert re.sub(r"\\(.|$)", r"\1", plain(text)).replace("�", "") == re.sub(r"[\x00\x1b\u202e\ud800]", "", text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (0.004, "less than $0.01"), (7.456, "$7.46"), (1234567.5, "$1,234,567.50"), (-3, "-$3.00")],
)
def test_dollars_have_cents(amount: float, text: str) -> None:
    assert dollars(amount) == text


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_plan_is_told_on_a_card_that_is_inert(path: Path) -> None:
    run = planning(provider="aws", region="eu-west-1")
    made = Storyteller(5.5, "", lambda: None)(run, json.loads(path.read_text()), "feed" * 16, silent)
    assert made is not None
    waiting = told(made.summary)

    card = accepted(render.approval(waiting, NOW + 600))
    details = accepted(story_details.reply(waiting, json.loads(gzip.decompress(made.details))))

    assert inert(card) and inert(details)
    assert "IGNORE ALL" not in live(card).upper() + live(details).upper()
    assert len(card["embeds"][0]["fields"]) >= 5


class TestDetails:
    def reply(self, details: Any = DETAILS) -> Reply:
        return story_details.reply(told(), details)

    def test_they_are_a_table_of_components_the_dearest_first_and_every_risk(self) -> None:
        reply = self.reply()

        assert "     $8.39 aws_instance.web\n     $7.59   t3.micro: 730 × $0.0104 per hour" in reply.text
        assert "by use aws_s3_bucket.assets" in reply.text and "not known aws_thing.odd" in reply.text
        value = field(reply, "All risks (3)")
        assert value.index("SSH is open") < value.index("One machine") < value.index("No version")
        assert field(reply, "Alternatives") == "• Spot: -$4.50/month (may be taken away)"

    def test_all_of_it_is_in_the_file_with_rules_and_evidence(self) -> None:
        file = self.reply().file

        assert file and file.name == "shop-aaaa000011112222-story.txt"
        text = file.data.decode()
        assert "[public-ssh: ingress = 0.0.0.0/0:22]" in text and "root disk: 10 × $0.08 per GB-month" in text

    def test_five_hundred_resources_are_cut_and_counted_and_whole_in_the_file(self) -> None:
        details = DETAILS | {"resources": DETAILS["resources"] * 170, "risks": DETAILS["risks"] * 40}
        reply = self.reply(details)

        accepted(reply)

        assert re.search(r"… and 4\d\d more", reply.text) and "more, in the file" in field(reply, "All risks (120)")
        assert reply.file and reply.file.data.count(b"aws_thing.odd") == 170

    @pytest.mark.parametrize("details", [{}, {"resources": None}, {"resources": [1, {}]}, {"alternatives": "x"}])
    def test_of_another_version_they_show_what_can_be_read(self, details: Any) -> None:
        accepted(self.reply(details))

    @settings(max_examples=100, deadline=None)
    @given(texts)
    def test_they_are_inert_whatever_the_names(self, text: str) -> None:
        part = {"name": text, "unit": text, "quantity": 1, "price": 2, "monthly": 3}
        details = {
            "resources": [{"address": text, "status": "priced", "monthly": 3, "components": [part]}],
            "risks": [["high", text, text, text, text, text]],
            "alternatives": [{"optimization": text, "cost_difference": text, "caveat": text}],
        }

        assert inert(accepted(self.reply(details)))


class TestCost:
    PRICED = Deployment(
        GUILD, "shop", "aws/web-app", status="deployed",
        cost={"monthly": 7.3, "usage": [0.5, 2.5, 40.0], "since": NOW - 3600, "spent": 0.0, "counts": {"unknown": 0},
              "coverage": "7 of 7 priced", "as_of": "2024-09 to 2026-07", "top": COST["top"], "partial": False,
              "treasure": STORY["treasure_hunt"]},
    )  # fmt: skip
    OLD = Deployment(GUILD, "old", "aws/web-app", status="deployed")

    def test_one_is_shown_now_so_far_and_if_it_stays(self) -> None:
        reply = cost_card.one(self.PRICED, Budgets(10), NOW)

        accepted(reply)
        assert field(reply, "Now").startswith(
            "**$7.30/month** + by use $0.50 to $40.00, usually about $2.50\nsince <t:"
        )
        assert field(reply, "So far") == "about $0.01, without what is billed by use"
        assert field(reply, "If it stays") == "about $9.80: $7.80 with little use, $47.30 with much"
        assert field(reply, "What is priced") == "7 of 7 priced" and "2024-09 to 2026-07" in reply.footer
        assert "t4g.micro instead" in field(reply, "Treasure") and field(reply, "Budget").startswith("$10.00")

    def test_what_is_not_priced_in_full_costs_at_least_so_much(self) -> None:
        vague = replace(self.PRICED, cost=self.PRICED.cost | {"counts": {"unknown": 1}})

        assert field(cost_card.one(vague, Budgets(), NOW), "Now").startswith("at least **$7.30/month**")

    def test_what_broke_off_says_so(self) -> None:
        partial = replace(self.PRICED, cost=self.PRICED.cost | {"partial": True})

        assert "the most that it can be" in field(cost_card.one(partial, Budgets(), NOW), "Now")
        assert "up to $7.30/month" in cost_card.all_of([partial], Budgets(), NOW).text

    def test_a_deployment_of_before_is_priced_by_its_next_plan(self) -> None:
        assert "not priced yet: the next plan prices it" in cost_card.one(self.OLD, Budgets(), NOW).text

    def test_all_are_shown_the_dearest_first_with_their_sum_and_the_budgets(self) -> None:
        dear = replace(self.PRICED, name="dear", cost=self.PRICED.cost | {"monthly": 100.0})
        reply = cost_card.all_of([self.OLD, self.PRICED, dear], Budgets(None, 200), NOW)

        accepted(reply)
        assert [line.split("**")[1] for line in reply.text.splitlines()] == ["dear", "shop", "old"]
        assert field(reply, "Together").startswith("at least **$107.30/month**")
        assert field(reply, "Budgets") == "together $200.00 a month"

    def test_very_many_fit(self) -> None:
        many_of_them = [replace(self.PRICED, name=f"d{number}") for number in range(300)]

        payload = accepted(cost_card.all_of(many_of_them, Budgets(), NOW))

        assert "and 270 more" in shown(payload)

    @settings(max_examples=60, deadline=None)
    @given(texts)
    def test_it_is_inert_whatever_the_row_says(self, text: str) -> None:
        cost = self.PRICED.cost | {
            "coverage": text, "as_of": text, "top": [[text, 1.0, text]] * 20,
            "treasure": {"optimization": text, "estimated_savings": text},
        }  # fmt: skip

        assert inert(accepted(cost_card.one(replace(self.PRICED, cost=cost), Budgets(), NOW)))


def test_the_sample_story_is_as_small_as_a_row_wants_it() -> None:
    assert len(json.dumps(STORY)) < 6000 and plan_card.plan_fields(told(), 0) and story_card.priced_by({}) == ""
