"""Electricity and carbon of a plan, by the Cloud Carbon Footprint method.

kWh = hours × (vCPU × (idle + 0.5 × (full − idle)) + GiB × 0.392 W) ÷ 1000 × PUE; kg = kWh × the grid's grams ÷ 1000.
Machines alone are counted (`Component.compute`): no disks, no network, nothing by use, nothing of making the hardware.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.story.costs import CostStatus
from chatops.story.prices import HOME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.costs import Compute
    from chatops.story.estimate import Estimate, ResourceCost
    from chatops.story.prices import Book

UTILISATION = 0.5
"""Of a machine's processors: what the method takes where nothing is measured."""
GIB_WATTS = 0.392
"""Of a GiB of memory (Cloud Carbon Footprint)."""
PUE = {"aws": 1.135, "gcp": 1.10, "azure": 1.185}
"""Power usage effectiveness: a data centre's power over its machines' (Cloud Carbon Footprint's constants)."""

# US EPA, Greenhouse Gas Equivalencies Calculator, revision of 2024: 3.93e-4 t CO2e a mile of an average petrol car,
# 1.24e-5 t a smartphone charged, 0.060 t that one urban tree seedling takes up in its first ten years.
CAR_KG_PER_MILE = 0.393
PHONE_KG_PER_CHARGE = 0.0124
SEEDLING_KG_PER_MONTH = 60 / 120
KM_PER_MILE = 1.609344
MOST_KG = 1e9
"""A month: a million tonnes are no plan's, but somebody's joke, and have no words."""

METHOD = (
    "Cloud Carbon Footprint: machines at half load with their memory, times the data centre's overhead and the grid; "
    "without disks, network and the making of the hardware"
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """A month's use after the apply; `kwh` and `kg` are None where nothing in the plan can be measured so.

    `kg` is None, too, where a part of the `kwh` is drawn in a region whose grid is not known: half a sum would mislead.
    """

    kwh: float | None
    kg: float | None
    regions: tuple[str, ...]
    method: str
    uncertainty_percent: int = 50
    left_out: int = 0
    """Resources that surely use electricity and are not counted (usage-based, storage, unknown)."""
    saved_kwh: float | None = None
    saved_kg: float | None = None
    """A month's use of what the plan destroys, None where that is nothing that can be measured."""
    grids: tuple[str, ...] = ()
    """Whose figure each region's grid is: "us-east-1: 360 g CO2e/kWh (greenpick …)", or that there is none."""


def footprint(estimate: Estimate, book: Book) -> Footprint:
    """Compute it for what exists after the apply, and what is saved by what no longer does."""
    alive = [each for each in estimate.resources if each.resource.after is not None]
    gone = [each for each in estimate.resources if each.resource.after is None and _destroyed(each)]
    kwh, kg = _sums(alive, book)
    saved_kwh, saved_kg = _sums(gone, book)
    places = sorted({_place(each) for each in alive if _machines(each)})
    return Footprint(
        kwh,
        kg,
        tuple(region for _, region in places),
        METHOD,
        left_out=sum(each.status is not CostStatus.FREE and not _machines(each) for each in alive),
        saved_kwh=saved_kwh,
        saved_kg=saved_kg,
        grids=tuple(_grid_words(cloud, region, book) for cloud, region in places),
    )


def in_human_words(kg: float) -> str:
    """So many kilograms of CO2e in things people know, from EPA's equivalencies; "" for nothing worth a comparison."""
    miles = kg / CAR_KG_PER_MILE
    if not PHONE_KG_PER_CHARGE <= kg <= MOST_KG:
        return ""
    if miles < 1:
        charges = round(kg / PHONE_KG_PER_CHARGE)
        return "about 1 smartphone charge" if charges == 1 else f"about {charges} smartphone charges"
    unit = "mile" if _round(miles) == "1" else "miles"
    drive = f"about {_round(miles * KM_PER_MILE)} km ({_round(miles)} {unit}) in a petrol car"
    seedlings = kg / SEEDLING_KG_PER_MONTH
    if seedlings < 2:
        return drive
    return f"{drive}, or what {_round(seedlings)} tree seedlings take up in a month"


def watt_hours(compute: Compute, watts: tuple[float, float], pue: float) -> float:
    """The Wh that this much machine draws, data centre included; `watts` per vCPU, idle and full."""
    idle, full = watts
    drawn = compute.vcpu_hours * (idle + UTILISATION * (full - idle)) + compute.gib_hours * GIB_WATTS
    return drawn * pue


def _sums(costs: Iterable[ResourceCost], book: Book) -> tuple[float | None, float | None]:
    """The kWh and the kg of CO2e of these resources' machines."""
    drawn: dict[tuple[str, str], list[float]] = {}
    for cost in costs:
        cloud, region = _place(cost)
        watts = book.watts(cloud)
        if watts is not None and cloud in PUE:
            powers = [watt_hours(compute, watts, PUE[cloud]) for compute in _machines(cost)]
            drawn.setdefault((cloud, region), []).extend(power / 1000 for power in powers if math.isfinite(power))
    kwh = {place: math.fsum(parts) for place, parts in drawn.items() if parts}
    if not kwh:
        return None, None
    grids = {place: book.grid(*place) for place in kwh}
    kg = [power * grid[0] / 1000 for place, power in kwh.items() if (grid := grids[place]) is not None]
    return round(math.fsum(kwh.values()), 6), round(math.fsum(kg), 6) if len(kg) == len(kwh) else None


def _machines(cost: ResourceCost) -> list[Compute]:
    return [part.compute for part in cost.components if part.compute is not None]


def _destroyed(cost: ResourceCost) -> bool:
    """What only leaves the state ("forget") goes on drawing power: nothing is saved."""
    return "delete" in cost.resource.actions


def _place(cost: ResourceCost) -> tuple[str, str]:
    cloud = cost.resource.cloud
    return cloud, cost.resource.region or HOME.get(cloud, "")


def _grid_words(cloud: str, region: str, book: Book) -> str:
    grid = book.grid(cloud, region)
    return f"{region}: {grid[0]:.0f} g CO2e/kWh ({grid[1]})" if grid else f"{region}: no figure for its grid"


def _round(number: float) -> str:
    """Two digits that mean something: the whole is known to ± 50 %."""
    digits = max(0, math.floor(math.log10(number)) - 1)
    return f"{round(number, -digits):,.0f}"
