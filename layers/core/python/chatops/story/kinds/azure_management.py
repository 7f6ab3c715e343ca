"""What watches, keeps and searches on Azure: logs, alerts, vaults, automation, search, analytics, directories."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed, hourly
from chatops.story.kinds.azure_lookup import Use, flat, labelled, unit, used
from chatops.story.kinds.basics import related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_LOGS_GB: Use = (1, 10, 100)  # a month's logs: a test, a few machines, a cluster
_OPERATIONS: Use = (1, 10, 100)  # tens of thousands
_ROTATIONS: Use = (0, 0, 1)
_MINUTES: Use = (0, 500, 5000)  # of jobs: 500 are free
_ENTITIES: Use = (1, 50, 500)  # thousands that are read, written or watched
_TERABYTES: Use = (0.1, 1, 10)
_DAYS = 30
"""Of a month, where a day is the vendor's unit."""

_RETENTION_FREE = {"azurerm_log_analytics_workspace": 31, "azurerm_application_insights": 90}
"""Days for which what came in is kept at no further cost."""
_COMMITMENT_GB = 100
_PERIOD = re.compile(r"PT(\d{1,3})([MH])", re.ASCII)
_DW = re.compile(r"DW(\d{3,5})c", re.ASCII)
_MOST_SERIES = 1000


def _log_workspace(asked: Asked) -> Iterable[Component]:
    """Billed by what comes in, or by a commitment a day; the Free SKU is free."""
    values = asked.values
    sku = values.text("sku", "PerGB2018")
    if sku == "Free":
        return
    if sku == "CapacityReservation":
        level = values.number("reservation_capacity_in_gb_per_day")
        price = unit(asked, "loganalytics.commit100") if level == _COMMITMENT_GB else None
        yield fixed("Log data ingestion (commitment)", _DAYS, price)
    else:
        price = unit(asked, "loganalytics.ingest") if sku in ("PerGB2018", "pergb2018") else None
        yield by_use("Log data ingestion", price, *_LOGS_GB)
    if values.number("retention_in_days") > _RETENTION_FREE["azurerm_log_analytics_workspace"]:
        yield by_use("Log data retention", unit(asked, "loganalytics.retention"), *_LOGS_GB)


def _insights(asked: Asked) -> Iterable[Component]:
    """One with a workspace sends its data there, where it is billed."""
    values = asked.values
    if values.has("workspace_id") or values.is_unknown("workspace_id"):
        return
    yield by_use("Data ingested", unit(asked, "appinsights.ingest"), *_LOGS_GB)
    if values.number("retention_in_days") > _RETENTION_FREE["azurerm_application_insights"]:
        yield by_use("Data retention", unit(asked, "appinsights.retention"), *_LOGS_GB)


def _metric_alert(asked: Asked) -> Iterable[Component]:
    """Each series that it watches is billed; a learning threshold, once more."""
    values = asked.values
    if not values.flag("enabled", True):
        return
    price = unit(asked, "monitor.metric_series")
    learnt = values.blocks("dynamic_criteria")
    series = sum(_series(criteria) for criteria in (*values.blocks("criteria"), *learnt)) or 1
    yield fixed("Metrics monitoring", min(series, _MOST_SERIES), price)
    if learnt:
        yield fixed("Dynamic threshold monitoring", min(sum(map(_series, learnt)), _MOST_SERIES), price)


def _series(criteria: Values) -> int:
    return prod(min(len(each.texts("values")), _MOST_SERIES) or 1 for each in criteria.blocks("dimension")[:3])


def _log_alert(asked: Asked) -> Iterable[Component]:
    """Billed by how often the logs are asked."""
    values = asked.values
    if not values.flag("enabled", True):
        return
    minutes = values.number("frequency") or _minutes(values.text("evaluation_frequency")) or 5
    step = next((step for step in (15, 10, 5) if minutes >= step), 1)
    price = unit(asked, f"monitor.log_rule_{step}")
    yield fixed(f"Log alerts monitoring ({step} minute frequency)", 1, price)


def _minutes(period: str) -> float:
    match = _PERIOD.fullmatch(period)
    return float(match[1]) * (60 if match[2] == "H" else 1) if match else 0


def _key(asked: Asked) -> Iterable[Component]:
    """A key in hardware is billed by the month, if its vault is a Premium one; each key's use is."""
    kind = asked.values.text("key_type")
    vault = values_of(related(asked, "key_vault_id", "azurerm_key_vault"))
    if kind.endswith("-HSM") and vault.text("sku_name", "premium") == "premium":
        small = kind == "RSA-HSM" and asked.values.number("key_size") <= 2048
        yield fixed("HSM-protected key", 1, unit(asked, "keyvault.hsm_key_rsa2048" if small else "keyvault.hsm_key"))
    simple = kind.startswith("RSA") and asked.values.number("key_size") == 2048
    yield by_use("Key operations", unit(asked, "keyvault.ops" if simple else "keyvault.key_ops"), *_OPERATIONS)
    yield by_use("Key rotations", unit(asked, "keyvault.rotation"), *_ROTATIONS)


def _automation(asked: Asked) -> Iterable[Component]:
    yield by_use("Job run time", unit(asked, "automation.job_minute"), *_MINUTES)
    yield by_use("Non-Azure configured nodes", unit(asked, "automation.node"), 0, 0, 5)


def _app_configuration(asked: Asked) -> Iterable[Component]:
    sku = asked.values.text("sku", "free").lower()
    if sku not in ("free", "developer"):
        price = unit(asked, f"appconfig.{sku}")
        copies = 1 + len(asked.values.blocks("replica"))
        yield fixed(labelled("Instance", sku, price), _DAYS * copies, price)
        yield by_use("Requests (over 200k/day per replica)", unit(asked, "appconfig.requests"), 0, 0, 10)


def _search(asked: Asked) -> Iterable[Component]:
    """Billed by units: partitions by replicas."""
    values = asked.values
    sku = values.text("sku").lower()
    if sku != "free":
        units = (values.number("partition_count") or 1) * (values.number("replica_count") or 1)
        price = unit(asked, f"search.{sku}")
        yield hourly(labelled("Search usage", sku, price), price, units)


def _data_factory(asked: Asked) -> Iterable[Component]:
    yield by_use("Read/Write operations", unit(asked, "datafactory.entities"), *_ENTITIES)
    yield by_use("Monitoring operations", unit(asked, "datafactory.monitoring"), *_ENTITIES)


def _sql_pool(asked: Asked) -> Iterable[Component]:
    """Synapse's data warehouse units come by the hundred."""
    match = _DW.fullmatch(asked.values.text("sku_name"))
    blocks = int(match[1]) / 100 if match else 0
    yield hourly("DWU blocks", unit(asked, "synapse.dw100") if match else None, blocks)
    yield by_use("Storage", unit(asked, "synapse.storage"), *_TERABYTES)


def _power_bi(asked: Asked) -> Iterable[Component]:
    sku = asked.values.text("sku_name")
    price = unit(asked, f"powerbi.{sku}")
    return (hourly(labelled("Node usage", sku, price), price),)


def _directory(asked: Asked) -> Iterable[Component]:
    sku = asked.values.text("sku")
    price = unit(asked, f"domainservices.{sku.lower()}")
    return (hourly(labelled("Active directory domain service", sku, price), price),)


def _directory_replica(asked: Asked) -> Iterable[Component]:
    """A replica costs what its directory costs."""
    directory = values_of(related(asked, "domain_service_id", "azurerm_active_directory_domain_service"))
    price = unit(asked, f"domainservices.{directory.text('sku').lower()}")
    return (hourly("Active directory domain service", price),)


KINDS: dict[str, Kind] = {
    "azurerm_log_analytics_workspace": _log_workspace,
    "azurerm_application_insights": _insights,
    "azurerm_monitor_metric_alert": _metric_alert,
    "azurerm_monitor_scheduled_query_rules_alert": _log_alert,
    "azurerm_monitor_scheduled_query_rules_alert_v2": _log_alert,
    "azurerm_key_vault": used("Operations", "keyvault.ops", _OPERATIONS),
    "azurerm_key_vault_certificate": used("Certificate operations", "keyvault.ops", _OPERATIONS),
    "azurerm_key_vault_key": _key,
    "azurerm_key_vault_managed_hardware_security_module": flat("HSM pools", "keyvault.managed_hsm"),
    "azurerm_automation_account": _automation,
    "azurerm_app_configuration": _app_configuration,
    "azurerm_search_service": _search,
    "azurerm_data_factory": _data_factory,
    "azurerm_synapse_workspace": used("Serverless SQL pool", "synapse.serverless_tb", _TERABYTES),
    "azurerm_synapse_sql_pool": _sql_pool,
    "azurerm_powerbi_embedded": _power_bi,
    "azurerm_active_directory_domain_service": _directory,
    "azurerm_active_directory_domain_service_replica_set": _directory_replica,
}
