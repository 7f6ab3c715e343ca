"""What the kinds of AWS share: unit prices of a region, lines of a bill as data, what else a plan says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed
from chatops.story.kinds.basics import related

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Resource
    from chatops.story.prices import Price
    from chatops.story.values import Values

_SIZE = re.compile(r"(nano|micro|small|medium|large|(\d{0,3})xlarge)")
_SEARCHED = 2000
"""In a larger plan nobody looks through all resources for each: the time would grow with the square."""
_PARTS = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1.0}
"""Of a "large": AWS doubles a family's price from one size to the next (cost.md's tables, to 0.5 %)."""


@dataclass(frozen=True, slots=True)
class Always:
    """A line that is billed whether used or not: so much of the item's unit a month."""

    name: str
    item: str
    quantity: float = HOURS


@dataclass(frozen=True, slots=True)
class Use:
    """A line that is billed by use: so much of the item's unit a month with little, usual and much of it."""

    name: str
    item: str
    low: float
    medium: float
    high: float


def unit(asked: Asked, item: str) -> Price | None:
    """AWS's price of this item where the resource is."""
    return asked.book.unit("aws", asked.region, item)


def line(asked: Asked, of: Always | Use, note: str = "") -> Component:
    """One line of a bill, at the price of the resource's region."""
    price = unit(asked, of.item)
    if isinstance(of, Always):
        return fixed(of.name, of.quantity, price, note)
    return by_use(of.name, price, of.low, of.medium, of.high, note)


def billed(*lines: Always | Use) -> Kind:
    """A kind whose bill is the same whatever its attributes are."""

    def components(asked: Asked) -> Iterable[Component]:
        return [line(asked, each) for each in lines]

    return components


def nearest(asked: Asked, attribute: str, kind: str) -> Resource | None:
    """What an attribute that is set refers to; where it goes through a `local`, the only one of its kind in the module.

    A plan's JSON does not say what stands behind a `local`, and the most used modules name their templates so.
    """
    if found := related(asked, attribute, kind):
        return found
    resources, values = asked.plan.resources, asked.values
    if len(resources) > _SEARCHED or not (values.has(attribute) or values.is_unknown(attribute)):
        return None
    same = [each for each in resources if each.type == kind and each.module == asked.resource.module]
    return same[0] if len(same) == 1 else None


def count_of(values: Values, name: str, default: float = 1.0) -> float:
    """How many there will be: a whole number, or the default where nobody says yet."""
    return float(round(values.number(name, default)))


def parts_of_large(size: str) -> float | None:
    """What a size costs in terms of its family's "large": a medium is half, a 2xlarge four times as much."""
    match = _SIZE.fullmatch(size)
    if not match:
        return None
    return _PARTS.get(match[1]) or 2.0 * int(match[2] or 1) or None


def sized(asked: Asked, service: str, machine_type: str) -> Price | None:
    """The hourly price of a service's machine, `service.machine_type`; else by the size of its family's large one.

    The note of such a price begins with "estimated".
    """
    price = unit(asked, f"{service}.{machine_type}")
    if price:
        return price if price.unit == "hour" else None
    family, _, size = machine_type.rpartition(".")
    parts = parts_of_large(size)
    large = unit(asked, f"{service}.{family}.large") if parts else None
    return large.times(parts, f"estimated: {family}.large by size") if large and parts else None


def compute(asked: Asked, machine_type: str, count: float = 1.0) -> Compute | None:
    """How much machine stands behind so many of a type, all month: `db.` and `cache.` types, and those of EC2."""
    size = asked.book.size(machine_type) or _machine_size(asked, machine_type)
    return Compute(HOURS * count * size[0], HOURS * count * size[1], machine_type) if size else None


def _machine_size(asked: Asked, machine_type: str) -> tuple[float, float] | None:
    name = re.sub(r"^(db|cache|kafka|mq|dms)\.|\.(search|elasticsearch)$", "", machine_type)
    machine = asked.book.machine("aws", asked.region, name)
    return (machine.vcpu, machine.gib) if machine and machine.vcpu and machine.gib else None
