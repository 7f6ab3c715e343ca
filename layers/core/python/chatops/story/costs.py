"""What a resource costs: components, each a quantity at a price.

A month has 730 hours. Prices are US dollars, list prices, before tax, discounts, credits and free tiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from chatops.story.prices import Price

HOURS = 730
"""Of a month, as the vendors' own calculators count."""


class CostStatus(StrEnum):
    """What is known of a resource's cost."""

    PRICED = "priced"
    FREE = "free"
    USAGE = "usage"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a usage-based component costs a month if it is used little, as many do, or much."""

    low: float
    medium: float
    high: float


@dataclass(frozen=True, slots=True)
class Compute:
    """How much machine stands behind a component: for the electricity, not for the price."""

    vcpu_hours: float
    gib_hours: float
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a resource's bill.

    `monthly` is None where the price is not known, or where it is `by_use`; then it counts in no total. `usage` is None
    where it is not by use, or where no price is known. `note` says in words what was assumed, such as a price estimated
    from another region; `as_of` is the price's date or month.
    """

    name: str
    unit: str
    quantity: float | None
    price: float | None
    monthly: float | None
    source: str
    by_use: bool = False
    usage: Usage | None = None
    note: str = ""
    compute: Compute | None = None
    as_of: str = ""

    @property
    def estimated(self) -> bool:
        """Whether its price was taken from another region or family: the price's note says so."""
        return "estimated" in self.note


def fixed(name: str, quantity: float, price: Price | None, note: str = "", compute: Compute | None = None) -> Component:
    """A component that is billed whether it is used or not: `quantity` of the price's unit a month."""
    if price is None:
        return Component(name, "", quantity, None, None, "", note="no price known", compute=compute)
    notes = "; ".join(filter(None, (note, price.note)))
    monthly = round(quantity * price.usd, 6)
    return Component(
        name, price.unit, quantity, price.usd, monthly, price.source, note=notes, compute=compute, as_of=price.as_of
    )


def hourly(
    name: str, price: Price | None, count: float = 1, note: str = "", compute: Compute | None = None
) -> Component:
    """A fixed component that is billed by the hour, all month, `count` times."""
    return fixed(name, HOURS * count, price, note, compute)


def by_use(name: str, price: Price | None, low: float, medium: float, high: float, note: str = "") -> Component:
    """A component that is billed by what is used: three quantities a month, for little, usual and much use."""
    if price is None:
        return Component(name, "", None, None, None, "", by_use=True, note="no price known")
    notes = "; ".join(filter(None, (note, price.note)))
    usage = Usage(*(round(each * price.usd, 6) for each in (low, medium, high)))
    return Component(
        name, price.unit, None, price.usd, None, price.source, by_use=True, usage=usage, note=notes, as_of=price.as_of
    )


def scaled(use: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    """Three quantities, for little, usual and much use: so many times as much of each."""
    low, medium, high = use
    return low * factor, medium * factor, high * factor


def span(dates: Collection[str]) -> str:
    """From the first of these dates to the last: "2024-09 to 2026-07", one where they are the same; "" for none."""
    if not dates:
        return ""
    first, last = min(dates), max(dates)
    return first if first == last else f"{first} to {last}"
