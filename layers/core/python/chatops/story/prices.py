"""The price book: list prices of three clouds, read from a file beside this module.

The book is built by scripts/build_price_book.py from prices/, where sources and licences are named. It is one SQLite
file, opened at the first question and read in place, so a cold start pays for the few rows that it needs. Machines and
their like are kept as whole millionths of a dollar.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chatops.story import price_queries

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

_FILE: Final = Path(__file__).with_name("book.sqlite")
HOME: Final = {"aws": "us-east-1", "gcp": "us-central1", "azure": "eastus"}
"""The region of each cloud for which the book knows most: what is missing elsewhere is estimated from here."""
EVERYWHERE: Final = "*"
"""The region of a unit price that is the same in all."""

_NO_BILL: Final = frozenset(
    ["archive", "cloudinit", "external", "http", "local", "null", "random", "template", "terraform", "time", "tls"]
)
"""Providers that work on the machine that runs Terraform: nobody sends a bill for their resources."""

_LONGEST: Final = 64
"""No name in the book is longer. A longer one, and one with other than printable ASCII, is not looked up."""
_KEPT: Final = 20_000
"""So many answers are kept, a few megabytes: more than a plan of 10,000 resources asks for."""
# Google lets a size be chosen in its N and E series alone.
_CUSTOM: Final = re.compile(r"(?:([en]\d\w?)-)?custom-(\d{1,3}|micro|small|medium)-(\d{1,7})(-ext)?", re.ASCII)
_SHARED: Final = {"micro": 0.25, "small": 0.5, "medium": 1.0}
"""The part of the two vCPU that an E2 with a shared core is billed for."""
_CUSTOM_PREMIUM: Final = 1.05
"""What the parts of a machine of chosen size cost against those of a predefined one (E2 too: prices/SOURCES.md)."""
_EXTENDED_FROM: Final = {"n1": 6.5, "n2": 8, "n2d": 8}
"""GiB per vCPU from which memory is extended memory, of the families whose price for it is known."""
_CLASS: Final = re.compile(r"(?:^|\.)([a-z]+[0-9][a-z0-9-]*\.(?:nano|micro|small|medium|large|[0-9]*xlarge))(?:\.|$)")
"""A type of machine inside the name of an AWS item, such as `msk.m5.large` and `aurora.db.r5.large`."""
_LIKE: Final = {
    "aws": (
        ("rds.io1.iops", "ebs.io1.iops"),
        ("rds.io", "ebs.io1"),
        ("rds.magnetic", "ebs.standard"),
        ("rds.gp", "ebs.gp2"),
        ("rds.aurora_storage", "ebs.gp2"),
        ("aurora.storage", "ebs.gp2"),
        ("docdb.storage", "ebs.gp2"),
        ("neptune.storage", "ebs.gp2"),
        ("opensearch.gp", "ebs.gp2"),
        ("nlb.hour", "alb.hour"),
        ("clb.hour", "alb.hour"),
        ("fargate.arm.vcpu", "fargate.vcpu"),
        ("fargate.arm.gb", "fargate.gb"),
    ),
    "gcp": (("cloudsql.", "pd.ssd"),),
    "azure": (),
}
"""By how an item begins: another, whose prices differ between regions in the same way (checked: prices/SOURCES.md)."""
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per unit; `as_of` is a date or a month, `note` says if and how it was estimated."""

    usd: float
    unit: str
    as_of: str
    source: str
    note: str = ""

    @property
    def estimated(self) -> bool:
        """Whether it is not the vendor's own for just this."""
        return "estimated" in self.note

    def times(self, factor: float, note: str) -> Price:
        """This price by a factor; the note says how that came about, before what was said already."""
        usd = round(self.usd * factor, 6) if factor != 1 else self.usd
        return replace(self, usd=usd, note="; ".join(filter(None, (note, self.note))))


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine type in a region; prices are per hour, `spot` None where none is known.

    `vcpu` and `gib` are 0 for a few types of which the sources do not say the size.
    """

    type: str
    vcpu: float
    gib: float
    hourly: Price
    spot: Price | None = None
    monthly: Price | None = None  # a full month with the sustained-use discount, where the vendor grants one


def _plain(*names: object) -> bool:
    """Whether these may be names in the book at all."""
    return all(isinstance(n, str) and 0 < len(n) <= _LONGEST and n.isascii() and n.isprintable() for n in names)


class Book:
    """The price book. `cloud` is aws, gcp or azure; regions are spelled as the vendors spell them.

    Whatever it is asked, also by a hostile plan, it answers or says None. A price that is not the vendor's own for just
    this has a note that begins with "estimated".
    """

    def __init__(self, path: Path = _FILE) -> None:
        # The file never changes while it is read: no lock is taken, and a directory that is read-only will do.
        self._rows = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        self._answers: dict[tuple[object, ...], Any] = {}

    def machine(self, cloud: str, region: str, machine_type: str) -> Machine | None:
        """A machine type with its price in this region (Linux), or estimated for it; None for an unknown type."""
        if not _plain(cloud, region, machine_type):
            return None

        def find() -> Machine | None:
            return (
                self._listed(cloud, region, machine_type)
                or (self._custom(region, machine_type) if cloud == "gcp" else None)
                or self._estimated(cloud, region, machine_type)
            )

        return self._once(("machine", cloud, region, machine_type), find)

    def machines(self, cloud: str, region: str) -> tuple[Machine, ...]:
        """Every machine type that the book has for this very region, cheapest first."""
        if not _plain(cloud, region):
            return ()
        return self._once(
            ("machines", cloud, region),
            lambda: tuple(
                self._machine(row)
                for row in self._all(f"{price_queries.MACHINES} ORDER BY machine.hourly, type.name", cloud, region)
            ),
        )

    def database(self, region: str, engine: str, instance_class: str, multi_az: bool) -> Price | None:
        """An RDS instance per hour; `engine` as Terraform spells it (postgres, mysql, mariadb, aurora-…)."""
        if not _plain(region, engine, instance_class):
            return None

        def find() -> Price | None:
            if price := self._database(region, engine, instance_class, multi_az):
                return price
            home = self._database(HOME["aws"], engine, instance_class, multi_az)
            ratio = home and self._ratio("rds", region, instance_class)
            return home.times(*ratio) if home and ratio else None

        return self._once(("database", region, engine, instance_class, bool(multi_az)), find)

    def cache(self, region: str, node_type: str, engine: str) -> Price | None:
        """An ElastiCache node per hour; `engine` is redis, memcached or valkey."""
        if engine not in ("redis", "memcached", "valkey") or not _plain(region, node_type):
            return None

        def find() -> Price | None:
            if price := self._cache(region, node_type, engine):
                return price
            home = self._cache(HOME["aws"], node_type, engine)
            ratio = home and self._ratio("elasticache", region, node_type)
            return home.times(*ratio) if home and ratio else None

        return self._once(("cache", region, node_type, engine), find)

    def size(self, name: str) -> tuple[float, float] | None:
        """The vCPU and GiB of a database class (`db.…`) or a cache node (`cache.…`); None if unknown."""
        if not _plain(name):
            return None
        cloud = "elasticache" if name.startswith("cache.") else "rds"
        sql = "SELECT vcpu, gib FROM type WHERE cloud = ? AND name = ?"
        row = self._once(("size", name), lambda: self._first(sql, cloud, name))
        return (row[0], row[1]) if row and row[0] and row[1] else None

    def unit(self, cloud: str, region: str, item: str) -> Price | None:
        """A unit price by its item, such as `nat.hour`: of this region, else of all regions, else estimated."""
        if not _plain(cloud, region, item):
            return None

        def find() -> Price | None:
            if price := self._unit(cloud, region, item) or self._unit(cloud, EVERYWHERE, item):
                return price
            if cloud not in HOME or region not in self.regions(cloud):
                return None
            home = self._unit(cloud, HOME[cloud], item)
            return home and home.times(*self._level(cloud, region, item))

        return self._once(("unit", cloud, region, item), find)

    def regions(self, cloud: str) -> tuple[str, ...]:
        """The regions that the book knows, by name."""
        sql = "SELECT name FROM region WHERE cloud = ? ORDER BY name"
        return self._once(
            ("regions", cloud), lambda: tuple(row[0] for row in self._all(sql, cloud)) if _plain(cloud) else ()
        )

    def kind(self, resource_type: str) -> str:
        """Whether a Terraform type is "priced", "free", or "" where nothing is known of it."""
        if not _plain(resource_type):
            return ""
        if resource_type.partition("_")[0] in _NO_BILL:
            return "free"
        row = self._once(("kind", resource_type), lambda: self._first(price_queries.KIND, resource_type))
        return str(row[0]) if row else ""

    def grid(self, cloud: str, region: str) -> tuple[float, str] | None:
        """Grams of CO2e per kWh and the source; None for a region without a figure."""
        if not _plain(cloud, region):
            return None
        row = self._first("SELECT grams, source FROM grid WHERE cloud = ? AND region = ?", cloud, region)
        return (row[0], row[1]) if row else None

    def watts(self, cloud: str) -> tuple[float, float] | None:
        """Idle and full watts per vCPU of the cloud's usual processors (the median of the source's)."""
        row = self._first("SELECT idle, full FROM watts WHERE cloud = ?", cloud) if _plain(cloud) else None
        return (row[0], row[1]) if row else None

    def spot_ratio(self, cloud: str, region: str, machine_type: str) -> tuple[float, float, str] | None:
        """The lowest and the highest observed spot price as a part of the on-demand price, and the newest date.

        Of the observations in this very region alone, the machine's own spot price among them: spot differs by region.
        """
        machine = self.machine(cloud, region, machine_type)
        if machine is None or machine.hourly.estimated:
            return None
        name = machine.type.removeprefix("Standard_")
        found = [
            (low, high, date)
            for pattern, low, high, date in self._all(price_queries.SPOT_RATIOS, cloud, region)
            if fnmatchcase(name, pattern)
        ]
        if machine.spot:
            own = round(machine.spot.usd / machine.hourly.usd, 4)
            found.append((own, own, machine.spot.as_of))
        if not found:
            return None
        lows, highs, dates = zip(*found, strict=True)
        return min(lows), max(highs), max(dates)

    def dates(self) -> tuple[str, str]:
        """The oldest and the newest date of the book's prices."""
        row = self._once(("dates",), lambda: self._first(price_queries.DATES))
        return (row[0], row[1]) if row else ("", "")

    # -- the rows -----------------------------------------------------------------------------------------------------

    def _first(self, sql: str, *values: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._rows.execute(sql, values).fetchone()
        return row

    def _all(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        return self._rows.execute(sql, values).fetchall()

    def _once(self, question: tuple[object, ...], find: Callable[[], _T]) -> _T:
        """The answer to a question that is asked again and again."""
        if question not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[question] = find()
        answer: _T = self._answers[question]
        return answer

    def _machine(self, row: tuple[Any, ...]) -> Machine:
        """A machine from a row of price_queries.MACHINES."""
        name, vcpu, gib, hourly, spot, month, source, as_of, *spot_source = row
        return Machine(
            name,
            vcpu,
            gib,
            _listed_price(hourly, "hour", source, as_of),
            _listed_price(spot, "hour", *spot_source) if spot else None,
            _listed_price(month, "month", source, as_of) if month else None,
        )

    def _listed(self, cloud: str, region: str, machine_type: str) -> Machine | None:
        row = self._first(f"{price_queries.MACHINES} AND type.name = ?", cloud, region, machine_type)
        return self._machine(row) if row else None

    def _estimated(self, cloud: str, region: str, machine_type: str) -> Machine | None:
        """The home region's machine at this region's level of prices: of the same letter family, if it has any."""
        home = self._listed(cloud, HOME[cloud], machine_type) if cloud in HOME else None
        ratio = home and self._ratio(cloud, region, home.type)
        if not home or not ratio:
            return None
        monthly = home.monthly and home.monthly.times(*ratio)
        return Machine(home.type, home.vcpu, home.gib, home.hourly.times(*ratio), None, monthly)

    def _ratio(self, cloud: str, region: str, name: str) -> tuple[float, str] | None:
        """What a region asks against the home region for the types that both have, and the note that says so."""
        family = self._first("SELECT family FROM type WHERE cloud = ? AND name = ?", cloud, name)
        vendor = cloud if cloud in HOME else "aws"
        for letters in filter(None, (family and family[0], "*")):
            values = (cloud, letters, vendor, region, HOME[vendor])
            if ratio := self._once(("ratio", *values), partial(self._median_ratio, *values)):
                of = f" for {letters} types" if letters != "*" else ""
                return ratio, f"estimated: {HOME[vendor]} price by the region's ratio{of}"
        return None

    def _level(self, cloud: str, region: str, item: str) -> tuple[float, str]:
        """What a region asks for a thing that the book has for the home region only: as for its like, else the same."""
        same = 1.0, f"estimated: {HOME[cloud]} rate"
        if cloud == "aws" and (match := _CLASS.search(item)):
            return self._ratio(cloud, region, match[1]) or same
        like = next((other for prefix, other in _LIKE[cloud] if item.startswith(prefix)), "")
        here, home = self._unit(cloud, region, like), self._unit(cloud, HOME[cloud], like)
        return (here.usd / home.usd, f"{same[1]} by the region's ratio for {like}") if here and home else same

    def _median_ratio(self, cloud: str, *values: str) -> float | None:
        ratios = [row[0] for row in self._all(price_queries.RATIOS[cloud], cloud, *values)]
        half, odd = divmod(len(ratios), 2)
        return ratios[half] if odd else sum(ratios[half - 1 : half + 1]) / 2 if ratios else None

    def _custom(self, region: str, machine_type: str) -> Machine | None:
        """A GCP machine of chosen size: the parts of its family's predefined machines, and the premium.

        Two machines with other parts of memory give the price of a vCPU and of a GiB. Spot, and the discount of a full
        month, take as much off the memory beyond the usual part as off the rest.
        """
        match = _CUSTOM.fullmatch(machine_type)
        family = str((match and match[1]) or "n1")
        standard = self.machine("gcp", region, f"{family}-standard-4") if match else None
        large = self.machine("gcp", region, f"{family}-highmem-4") if match else None
        if not match or not standard or not large or (match[2] in _SHARED and family != "e2"):
            return None
        vcpu, gib = _SHARED.get(match[2]) or float(match[2]), int(match[3]) / 1024
        usual = min(gib, vcpu * _EXTENDED_FROM.get(family, 0)) if match[4] else gib
        extended = self.unit("gcp", region, "custom.extended_gib") if 0 < usual < gib else None
        if not vcpu or not gib or (usual < gib and not extended):
            return None
        beyond = (gib - usual) * extended.usd / standard.hourly.usd if extended else 0.0
        note = f"computed from {standard.type} and {large.type}"

        def price(one: Price | None, other: Price | None) -> Price | None:
            if not one or not other:
                return None
            per_gib = (other.usd - one.usd) / (large.gib - standard.gib)
            per_vcpu = (one.usd - per_gib * standard.gib) / standard.vcpu
            usd = _CUSTOM_PREMIUM * (vcpu * per_vcpu + usual * per_gib) + beyond * one.usd
            return replace(one, usd=round(usd, 6), note="; ".join(filter(None, (one.note, note))))

        hourly = price(standard.hourly, large.hourly)
        spot, monthly = price(standard.spot, large.spot), price(standard.monthly, large.monthly)
        return Machine(machine_type, vcpu, gib, hourly, spot, monthly) if hourly else None

    def _database(self, region: str, engine: str, instance_class: str, multi_az: bool) -> Price | None:
        row = self._first(price_queries.DATABASE, region, engine, instance_class)
        if not row:
            return None
        single, multi, source, as_of = row
        if multi_az and not multi:
            return _listed_price(2 * single, "hour", source, as_of, note="estimated: twice the price of a single zone")
        return _listed_price(multi if multi_az else single, "hour", source, as_of)

    def _cache(self, region: str, node_type: str, engine: str) -> Price | None:
        row = self._first(price_queries.CACHE, region, node_type)
        if not row or (engine == "valkey" and not row[1]):
            return None
        return _listed_price(row[1] if engine == "valkey" else row[0], "hour", row[2], row[3])

    def _unit(self, cloud: str, region: str, item: str) -> Price | None:
        row = self._first(price_queries.UNIT, cloud, region, item)
        if not row:
            return None
        usd, unit, as_of, confidence, source = row
        note = "recalled, not checked against a list" if confidence == "C" else ""
        return Price(usd, unit, as_of, " ".join(filter(None, (source, as_of))) + f", {confidence}", note)


def _listed_price(micros: int, unit: str, source: str, as_of: str, confidence: str = "A", note: str = "") -> Price:
    """A price of the tables that came from lists as a whole; `name*` is a source with corrected rows."""
    return Price(micros / _MILLION, unit, as_of, f"{source.rstrip('*')} {as_of}, {confidence}", note)


@lru_cache(maxsize=1)
def open_book() -> Book:
    """The one book of this process; opened lazily, and kept."""
    return Book()
