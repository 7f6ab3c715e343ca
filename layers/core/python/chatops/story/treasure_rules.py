"""What every treasure rule stands on: a find, the ground that is dug through, and what something else would cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chatops.story.costs import CostStatus
from chatops.story.estimate import price_side
from chatops.story.planned import Plan, Resource
from chatops.story.prices import HOME
from chatops.story.treasure_rules_families import neighbours
from chatops.story.values import Values

if TYPE_CHECKING:
    from chatops.story.costs import Component
    from chatops.story.estimate import Estimate, ResourceCost
    from chatops.story.prices import Book, Machine

MOST_RESOURCES = 2000
"""The dearest ones are dug at: in a larger plan the others hide no larger treasure, and digging takes time."""
MOST_NEIGHBOURS = 12
"""Of a machine type, best first."""

_ENVIRONMENT_KEYS = frozenset({"environment", "env", "stage", "tier"})
_NON_PRODUCTION = frozenset(
    {"dev", "develop", "development", "test", "testing", "qa", "demo", "poc", "lab", "non-prod", "nonprod"}
)
_PRODUCTION = frozenset({"prod", "production", "prd", "live"})
_TAGS = ("tags", "tags_all", "labels", "effective_labels", "terraform_labels", "user_labels", "resource_labels")
NON_PRODUCTION, PRODUCTION = "non-production", "production"
TEMPLATES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "aws_autoscaling_group": (("launch_template", "launch_configuration"), "instance_type"),
    "google_compute_instance_group_manager": (("version", "instance_template"), "machine_type"),
    "google_compute_region_instance_group_manager": (("version", "instance_template"), "machine_type"),
}
"""Groups whose machine type is their template's: where they name the template, and where that says the type."""


@dataclass(frozen=True, slots=True)
class Find:
    """What one rule found at one place: US dollars a month `now` and `then`, both of the same resources."""

    rule: str
    addresses: tuple[str, ...]
    change: str
    now: float
    then: float
    caveat: str
    source: str
    safe: bool = False
    about: bool = False
    by_use: bool = False
    """Whether what it saves is no more than assumed: it is billed by use."""


Rule = Callable[["Ground"], Iterable[Find]]


@dataclass(frozen=True, slots=True)
class Bill:
    """What some components cost a month, by use excluded."""

    monthly: float
    parts: tuple[Component, ...]

    @property
    def estimated(self) -> bool:
        """Whether one of the prices is not the vendor's own."""
        return _estimated(self.parts)

    @property
    def source(self) -> str:
        """Where the dearest part's price is from."""
        return _source(self.parts)


class Ground:
    """A plan's resources that cost something after the apply, dearest first, and what else they could be."""

    def __init__(self, plan: Plan, estimate: Estimate, book: Book) -> None:
        self.plan, self.book = plan, book
        there = (
            each
            for each in estimate.resources
            if each.resource.after is not None and each.status in (CostStatus.PRICED, CostStatus.USAGE)
        )
        self.costs = sorted(there, key=lambda each: (-(each.after or 0.0), each.resource.address))[:MOST_RESOURCES]
        self._neighbours: dict[tuple[str | frozenset[str], ...], list[Machine]] = {}

    def of(self, *types: str) -> Iterator[tuple[ResourceCost, Values]]:
        """The resources of these types, with their attributes after the apply."""
        for cost in self.costs:
            if cost.resource.type in types:
                yield cost, after(cost)

    def machine(self, cost: ResourceCost, name: str) -> Machine | None:
        """The machine type of this name, where the resource is."""
        return self.book.machine(cost.resource.cloud, region_of(cost), name)

    def neighbours(
        self, cost: ResourceCost, machine: Machine, processor: str, without: frozenset[str]
    ) -> list[Machine]:
        """The cheaper machine types that do what this one does, where the resource is, best first."""
        cloud, region = cost.resource.cloud, region_of(cost)
        key = (cloud, region, machine.type, processor, without)
        if key not in self._neighbours:
            there = self.book.machines(cloud, region)
            self._neighbours[key] = neighbours(cloud, machine, processor, there, without)[:MOST_NEIGHBOURS]
        return self._neighbours[key]

    def bill(
        self,
        cost: ResourceCost,
        attributes: Mapping[str, Any] | None = None,
        *,
        region: str = "",
        instead: Resource | None = None,
    ) -> Bill | None:
        """What the resource would cost with other attributes, elsewhere, or if what it refers to were another.

        None where that has no price, or where a part of it has none.
        """
        resource = replace(cost.resource, region=region) if region else cost.resource
        plan = Supposing(self.plan, {instead.address: instead}) if instead else self.plan
        wanted = attributes if attributes is not None else resource.after or {}
        return billed(price_side(resource, wanted, plan, self.book))


class Supposing(Plan):
    """The same plan, if some of its resources were others."""

    def __init__(self, plan: Plan, instead: Mapping[str, Resource]) -> None:
        vars(self).update(vars(plan) | {"graph": plan.graph, "_instead": instead})  # its graph is built once for all

    def at(self, address: str) -> Resource | None:
        """As the plan's, but the other one."""
        return self._other(super().at(address))

    def referred(self, resource: Resource, attribute: str) -> tuple[Resource, ...]:
        """As the plan's, but the other ones."""
        return tuple(filter(None, map(self._other, super().referred(resource, attribute))))

    def _other(self, resource: Resource | None) -> Resource | None:
        instead: Mapping[str, Resource] = vars(self)["_instead"]
        return instead.get(resource.address, resource) if resource else None


def billed(components: tuple[Component, ...] | None) -> Bill | None:
    """The fixed part of these components; None if there is none, or one without a price."""
    parts = [part for part in components or () if not part.by_use]
    prices = [part.monthly for part in parts if part.monthly is not None]
    if not parts or len(prices) < len(parts):
        return None
    return Bill(round(math.fsum(prices), 6), tuple(parts))


def _estimated(parts: Iterable[Component]) -> bool:
    """Whether a price is not taken from a vendor's list for just this."""
    return any(part.estimated or "recalled" in part.note for part in parts)


def _source(parts: Iterable[Component]) -> str:
    return max(parts, key=lambda part: part.monthly or 0.0).source


def now(cost: ResourceCost) -> Bill | None:
    """What the resource costs as planned, if its price is known; its total is the estimate's."""
    bill = billed(cost.components)
    return replace(bill, monthly=cost.after) if bill and cost.after is not None and cost.after > 0 else None


def after(cost: ResourceCost) -> Values:
    """The resource's attributes after the apply."""
    return Values(cost.resource.after or {}, cost.resource.unknown)


def region_of(cost: ResourceCost) -> str:
    """Where it is, or is assumed to be."""
    return cost.resource.region or HOME.get(cost.resource.cloud, "")


def exists(cost: ResourceCost) -> bool:
    """Whether it is there already, and stays the same one."""
    return cost.resource.before is not None and "delete" not in cost.resource.actions


def swapped(
    rule: str, cost: ResourceCost, bill: Bill | None, change: str, caveat: str, *, safe: bool = False
) -> Iterator[Find]:
    """The find that something else would cost less than the resource does now, if it would."""
    present = now(cost)
    if bill is not None and present is not None and bill.monthly < present.monthly:
        old, new = set(present.parts), set(bill.parts)  # what stays may be estimated: it is the same before and after
        source = _source(new - old or old)
        address = (cost.resource.address,)
        yield Find(rule, address, change, present.monthly, bill.monthly, caveat, source, safe, _estimated(old ^ new))


def template_of(ground: Ground, cost: ResourceCost) -> Resource | None:
    """The template of a group, if the plan has it; one of its own, and not several."""
    names, attribute = TEMPLATES.get(cost.resource.type, ((), ""))
    found = {
        each.address: each
        for name in names
        for each in ground.plan.referred(cost.resource, name)
        if each.after is not None and attribute in each.after
    }
    return next(iter(found.values())) if len(found) == 1 else None


def environment(values: Values) -> str:
    """What a resource's tags say it is for: NON_PRODUCTION, PRODUCTION, or "" where they do not say, or say both."""
    said = {_environment(word) for word in _tagged(values)} - {""}
    return said.pop() if len(said) == 1 else PRODUCTION if said else ""


def _environment(word: str) -> str:
    return NON_PRODUCTION if word in _NON_PRODUCTION else PRODUCTION if word in _PRODUCTION else ""


def _tagged(values: Values) -> Iterator[str]:
    holders = [values.attributes, values.block("settings").attributes]
    for tags in (holder.get(name) for holder in holders for name in _TAGS):
        for key, value in tags.items() if isinstance(tags, Mapping) else ():
            if isinstance(key, str) and isinstance(value, str) and key.lower() in _ENVIRONMENT_KEYS:
                yield value.lower()
    for tag in values.blocks("tag"):  # an autoscaling group's
        if tag.text("key").lower() in _ENVIRONMENT_KEYS:
            yield tag.text("value").lower()


def changed(attributes: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The attributes with another value at a path of block names; of several blocks the first one's is changed."""
    name, *rest = path
    old = attributes.get(name)
    if not rest:
        wrapped = isinstance(old, list) and not isinstance(value, list)
        return {**attributes, name: [value] if wrapped else value}
    if isinstance(old, list):
        inner = old[0] if old and isinstance(old[0], Mapping) else {}
        return {**attributes, name: [changed(inner, tuple(rest), value), *old[1:]]}
    return {**attributes, name: changed(old if isinstance(old, Mapping) else {}, tuple(rest), value)}
