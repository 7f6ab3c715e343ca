"""Google Kubernetes Engine: clusters and pools of nodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, hourly, scaled
from chatops.story.kinds.basics import related, values_of
from chatops.story.kinds.gcp_machines import LOCAL_SSD_GB, Disk, accelerators, disk, local_ssd, machine, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Plan
    from chatops.story.values import Values

_NODES = 3
"""Nodes in each zone of a pool that does not say, as published estimates assume."""
_ZONES = 3
"""Zones of a regional cluster that does not name them: Google picks three."""
_MACHINE, _DISK, _DISK_GB = "e2-medium", "pd-standard", 100
"""Of a node that does not say: what Google gives it."""
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
_FREE_TIER = "one zonal or Autopilot cluster of each billing account is credited"
_PODS_CPU = (0.5, 4.0, 20.0)
"""vCPU that pods of an Autopilot cluster ask for on average: a demo, a small application, a team's services."""
_GIB_PER_CPU = 4.0
"""What Autopilot gives a vCPU by default, and the usual ratio of general-purpose machines."""
_PODS_DISK_GB = (1.0, 20.0, 200.0)
"""Ephemeral storage of those pods."""


def cluster(asked: Asked) -> Iterator[Component]:
    """The control plane, and the pools that the cluster itself has; other pools are resources of their own."""
    values = asked.values
    if values.flag("enable_autopilot"):
        yield from _autopilot(asked)
        return
    yield hourly("Cluster management", unit(asked, "gke.cluster"), note=_FREE_TIER)
    pools = values.blocks("node_pool")
    elsewhere = asked.once("gcp node pools", _pools_elsewhere) if pools else frozenset()
    for pool in pools:
        if pool.text("name") not in elsewhere:
            yield from _pool(asked, pool, values)
    if not pools and not values.flag("remove_default_node_pool"):
        nodes = values.number("initial_node_count") or _NODES
        yield from _nodes(asked, values.block("node_config"), nodes * _zones(values))


def _autopilot(asked: Asked) -> Iterator[Component]:
    yield hourly("Autopilot cluster", unit(asked, "gke.cluster"), note=_FREE_TIER)
    hours = scaled(_PODS_CPU, HOURS)
    yield by_use("Autopilot vCPU of pods", unit(asked, "gke.autopilot.cpu"), *hours)
    yield by_use("Autopilot memory of pods", unit(asked, "gke.autopilot.memory"), *scaled(hours, _GIB_PER_CPU))
    yield by_use("Autopilot ephemeral storage", unit(asked, "gke.autopilot.disk"), *_PODS_DISK_GB)


def _pools_elsewhere(plan: Plan) -> frozenset[str]:
    """The names of pools that are resources of their own: a cluster that exists lists those too."""
    pools = (each for each in plan.resources if each.type == "google_container_node_pool")
    return frozenset(values_of(each).text("name") for each in pools)


def node_pool(asked: Asked) -> Iterator[Component]:
    """A pool's nodes, in each zone of the pool or of its cluster."""
    yield from _pool(asked, asked.values, values_of(related(asked, "cluster", "google_container_cluster")))


def _pool(asked: Asked, pool: Values, of_cluster: Values) -> Iterator[Component]:
    zones = len(pool.texts("node_locations")) or _zones(of_cluster if of_cluster.has("location") else pool)
    count = pool.block("autoscaling").number("total_min_node_count") or _count(pool) * zones
    yield from _nodes(asked, pool.block("node_config"), count)


def _count(pool: Values) -> float:
    """Nodes in each zone: the fewest that the autoscaler allows, else as many as are wanted."""
    wanted = pool.number("node_count", pool.number("initial_node_count", _NODES))
    return pool.block("autoscaling").number("min_node_count", wanted)


def _zones(values: Values) -> int:
    """How many zones a cluster's nodes are in; a zonal cluster's own zone counts whether it is named or not."""
    named, location = set(values.texts("node_locations")), values.text("location")
    if _ZONE.fullmatch(location):
        return len(named | {location})
    return len(named) or _ZONES


def _nodes(asked: Asked, node: Values, count: float) -> Iterator[Component]:
    spot = node.flag("preemptible") or node.flag("spot")
    kind, size = node.text("machine_type", _MACHINE), node.number("disk_size_gb") or _DISK_GB
    yield from machine(asked, kind, count, spot)
    yield from disk(asked, Disk(node.text("disk_type", _DISK), size), count)
    yield from accelerators(asked, node.blocks("guest_accelerator"), kind, count, spot)
    ephemeral = node.block("ephemeral_storage_local_ssd_config"), node.block("local_nvme_ssd_block_config")
    drives = node.number("local_ssd_count") + sum(each.number("local_ssd_count") for each in ephemeral)
    yield from local_ssd(asked, drives * LOCAL_SSD_GB * count, spot)


KINDS: Mapping[str, Kind] = {
    "google_container_cluster": cluster,
    "google_container_node_pool": node_pool,
}
