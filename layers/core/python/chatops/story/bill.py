"""An estimate as a bill: JSON for machines, a table for people."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from chatops.story.costs import CostStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.costs import Component, Usage
    from chatops.story.estimate import Estimate, ResourceCost

WIDTH = 100
"""Columns of the table: what a terminal and a code block in a report have at least."""
_MONEY = 14
_RULE = "─" * WIDTH
_TERMS = "US dollars, list prices, before tax and free tiers; a month has 730 hours"


def to_json(estimate: Estimate) -> dict[str, Any]:
    """The estimate as JSON: every resource with its components, null where a number is not known."""
    priced, billed = estimate.coverage
    return {
        "as_of": estimate.as_of,
        "currency": "USD",
        "monthly": {"before": estimate.before, "after": estimate.after, "diff": estimate.diff},
        "usage": _usage(estimate.usage),
        "counts": estimate.counts,
        "coverage": {"priced": priced, "billed": billed},
        "notes": list(estimate.notes),
        "resources": [_resource(each) for each in estimate.resources],
    }


def action(actions: Iterable[str]) -> str:
    """What happens to a resource, in one word: Terraform writes a replacement as two actions."""
    done = set(actions)
    if {"create", "delete"} <= done or {"create", "forget"} <= done:
        return "replace"
    return next((each for each in ("create", "delete", "update", "forget") if each in done), "no-op")


def table(estimate: Estimate) -> str:
    """The estimate in lines of at most 100 columns: the dearest first, then what is unknown, then the totals."""
    lines: list[str] = []
    shown = (each for each in estimate.resources if each.status is not CostStatus.FREE)
    for cost in sorted(shown, key=_place):
        lines += [*_lines(cost), ""]
    return "\n".join([*lines, _RULE, *_totals(estimate)])


def _usage(usage: Usage) -> dict[str, float]:
    return {"low": usage.low, "medium": usage.medium, "high": usage.high}


def _resource(cost: ResourceCost) -> dict[str, Any]:
    return {
        "address": cost.resource.address,
        "type": cost.resource.type,
        "action": action(cost.resource.actions),
        "region": cost.resource.region,
        "status": cost.status.value,
        "monthly": _monthly(cost),
        "before": cost.before,
        "components": [_component(each) for each in cost.components],
        "note": cost.note,
    }


def _monthly(cost: ResourceCost) -> float | None:
    """After the apply: nothing for what is destroyed, None for what is not known."""
    destroyed = not cost.stays and cost.status in (CostStatus.PRICED, CostStatus.FREE)
    return 0.0 if destroyed else cost.after


def _component(part: Component) -> dict[str, Any]:
    return {
        "name": part.name,
        "unit": part.unit,
        "quantity": part.quantity,
        "price": part.price,
        "monthly": part.monthly,
        "source": part.source,
        "by_use": part.by_use,
        "usage": _usage(part.usage) if part.usage else None,
        "note": part.note,
    }


def _place(cost: ResourceCost) -> tuple[bool, float, str]:
    """The dearest first, by what is paid now or then; what is unknown last."""
    return cost.status is CostStatus.UNKNOWN, -max(cost.before or 0.0, cost.after or 0.0), cost.resource.address


def _lines(cost: ResourceCost) -> Iterator[str]:
    did = action(cost.resource.actions)
    was = f", was {_money(cost.before)}" if cost.before is not None and cost.before != cost.after else ""
    notice = "" if did == "no-op" else f" ({did}{was})"
    now = _monthly(cost)
    by_use = f"~ {_money(cost.usage.medium)}" if cost.status is CostStatus.USAGE else "unknown"
    yield _row(f"{_plain(cost.resource.address)}{notice}", by_use if now is None else _money(now))
    for part in cost.components:
        yield _row(f"  {part.name}", *_amounts(part))
        if part.note and part.price is not None:
            yield from wrap(part.note, WIDTH, initial_indent="    ", subsequent_indent="    ")
    if cost.note:
        yield from wrap(cost.note, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _amounts(part: Component) -> tuple[str, str]:
    """How a component's sum comes about, and the sum."""
    if part.price is None:
        return part.note, "unknown"
    price = f"{_price(part.price)} {'' if part.unit == 'each' else 'per '}{part.unit}"
    if part.usage:
        low, medium, high = (_money(each) for each in (part.usage.low, part.usage.medium, part.usage.high))
        return f"{price}, by use: {low} to {high}", f"~ {medium}"
    return f"{part.quantity or 0:,.10g} x {price}", "" if part.monthly is None else _money(part.monthly)


def _totals(estimate: Estimate) -> Iterator[str]:
    counts, (priced, billed) = estimate.counts, estimate.coverage
    sign = "+" if estimate.diff >= 0 else ""
    change = f"before {_money(estimate.before)}, difference {sign}{_money(estimate.diff)}"
    yield _row("A month after the apply", change, _money(estimate.after))
    if estimate.usage.high:
        low, medium, high = (_money(each) for each in (estimate.usage.low, estimate.usage.medium, estimate.usage.high))
        yield _row("Parts by use, on top", f"{low} used little, {high} used much", f"~ {medium}")
    free = f"; {counts['free']:,} free" if counts["free"] else ""
    yield f"Coverage: {priced:,} of {billed:,} priced ({counts['usage']:,} by use alone{free})"
    yield f"Prices of {estimate.as_of}"
    yield _TERMS
    for note in estimate.notes:
        yield from wrap(f"Note: {note}", WIDTH, subsequent_indent="      ")


def _row(left: str, *right: str) -> str:
    """A line with money at its end; what does not fit is cut in the middle."""
    *middle, money = right
    how = "  ".join(middle)
    room = WIDTH - _MONEY - (len(how) + 2 if how else 0)
    left = left if len(left) <= room else f"{left[: max(room - 1, 8)]}…"
    return f"{left:<{room}}{how}{'  ' if how else ''}{money:>{_MONEY}}".rstrip()


def _plain(text: str) -> str:
    """Text of a plan without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


def _money(dollars: float | None) -> str:
    amount = dollars or 0.0
    return f"{'-' if amount <= -0.005 else ''}${abs(amount):,.2f}"


def _price(dollars: float) -> str:
    """A unit price, which may be a fraction of a cent."""
    digits = f"{abs(dollars):.10f}".rstrip("0").rstrip(".") if abs(dollars) < 1 else f"{abs(dollars):,.2f}"
    return f"{'-' if dollars < 0 else ''}${digits}"
