"""The narrator: a plan's facts as sentences, the same for the same plan, whatever else is out of order.

Every sentence follows from `Facts` alone. What the plan's author has written comes into no sentence but as an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.story import voice
from chatops.story.blast import Level
from chatops.story.costs import CostStatus
from chatops.story.narrate_amounts import chosen, cups_a_day, readable
from chatops.story.narrate_kinds import dominant_kind
from chatops.story.narrate_slots import CENT, CLOUDS, aliases_of, latte_price, slots_of
from chatops.story.schema import Given, Line, Script, told
from chatops.story.voice_units import ENGLISH, Units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.story import Facts, Told

TEAM, CAFE = 10, 100
"""Lattes a day from which a cost is a busy team's, or a café's."""
_SERVICES = 12


def narrate(facts: Facts, how: Told) -> dict[str, Any]:
    """The guide's plan-analysis form in the narrator's own words."""
    return told(script_of(facts, how))


def script_of(facts: Facts, how: Told, units: Units = ENGLISH) -> Script:
    """What has to be said about a plan, and the slots for it; `units` are those of the language it is told in."""
    slots = slots_of(facts, how.latte_usd, units)
    aliases = frozenset(aliases_of(facts))
    affected = facts.blast.affected
    services = sorted(affected)[:_SERVICES]
    level = facts.blast.level.value
    return Script(
        fields={
            "coffee_cup_cost": _coffee(facts, how),
            "real_world_analogy": _analogy(facts, slots),
            "blast_radius": {
                "security_risk": _risk(facts, slots, aliases),
                "impact_level": Given(level, level),
                "affected_systems": Given(
                    services, [f"{readable(name, 30)} ({len(affected[name])})" for name in services]
                ),
            },
            "treasure_hunt": {
                "optimization": _treasure(facts, slots, aliases),
                "estimated_savings": Given("{savings}", slots["savings"]),
            },
            "environmental_impact": _environment(facts),
        },
        slots=slots,
        costs=coffee_case(facts) not in ("free", "closed"),
        danger=facts.blast.level not in (Level.NONE, Level.LOW),
    )


def coffee_case(facts: Facts) -> str:
    """Which of the coffee lines is true of this plan."""
    costs = facts.estimate
    by_use = costs.usage.high >= CENT
    if costs.after >= CENT:
        return "saves" if costs.diff <= -CENT else "costs"
    if costs.before >= CENT:
        return "closed" if facts.destroy and not by_use else "freed"
    return "by_use" if by_use else "unpriced" if costs.counts["unknown"] else "free"


def _coffee(facts: Facts, how: Told) -> Line:
    case, costs = coffee_case(facts), facts.estimate
    has_cups = case not in ("free", "by_use", "unpriced")
    if case == "costs":
        cups = cups_a_day(costs.after, latte_price(how.latte_usd))
        case = "cups" if cups < TEAM else "team" if cups < CAFE else "cafe"
    must = [chosen(voice.COFFEE[case], facts.plan_sha256, "coffee")]
    if case in ("cups", "team", "cafe") and costs.before >= CENT:
        must.append(voice.DEARER if costs.diff >= CENT else voice.UNCHANGED)
    if costs.usage.high >= CENT and case != "by_use":
        must.append(voice.ALSO_BY_USE)
    if costs.counts["unknown"] and case != "unpriced":
        must.append(voice.ALSO_UNPRICED)
    if is_estimated(facts):
        must.append(voice.ESTIMATED)
    return Line(tuple(must), (voice.CUP,) if has_cups else ())


def is_estimated(facts: Facts) -> bool:
    """Whether any price was taken from another region or family."""
    return any(part.estimated for each in facts.estimate.resources for part in each.components)


def _analogy(facts: Facts, slots: Mapping[str, str]) -> Line:
    kind = dominant_kind(facts)
    may = [voice.SIZE] if slots["size"] and kind == "compute" else []
    if " and " in slots["clouds"]:
        may.append(voice.SPANS)
    return Line((chosen(voice.ANALOGY[kind], facts.plan_sha256, "analogy"),), tuple(may))


def _risk(facts: Facts, slots: Mapping[str, str], aliases: frozenset[str]) -> Line:
    risks = facts.blast.risks
    must = [chosen(voice.RISK[_risk_case(facts)], facts.plan_sha256, "risk")]
    if facts.lost:
        must.append(voice.LOST)
    if slots["rebuilt"]:
        must.append(voice.REBUILT)
    if facts.blast.dependents:
        must.append(voice.REACH)
    return Line(tuple(must), (voice.MORE_RISKS,) if len(risks) > 1 else (), aliases)


def _risk_case(facts: Facts) -> str:
    level = facts.blast.level
    if level is Level.NONE:
        return "nothing"
    if facts.blast.risks:
        return level.value
    if level is not Level.LOW:
        return "unseen"
    strangers = any(
        each.status is CostStatus.UNKNOWN and each.resource.cloud not in CLOUDS for each in facts.estimate.resources
    )
    return "strangers" if strangers else "no_trap"


def _treasure(facts: Facts, slots: Mapping[str, str], aliases: frozenset[str]) -> Line:
    if facts.treasure.best:
        case = "found"
    elif slots["savings"] != voice.NO_TREASURE:
        case = "closed"
    else:
        case = "no_bill" if coffee_case(facts) == "free" else "none"
    return Line((chosen(voice.TREASURE[case], facts.plan_sha256, "treasure"),), (), aliases)


def _environment(facts: Facts) -> Line:
    steps = facts.footprint
    if steps.kwh:
        case = "electricity" if steps.kg is None else "measured"
    elif steps.saved_kwh:
        case = "spared"
    else:
        case = "gone" if facts.destroy else "unmeasured"
    must = [chosen(voice.ENVIRONMENT[case], facts.plan_sha256, "environment")]
    if steps.kwh and steps.saved_kwh:
        must.append(voice.ALSO_SPARED)
    return Line(tuple(must), (voice.NOT_MEASURED,) if steps.left_out and not facts.destroy else ())
