"""Azure's open-source databases: PostgreSQL, MySQL and MariaDB servers, Cosmos DB, Redis."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, hourly, scaled
from chatops.story.kinds.azure_lookup import Use, labelled, place, unit
from chatops.story.kinds.basics import free, related, values_of
from chatops.story.planned_where import region_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_SIZE = re.compile(r"(?:B|GP|MO)_Standard_((B\d{1,2}[a-z]{1,2})|([DE])(\d{1,3})(a?d?s)_v(\d))", re.ASCII)
_SERVER = re.compile(r"(B|GP|MO)_Gen\d_(\d{1,2})", re.ASCII)
_GIB_PER_CORE = {"D": 4, "E": 8, "B": 2, "GP": 5, "MO": 10}
_BACKUP_GB: Use = (0, 10, 100)  # as much as the database itself is in its price
_FLEXIBLE_GB: Use = (32, 32, 128)  # 32 GB are the least, and what a server has whose size is unsaid
_MYSQL_GIB = 20
_MYSQL_IOPS = 300
_MYSQL_IOPS_PER_GIB = 3
"""Input and output operations a second that come with a MySQL server: 300, and 3 a GiB."""
_SERVER_MB = 5120

_RU_SHARE: Use = (0.1, 0.5, 1.0)
"""The part of the most throughput that autoscaling uses: a tenth is billed at least."""
_AUTOSCALE = 1.5
"""What autoscaled throughput costs against throughput that is set (the vendor's list)."""
_ZONES = 1.25
"""What throughput in a region costs that is spread over zones (the vendor's list)."""
_REQUEST_UNITS: Use = (1, 10, 100)  # millions: a test, a small site, a busy one
_KEPT_GB: Use = (1, 10, 100)


def _flexible(name: str) -> Kind:
    """A flexible server of PostgreSQL ("pgflex") or MySQL ("mysqlflex")."""

    def kind(asked: Asked) -> Iterable[Component]:
        servers = 2 if asked.values.block("high_availability").has("mode") else 1
        yield _flexible_compute(asked, name, servers)
        if name == "pgflex":
            yield _postgres_storage(asked, servers)
        else:
            yield from _mysql_storage(asked, servers)
        yield by_use("Additional backup storage", unit(asked, f"{name}.backup"), *_BACKUP_GB)

    return kind


def _flexible_compute(asked: Asked, name: str, servers: int) -> Component:
    """Bursting sizes have a price each; of all others, a core of a series has."""
    note = "the standby counted too" if servers > 1 else ""
    match = _SIZE.fullmatch(asked.values.text("sku_name"))
    if match is None:
        return fixed("Compute", servers * HOURS, None)
    if match[2]:
        price = unit(asked, f"{name}.{match[2]}")
        return hourly(labelled("Compute", match[1], price), price, servers, note)
    cores = int(match[4]) * servers
    price = unit(asked, f"{name}.vcore.{match[3]}{match[5]}_v{match[6]}")
    compute = Compute(cores * HOURS, cores * _GIB_PER_CORE[match[3]] * HOURS)
    return hourly(labelled("Compute", match[1], price), price, cores, note, compute)


def _postgres_storage(asked: Asked, servers: int) -> Component:
    price = unit(asked, "pgflex.storage")
    if megabytes := asked.values.number("storage_mb"):
        return fixed("Storage", megabytes / 1024 * servers, price)
    return by_use("Storage", price, *scaled(_FLEXIBLE_GB, servers), note="its size is not said")


def _mysql_storage(asked: Asked, servers: int) -> Iterator[Component]:
    storage = asked.values.block("storage")
    gib = storage.number("size_gb") or _MYSQL_GIB
    yield fixed("Storage", gib * servers, unit(asked, "mysqlflex.storage"))
    if (more := storage.number("iops") - _MYSQL_IOPS - _MYSQL_IOPS_PER_GIB * gib) > 0:
        yield fixed("Additional IOPS", more * servers, unit(asked, "mysqlflex.iops"))


def _single_server(asked: Asked) -> Iterable[Component]:
    """The retired single servers of PostgreSQL, MySQL and MariaDB, which cost the same."""
    values = asked.values
    match = _SERVER.fullmatch(values.text("sku_name"))
    tier, cores = (match[1], int(match[2])) if match else ("", 0)
    price = unit(asked, f"dbserver.vcore.{tier}") if match else None
    compute = Compute(cores * HOURS, cores * _GIB_PER_CORE[tier] * HOURS) if match else None
    yield hourly(labelled("Compute", match[0] if match else "", price), price, cores or 1, compute=compute)
    gib = (values.number("storage_mb") or _SERVER_MB) / 1024
    yield fixed("Storage", gib, unit(asked, "dbserver.storage.B" if tier == "B" else "dbserver.storage"))
    copies = "grs" if values.flag("geo_redundant_backup_enabled") else "lrs"
    yield by_use("Additional backup storage", unit(asked, f"dbserver.backup.{copies}"), *_BACKUP_GB)


def _cosmos(asked: Asked) -> Iterable[Component]:
    """A database or a container of Cosmos DB: by its throughput in each region of its account, and what is kept."""
    account = values_of(related(asked, "account_name", "azurerm_cosmosdb_account"))
    throughput = asked.values.number("throughput")
    most = asked.values.block("autoscale_settings").number("max_throughput")
    for region, factor in _regions(asked, account):
        price = unit(asked, "cosmos.ru", region)
        if throughput:
            yield hourly("Provisioned throughput", price, throughput * factor)
        elif most:
            used = scaled(_RU_SHARE, most * factor * _AUTOSCALE * HOURS)
            yield by_use("Provisioned throughput (autoscale)", price, *used)
        yield by_use("Transactional storage", unit(asked, "cosmos.storage", region), *_KEPT_GB)
    if not throughput and not most:
        note = "if the account is serverless"
        yield by_use("Request units (serverless)", unit(asked, "cosmos.serverless"), *_REQUEST_UNITS, note=note)


def _regions(asked: Asked, account: Values) -> Iterator[tuple[str, float]]:
    """The account's regions, and what throughput in each costs against the list."""
    blocks = account.blocks("geo_location")
    for block in blocks:
        region = region_name(block.text("location"), "azure") or place(asked)
        yield region, _ZONES if block.flag("zone_redundant") else 1.0
    if not blocks:
        yield place(asked), 1.0


def _redis(asked: Asked) -> Iterable[Component]:
    """Basic is one node, Standard two; Premium is a node and its replicas for each shard."""
    values = asked.values
    sku = values.text("sku_name")
    size = f"{values.text('family').lower()}{values.number('capacity', -1):.0f}"
    nodes: float = 2 if sku == "Standard" else 1
    if sku == "Premium":
        replicas = values.number("replicas_per_primary") or values.number("replicas_per_master") or 1
        nodes = (1 + replicas) * (values.number("shard_count") or 1)
    price = unit(asked, f"redis.{sku.lower()}_{size}")
    return (hourly(labelled("Cache usage", f"{sku} {size.upper()}", price), price, nodes),)


_COSMOS = (
    "sql_database", "sql_container", "mongo_database", "mongo_collection", "cassandra_keyspace", "cassandra_table",
    "gremlin_database", "gremlin_graph", "table",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "azurerm_postgresql_flexible_server": _flexible("pgflex"),
    "azurerm_mysql_flexible_server": _flexible("mysqlflex"),
    "azurerm_postgresql_server": _single_server,
    "azurerm_mysql_server": _single_server,
    "azurerm_mariadb_server": _single_server,
    "azurerm_redis_cache": _redis,
    "azurerm_cosmosdb_account": free,  # its databases are billed (published estimates list accounts as free)
    **{f"azurerm_cosmosdb_{name}": _cosmos for name in _COSMOS},
}
