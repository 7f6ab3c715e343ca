"""The story of a plan: computed facts, told in words. The guide's plan-analysis form, and ours around it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatops.story.blast import blast_radius, lost_for_ever
from chatops.story.estimate import estimate
from chatops.story.footprint import footprint
from chatops.story.narrate import is_estimated, narrate
from chatops.story.narrate_amounts import readable
from chatops.story.narrate_slots import difference, in_a_sentence, places
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.treasure import treasure_hunt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.blast import BlastRadius, Risk
    from chatops.story.costs import Component
    from chatops.story.estimate import Estimate, ResourceCost
    from chatops.story.footprint import Footprint
    from chatops.story.treasure import Treasure, TreasureHunt

SUMMARY_BYTES = 6_000
"""Of a summary as JSON: a run's row has room for 400 KB, a card for 6,000 characters."""
RESOURCES_IN_DETAILS = 500
NARRATOR = "narrator"
"""Who has told a story that no model has worded."""
_TOP, _RISKS, _LOST, _ALTERNATIVES = 8, 5, 20, 3
_RISKS_IN_DETAILS, _ADDRESSES, _COMPONENTS = 200, 50, 30


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is computed of a plan; no word of a story adds to it."""

    estimate: Estimate
    blast: BlastRadius
    treasure: TreasureHunt
    footprint: Footprint
    destroy: bool
    """Whether the run destroys the deployment."""
    plan_sha256: str
    """Seeds the choice of words, so that one plan is always told alike."""
    lost: tuple[str, ...] = ()
    """What no apply brings back: addresses of stateful resources that the plan deletes."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a story is told: prices of a latte in US dollars, a language as Discord's locale."""

    latte_usd: float = 5.50
    locale: str = "en-US"

    @classmethod
    def in_first_of(cls, latte_usd: float, *locales: str) -> Told:
        """Told in the first of these languages that is named; in English where none is."""
        named = [each for each in locales if each]
        return cls(latte_usd, *named[:1])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that would carry a workload, with what it costs: US dollars a month, from little use to much.

    `kind` is one of the voice's analogies; `reason`, `failure` (what breaks with it) and `caveat` (what one gives up by
    choosing it) are sentences of ours.
    """

    service: str
    kind: str
    monthly_low: float
    monthly_high: float
    reason: str
    failure: str
    caveat: str = ""

    @property
    def middle(self) -> float:
        """Half-way between little use and much: by it candidates are compared."""
        return (self.monthly_low + self.monthly_high) / 2


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The guide's standard recommendation, computed: the best and its neighbours; `seed` chooses the words."""

    best: Candidate
    alternatives: tuple[Candidate, ...]
    seed: str


def facts_of(
    plan: Mapping[str, Any], destroy: bool, plan_sha256: str, regions: Mapping[str, str] | None = None
) -> Facts:
    """Compute everything of a plan's JSON; `regions` by cloud stand where the plan names none."""
    book, known = open_book(), read(plan, regions)
    costs = estimate(known, book)
    return Facts(
        estimate=costs,
        blast=blast_radius(known),
        treasure=treasure_hunt(known, costs, book),
        footprint=footprint(costs, book),
        destroy=destroy,
        plan_sha256=plan_sha256,
        lost=lost_for_ever(known),
    )


def summary(facts: Facts, words: Mapping[str, Any], told_by: str) -> dict[str, Any]:
    """What is kept with the run's row and shown on its card: at most `SUMMARY_BYTES` as JSON whatever the plan's size.

    The guide's fields at the top, `cost`, `risks`, `lost` and `alternatives` beside them, and who has told it.
    """
    told = {name: words[name] for name in words if name not in ("told_by", "fallback")}
    told |= {"told_by": told_by, "fallback": words.get("fallback", "")}
    for share in (1.0, 0.6, 0.3, 0.1, 0.0):
        whole = told | _lists(facts, share)
        if len(json.dumps(whole, ensure_ascii=False).encode()) <= SUMMARY_BYTES:
            break
    return whole


def _lists(facts: Facts, share: float) -> dict[str, Any]:
    """The lists, of this share of their length; the shorter they are, the shorter are the addresses in them."""
    text = round(40 + 160 * share)
    top, risks, lost, alternatives = (round(most * share) for most in (_TOP, _RISKS, _LOST, _ALTERNATIVES))
    return {
        "cost": _cost(facts, top, text),
        "risks": [_risk(each, text) for each in facts.blast.risks[:risks]],
        "lost": [readable(each, text) for each in facts.lost[:lost]],
        "lost_count": len(facts.lost),
        "alternatives": [_alternative(each, text) for each in facts.treasure.alternatives[:alternatives]],
    }


def _cost(facts: Facts, most: int, text: int) -> dict[str, Any]:
    costs = facts.estimate
    return {
        "before": costs.before,
        "after": costs.after,
        "diff": costs.diff,
        "counts": costs.counts,
        "coverage": coverage(costs),
        "usage": [costs.usage.low, costs.usage.medium, costs.usage.high],
        "as_of": readable(costs.as_of, 60),
        "estimated": is_estimated(facts),
        "top": [_top(each, text) for each in _dearest(facts)[:most]],
    }


def coverage(costs: Estimate) -> str:
    """How much of what is billed at all has a price: "12 of 14 priced"."""
    priced, billed = costs.coverage
    return f"{priced} of {billed} priced" if billed else "nothing here is billed"


def _dearest(facts: Facts) -> list[ResourceCost]:
    """What costs most after the apply; of a destroyed deployment, what has cost most."""
    return sorted(
        (each for each in facts.estimate.resources if _shown(each, facts.destroy)),
        key=lambda each: (-_shown(each, facts.destroy), each.resource.address),
    )


def _shown(cost: ResourceCost, destroy: bool) -> float:
    return (cost.before if destroy else cost.after) or 0.0


def _top(cost: ResourceCost, text: int) -> list[Any]:
    monthly = cost.before if cost.after is None else cost.after
    parts = sorted(cost.components, key=lambda part: -(part.monthly or 0))
    what = readable(parts[0].name, min(text, 60)) if parts else ""
    return [readable(cost.resource.address, text), monthly, what]


def _risk(risk: Risk, text: int) -> list[str]:
    where = (readable(risk.address, text), readable(risk.attribute, 80), readable(risk.evidence, 80))
    return [risk.level.value, readable(risk.rule, 60), *where, readable(risk.text, 200)]


def _alternative(treasure: Treasure, text: int) -> dict[str, Any]:
    return {
        "optimization": f"{in_a_sentence(treasure.change)}, at {places(treasure.addresses)}",
        "cost_difference": difference(treasure),
        "caveat": readable(treasure.caveat, text),
    }


def details(facts: Facts) -> dict[str, Any]:
    """What the details button shows: components, every risk, the alternatives; bounded to `RESOURCES_IN_DETAILS`."""
    costs, hunt, steps = facts.estimate, facts.treasure, facts.footprint
    found = sorted(costs.resources, key=lambda each: (-max(each.after or 0, each.before or 0), each.resource.address))
    return {
        "as_of": costs.as_of,
        "monthly": {"before": costs.before, "after": costs.after, "diff": costs.diff},
        "counts": costs.counts,
        "coverage": coverage(costs),
        "notes": [readable(each, 300) for each in costs.notes[:20]],
        "resources": [_resource(each) for each in found[:RESOURCES_IN_DETAILS]],
        "left_out": max(len(found) - RESOURCES_IN_DETAILS, 0),
        "risks": [_risk(each, 300) for each in facts.blast.risks[:_RISKS_IN_DETAILS]],
        "risks_left_out": max(len(facts.blast.risks) - _RISKS_IN_DETAILS, 0) + facts.blast.more,
        "affected": {
            readable(service, 30): [readable(each, 200) for each in addresses[:_ADDRESSES]]
            for service, addresses in facts.blast.affected.items()
        },
        "lost": [readable(each, 300) for each in facts.lost[:RESOURCES_IN_DETAILS]],
        "treasure": _sourced(hunt.best) if hunt.best else None,
        "alternatives": [_sourced(each) for each in hunt.alternatives],
        "footprint": {
            "kwh": steps.kwh,
            "kg": steps.kg,
            "regions": list(steps.regions[:20]),
            "method": steps.method,
            "uncertainty_percent": steps.uncertainty_percent,
            "left_out": steps.left_out,
        },
    }


def _sourced(treasure: Treasure) -> dict[str, Any]:
    return _alternative(treasure, 300) | {"source": readable(treasure.source, 200), "safe": treasure.safe}


def _resource(cost: ResourceCost) -> dict[str, Any]:
    return {
        "address": readable(cost.resource.address, 300),
        "actions": list(cost.resource.actions),
        "status": cost.status.value,
        "monthly": cost.before if cost.after is None else cost.after,
        "before": cost.before,
        "after": cost.after,
        "components": [_component(each) for each in cost.components[:_COMPONENTS]],
    }


def _component(part: Component) -> dict[str, Any]:
    shown = {
        "name": readable(part.name, 120),
        "unit": part.unit,
        "quantity": part.quantity,
        "price": part.price,
        "monthly": part.monthly,
        "source": part.source,
        "note": readable(part.note, 200),
    }
    usage = part.usage
    return shown | ({"usage": [usage.low, usage.medium, usage.high]} if usage else {})


def story_of(plan: Mapping[str, Any], told: Told | None = None) -> dict[str, Any]:
    """The summary of a plan's JSON as the narrator tells it; for the tool and for tests, which know no run.

    Its words are chosen by the addresses, and it is told as a destroy where nothing but destroying is planned.
    """
    resources = read(plan).resources
    seed = hashlib.sha256("\n".join(each.address for each in resources).encode(errors="replace")).hexdigest()
    actions = {action for each in resources for action in each.actions}
    destroys = "delete" in actions and actions <= {"delete", "no-op", "read"}
    facts = facts_of(plan, destroys, seed)
    return summary(facts, narrate(facts, told or Told()), NARRATOR)
