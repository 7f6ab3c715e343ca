"""Azure SQL: databases by cores or by transaction units, elastic pools, managed instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, hourly, scaled
from chatops.story.kinds.azure_lookup import Use, labelled, unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind

_CORES = re.compile(r"(GP|BC|HS)_(S_)?([A-Za-z][A-Za-z0-9]{0,5})_(\d{1,3})", re.ASCII)
_FAMILIES = {"gen5": "Gen5", "gen4": "Gen4", "m": "M", "dc": "DC"}
_UNITS = re.compile(r"Basic|[SP]\d{1,2}", re.ASCII)
_SERVERLESS = "GP_S_Gen5_2"
"""A database of unsaid size."""
_USUAL_GB = 5
"""What a database is counted with whose size is unsaid, as in published estimates."""
_INCLUDED_GB = {"S": 250, "P": 500, "P11": 4096, "P15": 4096}
"""What comes with a database by transaction units."""
_POOL_PREMIUM_GB = {
    125: 250, 250: 500, 500: 750, 1000: 1024, 1500: 1536, 2000: 2048, 2500: 2560, 3000: 3072, 3500: 3584, 4000: 4096,
}  # fmt: skip
"""What comes with a Premium pool; with a Standard one, as many gigabytes as units."""
_INSTANCE_GB = 32
_GIB_PER_CORE = 5.1
"""Of Gen5 hardware."""
_COPIES = {"local": "lrs", "lrs": "lrs", "zone": "zrs", "zrs": "zrs"}

_CORE_HOURS: Use = (20, 160, HOURS)  # a serverless core: now and then, working hours, always
_BACKUP_GB: Use = (0, 10, 100)  # as much as the database itself is in its price


def _database(asked: Asked) -> Iterable[Component]:
    values = asked.values
    sku = values.text("sku_name", _SERVERLESS)
    if sku != "ElasticPool" and not values.has("elastic_pool_id") and not values.is_unknown("elastic_pool_id"):
        yield from _sized(asked, sku, values.number("max_size_gb"))
    if not sku.startswith("HS"):
        copies = _COPIES.get(values.text("storage_account_type").lower(), "ragrs")
        yield by_use(f"PITR backup storage ({copies.upper()})", unit(asked, f"sql.pitr.{copies}"), *_BACKUP_GB)


def _old_database(asked: Asked) -> Iterable[Component]:
    """azurerm_sql_database, which names its size otherwise."""
    values = asked.values
    if values.has("elastic_pool_name"):
        return
    sku = values.text("requested_service_objective_name") or {"Basic": "Basic"}.get(values.text("edition"), "S0")
    gigabytes = values.number("max_size_gb") or values.number("max_size_bytes") / 1024**3
    yield from _sized(asked, sku, gigabytes)


def _sized(asked: Asked, sku: str, gigabytes: float) -> Iterator[Component]:
    if match := _CORES.fullmatch(sku):
        tier, family, cores = match[1], _FAMILIES.get(match[3].lower(), match[3]), int(match[4])
        if match[2]:
            price = unit(asked, f"sql.serverless.{tier}_S_{family}")
            yield by_use("Compute (serverless)", price, *scaled(_CORE_HOURS, cores))
            yield fixed("Storage", gigabytes or _USUAL_GB, unit(asked, f"sql.storage.{_zoned(asked, tier)}"))
        else:
            yield from _by_cores(asked, tier, family, cores, gigabytes or _USUAL_GB)
        return
    price = unit(asked, f"sql.{sku}") if _UNITS.fullmatch(sku) else None
    yield hourly(labelled("Compute", sku, price), price)
    included = _INCLUDED_GB.get(sku, _INCLUDED_GB.get(sku[:1], 0))
    if price and included and gigabytes > included:
        yield fixed("Extra data storage", gigabytes - included, unit(asked, f"sql.extra.{sku[:1]}"))


def _by_cores(asked: Asked, tier: str, family: str, cores: float, gigabytes: float) -> Iterator[Component]:
    """Compute, its copies in other zones and for reading, the licence unless it is brought along, storage."""
    price = unit(asked, f"sql.{tier}_{family}")
    label = labelled("Compute", f"{tier}_{family}, {cores:g} vCore", price)
    compute = Compute(cores * HOURS, cores * _GIB_PER_CORE * HOURS)
    yield hourly(label, price, cores, compute=compute)
    if tier == "GP" and asked.values.flag("zone_redundant"):
        yield hourly("Zone redundancy", unit(asked, f"sql.zone.{tier}_{family}"), cores)
    if tier == "HS" and (replicas := asked.values.number("read_replica_count")):
        yield hourly("Read replicas", price, cores * replicas)
    yield from _licence(asked, tier, cores)
    yield fixed("Storage", gigabytes, unit(asked, f"sql.storage.{_zoned(asked, tier)}"))


def _licence(asked: Asked, tier: str, cores: float) -> Iterator[Component]:
    if asked.values.text("license_type", "LicenseIncluded") == "LicenseIncluded":
        yield hourly("SQL license", unit(asked, f"sql.license.{tier}"), cores)


def _zoned(asked: Asked, tier: str) -> str:
    return "GP_zone" if tier == "GP" and asked.values.flag("zone_redundant") else tier


def _pool(asked: Asked) -> Iterable[Component]:
    sku = asked.values.block("sku")
    name, capacity = sku.text("name"), sku.number("capacity")
    gigabytes = asked.values.number("max_size_gb") or asked.values.number("max_size_bytes") / 1024**3
    tier, _, family = name.partition("_")
    if family:
        return _by_cores(asked, tier, _FAMILIES.get(family.lower(), family), capacity, gigabytes or _USUAL_GB)
    return _pool_by_units(asked, name.removesuffix("Pool"), capacity, gigabytes)


def _old_pool(asked: Asked) -> Iterable[Component]:
    """azurerm_sql_elasticpool, by transaction units alone."""
    values = asked.values
    return _pool_by_units(asked, values.text("edition"), values.number("dtu"), values.number("pool_size") / 1024)


def _pool_by_units(asked: Asked, tier: str, units: float, gigabytes: float) -> Iterator[Component]:
    price = unit(asked, f"sqlpool.{tier}")
    yield fixed(labelled("Compute", f"{tier}, {units:g} DTUs", price), units, price)
    included = _POOL_PREMIUM_GB.get(int(units), units) if tier == "Premium" else units
    if tier in ("Standard", "Premium") and gigabytes > included:
        yield fixed("Extra data storage", gigabytes - included, unit(asked, f"sqlpool.extra.{tier}"))


def _managed_instance(asked: Asked) -> Iterable[Component]:
    values = asked.values
    tier, _, family = values.text("sku_name").partition("_")
    cores = values.number("vcores")
    family = _FAMILIES.get(family.lower(), family)
    price = unit(asked, f"sql.{tier}_{family}")
    compute = Compute(cores * HOURS, cores * _GIB_PER_CORE * HOURS)
    label = labelled("Compute", f"{tier}_{family}, {cores:g} vCore", price)
    yield hourly(label, price, cores, compute=compute)
    if (more := values.number("storage_size_in_gb") - _INSTANCE_GB) > 0:
        yield fixed("Additional Storage", more, unit(asked, "sqlmi.storage"))
    yield from _licence(asked, tier, cores)
    yield by_use("PITR backup storage", unit(asked, "sqlmi.pitr"), *_BACKUP_GB)


KINDS: dict[str, Kind] = {
    "azurerm_mssql_database": _database,
    "azurerm_sql_database": _old_database,
    "azurerm_mssql_elasticpool": _pool,
    "azurerm_sql_elasticpool": _old_pool,
    "azurerm_mssql_managed_instance": _managed_instance,
    "azurerm_sql_managed_instance": _managed_instance,
}
