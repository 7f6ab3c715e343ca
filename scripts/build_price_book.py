"""Build the price book, which the layer carries, from the tables in prices/.

Usage: python scripts/build_price_book.py [path/of/the/book]

Every row is checked; a bad one is named by file and line, and nothing is written. A unit price of a lower confidence
(A: a data file; B: read on a page; C: recalled) gives way to one of a higher for the same thing; two of the same
confidence are refused.
Prices of machines are kept as whole millionths of a dollar, which is as fine as any of the sources writes them.
"""

from __future__ import annotations

import csv
import math
import os
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
PRICES = ROOT / "prices"
BOOK = ROOT / "layers" / "core" / "python" / "chatops" / "story" / "book.sqlite"

UNIT_COLUMNS = ("provider", "region", "item", "unit", "usd", "as_of", "confidence", "source")
CLOUDS = frozenset({"aws", "gcp", "azure"})
SPOT_SOURCES = {"aws": ("spotinfo", "B"), "gcp": ("cyclenerd", "A")}
"""Where each cloud's spot column comes from, and its confidence: that of AWS is computed (prices/SOURCES.md)."""
KIND_CLASSES = {"priced": "priced", "free": "free", "free_per_infracost": "free"}
DISCOUNTED = 0.995
"""A month that costs less than this part of 730 hours has a discount; what is above is rounding."""
MOST = 1e6
"""No unit in the book costs a million dollars: more is a slip of the comma."""

SCHEMA = """
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, as_of TEXT NOT NULL);
CREATE TABLE spot_source (cloud TEXT PRIMARY KEY, source INTEGER NOT NULL, confidence TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE region (id INTEGER PRIMARY KEY, cloud TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (cloud, name));
CREATE TABLE type (
    id INTEGER PRIMARY KEY, cloud TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, family TEXT NOT NULL,
    vcpu REAL NOT NULL, gib REAL NOT NULL, UNIQUE (cloud, name)
);
CREATE TABLE machine (
    region INTEGER, type INTEGER, hourly INTEGER NOT NULL, spot INTEGER, month INTEGER, source INTEGER NOT NULL,
    PRIMARY KEY (region, type)
) WITHOUT ROWID;
CREATE TABLE database (
    region INTEGER, engine TEXT, type INTEGER, single INTEGER NOT NULL, multi INTEGER, source INTEGER NOT NULL,
    PRIMARY KEY (region, engine, type)
) WITHOUT ROWID;
CREATE TABLE cache (
    region INTEGER, type INTEGER, redis INTEGER NOT NULL, valkey INTEGER, source INTEGER NOT NULL,
    PRIMARY KEY (region, type)
) WITHOUT ROWID;
CREATE TABLE unit (
    cloud TEXT, item TEXT, region TEXT, unit TEXT NOT NULL, usd REAL NOT NULL, as_of TEXT NOT NULL,
    confidence TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (cloud, item, region)
) WITHOUT ROWID;
CREATE TABLE kind (type TEXT PRIMARY KEY, class TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE grid (cloud TEXT, region TEXT, grams REAL NOT NULL, source TEXT NOT NULL, PRIMARY KEY (cloud, region))
    WITHOUT ROWID;
CREATE TABLE watts (cloud TEXT PRIMARY KEY, idle REAL NOT NULL, full REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE spot_ratio (
    cloud TEXT, region TEXT, pattern TEXT, low REAL NOT NULL, high REAL NOT NULL, as_of TEXT NOT NULL,
    PRIMARY KEY (cloud, region, pattern)
) WITHOUT ROWID;
"""


class BadPriceTableError(ValueError):
    """A row of prices/ that cannot be right; the text names file, line and reason."""


class Row(NamedTuple):
    """A row of a table with its place."""

    place: str
    cells: dict[str, str]

    def bad(self, reason: str) -> BadPriceTableError:
        """The error that refuses this row."""
        return BadPriceTableError(f"{self.place}: {reason}")

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        cell = self.cells[column].strip()
        if not cell:
            raise self.bad(f"{column} is empty")
        return cell

    def usd(self, column: str) -> float:
        """A price: a plain number above zero."""
        text = self.text(column)
        try:
            price = float(text)
        except ValueError:
            raise self.bad(f"{column} {self.cells[column]!r} is not a number") from None
        if not (math.isfinite(price) and 0 < price < MOST):
            raise self.bad(f"{column} {self.cells[column]!r} is not a price")
        return price

    def micros(self, column: str) -> int | None:
        """A price in millionths of a dollar, or None where the cell is empty."""
        if not self.cells[column].strip():
            return None
        micros = round(Fraction(self.cells[column].strip()) * 1_000_000) if self.usd(column) else 0
        if not micros:
            raise self.bad(f"{column} {self.cells[column]!r} is below a millionth of a dollar")
        return micros

    def needed_micros(self, column: str) -> int:
        """A price in millionths of a dollar."""
        self.text(column)
        return self.micros(column) or 0

    def size(self, column: str) -> float:
        """How many vCPU or GiB; 0 where the source does not say."""
        return float(self.cells[column] or 0)


def rows(path: Path, *columns: str) -> Iterator[Row]:
    """The rows of a table, which must have exactly these columns (any, if none are named)."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if columns and tuple(reader.fieldnames or ()) != columns:
            raise BadPriceTableError(f"{path.name}:1: the columns are not {','.join(columns)}")
        for cells in reader:
            place = f"{path.name}:{reader.line_num}"
            if None in cells or None in cells.values():
                raise BadPriceTableError(f"{place}: {len(reader.fieldnames or ())} cells expected")
            yield Row(place, cells)


def checked_date(row: Row, *, may_be_empty: bool = False) -> str:
    """The row's date, month or year."""
    date = row.cells["as_of"].strip()
    if (may_be_empty and not date) or re.fullmatch(r"20\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", date):
        return date
    raise row.bad(f"as_of {date!r} is not a date, a month or a year")


def family(cloud: str, name: str) -> str:
    """The letters by which a vendor groups its types: m7i.large is of m, Standard_D2s_v5 of d, n2-standard-4 of n2."""
    if cloud == "gcp":
        return name.partition("-")[0]
    letters = re.match(r"(?:standard_|basic_|db\.|cache\.)?([a-z]+)", name.lower())
    return letters.group(1) if letters else name


class Ids:
    """Numbers for the names that many rows share."""

    def __init__(self, book: sqlite3.Connection, prices: Path) -> None:
        """Take in the sources, which rows name by their key."""
        self._book = book
        self._types: dict[tuple[str, str], int] = {}
        self._regions: dict[tuple[str, str], int] = {}
        self._sources: dict[str, int] = {}
        for row in rows(prices / "sources.csv", "src", "as_of", "licence", "origin", "used_for"):
            key = row.text("src")
            if key in self._sources:
                raise row.bad(f"the source {key!r} is there twice")
            self._sources[key] = len(self._sources) + 1
            book.execute("INSERT INTO source VALUES (?, ?, ?)", (self._sources[key], key, checked_date(row)))

    def source(self, row: Row) -> int:
        """The source that a row names."""
        if (key := row.text("src")) not in self._sources:
            raise row.bad(f"the source {key!r} is not in sources.csv")
        return self._sources[key]

    def region(self, cloud: str, row: Row) -> int:
        """The row's region."""
        key = (cloud, row.text("region"))
        if key not in self._regions:
            self._regions[key] = len(self._regions) + 1
            self._book.execute("INSERT INTO region VALUES (?, ?, ?)", (self._regions[key], *key))
        return self._regions[key]

    def type(self, cloud: str, row: Row, column: str) -> int:
        """The row's type of machine, node or database, with its size."""
        key = (cloud, row.text(column))
        if key not in self._types:
            self._types[key] = len(self._types) + 1
            values = (self._types[key], *key, family(*key), row.size("vcpu"), row.size("mem_gib"))
            self._book.execute("INSERT INTO type VALUES (?, ?, ?, ?, ?, ?)", values)
        return self._types[key]

    def spot_sources(self) -> Iterator[tuple[str, int, str]]:
        """Each cloud's source of spot prices."""
        return ((cloud, self._sources[key], confidence) for cloud, (key, confidence) in SPOT_SOURCES.items())


def insert(book: sqlite3.Connection, table: str, values: Iterable[tuple[Row, tuple[object, ...]]]) -> None:
    """Put rows into a table; one that is there already is refused."""
    for row, cells in values:
        try:
            book.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(cells))})", cells)  # noqa: S608 (ours)
        except sqlite3.IntegrityError:
            raise row.bad("the same thing is priced twice") from None


def machines(prices: Path, cloud: str, ids: Ids) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """A cloud's virtual machines."""
    for row in rows(prices / f"vm_{cloud}.csv"):
        hourly, month = row.needed_micros("usd_h"), None
        if "usd_month_sud" in row.cells:
            month = row.micros("usd_month_sud")
        if month is not None and month > DISCOUNTED * 730 * hourly:
            month = None
        region, machine_type = ids.region(cloud, row), ids.type(cloud, row, "type")
        yield row, (region, machine_type, hourly, row.micros("spot_usd_h"), month, ids.source(row))


def databases(prices: Path, ids: Ids) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """RDS classes, of every db_*.csv."""
    columns = ("region", "engine", "class", "vcpu", "mem_gib", "single_az_usd_h", "multi_az_usd_h", "src")
    for path in sorted(prices.glob("db_*.csv")):
        for row in rows(path, *columns):
            where = (ids.region("aws", row), row.text("engine"), ids.type("rds", row, "class"))
            yield row, (*where, row.needed_micros("single_az_usd_h"), row.micros("multi_az_usd_h"), ids.source(row))


def caches(prices: Path, ids: Ids) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """ElastiCache nodes, of every cache_*.csv."""
    columns = ("region", "node_type", "vcpu", "mem_gib", "redis_usd_h", "valkey_usd_h", "src")
    for path in sorted(prices.glob("cache_*.csv")):
        for row in rows(path, *columns):
            where = (ids.region("aws", row), ids.type("elasticache", row, "node_type"))
            yield row, (*where, row.needed_micros("redis_usd_h"), row.micros("valkey_usd_h"), ids.source(row))


def units(prices: Path) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """Unit prices of every unit_prices*.csv; of two for one thing, that of the better confidence."""
    known = {row.text("unit") for row in rows(prices / "units.csv", "unit", "meaning")}
    found: dict[tuple[str, str, str], tuple[Row, tuple[object, ...]]] = {}
    for path in sorted(prices.glob("unit_prices*.csv")):
        for row in rows(path, *UNIT_COLUMNS):
            confidence, unit, cloud = row.text("confidence"), row.text("unit"), row.text("provider")
            if confidence not in ("A", "B", "C") or cloud not in CLOUDS:
                raise row.bad(f"confidence {confidence!r} of {cloud!r} is none that is known")
            if unit not in known:
                raise row.bad(f"the unit {unit!r} is not in units.csv")
            key = (cloud, row.text("item"), row.text("region"))
            date = checked_date(row, may_be_empty=confidence == "C")
            cells = (*key, unit, row.usd("usd"), date, confidence, row.text("source"))
            if (other := found.get(key)) and other[1][6] == confidence:
                raise row.bad(f"{' '.join(key)} is priced twice, also in {other[0].place}")
            if other is None or confidence < str(other[1][6]):
                found[key] = (row, cells)
    return iter(found.values())


def kinds(prices: Path) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """Which Terraform types cost money."""
    for row in rows(prices / "resource_kinds.csv", "type", "class"):
        if (kind := KIND_CLASSES.get(row.text("class"))) is None:
            raise row.bad(f"the class {row.cells['class']!r} is none that is known")
        yield row, (row.text("type"), kind)


def grids(prices: Path) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """Carbon per kWh; where a region has two figures, the measured year of greenpick's is the newer one."""
    found: dict[tuple[str, str], tuple[Row, tuple[object, ...]]] = {}
    for row in rows(prices / "carbon_grid.csv", "provider", "region", "g_co2e_per_kwh", "source"):
        key, source = (row.text("provider"), row.text("region")), row.text("source")
        if key in found and not source.startswith("greenpick"):
            continue
        if key in found and str(found[key][1][3]).startswith("greenpick"):
            raise row.bad(f"{' '.join(key)} was measured twice")
        found[key] = (row, (*key, row.usd("g_co2e_per_kwh"), source))
    return iter(found.values())


def watts(prices: Path) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """The median processor of each cloud: idle and full watts per vCPU."""
    found: dict[str, list[tuple[float, float]]] = {}
    row = Row("carbon_watts.csv", {})
    for row in rows(prices / "carbon_watts.csv", "provider", "cpu", "min_w_per_vcpu", "max_w_per_vcpu", "gb_per_chip"):
        found.setdefault(row.text("provider"), []).append((row.usd("min_w_per_vcpu"), row.usd("max_w_per_vcpu")))
    for cloud, processors in found.items():
        yield row, (cloud, median(low for low, _ in processors), median(high for _, high in processors))


def spot_ratios(prices: Path) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """Spot prices as a part of the on-demand price: `0.37-0.46`, or one number; `none` is left out."""
    columns = ("provider", "region", "types", "spot_over_ondemand", "as_of", "source", "note")
    for row in rows(prices / "spot_ratios.csv", *columns):
        if (ratio := row.text("spot_over_ondemand")) == "none":
            continue
        low, _, high = ratio.partition("-")
        bounds = float(low), float(high or low)
        if not 0 < bounds[0] <= bounds[1] < 1:
            raise row.bad(f"{ratio!r} is no part of a price")
        yield row, (row.text("provider"), row.text("region"), row.text("types"), *bounds, checked_date(row))


def fill(book: sqlite3.Connection, prices: Path) -> None:
    """Make the tables and put everything in."""
    book.executescript(SCHEMA)
    ids = Ids(book, prices)
    book.executemany("INSERT INTO spot_source VALUES (?, ?, ?)", ids.spot_sources())
    for cloud in sorted(CLOUDS):
        insert(book, "machine", machines(prices, cloud, ids))
    insert(book, "database", databases(prices, ids))
    insert(book, "cache", caches(prices, ids))
    tables: dict[str, Callable[[Path], Iterator[tuple[Row, tuple[object, ...]]]]] = {
        "unit": units,
        "kind": kinds,
        "grid": grids,
        "watts": watts,
        "spot_ratio": spot_ratios,
    }
    for table, values in tables.items():
        insert(book, table, values(prices))
    book.commit()
    book.execute("VACUUM")


def build(target: Path, prices: Path = PRICES) -> None:
    """Write the book beside its place first, so that a reader, or a second writer, never sees half of it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".book-")
    os.close(handle)
    temporary = Path(name)
    try:
        with closing(sqlite3.connect(temporary)) as book:
            fill(book, prices)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Build it; returns the exit code."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    target = Path(arguments[0]) if arguments else BOOK
    try:
        build(target)
    except (OSError, BadPriceTableError, csv.Error, UnicodeDecodeError) as error:
        print(f"building the price book: {error}", file=sys.stderr)
        return 1
    print(f"wrote {target} ({target.stat().st_size:,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
