"""RDS and Aurora: instances, clusters, proxies, snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, fixed, hourly
from chatops.story.kinds.aws_bill import Always, Use, billed, compute, line, nearest, sized, unit
from chatops.story.kinds.basics import related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Price
    from chatops.story.values import Values

_GIB, _IO1_GIB, _IO1_IOPS = 20.0, 100.0, 1000.0
"""Of a database that does not say: Infracost's conventions (cost.md §3); io1 begins there."""
_GP3_FROM = {"oracle": 200.0}
_GP3_STRIPED, _GP3_IOPS, _GP3_MIBPS = 400.0, 12_000.0, 500.0
"""From 400 GiB on (Oracle: 200) a gp3 disk brings 12,000 operations and 500 MiB a second along (RDS user guide)."""
_STORAGE = {"gp2": "general purpose SSD, gp2", "gp3": "general purpose SSD, gp3", "magnetic": "magnetic"}
_IO1 = "provisioned IOPS SSD"
_OLD = {
    "mysql": ("5.6", "5.7"),
    "postgres": ("9", "10", "11", "12"),
    "aurora-mysql": ("5.6", "5.7"),
    "aurora-postgresql": ("9", "10", "11", "12"),
}
"""Versions that AWS serves on for a price only; the list is Infracost's (its goldens of 2025)."""
_INSIGHTS_FREE = 7
"""Days for which Performance Insights keeps what it saw at no price."""
_NO_LICENCE = ("oracle-ee", "oracle-se")
"""Editions sold without a licence only: a machine for them is billed like one for MySQL (Infracost's golden)."""
_IOPT = 1.3
"""Of the standard price, for Aurora instances of an I/O-optimised cluster (the rate table of the book's source)."""

_BACKUP = Use("Backup beyond the free share", "rds.backup", 0, 20, 200)
"""GB: as much as the database is large is free, so little use costs nothing."""
_MAGNETIC_IO = Use("I/O requests", "rds.magnetic.io", 1, 10, 100)
_INSIGHTS_API = Use("Performance Insights API", "rds.insights.api", 0, 10, 100)
_AURORA_STORAGE = (10, 100, 1000)
"""GB: a trial's, a small shop's, a busy one's."""
_AURORA_IO = Use("I/O requests", "aurora.io", 1, 50, 1000)
"""Millions a month; 50 is Infracost's example of 20 a second."""
_ACU_HOURS = (0.5, 2.0, 8.0)
"""Capacity units at work where the cluster names no bounds: v2's least, a small load, a busy one."""


def _own_licence(engine: str, licence: str) -> bool:
    edition = engine.removesuffix("-cdb")
    return edition in _NO_LICENCE or (edition.startswith("oracle") and licence == "bring-your-own-license")


def _class_price(asked: Asked, engine: str, instance_class: str, multi_az: bool, licence: str = "") -> Price | None:
    """An instance of this class per hour, whatever the engine."""
    if engine.startswith("aurora"):
        return sized(asked, "aurora", instance_class)
    if _own_licence(engine, licence):
        price = asked.book.database(asked.region, "mysql", instance_class, multi_az)
        return price.times(1, "estimated: with a licence of one's own, billed like MySQL") if price else None
    if engine.startswith(("sqlserver", "oracle")):
        one = unit(asked, f"rds.{engine.removesuffix('-cdb')}.{instance_class}")
        return one.times(2, "estimated: twice the price of a single zone") if one and multi_az else one
    return asked.book.database(asked.region, engine, instance_class, multi_az)


def _engine(asked: Asked, *references: str) -> str:
    """The engine that a database names, or that of what it copies or belongs to; MySQL where nobody says."""
    if engine := asked.values.text("engine"):
        return engine
    for reference in references:
        if engine := values_of(related(asked, reference, "aws_db_instance", "aws_rds_cluster")).text("engine"):
            return engine
    return "mysql"


def _instance(asked: Asked) -> Iterator[Component]:
    return database(asked, _engine(asked, "replicate_source_db", "snapshot_identifier"))


def database(asked: Asked, engine: str) -> Iterator[Component]:
    """The components of one RDS instance with this engine."""
    values = asked.values
    name, multi = values.text("instance_class"), values.flag("multi_az")
    where = "Multi-AZ" if multi else "Single-AZ"
    price = _class_price(asked, engine, name, multi, values.text("license_model"))
    machine = compute(asked, name, 2 if multi else 1)
    yield hourly(f"Database instance ({where}{f', {name}' if price else ''})", price, compute=machine)
    yield from _storage(asked, engine, 2.0 if multi else 1.0)
    yield from _extras(asked, engine, name, 2.0 if multi else 1.0)


def _storage(asked: Asked, engine: str, zones: float) -> Iterator[Component]:
    """The disk; a second zone has another of the same size."""
    values = asked.values
    kind = values.text("storage_type") or ("io1" if values.number("iops") else "gp2")
    origin = values_of(related(asked, "replicate_source_db", "aws_db_instance"))
    size = values.number("allocated_storage") or origin.number("allocated_storage") or _GIB
    if kind in ("io1", "io2"):
        yield line(asked, Always(f"Storage ({_IO1}, {kind})", "rds.io1", zones * max(size, _IO1_GIB)))
        iops = max(values.number("iops"), _IO1_IOPS)
        yield line(asked, Always("Provisioned IOPS", "rds.io1.iops", zones * iops))
        return
    kind = "magnetic" if kind == "standard" else kind
    known = _STORAGE.get(kind)
    yield fixed(f"Storage ({known or 'unknown kind'})", zones * size, unit(asked, f"rds.{kind}") if known else None)
    if kind == "magnetic":
        yield line(asked, _MAGNETIC_IO)
    if kind == "gp3" and size >= _GP3_FROM.get(engine.partition("-")[0], _GP3_STRIPED):
        yield from _above_baseline(asked, zones)


def _above_baseline(asked: Asked, zones: float) -> Iterator[Component]:
    iops = asked.values.number("iops") - _GP3_IOPS
    mibps = asked.values.number("storage_throughput") - _GP3_MIBPS
    if iops > 0:
        yield line(asked, Always("Provisioned IOPS above 12,000", "rds.gp3.iops_over_baseline", zones * iops))
    if mibps > 0:
        name = "Provisioned throughput above 500 MiB/s"
        yield line(asked, Always(name, "rds.gp3.mibps_over_baseline", zones * mibps))


def _extras(asked: Asked, engine: str, name: str, zones: float) -> Iterator[Component]:
    """What any database may have besides: backups, old versions, insights."""
    values = asked.values
    if values.number("backup_retention_period") and not engine.startswith("aurora"):
        yield line(asked, _BACKUP)
    machine = compute(asked, name, zones)
    if machine and _is_old(engine, values.text("engine_version"), values.text("engine_lifecycle_support")):
        yield line(asked, Always("Extended support (first year's rate)", "rds.extended_support", machine.vcpu_hours))
    if values.flag("performance_insights_enabled"):
        yield line(asked, _INSIGHTS_API)
        if machine and values.number("performance_insights_retention_period") > _INSIGHTS_FREE:
            yield _insights(asked, name, machine.vcpu_hours / HOURS / zones)


def _is_old(engine: str, version: str, lifecycle: str = "") -> bool:
    """Whether a version is out of standard support, and nobody has said no to paying for more."""
    old = any(version == each or version.startswith(f"{each}.") for each in _OLD.get(engine, ()))
    return old and not lifecycle.endswith("-disabled")


def _insights(asked: Asked, name: str, vcpu: float) -> Component:
    family = name.removeprefix("db.").partition(".")[0]
    price = unit(asked, f"rds.insights.{family}")
    if not price:
        like = "t3" if family.startswith("t") else "m5"
        other = unit(asked, f"rds.insights.{like}")
        price = other.times(1, f"estimated: the rate of {like}") if other else None
    return fixed("Performance Insights, kept longer", vcpu, price)


def _optimised(cluster: Values) -> bool:
    return cluster.text("storage_type").endswith("iopt1")


def _cluster_instance(asked: Asked) -> Iterator[Component]:
    cluster = values_of(nearest(asked, "cluster_identifier", "aws_rds_cluster"))
    engine = asked.values.text("engine", cluster.text("engine", "aurora-mysql"))
    name, optimised = asked.values.text("instance_class"), _optimised(cluster)
    if name == "db.serverless":
        yield _serverless(asked, cluster, "aurora.acu2_iopt" if optimised else "aurora.acu2")
    else:
        price = _class_price(asked, engine, name, multi_az=False)
        if price and optimised and engine.startswith("aurora"):
            price = price.times(_IOPT, "estimated: I/O-optimised clusters cost 1.3 times as much")
        yield hourly(f"Database instance{f' ({name})' if price else ''}", price, compute=compute(asked, name))
        if name.startswith("db.t"):
            yield line(asked, Use("CPU credits above the baseline", "aurora.cpu_credit", 0, 48, 200))
    yield from _extras(asked, engine, name, 1.0)


def _serverless(
    asked: Asked, cluster: Values, item: str, block: str = "serverlessv2_scaling_configuration"
) -> Component:
    """Capacity units by the hour: at least the least of the cluster, at most its most."""
    scaling = cluster.block(block)
    low, usual, high = _ACU_HOURS
    low = scaling.number("min_capacity", low)
    high = max(low, scaling.number("max_capacity", high))
    usual = min(high, max(low, usual))
    return by_use("Aurora capacity units", unit(asked, item), HOURS * low, HOURS * usual, HOURS * high)


def _cluster(asked: Asked) -> Iterator[Component]:
    values = asked.values
    engine = values.text("engine", "aurora-mysql")
    if not engine.startswith("aurora") and values.text("db_cluster_instance_class"):
        yield from _three_zones(asked, engine)
        return
    if values.text("engine_mode") == "serverless":
        yield _serverless(asked, values, "aurora.acu1", "scaling_configuration")
    storage = "aurora.storage_iopt" if _optimised(values) else "rds.aurora_storage"
    yield line(asked, Use("Storage", storage, *_AURORA_STORAGE))
    if not _optimised(values):
        yield line(asked, _AURORA_IO)
    yield line(asked, Use("Backup beyond the free share", "aurora.backup", 0, 20, 200))
    if values.number("backtrack_window"):
        yield line(asked, Use("Backtrack change records", "aurora.backtrack", 10, 1000, 50_000))


def _three_zones(asked: Asked, engine: str) -> Iterator[Component]:
    """A cluster of plain RDS: a writer and two readers, each with a disk."""
    name = asked.values.text("db_cluster_instance_class")
    price = _class_price(asked, engine, name, multi_az=False)
    yield hourly("Database instances of three zones", price, 3, compute=compute(asked, name, 3))
    yield from _storage(asked, engine, 3.0)


def _proxy(asked: Asked) -> Iterable[Component]:
    """By the vCPU of what it stands before, which the plan rarely says: two, eight, or thirty-two of them."""
    return [line(asked, Use("Proxy", "rds.proxy", 2 * HOURS, 8 * HOURS, 32 * HOURS))]


KINDS: dict[str, Kind] = {
    "aws_db_instance": _instance,
    "aws_db_proxy": _proxy,
    "aws_db_snapshot": billed(Use("Snapshot storage", "rds.backup", 10, 100, 1000)),
    "aws_rds_cluster": _cluster,
    "aws_rds_cluster_instance": _cluster_instance,
}
