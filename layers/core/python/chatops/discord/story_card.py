"""A plan's story on the message that asks for a decision: what it costs, what can break, what could be saved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chatops.discord.text import code, dollars, flat, plain, prose
from chatops.domain.money import amount
from chatops.story.values import mapping, text_of

Fields = list[tuple[str, str]]

COFFEE = "☕ Coffee Cup Cost"
ANALOGY = "🎯 Real-World Analogy"
BLAST = "💥 Blast Radius"
TREASURE = "💎 Treasure Hunt"
ENVIRONMENT = "🌱 Environmental Impact"

CHEAPER = (
    "Choose something smaller in `variables` and run the command again, or ask a member with Manage Server: "
    "`/cloud-settings` shows the budgets, and changes them."
)

RISKS_SHOWN = 2
LEVELS: Mapping[str, str] = {
    "critical": "🔴",
    "high": "🟠",
    "medium": "🟡",
    "unknown": "⚪",
    "low": "🟢",
    "none": "⚪",
}


def told_fields(story: Mapping[str, Any], addresses: Iterable[str]) -> Fields:
    """The guide's card; `addresses` are those of the plan that its sentences may speak of, besides the story's own."""
    known = [*addresses, *_addresses(story)]
    blast, hunt = mapping(story.get("blast_radius")), mapping(story.get("treasure_hunt"))
    told = [
        (COFFEE, _coffee(story, known)),
        (ANALOGY, prose(text_of(story.get("real_world_analogy")), known)),
        (BLAST, _blast(blast, story, known)),
        (TREASURE, treasure_line(hunt, known)),
        (ENVIRONMENT, prose(text_of(story.get("environmental_impact")), known)),
    ]
    return [(name, value) for name, value in told if value]


def over_budget(budget: Mapping[str, Any]) -> Fields:
    """The warning of a plan that goes beyond a budget; `budget` is a `Verdict` as the run's row keeps it."""
    lines = [
        f"{_WHOSE[each['budget']]} would cost {'at least ' if budget.get('at_least') else ''}"
        f"**{dollars(amount(each['monthly']))}** a month; the budget is {dollars(amount(each['limit']))}."
        for each in budget.get("over", ())
    ]
    return [("⚠️ Over budget", "\n".join(lines))] if lines else []


_WHOSE = {"deployment": "This deployment", "guild": "All of this server's deployments together"}


def priced_by(story: Mapping[str, Any]) -> str:
    """How old the prices are and how much they cover, for the footer; empty where nothing was told."""
    cost = mapping(story.get("cost"))
    counts = mapping(cost.get("counts"))
    dated = f"list prices of {cost['as_of']}" if counts.get("priced") or counts.get("usage") else ""
    return " · ".join(flat(each) for each in (dated, coverage(cost)) if each)


def coverage(cost: Mapping[str, Any]) -> str:
    """How much of it the price book knows, in a few words."""
    return text_of(cost.get("coverage"))


def change_of_cost(story: Mapping[str, Any]) -> str:
    """One line on what a run changed in the monthly cost; empty where nothing was told."""
    cost = mapping(story.get("cost"))
    if "diff" not in cost:
        return ""
    diff = amount(cost["diff"])
    if abs(diff) < 0.005:
        return f"☕ {dollars(amount(cost.get('after')))}/month, as before"
    return f"☕ {dollars(abs(diff))}/month {'more' if diff > 0 else 'less'} than before"


def treasure_line(hunt: Mapping[str, Any], addresses: Iterable[str]) -> str:
    """What to change, and what that saves where it saves a sum."""
    known, savings = list(addresses), text_of(hunt.get("estimated_savings"))
    told = [text_of(hunt.get("optimization")), savings if any(map(str.isdigit, savings)) else ""]
    return " → ".join(filter(None, (prose(each, known) for each in told)))


def risk_line(risk: Sequence[Any]) -> str:
    """One risk: [level, rule, address, attribute, evidence, text]."""
    level, _, address, _, _, text = risk
    return f"{LEVELS.get(level, '⚪')} {code(text_of(address), 90)}: {prose(text_of(text), [text_of(address)], 300)}"


def _coffee(story: Mapping[str, Any], known: Sequence[str]) -> str:
    cost, lines = mapping(story.get("cost")), []
    if "after" in cost:
        before, after = amount(cost.get("before")), amount(cost["after"])
        lines.append(
            f"**{dollars(after)}/month**" + (f" (now {dollars(before)})" if abs(after - before) >= 0.005 else "")
        )
    return "\n".join(filter(None, [*lines, prose(text_of(story.get("coffee_cup_cost")), known)]))


def by_use(cost: Mapping[str, Any]) -> str:
    """What use adds to a monthly cost: from little to much."""
    low, medium, high = usage_of(cost)
    return f" + by use {dollars(low)} to {dollars(high)}, usually about {dollars(medium)}" if high else ""


def usage_of(cost: Mapping[str, Any]) -> tuple[float, float, float]:
    """What use adds to a monthly cost, in US dollars: little, usual and much of it; zeros where nothing is said."""
    usage = [amount(each) for each in cost.get("usage") or ()]
    return (usage[0], usage[1], usage[2]) if len(usage) == 3 else (0.0, 0.0, 0.0)


def _blast(blast: Mapping[str, Any], story: Mapping[str, Any], known: Sequence[str]) -> str:
    level = text_of(blast.get("impact_level"))
    if not level:
        return ""
    lines = [
        f"{LEVELS.get(level, '⚪')} **{plain(level).upper()}** · {prose(text_of(blast.get('security_risk')), known)}"
    ]
    if reached := blast.get("affected_systems"):
        lines.append("Reaches: " + prose(", ".join(map(text_of, reached[:6])), known, 250))
    risks = list(story.get("risks") or ())
    lines += map(risk_line, risks[1 : 1 + RISKS_SHOWN])  # the worst one is what the sentence speaks of
    return "\n".join(lines)


def _addresses(story: Mapping[str, Any]) -> Iterator[str]:
    """Every address that may stand in a story's sentences."""
    yield from map(text_of, story.get("lost") or ())
    yield from (text_of(risk[2]) for risk in story.get("risks") or ())
    yield from (text_of(line[0]) for line in mapping(story.get("cost")).get("top") or ())
    yield from map(text_of, mapping(story.get("blast_radius")).get("affected_systems") or ())
