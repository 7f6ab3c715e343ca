"""What goes into a story's slots: the numbers, the addresses and the rules' own sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.footprint import in_human_words
from chatops.story.narrate_amounts import amount, counted, cups_a_day, lattes, money, readable, spoken
from chatops.story.narrate_kinds import machine_size
from chatops.story.schema import shortened
from chatops.story.voice import NO_TREASURE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatops.story.estimate import ResourceCost
    from chatops.story.story import Facts
    from chatops.story.treasure import Treasure
    from chatops.story.voice_units import Units

LATTE_USD = 5.50
"""Stands in for a price that no latte has; the average in the United States was $5.46 early in 2024 (Toast)."""
CENT = 0.005
"""A difference that no bill shows."""
CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}
_MOST_ALIASES = 12
_SENTENCE = 150
"""Characters of a rule's sentence inside a field of 300."""


def slots_of(facts: Facts, latte_usd: float, units: Units) -> dict[str, str]:
    """Every slot that a plan's story may have; one that does not apply is empty, and no sentence asks for it."""
    aliases = {alias: spoken(address) for alias, address in aliases_of(facts).items()}
    return _cost(facts, latte_usd, units) | _danger(facts) | _treasure(facts) | _power(facts) | aliases


def aliases_of(facts: Facts) -> dict[str, str]:
    """Names for the addresses that a story may speak of: the risks' first, then the treasure's, then the dearest."""
    best = facts.treasure.best
    dearest = sorted(facts.estimate.resources, key=lambda each: -(each.after or each.before or 0))
    addresses = [
        *(risk.address for risk in facts.blast.risks[:3]),
        *(best.addresses[:1] if best else ()),
        *facts.lost[:1],
        *(each.resource.address for each in dearest[:_MOST_ALIASES]),
    ]
    return {f"r{place}": each for place, each in enumerate(list(dict.fromkeys(addresses))[:_MOST_ALIASES], 1)}


def latte_price(configured: float) -> float:
    """The configured price of a latte, if it is one."""
    return configured if 0.01 <= configured <= 1000 else LATTE_USD


def _cost(facts: Facts, latte_usd: float, units: Units) -> dict[str, str]:
    costs, latte = facts.estimate, latte_price(latte_usd)
    after, saved, unpriced = max(costs.after, 0), max(-costs.diff, 0), costs.counts["unknown"]
    usage = (money(costs.usage.low), money(costs.usage.high), money(costs.usage.medium))
    return {
        "monthly": units.month.format(money(after)),
        "daily": units.day.format(money(cups_a_day(after, 1))),
        "lattes": lattes(cups_a_day(after, latte), units),
        "saved": units.month.format(money(saved)),
        "saved_daily": units.day.format(money(cups_a_day(saved, 1))),
        "saved_lattes": lattes(cups_a_day(saved, latte), units),
        "change": units.more.format(units.month.format(money(max(costs.diff, 0)))),
        "usage": units.use.format(*usage),
        "unpriced": units.one_unpriced if unpriced == 1 else units.some_unpriced.format(f"{unpriced:,}"),
        "latte": money(latte),
        "zero": money(0),
    }


def _danger(facts: Facts) -> dict[str, str]:
    risks = facts.blast.risks
    worst = [risk.address for risk in risks if risk.rule == risks[0].rule]
    clouds = [name for cloud, name in CLOUDS.items() if any(each.resource.cloud == cloud for each in _resources(facts))]
    rebuilt = [
        each.resource.address for each in _resources(facts) if {"create", "delete"} <= set(each.resource.actions)
    ]
    return {
        "risk": sentence(risks[0].text) if risks else "",
        "risk_at": places(worst),
        "more_risks": counted(len(risks) - 1 + facts.blast.more, "more finding"),
        "reach": counted(facts.blast.dependents, "other resource"),
        "lost": places(facts.lost),
        "rebuilt": places(rebuilt),
        "size": machine_size(facts.estimate),
        "clouds": " and ".join(filter(None, (", ".join(clouds[:-1]), *clouds[-1:]))),
    }


def _resources(facts: Facts) -> Sequence[ResourceCost]:
    return facts.estimate.resources


def _treasure(facts: Facts) -> dict[str, str]:
    best = facts.treasure.best
    return {
        "treasure": in_a_sentence(best.change) if best else "",
        "found_at": places(best.addresses) if best else "",
        "caveat": sentence(best.caveat) if best and best.caveat else "",
        "savings": savings(facts),
    }


def in_a_sentence(change: str) -> str:
    """What to change, as a part of a sentence: "office hours alone (220 of 730 hours a month)"."""
    what, _, more = shortened(readable(change, 400), 110).rstrip(" .").partition(": ")
    return f"{what} ({more})" if more else what


def savings(facts: Facts) -> str:
    """What the best treasure saves, or the closed tab; in the guide's form, "$90/month (60%)"."""
    best, costs = facts.treasure.best, facts.estimate
    if best is not None:
        return saving(best)
    return f"{money(-costs.diff)}/month" if facts.destroy and costs.diff <= -CENT else NO_TREASURE


def saving(treasure: Treasure) -> str:
    """A treasure's saving, with "about" where it is."""
    about = "about " if treasure.about else ""
    percent = f" ({about}{treasure.percent}%)" if treasure.percent else ""
    return f"{about}{money(max(-treasure.cost_difference, 0))}/month{percent}"


def difference(treasure: Treasure) -> str:
    """What a choice changes in the bill: a saving, or what it costs more."""
    if treasure.cost_difference <= 0:
        return f"saves {saving(treasure)}"
    return f"costs {'about ' if treasure.about else ''}{money(treasure.cost_difference)}/month more"


def _power(facts: Facts) -> dict[str, str]:
    steps = facts.footprint
    spared = [amount(steps.saved_kwh or 0, "kWh of electricity")]
    if steps.saved_kg is not None:
        spared.append(amount(steps.saved_kg, "kg of CO2e"))
    like = in_human_words(steps.kg or 0)
    return {
        "kwh": amount(steps.kwh or 0, "kWh"),
        "carbon": amount(steps.kg or 0, "kg of CO2e") + (f", as much as {like}" if like else ""),
        "spared": " and ".join(spared),
        "spread": f"an estimate, give or take {steps.uncertainty_percent}%",
        "uncounted": counted(steps.left_out, "resource"),
    }


def sentence(text: str) -> str:
    """A rule's sentence, complete with its full stop, of a length that leaves room for others."""
    short = shortened(readable(text, 400), _SENTENCE)
    return short if re.search(r"[.!?…]$", short) else f"{short}."


def places(addresses: Iterable[str]) -> str:
    """The first address, and how many more there are."""
    found = list(dict.fromkeys(addresses))
    if not found:
        return ""
    return spoken(found[0]) + (f" and {len(found) - 1:,} more" if len(found) > 1 else "")
