"""Money: what deployments cost, and the budgets that a guild sets itself. US dollars a month, list prices."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.errors import UserError

MOST_BUDGET = 1_000_000
MONTH_SECONDS = 730 * 3600
"""As prices count a month (story/costs.py)."""
_CENT = 0.005
_MOST = 1e15
"""No sum is larger; also the comparison that no NaN passes."""

Cost = Mapping[str, Any]
"""What a deployment's row keeps of its cost: `monthly` as Terraform's state was last planned, `since` when and what was
`spent` before that, `usage` for little, usual and much use, `counts` by status, `coverage`, `as_of`, `top`, and
`partial` where a run broke off half-way and `monthly` is the most that it can be. Empty where nobody priced it."""


@dataclass(frozen=True)
class Budgets:
    """What a guild allows itself a month, None for no limit; `block` ends a run that would go beyond."""

    deployment: float | None = None
    guild: float | None = None
    block: bool = False
    changed_by: str = ""
    changed_at: int = 0


@dataclass(frozen=True)
class Over:
    """One budget that a plan goes beyond: the deployment's, or the whole guild's."""

    budget: str
    monthly: float
    limit: float


@dataclass(frozen=True)
class Verdict:
    """Which budgets a plan goes beyond; `at_least` where something in it has no known price."""

    over: tuple[Over, ...] = ()
    at_least: bool = False
    blocked: bool = False


def judge(planned: Cost, others: Iterable[Cost], budgets: Budgets) -> Verdict:
    """Hold a plan's `before` and `after` a month, with the guild's other deployments, against the budgets.

    A plan that does not raise the cost is within every budget: whoever spends too much must be able to spend less.
    """
    after = amount(planned.get("after"))
    if after - amount(planned.get("before")) < _CENT:
        return Verdict()
    known = list(others)
    sums = {"deployment": after, "guild": math.fsum([after, *(amount(each.get("monthly")) for each in known)])}
    limits = {"deployment": budgets.deployment, "guild": budgets.guild}
    over = tuple(
        Over(name, round(monthly, 6), limit)
        for name, monthly in sums.items()
        if (limit := limits[name]) is not None and monthly - limit >= _CENT
    )
    vague = not priced(planned) or any(not priced(each) for each in known if "guild" in {each.budget for each in over})
    return Verdict(over, vague and bool(over), budgets.block and bool(over))


def priced(cost: Cost) -> bool:
    """Whether everything in it has a known price."""
    counts = cost.get("counts")
    return isinstance(counts, Mapping) and not counts.get("unknown")


def amount(value: object) -> float:
    """A finite number of dollars, also out of a row that somebody else wrote; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _MOST:
        return 0.0
    return float(value)


def cost_of(story: Mapping[str, Any], before: Cost, now: int, complete: bool) -> dict[str, Any]:
    """What the row keeps of a deployment's cost after a run that was told as `story`; empty where nothing was told.

    A run that broke off half-way has made some part of what it planned: the dearer side of the change is kept, as
    `partial`. While the price stays the same, so does `since`.
    """
    planned = story.get("cost")
    if not isinstance(planned, Mapping) or "after" not in planned:
        return {}
    after, start = amount(planned["after"]), amount(planned.get("before"))
    monthly = after if complete else max(after, start)
    same = bool(before) and abs(amount(before.get("monthly")) - monthly) < _CENT
    kept = {
        name: planned[name] for name in ("counts", "coverage", "usage", "as_of", "estimated", "top") if name in planned
    }
    treasure = story.get("treasure_hunt")
    return kept | {
        "monthly": monthly,
        "since": int(before.get("since", now)) if same else now,
        "spent": amount(before.get("spent")) if same or not before else accrued(before, now),
        "partial": not complete,
        "treasure": dict(treasure) if isinstance(treasure, Mapping) else {},
    }


def accrued(cost: Cost, now: int) -> float:
    """What the deployment has cost so far, as far as it was priced while it lived."""
    seconds = max(now - int(cost.get("since", now)), 0)
    return round(amount(cost.get("spent")) + amount(cost.get("monthly")) * seconds / MONTH_SECONDS, 6)


def checked_budget(value: float) -> float | None:
    """A budget as a person gave it, in dollars and whole cents; 0 is none.

    Raises:
        UserError: it is no amount that a budget can have.
    """
    if not math.isfinite(value) or not 0 <= value <= MOST_BUDGET:
        raise UserError(f"A budget is from 0.01 to {MOST_BUDGET:,} US dollars a month; 0 removes it.")
    if 0 < value < 0.01:
        raise UserError("A budget is at least one cent a month; 0 removes it.")
    return round(value, 2) or None
