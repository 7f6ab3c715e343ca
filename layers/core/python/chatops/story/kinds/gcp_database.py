"""Google Cloud's databases and caches: Cloud SQL, Memorystore, Spanner."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, hourly, scaled
from chatops.story.kinds.gcp_machines import unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_SQL_DISK_GB = 10
"""Of an instance that does not say: the smallest, and Google's default."""
_SHARED = {"db-f1-micro": ("cloudsql.f1micro", 0.6), "db-g1-small": ("cloudsql.g1small", 1.7)}
"""Tiers on shared cores: their price, and their memory in GiB."""
_SQL_TIER = re.compile(r"db-(?:custom-(\d{1,3})-(\d{1,7})|(n1-)?(standard|highmem|lightweight)-(\d{1,3}))")
_GIB_PER_CPU = {"standard": 3.75, "highmem": 6.5}
_LIGHTWEIGHT_GIB = 3.75
_BACKUP_PARTS = (0.1, 1.0, 3.0)
"""Backups by the size of the disk: one of a half-empty database, the usual seven, many of a busy one."""
_IDLE_NOTE = "billed while the instance does not run; counted all month, as published estimates do"

_REDIS_SIZES = ((4, "m1"), (10, "m2"), (35, "m3"), (100, "m4"), (math.inf, "m5"))
"""The largest capacity in GB of each of the five sizes that have prices of their own."""
_NODE_GB = {
    "shared_core_nano": 1.4,
    "standard_small": 6.5,
    "highmem_medium": 13.0,
    "highmem_xlarge": 58.0,
}
"""What a node of Memorystore holds; an append-only file is billed by it."""
_CACHE_BACKUP_GB = (1.0, 20.0, 200.0)
"""Backups of a cluster: nearly empty, a week of a small one, a week of a large one."""
_SPANNER_GB = (1.0, 50.0, 500.0)
"""Data in Spanner: a demo, a small application, a large one."""
_UNITS_PER_NODE = 1000


def sql_instance(asked: Asked) -> Iterator[Component]:
    """A Cloud SQL instance: vCPU, memory, disk, twice each where it is in two zones; and its replica, if it has one."""
    settings = asked.values.block("settings")
    regional = settings.text("availability_type") == "REGIONAL"
    if settings.text("activation_policy", "ALWAYS") != "NEVER":
        yield from _sql_machine(asked, settings, 2 if regional else 1)
    disk = _sql_disk(asked, settings)
    size = settings.number("disk_size") or _SQL_DISK_GB
    yield fixed(f"Storage ({disk.upper()})", size * (2 if regional else 1), unit(asked, f"cloudsql.{disk}"))
    yield by_use("Backups", unit(asked, "cloudsql.backup"), *scaled(_BACKUP_PARTS, size))
    if settings.block("ip_configuration").flag("ipv4_enabled", True):
        yield hourly("IP address (if unused)", unit(asked, "cloudsql.ip_idle"), note=_IDLE_NOTE)
    version = asked.values.text("database_version")
    if version.startswith("SQLSERVER") and "EXPRESS" not in version:
        yield by_use("SQL Server licence", None, 0, 0, 0)


def _sql_disk(asked: Asked, settings: Values) -> str:
    hard = settings.text("disk_type") == "PD_HDD" and not asked.values.text("database_version").startswith("SQLSERVER")
    return "hdd" if hard else "ssd"


def _sql_machine(asked: Asked, settings: Values, zones: int) -> Iterator[Component]:
    tier, suffix = settings.text("tier"), "two zones" if zones == 2 else "one zone"
    if tier in _SHARED:
        item, gib = _SHARED[tier]
        compute = Compute(HOURS * zones, gib * HOURS * zones)
        yield hourly(f"Instance ({tier}, {suffix})", unit(asked, item), zones, compute=compute)
        return
    match = _SQL_TIER.fullmatch(tier)
    if not match or settings.text("edition") == "ENTERPRISE_PLUS":
        yield hourly("Instance", None, zones)
        return
    cpus, gib = _size(match)
    compute = Compute(cpus * HOURS * zones, gib * HOURS * zones)
    if match[3] and match[4] == "standard" and asked.values.text("database_version", "MYSQL").startswith("MYSQL"):
        price = unit(asked, f"cloudsql.mysql_n1_standard_{match[5]}")
        yield hourly(f"Instance ({tier}, {suffix})", price, zones, compute=compute)
        return
    yield hourly(f"vCPU ({cpus:g}, {suffix})", unit(asked, "cloudsql.vcpu"), cpus * zones, compute=compute)
    yield hourly(f"Memory ({gib:g} GB, {suffix})", unit(asked, "cloudsql.mem"), gib * zones)


def _size(tier: re.Match[str]) -> tuple[float, float]:
    """The vCPU and GiB of a tier."""
    if tier[1]:
        return float(tier[1]), float(tier[2]) / 1024
    cpus = float(tier[5])
    return cpus, cpus * _GIB_PER_CPU[tier[4]] if tier[4] in _GIB_PER_CPU else _LIGHTWEIGHT_GIB


def redis(asked: Asked) -> Iterator[Component]:
    """A Memorystore for Redis instance, by its capacity."""
    values = asked.values
    tier = "standard" if values.text("tier", "BASIC").startswith("STANDARD") else "basic"
    gb = values.number("memory_size_gb")
    size = next(name for most, name in _REDIS_SIZES if gb <= most)
    price = unit(asked, f"redis.{tier}_{size}") if gb else None
    yield hourly(f"Capacity ({tier}, {size.upper()})", price, gb, compute=Compute(0, gb * HOURS))
    if values.text("read_replicas_mode") == "READ_REPLICAS_ENABLED":
        yield hourly("Read replicas", None)


def cache_nodes(asked: Asked) -> Iterator[Component]:
    """A Memorystore cluster or instance: its nodes, and what it writes down."""
    values = asked.values
    kind = values.text("node_type", "HIGHMEM_MEDIUM").removeprefix("REDIS_").lower()
    shards, price = values.number("shard_count", 1), unit(asked, f"memorystore.{kind}")
    gb = _NODE_GB.get(kind, 0.0)
    count = shards * (1 + values.number("replica_count"))
    compute = Compute(0, gb * HOURS * count)
    yield hourly(f"Node ({kind.replace('_', ' ')})" if price else "Node", price, count, compute=compute)
    if values.block("persistence_config").text("mode") == "AOF":
        known = unit(asked, "memorystore.aof") if gb else None
        yield hourly("Append-only file", known, math.ceil(gb * shards))
    if values.has("automated_backup_config"):
        yield by_use("Backups", unit(asked, "memorystore.backup"), *_CACHE_BACKUP_GB)


def spanner(asked: Asked) -> Iterator[Component]:
    """A Spanner instance in one region, standard edition: its nodes, or parts of one."""
    values = asked.values
    standard = values.text("edition", "STANDARD") in ("STANDARD", "EDITION_UNSPECIFIED")
    one_region = values.text("config").rpartition("/")[2].startswith("regional-")
    limits = values.block("autoscaling_config").block("autoscaling_limits")
    units = values.number("processing_units") or limits.number("min_processing_units")
    nodes = values.number("num_nodes") or limits.number("min_nodes") or units / _UNITS_PER_NODE or 1
    price = unit(asked, "spanner.node") if standard and one_region else None
    yield hourly("Node", price, nodes)
    yield by_use("Storage", unit(asked, "spanner.storage"), *_SPANNER_GB)


KINDS: Mapping[str, Kind] = {
    "google_sql_database_instance": sql_instance,
    "google_redis_instance": redis,
    "google_redis_cluster": cache_nodes,
    "google_memorystore_instance": cache_nodes,
    "google_spanner_instance": spanner,
}
