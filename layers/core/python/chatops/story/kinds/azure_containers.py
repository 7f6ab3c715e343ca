"""Azure's containers: Kubernetes, registries, container groups and apps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, hourly, scaled
from chatops.story.kinds.azure_disks import disk
from chatops.story.kinds.azure_lookup import Use, labelled, place, unit
from chatops.story.kinds.azure_machines import instances

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_NODE_DISK_GIB = 128
"""Of a node whose disk's size is unsaid: S10, or P10 for sizes that can have it, as published estimates count."""
_PREMIUM_SIZE = re.compile(r"standard_(?:[a-z]*s\d|[a-z]+\d+(?:-\d+)?[a-z]*s)")
"""Sizes that can have premium disks have an s in their name: Standard_DS2_v2, Standard_D4s_v5."""
_PAID = {"Paid": "aks.standard", "Standard": "aks.standard", "Premium": "aks.premium"}

_IMAGES_GB: Use = (0, 0, 50)  # 10 to 500 GB are in the price
_BUILD_SECONDS: Use = (0, 3600, 36000)  # a build a day of two minutes; twenty
_MONTH_SECONDS = HOURS * 3600
_ACTIVE: Use = (0.01, 0.1, 0.5)  # the part of the month in which an app answers requests
_CALLS: Use = (0.1, 1, 10)  # millions: a test, a small site, a busy one
_GIB = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(?:Gi)?", re.ASCII)


def _cluster(asked: Asked) -> Iterable[Component]:
    tier = asked.values.text("sku_tier", "Free")
    if tier != "Free":
        yield hourly("Uptime SLA", unit(asked, _PAID.get(tier, f"aks.{tier}")))
    yield from _pool(asked, asked.values.block("default_node_pool"), "default_node_pool: ")


def _node_pool(asked: Asked) -> Iterable[Component]:
    return _pool(asked, asked.values, "")


def _pool(asked: Asked, pool: Values, prefix: str) -> Iterator[Component]:
    size, count = pool.text("vm_size"), _nodes(pool)
    windows = "windows" in (pool.text("os_type").lower(), pool.text("os_sku").lower()[:7])
    yield instances(asked, size, count, windows=windows, spot=pool.text("priority") == "Spot", prefix=prefix)
    if pool.text("os_disk_type") != "Ephemeral":
        kind = "Premium_LRS" if _PREMIUM_SIZE.match(size.lower()) else "Standard_LRS"
        gib = pool.number("os_disk_size_gb") or _NODE_DISK_GIB
        region = place(asked)
        yield next(disk(asked, kind, gib, count, region=region, prefix=f"{prefix}OS disk: "))


def _nodes(pool: Values) -> float:
    """As many as it starts with: none only where the plan says none."""
    if pool.has("node_count"):
        return pool.number("node_count")
    return pool.number("min_count") or 1


def _registry(asked: Asked) -> Iterable[Component]:
    values = asked.values
    sku = values.text("sku", "Basic")
    price = unit(asked, f"acr.{sku.lower()}")
    yield fixed(labelled("Registry usage", sku, price), 1, price)
    copies = len(values.blocks("georeplications")) + len(values.texts("georeplication_locations"))
    if copies:
        yield fixed("Geo replication", copies, price)
    yield by_use("Storage (over the included)", unit(asked, "acr.storage_gb"), *_IMAGES_GB)
    yield by_use("Build vCPU", unit(asked, "acr.build_second"), *_BUILD_SECONDS)


def _container_group(asked: Asked) -> Iterable[Component]:
    """Billed by what its containers ask for, as long as it runs: all month is assumed."""
    containers = asked.values.blocks("container")
    vcpu = sum(container.number("cpu") for container in containers)
    gib = sum(container.number("memory") for container in containers)
    note = "runs all month"
    yield fixed("vCPU", vcpu * HOURS, unit(asked, "aci.vcpu"), note, Compute(vcpu * HOURS, gib * HOURS))
    yield fixed("Memory", gib * HOURS, unit(asked, "aci.gb"), note)
    if asked.values.text("os_type").lower() == "windows":
        yield fixed("Windows", vcpu * HOURS, unit(asked, "aci.windows_vcpu"), note)


def _container_app(asked: Asked) -> Iterable[Component]:
    """Replicas that always run cost the idle rate at least; what they do with requests is billed by use.

    An app on a dedicated workload profile costs nothing by itself: the environment pays for the profile.
    """
    if asked.values.text("workload_profile_name", "Consumption") != "Consumption":
        return
    template = asked.values.block("template")
    containers = template.blocks("container")
    vcpu = sum(container.number("cpu") for container in containers)
    gib = sum(_gib(container.text("memory")) for container in containers)
    seconds = template.number("min_replicas") * _MONTH_SECONDS
    if seconds:
        compute = Compute(vcpu * seconds / 3600, gib * seconds / 3600)
        yield fixed("vCPU (idle)", vcpu * seconds, unit(asked, "containerapp.vcpu_idle"), compute=compute)
        yield fixed("Memory (idle)", gib * seconds, unit(asked, "containerapp.gib_idle"))
    active = scaled(_ACTIVE, _MONTH_SECONDS)
    yield by_use("vCPU (active)", unit(asked, "containerapp.vcpu_active"), *scaled(active, vcpu))
    yield by_use("Memory (active)", unit(asked, "containerapp.gib_active"), *scaled(active, gib))
    yield by_use("Requests", unit(asked, "containerapp.requests"), *_CALLS)


def _gib(text: str) -> float:
    """A container's memory: "0.5Gi"; 0 for what is none."""
    match = _GIB.fullmatch(text)
    return float(match[1]) if match else 0.0


KINDS: dict[str, Kind] = {
    "azurerm_kubernetes_cluster": _cluster,
    "azurerm_kubernetes_cluster_node_pool": _node_pool,
    "azurerm_container_registry": _registry,
    "azurerm_container_group": _container_group,
    "azurerm_container_app": _container_app,
}
