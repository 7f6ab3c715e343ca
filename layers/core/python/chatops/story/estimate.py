"""What a plan costs a month: before, after, and each component of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatops.story.costs import Component, CostStatus, Usage, span
from chatops.story.kinds import Asked, kind_of
from chatops.story.planned import same
from chatops.story.prices import HOME
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chatops.story.planned import Plan, Resource
    from chatops.story.prices import Book

    _Pricing = Callable[[Resource, Mapping[str, Any]], tuple[Component, ...] | None]

_NO_PRICE = "no price is known for this kind of resource"
_DATE = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class ResourceCost:
    """One resource's cost a month; `before` and `after` are None where the resource is not there, or not priced."""

    resource: Resource
    status: CostStatus
    before: float | None
    after: float | None
    components: tuple[Component, ...]
    """After the apply; of a resource that will be destroyed, before it."""
    note: str = ""
    """Why it is unknown, or what else must be said of it."""
    stays: bool = True
    """Whether it still costs something after the apply: it is not destroyed."""

    @property
    def usage(self) -> Usage:
        """What its parts by use cost a month after the apply; nothing where the resource is unknown."""
        if not self.stays or self.status is CostStatus.UNKNOWN:
            return Usage(0.0, 0.0, 0.0)
        return _sum_of(component.usage for component in self.components if component.usage)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A whole plan's cost in US dollars a month; `usage` is what the parts by use add to `after`."""

    resources: tuple[ResourceCost, ...]
    before: float
    after: float
    usage: Usage
    as_of: str
    """The dates of the prices that were used: "2024-09 to 2026-07"."""
    notes: tuple[str, ...] = ()

    @property
    def diff(self) -> float:
        """What the plan adds a month."""
        return round(self.after - self.before, 6)

    @property
    def counts(self) -> dict[str, int]:
        """How many resources are priced, free, by use, unknown."""
        counted = Counter(each.status for each in self.resources)
        return {status.value: counted[status] for status in CostStatus}

    @property
    def coverage(self) -> tuple[int, int]:
        """How many resources are priced or by use, of how many that are billed at all: all but the free ones."""
        billed = len(self.resources) - self.counts["free"]
        return billed - self.counts["unknown"], billed


@dataclass(frozen=True, slots=True)
class _Side:
    """A resource's cost on one side of the change; `monthly` is None where its status is usage or unknown."""

    components: tuple[Component, ...]
    status: CostStatus
    monthly: float | None
    note: str = ""


def price_side(
    resource: Resource, attributes: Mapping[str, Any], plan: Plan, book: Book
) -> tuple[Component, ...] | None:
    """The components of a resource if its attributes were these; None for a kind that nobody can price.

    Other attributes than the plan's answer "what would it cost, were it …": that is how treasures are computed.
    """
    return _price(resource, attributes, plan, book, {})


def _price(
    resource: Resource, attributes: Mapping[str, Any], plan: Plan, book: Book, indexes: dict[str, Any]
) -> tuple[Component, ...] | None:
    kind = kind_of(resource.type)
    if kind is None:
        return () if book.kind(resource.type) == "free" else None
    unknown = {} if attributes is resource.before else resource.unknown
    region = resource.region or HOME.get(resource.cloud, "")
    asked = Asked(resource, Values(attributes, unknown), plan, book, region, indexes)
    try:
        components = tuple(kind(asked))
    except Exception:  # a plan is anybody's text: what a kind did not think of costs its own resource the price alone
        return None
    return components if math.isfinite(total := _monthly(components)) and total >= 0 else None


def estimate(plan: Plan, book: Book) -> Estimate:
    """Price every resource of the plan; what cannot be priced is counted as unknown, and never as zero.

    A replacement costs on both sides, what is destroyed before alone, and what leaves the state ("forget") on both:
    nobody switches it off. What is imported costs on both sides too, since it exists already. A replaced object that
    could not be destroyed yet ("deposed") costs before; an address that comes twice counts after the apply once.
    """
    indexes: dict[str, Any] = {}

    def price(resource: Resource, attributes: Mapping[str, Any]) -> tuple[Component, ...] | None:
        return _price(resource, attributes, plan, book, indexes)

    costs: list[ResourceCost] = []
    alive: set[str] = set()
    for resource in plan.resources:
        if resource.after is not None:
            if resource.address in alive:
                continue
            alive.add(resource.address)
        costs.append(_cost(resource, price))
    return Estimate(
        tuple(costs),
        round(math.fsum(each.before or 0.0 for each in costs), 6),
        round(math.fsum(each.after or 0.0 for each in costs), 6),
        _sum_of(each.usage for each in costs),
        _dates(costs, book),
        tuple(_notes(plan, costs)),
    )


def status_of(components: Iterable[Component] | None) -> CostStatus:
    """What is known of the cost of something with these components; None stands for a kind that nobody can price."""
    parts = None if components is None else tuple(components)
    if parts is None or any(part.monthly is None for part in parts if not part.by_use):
        return CostStatus.UNKNOWN
    if any(not part.by_use for part in parts):
        return CostStatus.PRICED
    if any(part.usage for part in parts):
        return CostStatus.USAGE
    return CostStatus.UNKNOWN if parts else CostStatus.FREE


def _cost(resource: Resource, price: _Pricing) -> ResourceCost:
    before, after = _sides(resource, price)
    shown = after or before
    if shown is None:
        return ResourceCost(resource, CostStatus.UNKNOWN, None, None, (), "the plan does not say what it is")
    note = shown.note
    if before and after and CostStatus.UNKNOWN in (before.status, after.status) and before.status is not after.status:
        note = note or "what it costs now is not known: the difference counts all that it costs after"
    return ResourceCost(
        resource,
        shown.status,
        before.monthly if before else None,
        after.monthly if after else None,
        shown.components,
        note or ("leaves the state and goes on costing" if "forget" in resource.actions else ""),
        stays=after is not None,
    )


def _sides(resource: Resource, price: _Pricing) -> tuple[_Side | None, _Side | None]:
    """What a resource costs before and after the apply."""
    before = None if resource.before is None else _side(price(resource, resource.before))
    if resource.after is None:
        return before, before if {"forget", "no-op"} & set(resource.actions) else None
    if before and same(resource.before, resource.after):  # what the plan calls it is not believed
        return before, before
    after = _side(price(resource, resource.after))
    if before and "forget" in resource.actions:
        known = _NO_PRICE not in (before.note, after.note)
        after = _side(after.components + before.components if known else None)
    return before, after


def _side(components: tuple[Component, ...] | None) -> _Side:
    status = status_of(components)
    if components is None:
        return _Side((), status, None, _NO_PRICE)
    monthly = round(_monthly(components), 6) if status in (CostStatus.PRICED, CostStatus.FREE) else None
    return _Side(components, status, monthly, _reason(components) if status is CostStatus.UNKNOWN else "")


def _reason(components: Iterable[Component]) -> str:
    """The first component without a price, and why it has none."""
    part = next(part for part in components if part.monthly is None and part.usage is None)
    return f"{part.name}: {part.note}"


def _monthly(components: Iterable[Component]) -> float:
    return math.fsum(component.monthly or 0.0 for component in components)


def _sum_of(usages: Iterable[Usage]) -> Usage:
    each = list(usages)
    return Usage(
        round(math.fsum(usage.low for usage in each), 6),
        round(math.fsum(usage.medium for usage in each), 6),
        round(math.fsum(usage.high for usage in each), 6),
    )


def _dates(costs: Iterable[ResourceCost], book: Book) -> str:
    dates = {part.as_of[:7] for each in costs for part in each.components if _DATE.match(part.as_of)}
    return span(dates or {each[:7] for each in book.dates()})


def _notes(plan: Plan, costs: Iterable[ResourceCost]) -> Iterable[str]:
    """What a reader of the totals must know, shortest list that says all of it."""
    billed = [each for each in costs if each.status is not CostStatus.FREE]
    for cloud, home in HOME.items():
        if any(not each.resource.region and each.resource.cloud == cloud for each in billed):
            yield f"region not said: {home} assumed"
    estimated = sum(any(part.estimated for part in each.components) for each in billed)
    if estimated:
        yield f"{_resources(estimated)} priced in part by another region's rate, estimated"
    if forgotten := sum("forget" in each.resource.actions for each in billed):
        yield f"{_resources(forgotten)} leave the state and go on costing: counted before and after"
    if unknown := sum(each.status is CostStatus.UNKNOWN for each in billed):
        yield f"{_resources(unknown)} unknown, in no total"
    if plan.passed_over:
        yield f"{plan.passed_over} parts of the plan could not be read"


def _resources(count: int) -> str:
    return "1 resource" if count == 1 else f"{count:,} resources"
