"""Where money lies buried: rules that each name one safe change, and what it saves."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from chatops.story.treasure_rules import Find, Ground, Rule
from chatops.story.treasure_rules_machines import arm, newer_type, off_hours, spot
from chatops.story.treasure_rules_network import gateway_endpoint, idle_address
from chatops.story.treasure_rules_shape import cheaper_region, no_standby, second_cluster, standby
from chatops.story.treasure_rules_storage import gp2_to_gp3, lifecycle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.estimate import Estimate
    from chatops.story.planned import Plan
    from chatops.story.prices import Book

RULES: tuple[Rule, ...] = (
    gp2_to_gp3,
    newer_type,
    arm,
    spot,
    off_hours,
    gateway_endpoint,
    idle_address,
    no_standby,
    second_cluster,
    lifecycle,
    cheaper_region,
)
"""All that save. What they save is never added up: two of them may be about the same resource."""
LEAST_USD, LEAST_PART = 0.50, 0.01
"""A month, and of what the resources cost: less is no treasure."""
MOST_ALTERNATIVES = 3
_ABOUT_STEP = 5


@dataclass(frozen=True, slots=True)
class Treasure:
    """One way to pay less, or a neighbouring choice: US dollars a month, negative `cost_difference` is a saving."""

    rule: str
    addresses: tuple[str, ...]
    change: str
    """What to do, in words of ours: "gp3 instead of gp2"."""
    cost_difference: float
    percent: int
    """Of what these resources cost now; rounded down to 5 where it is "about"."""
    about: bool
    caveat: str
    source: str
    safe: bool = True
    """No data is lost, nothing stands still for longer than a restart, and the capacity stays."""
    by_use: bool = False
    """What it saves is billed by use, and so is assumed."""


@dataclass(frozen=True, slots=True)
class TreasureHunt:
    """The largest safe treasure, if there is one, and up to three alternatives."""

    best: Treasure | None
    alternatives: tuple[Treasure, ...]


def treasure_hunt(plan: Plan, estimate: Estimate, book: Book) -> TreasureHunt:
    """Dig: every rule, at what exists after the apply.

    The best is the safe one that saves most, a sure saving before an assumed one. The alternatives are those that save
    most then, whether safe or not, and after them, where there is room, a dearer neighbour that is worth its price.
    """
    ground = Ground(plan, estimate, book)
    found = _ranked(chain.from_iterable(rule(ground) for rule in RULES))
    best = next((each for each in sorted(found, key=lambda each: each.by_use) if each.safe), None)
    others = [each for each in found if each is not best]
    if len(others) < MOST_ALTERNATIVES:
        others += _grouped(standby(ground))
    return TreasureHunt(best, tuple(others[:MOST_ALTERNATIVES]))


def _ranked(finds: Iterable[Find]) -> list[Treasure]:
    """What is worth digging for, the largest saving first."""
    worth = [
        each
        for each in _grouped(find for find in finds if find.then < find.now)
        if each.percent >= 100 * LEAST_PART and each.cost_difference <= -LEAST_USD
    ]
    return sorted(worth, key=lambda each: (each.cost_difference, each.rule, each.addresses))


def _grouped(finds: Iterable[Find]) -> list[Treasure]:
    """Equal changes of several resources are one treasure."""
    groups: dict[tuple[str, str, bool], list[Find]] = defaultdict(list)
    for find in finds:
        if math.isfinite(find.now) and math.isfinite(find.then) and find.then >= 0 and find.now > 0:
            groups[find.rule, find.change, find.safe].append(find)
    return [_treasure(group) for group in groups.values()]


def _treasure(group: list[Find]) -> Treasure:
    first = group[0]
    now = math.fsum(each.now for each in group)
    difference = math.fsum(each.then for each in group) - now
    about = any(each.about for each in group)
    return Treasure(
        first.rule,
        tuple(address for each in group for address in each.addresses),
        first.change,
        round(difference, 6),
        _percent(abs(difference) / now, about),
        about,
        first.caveat,
        first.source,
        first.safe,
        first.by_use,
    )


def _percent(part: float, about: bool) -> int:
    """Whole percent, rounded down; to steps of five where it is only about so much, and there are as many."""
    percent = math.floor(100 * part + 1e-9)
    return percent - percent % _ABOUT_STEP if about and percent >= _ABOUT_STEP else percent
