"""Databases other than RDS: DocumentDB, Neptune, DynamoDB, caches, Redshift, and moving into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, fixed, hourly
from chatops.story.kinds.aws_bill import Use, billed, compute, count_of, line, sized, unit
from chatops.story.kinds.basics import related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind

_DISK = (10, 100, 1000)
"""GB that a database keeps: a trial's, a small shop's, a busy one's."""
_MILLIONS = (1, 50, 1000)
"""Requests a month in millions; 50 are some 20 a second."""
_NEPTUNE_IOPT = 110.23 / 81.76
"""Of the standard price: a db.t3.medium of an I/O-optimised cluster against another (Infracost's golden)."""
_FREE_DMS = {"t": 50.0}
_FREE_DMS_OTHER = 100.0
"""GB of disk that come with a DMS machine; T families bring fewer (AWS's DMS price page)."""
_DMS_GIB = 50.0


def _docdb_instance(asked: Asked) -> Iterator[Component]:
    name = asked.values.text("instance_class")
    price = sized(asked, "docdb", name)
    yield hourly(f"Database instance{f' ({name})' if price else ''}", price, compute=compute(asked, name))
    if name.startswith("db.t"):
        yield line(asked, Use("CPU credits above the baseline", "docdb.cpu_credit", 0, 48, 200))


def _neptune_instance(asked: Asked) -> Iterable[Component]:
    name = asked.values.text("instance_class", "db.r5.large")
    price = sized(asked, "neptune", name)
    cluster = values_of(related(asked, "cluster_identifier", "aws_neptune_cluster"))
    if price and "iopt1" in (cluster.text("storage_type"), asked.values.text("storage_type")):
        price = price.times(_NEPTUNE_IOPT, "estimated: I/O-optimised clusters cost a third more")
    yield hourly(f"Database instance{f' ({name})' if price else ''}", price, compute=compute(asked, name))


def _table(asked: Asked) -> Iterator[Component]:
    values = asked.values
    if values.text("billing_mode") == "PAY_PER_REQUEST":
        yield line(asked, Use("Write request units", "dynamodb.write", *_MILLIONS))
        yield line(asked, Use("Read request units", "dynamodb.read", *_MILLIONS))
    else:
        yield from _capacity(asked)
    yield line(asked, Use("Data storage", "dynamodb.storage", 1, 25, 500))
    if values.block("point_in_time_recovery").flag("enabled"):
        yield line(asked, Use("Point-in-time recovery", "dynamodb.pitr", 1, 25, 500))
    if values.flag("stream_enabled"):
        yield line(asked, Use("Stream reads", "dynamodb.streams", *_MILLIONS))


def _capacity(asked: Asked) -> Iterator[Component]:
    """What is provisioned: for the table, for its indexes, and once more in every region that has a replica."""
    tables = (asked.values, *asked.values.blocks("global_secondary_index"))
    write = sum(count_of(each, "write_capacity", 0.0) for each in tables)
    read = sum(count_of(each, "read_capacity", 0.0) for each in tables)
    yield hourly("Write capacity units", unit(asked, "dynamodb.wcu"), write)
    yield hourly("Read capacity units", unit(asked, "dynamodb.rcu"), read)
    for replica in asked.values.blocks("replica"):
        price = asked.book.unit("aws", replica.text("region_name"), "dynamodb.rwcu")
        yield hourly("Replicated write capacity units", price, write)


def _cache_engine(text: str) -> str:
    return text if text in ("memcached", "valkey") else "redis"


def _nodes(asked: Asked, node_type: str, engine: str, count: float) -> Component:
    price = asked.book.cache(asked.region, node_type, _cache_engine(engine))
    name = f"Cache nodes ({node_type})" if price else "Cache nodes"
    return hourly(name, price, count, compute=compute(asked, node_type, count))


def _cache_backups(asked: Asked) -> Iterator[Component]:
    if asked.values.number("snapshot_retention_limit") > 1:
        yield line(asked, Use("Backup storage", "elasticache.backup", 1, 10, 100))


def _cache_cluster(asked: Asked) -> Iterator[Component]:
    values = asked.values
    group = values_of(related(asked, "replication_group_id", "aws_elasticache_replication_group"))
    node = values.text("node_type", group.text("node_type"))
    engine = values.text("engine", group.text("engine"))
    yield _nodes(asked, node, engine, count_of(values, "num_cache_nodes") or 1.0)
    yield from _cache_backups(asked)


def _replication_group(asked: Asked) -> Iterator[Component]:
    values = asked.values
    sharded = values.block("cluster_mode") if values.blocks("cluster_mode") else values
    clusters = count_of(values, "num_cache_clusters", values.number("number_cache_clusters", 0.0))
    groups = count_of(sharded, "num_node_groups", 0.0)
    replicas = count_of(sharded, "replicas_per_node_group", 0.0)
    nodes = groups * (replicas + 1) if groups else clusters or 1.0
    if values.text("global_replication_group_id") and not values.text("node_type"):
        origin = values_of(related(asked, "global_replication_group_id", "aws_elasticache_replication_group"))
        yield _nodes(asked, origin.text("node_type"), origin.text("engine"), nodes)
    else:
        yield _nodes(asked, values.text("node_type"), values.text("engine"), nodes)
    yield from _cache_backups(asked)


def _redshift(asked: Asked) -> Iterator[Component]:
    values = asked.values
    node, count = values.text("node_type", "dc2.large"), count_of(values, "number_of_nodes") or 1.0
    price = unit(asked, f"redshift.{node}")
    yield hourly(f"Cluster nodes{f' ({node})' if price else ''}", price, count)
    if node.startswith("ra3"):
        yield line(asked, Use("Managed storage", "redshift.managed", 10, 500, 10_000))
    yield line(asked, Use("Spectrum, data scanned", "redshift.spectrum", 0, 1, 20))
    yield line(asked, Use("Backup storage", "redshift.backup", 0, 100, 5000))


def _migration(asked: Asked) -> Iterator[Component]:
    values = asked.values
    name = values.text("replication_instance_class").removeprefix("dms.")
    zones = 2.0 if values.flag("multi_az") else 1.0
    price = sized(asked, "dms", name)
    yield hourly(
        f"Replication instance{f' ({name})' if price else ''}", price, zones, compute=compute(asked, name, zones)
    )
    above = values.number("allocated_storage", _DMS_GIB) - _FREE_DMS.get(name[:1], _FREE_DMS_OTHER)
    if above > 0:
        yield fixed("Storage above what comes along", zones * above, unit(asked, "dms.gp2"))


KINDS: dict[str, Kind] = {
    "aws_dms_replication_instance": _migration,
    "aws_docdb_cluster": billed(
        Use("Storage", "docdb.storage", *_DISK),
        Use("I/O requests", "docdb.io", *_MILLIONS),
        Use("Backup storage", "docdb.backup", 0, 20, 200),
    ),
    "aws_docdb_cluster_instance": _docdb_instance,
    "aws_docdb_cluster_snapshot": billed(Use("Snapshot storage", "docdb.backup", *_DISK)),
    "aws_dynamodb_table": _table,
    "aws_elasticache_cluster": _cache_cluster,
    "aws_elasticache_replication_group": _replication_group,
    "aws_elasticache_serverless_cache": billed(
        Use("Data kept", "elasticache.serverless.data", 730, 7300, 73_000),
        Use("Processing units", "elasticache.serverless.ecpu", 10, 1000, 100_000),
    ),
    "aws_neptune_cluster": billed(
        Use("Storage", "neptune.storage", *_DISK), Use("I/O requests", "neptune.io", *_MILLIONS)
    ),
    "aws_neptune_cluster_instance": _neptune_instance,
    "aws_neptune_cluster_snapshot": billed(Use("Snapshot storage", "neptune.backup", *_DISK)),
    "aws_redshift_cluster": _redshift,
    "aws_redshiftserverless_workgroup": billed(Use("Processing units", "redshift.rpu", 80, 800, 8000)),
    "aws_timestreamwrite_table": billed(Use("Writes", "timestream.writes", *_MILLIONS)),
}
