"""Treasures in a plan's shape: standby copies, clusters twice, and where everything is."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS
from chatops.story.treasure_rules import (
    NON_PRODUCTION,
    PRODUCTION,
    Bill,
    Find,
    Ground,
    changed,
    environment,
    now,
    region_of,
    swapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from chatops.story.estimate import ResourceCost
    from chatops.story.values import Values

_MOST_MOVED = 5
"""Resources that are priced in every other region: those that cost most."""

_CLUSTERS = {
    "aws_eks_cluster": ("eks.cluster", "EKS"),
    "google_container_cluster": ("gke.cluster", "GKE"),
}
_AREAS: Mapping[str, tuple[str, ...]] = {
    area: tuple(starts.split())
    for area, starts in {
        "Europe": "eu- europe northeurope westeurope uk france germany sweden norway switzerland italy poland spain "
        "belgium austria denmark finland",
        "North America": "us- ca- northamerica eastus westus centralus northcentralus southcentralus westcentralus "
        "canada mx- mexico",
        "Asia": "ap- asia eastasia southeastasia japan korea indonesia malaysia",
        "India": "centralindia southindia westindia jioindia",
        "Australia": "australia newzealand",
        "South America": "sa- southamerica brazil chile",
    }.items()
}
"""Regions of one area by how their names begin; one of none has no neighbours, such as China's and governments'."""
_APART = ("us-gov", "usgov", "usdod", "usnat", "ussec", "eusc", "cn-", "china")

_STANDBYS: Mapping[str, tuple[tuple[str, ...], tuple[Any, Any]]] = {
    "aws_db_instance": (("multi_az",), (True, False)),
    "google_sql_database_instance": (("settings", "availability_type"), ("REGIONAL", "ZONAL")),
    "azurerm_postgresql_flexible_server": (("high_availability",), (None, [])),
    "azurerm_mysql_flexible_server": (("high_availability",), (None, [])),
}
"""Where a database says that it has a standby, and what stands there with and without one."""

_STANDBY_CAVEAT = (
    "No standby any more: when its zone fails or is serviced, it stands still. Its tags say that it is no production."
)
_STANDBY_GAIN = (
    "Dearer: a standby in a second zone takes over when the first one fails. Its tags say that it is production."
)
_SHARED_CAVEAT = "Shared clusters share upgrades, limits and faults: only where the teams agree to it."


def no_standby(ground: Ground) -> Iterator[Find]:
    """Databases with a standby in another zone, although their tags say that they are no production."""
    for cost, values in ground.of(*_STANDBYS):
        if environment(values) == NON_PRODUCTION:
            path, (_, off) = _STANDBYS[cost.resource.type]
            bill = ground.bill(cost, changed(values.attributes, path, off))
            yield from swapped("no-standby", cost, bill, "one zone instead of a standby", _STANDBY_CAVEAT, safe=True)


def standby(ground: Ground) -> Iterator[Find]:
    """The dearer neighbour: a standby for databases whose tags say production and that have none."""
    for cost, values in ground.of("aws_db_instance", "google_sql_database_instance"):
        present = now(cost)
        if present is None or environment(values) != PRODUCTION or _standby(values) or _is_replica(values):
            continue
        path, (on, _) = _STANDBYS[cost.resource.type]
        bill = ground.bill(cost, changed(values.attributes, path, on))
        if bill is not None and bill.monthly > present.monthly:
            yield Find(
                "standby",
                (cost.resource.address,),
                "a standby in a second zone",
                present.monthly,
                bill.monthly,
                _STANDBY_GAIN,
                bill.source,
                about=bill.estimated or present.estimated,
            )


def _standby(values: Values) -> bool:
    return values.flag("multi_az") or values.block("settings").text("availability_type") == "REGIONAL"


def _is_replica(values: Values) -> bool:
    return values.has("replicate_source_db") or values.has("master_instance_name")


def second_cluster(ground: Ground) -> Iterator[Find]:
    """Clusters beyond the first of a region and a purpose: their control planes could be one."""
    groups: dict[tuple[str, str, str], list[ResourceCost]] = defaultdict(list)
    for cost, values in ground.of(*_CLUSTERS):
        groups[cost.resource.type, region_of(cost), environment(values)].append(cost)
    for (kind, region, _), clusters in groups.items():
        item, words = _CLUSTERS[kind]
        price = ground.book.unit(clusters[0].resource.cloud, region, item)
        more = [(each, present) for each in clusters[1:] if (present := now(each))]
        if price is None or not more:
            continue
        total = math.fsum(present.monthly for _, present in more)
        saving = math.fsum(min(price.usd * HOURS, present.monthly) for _, present in more)
        yield Find(
            "second-cluster",
            tuple(each.resource.address for each, _ in more),
            f"one {words} cluster instead of {len(more) + 1} in a region",
            total,
            total - saving,
            _SHARED_CAVEAT,
            price.source,
            about=bool(price.note),
        )


def cheaper_region(ground: Ground) -> Iterator[Find]:
    """The cheapest region of the same area and provider for what costs most, by its real prices there alone."""
    places: dict[tuple[str, str], list[ResourceCost]] = defaultdict(list)
    for cost in ground.costs:
        places[cost.resource.cloud, region_of(cost)].append(cost)
    totals = {place: math.fsum(each.after or 0.0 for each in costs) for place, costs in places.items()}
    if totals:
        cloud, region = max(sorted(totals), key=lambda place: totals[place])  # one place: where the plan's money is
        yield from _moved(ground, cloud, region, [each for each in places[cloud, region] if now(each)][:_MOST_MOVED])


def _moved(ground: Ground, cloud: str, region: str, costs: Sequence[ResourceCost]) -> Iterator[Find]:
    """The find of the cheapest other region, if one is cheaper."""
    present = [bill for cost in costs if (bill := now(cost))]
    regions = ground.book.regions(cloud)
    if not present or not _area(region) or region not in regions:
        return
    today = math.fsum(bill.monthly for bill in present)
    priced = []
    for other in regions:
        if other != region and _area(other) == _area(region):
            bills = _bills(ground, costs, other)
            if len(bills) == len(present):
                priced.append(
                    (round(math.fsum(bill.monthly for bill in bills), 6), _grams(ground, cloud, other), other, bills)
                )
    if not priced:
        return
    total, _, best, bills = min(priced, key=lambda each: each[:3])
    yield Find(
        "cheaper-region",
        tuple(cost.resource.address for cost in costs),
        f"{best} instead of {region}",
        today,
        total,
        _moving_caveat(ground, cloud, region, best),
        bills[0].source,
        about=any(bill.estimated for bill in present),
    )


def _bills(ground: Ground, costs: Sequence[ResourceCost], region: str) -> list[Bill]:
    """What the resources cost there, up to the first one that is priced here and has but an estimate there."""
    bills: list[Bill] = []
    for cost in costs:
        bill, present = ground.bill(cost, region=region), now(cost)
        if bill is None or present is None or (bill.estimated and not present.estimated):
            break
        bills.append(bill)
    return bills


def _area(region: str) -> str:
    if region.startswith(_APART):
        return ""
    return next((area for area, starts in _AREAS.items() if region.startswith(starts)), "")


def _grams(ground: Ground, cloud: str, region: str) -> float:
    grid = ground.book.grid(cloud, region)
    return grid[0] if grid else math.inf


def _moving_caveat(ground: Ground, cloud: str, region: str, other: str) -> str:
    old, new = _grams(ground, cloud, region), _grams(ground, cloud, other)
    known = math.isfinite(old) and math.isfinite(new)
    carbon = f"{old:.0f} g CO2e/kWh here, {new:.0f} there" if known else "not known for both"
    return f"Everything moves: data, addresses, latency, and whose law holds. The grid's carbon: {carbon}."
