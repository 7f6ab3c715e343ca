"""The answer of /cloud-advise: the guide's standard recommendation as a card, or why there is none."""

from collections.abc import Mapping
from typing import Any

from chatops.discord.replies import Colour, Reply
from chatops.discord.story_card import ANALOGY, BLAST, COFFEE, TREASURE, treasure_line
from chatops.discord.text import code, dollars, plain, prose
from chatops.story.recommend import Advice
from chatops.story.values import mapping, text_of

RULES = (
    "List prices before tax, discounts and free tiers; visits and sizes by rules of thumb. A plan of your own tells "
    "more: `/cloud-deploy-v2` shows it before anything is made."
)
FAILED = "The Cloud Dungeon Master could not answer this time. Please run `/cloud-advise` again in a minute."
UNPRICED = (
    "Our price book has nothing of that size there. Try a smaller one, another cloud or region, or leave them out."
)


def advice_card(advice: Advice, told: Mapping[str, Any], budget: float | None) -> Reply:
    """The recommendation as it was told; what was read and what was assumed stands above it."""
    best = advice.recommendation.best
    others = [_other(mapping(each)) for each in told.get("alternatives") or ()]
    fields = [
        ("🧙 Recommended", f"**{_said(told, 'recommended_service')}** · {_said(told, 'estimated_monthly_cost')}/month"),
        ("🧭 Reasoning", "\n".join(filter(None, (_said(told, "reasoning"), prose(best.caveat, ()))))),
        (COFFEE, _said(told, "coffee_cup_cost")),
        (ANALOGY, _said(told, "real_world_analogy")),
        (BLAST, _said(told, "blast_radius")),
        (TREASURE, treasure_line(mapping(told.get("treasure_hunt")), ())),
        ("🔀 Alternatives", "\n".join(others)),
        ("⚠️ Over budget", _over(advice, budget)),
        ("🚀 Deploy it", f"`/cloud-deploy-v2` with blueprint {code(advice.blueprint)}" if advice.blueprint else ""),
    ]
    estimated = " · some estimated for the region" if advice.estimated else ""
    return Reply(
        title="🧙 The Cloud Dungeon Master advises",
        text="\n".join(filter(None, (plain(advice.understood), plain(advice.assumed), RULES))),
        colour=Colour.BLUE,
        fields=tuple((name, value) for name, value in fields if value),
        footer=f"list prices of {advice.as_of}{estimated}",
    )


def _said(told: Mapping[str, Any], name: str) -> str:
    return prose(text_of(told.get(name)), ())


def _other(other: Mapping[str, Any]) -> str:
    return f"• **{_said(other, 'service')}**: {_said(other, 'cost_difference')}"


def _over(advice: Advice, budget: float | None) -> str:
    if not advice.over_budget or budget is None:
        return ""
    most = dollars(advice.recommendation.best.monthly_high)
    return f"With much use it costs {most} a month; the budget is {dollars(budget)}."
