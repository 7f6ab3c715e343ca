"""Treasures in machines: a newer or another type of the same size, spot prices for groups, and nights off."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS
from chatops.story.treasure_rules import (
    NON_PRODUCTION,
    PRODUCTION,
    TEMPLATES,
    Bill,
    Find,
    Ground,
    after,
    changed,
    environment,
    exists,
    now,
    region_of,
    swapped,
    template_of,
)
from chatops.story.treasure_rules_families import ARM, CORES, DISK, X86, Shape, shape
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.costs import Component
    from chatops.story.estimate import ResourceCost
    from chatops.story.planned import Resource
    from chatops.story.prices import Machine

OFFICE_HOURS = 220
"""Of a month: ten hours on twenty-two working days."""

MOST_PRICED = 3
"""Of a machine's neighbours: the hourly price alone does not tell which is the cheapest by the month."""

_TYPE_AT: Mapping[str, tuple[str, ...]] = {
    "aws_instance": ("instance_type",),
    "aws_eks_node_group": ("instance_types",),
    "aws_db_instance": ("instance_class",),
    "aws_rds_cluster_instance": ("instance_class",),
    "aws_elasticache_cluster": ("node_type",),
    "aws_elasticache_replication_group": ("node_type",),
    "google_compute_instance": ("machine_type",),
    "google_container_node_pool": ("node_config", "machine_type"),
    "google_container_cluster": ("node_config", "machine_type"),
    "azurerm_linux_virtual_machine": ("size",),
    "azurerm_windows_virtual_machine": ("size",),
    "azurerm_virtual_machine": ("vm_size",),
    "azurerm_linux_virtual_machine_scale_set": ("sku",),
    "azurerm_windows_virtual_machine_scale_set": ("sku",),
    "azurerm_kubernetes_cluster": ("default_node_pool", "vm_size"),
    "azurerm_kubernetes_cluster_node_pool": ("vm_size",),
}
"""Where a resource says its machine type."""
_MANAGED = (
    "aws_db_instance",
    "aws_rds_cluster_instance",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
)
_SINGLE = (
    "aws_instance",
    "google_compute_instance",
    "azurerm_linux_virtual_machine",
    "azurerm_windows_virtual_machine",
    "azurerm_virtual_machine",
)
_SPOT_GROUPS = (
    *TEMPLATES,
    "aws_eks_node_group",
    "google_container_node_pool",
    "azurerm_linux_virtual_machine_scale_set",
    "azurerm_windows_virtual_machine_scale_set",
    "azurerm_kubernetes_cluster_node_pool",
)
_REPLACED_WHEN_CHANGED = frozenset(
    {"aws_eks_node_group", "google_container_node_pool", "google_container_cluster", "azurerm_kubernetes_cluster"}
    | {"azurerm_kubernetes_cluster_node_pool"}
)
"""Groups that make all their machines anew for another type: more than a restart."""

# AWS, RDS "Supported DB engines for DB instance classes": Graviton2 classes (m6g, r6g, t4g) want at least these.
_ARM_ENGINES: Mapping[str, tuple[int, ...]] = {
    "postgres": (12, 3),
    "mysql": (8, 0, 17),
    "mariadb": (10, 4, 13),
    "aurora-postgresql": (12, 4),
    "aurora-mysql": (8, 0),
    "redis": (5, 0, 6),
    "memcached": (1, 5, 16),
    "valkey": (),
}

_RESTART = "Needs one stop and start; the image needs drivers for the newer hardware, which current images have."
_FIRST_START = "Nothing runs on it yet: choose it before the first start, with an image that knows its hardware."
_FROM_THE_START = "Nothing is in it yet: choose it from the start."
_MADE_ANEW = "The machines of the group are made anew for it."
_BY_AND_BY = "New machines of the group get it, running ones when they are replaced; its image needs newer drivers."
_MODIFIED = "A few minutes' interruption, in the maintenance window or at once."
_LESS = "Not quite the same: no temporary disk, or two vCPUs on a core. Only where nothing needs them."
_ARM_IMAGE = "ARM: the image and all software on it must be built for it."
_NIGHTS = (
    "Switched off at nights and weekends: ten hours on twenty-two days a month stay. Only if nobody needs it then; "
    "disks and addresses go on costing."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A resource's machine type, and where it stands: in the resource, or in its template."""

    machine: Machine
    shape: Shape
    prefix: str
    """A managed service's, before the machine's own name: db.t3.micro is a t3.micro."""
    path: tuple[str, ...]
    template: Resource | None = None

    def bill(self, ground: Ground, cost: ResourceCost, machine: str) -> Bill | None:
        """What the resource would cost with another machine type."""
        holder = self.template or cost.resource
        attributes = changed(holder.after or {}, self.path, self.prefix + machine)
        if self.template is None:
            return ground.bill(cost, attributes)
        return ground.bill(cost, instead=replace(self.template, after=attributes))


def newer_type(ground: Ground) -> Iterator[Find]:
    """A newer generation, or another maker's processor of the same kind, in the same size, where it is cheaper."""
    for cost, place in _typed(ground):
        found = list(_cheapest(ground, cost, place, place.shape.processor))
        if not found and cost.resource.cloud == "azure":
            other = _cheapest(ground, cost, place, place.shape.processor, without=frozenset({DISK, CORES}))
            found = [replace(each, safe=False, caveat=_LESS) for each in other]
        yield from found


def arm(ground: Ground) -> Iterator[Find]:
    """The same size on ARM (Graviton, Ampere), where the region has it; managed databases need no other software."""
    for cost, place in _typed(ground):
        kind = cost.resource.type
        if place.shape.processor != X86 or _is_windows(cost) or (kind in _MANAGED and not _runs_on_arm(after(cost))):
            continue
        found = _cheapest(ground, cost, place, ARM)
        yield from found if kind in _MANAGED else (replace(each, safe=False, caveat=_ARM_IMAGE) for each in found)


def _typed(ground: Ground) -> Iterator[tuple[ResourceCost, _Place]]:
    """The resources whose machine type is known now, comparable, and not bound to its hardware."""
    for cost in ground.costs:
        if path := _TYPE_AT.get(cost.resource.type):
            holder = cost.resource
        elif template := template_of(ground, cost):
            holder, path = template, (TEMPLATES[cost.resource.type][1],)
        else:
            continue
        values = Values(holder.after or {})
        prefix, name = _bare(_text_at(values, path))
        machine = ground.machine(cost, name)
        its_shape = shape(cost.resource.cloud, machine.type) if machine else None
        if machine and its_shape and not _bound(values):
            yield cost, _Place(machine, its_shape, prefix, path, None if holder is cost.resource else holder)


def _text_at(values: Values, path: tuple[str, ...]) -> str:
    for name in path[:-1]:
        values = values.block(name)
    return values.text(path[-1]) or next(iter(values.texts(path[-1])), "")


def _bare(machine: str) -> tuple[str, str]:
    """A managed service's class and the machine type in it: db.t3.micro is t3.micro."""
    prefix, dot, rest = machine.partition(".")
    return (f"{prefix}.", rest) if dot and prefix in ("db", "cache") else ("", machine.rpartition("/")[2])


def _bound(values: Values) -> bool:
    """Whether something ties the machine to its kind of processor or to disks in it."""
    tied = ("guest_accelerator", "scratch_disk", "ephemeral_block_device")
    features = values.block("advanced_machine_features")
    return (
        any(values.has(name) for name in (*tied, "min_cpu_platform"))
        or features.flag("enable_nested_virtualization")
        or values.block("node_config").has("guest_accelerator")
    )


def _cheapest(
    ground: Ground, cost: ResourceCost, place: _Place, processor: str, without: frozenset[str] = frozenset()
) -> Iterator[Find]:
    """The neighbour that costs least by the month, if it is cheaper at all."""
    names = [each.type for each in ground.neighbours(cost, place.machine, processor, without)]
    bills = ((place.bill(ground, cost, name), name) for name in names)
    priced = list(islice(((bill, name) for bill, name in bills if bill), MOST_PRICED))
    if not priced:
        return
    bill, best = min(priced, key=lambda each: each[0].monthly)  # of equal ones the first: it is the better neighbour
    new = shape(cost.resource.cloud, best)
    newer = new is not None and new.generation > place.shape.generation
    rule = "arm" if processor != place.shape.processor else "newer-type" if newer else "other-processor"
    caveat, safe = _effort(cost)
    change = f"{place.prefix}{best} instead of {place.prefix}{place.machine.type}"
    yield from swapped(rule, cost, bill, change, caveat, safe=safe)


def _effort(cost: ResourceCost) -> tuple[str, bool]:
    """What another type takes, and whether that is no more than a restart."""
    if not exists(cost):
        return (_FROM_THE_START if cost.resource.type in _MANAGED else _FIRST_START), True
    if cost.resource.type in _REPLACED_WHEN_CHANGED:
        return _MADE_ANEW, False
    if cost.resource.type in TEMPLATES:
        return _BY_AND_BY, True
    return (_MODIFIED if cost.resource.type in _MANAGED else _RESTART), True


def _is_windows(cost: ResourceCost) -> bool:
    """Whether a machine runs Windows, as far as its kind, its image's kind or the wish for its password tell."""
    values = after(cost)
    windows_nodes = values.text("ami_type").startswith("WINDOWS") or values.text("os_type").lower() == "windows"
    return "windows" in cost.resource.type or windows_nodes or values.flag("get_password_data")


def _runs_on_arm(values: Values) -> bool:
    """Whether the engine exists for ARM in this version; a version that nobody wrote down is a current one."""
    least = _ARM_ENGINES.get(values.text("engine", "redis"))
    if least is None:
        return False
    version = values.text("engine_version")
    digits = tuple(int(part) for part in version.split(".")[:3] if part.isascii() and part.isdigit() and len(part) < 6)
    return not version or (bool(digits) and digits >= least[: len(digits)])


def spot(ground: Ground) -> Iterator[Find]:
    """Spot machines for groups of two and more that keep nothing; the dearest observed price is counted."""
    for cost, values in ground.of(*_SPOT_GROUPS):
        parts = _machine_parts(cost)
        if math.fsum(part.quantity or 0.0 for part in parts) < 2 * HOURS or _unfit_for_spot(ground, cost, values):
            continue
        machine = next((part.compute.machine for part in parts if part.compute), "")
        spread = ground.book.spot_ratio(cost.resource.cloud, region_of(cost), machine)
        present = now(cost)
        if spread is None or present is None:
            continue
        low, high, when = spread
        saving = _discounted(cost) - high * math.fsum(_list_price(part) for part in parts)
        words = f"{low:.0%} to {high:.0%}" if f"{low:.0%}" != f"{high:.0%}" else f"{high:.0%}"
        yield Find(
            "spot",
            (cost.resource.address,),
            f"spot machines of type {machine}",
            present.monthly,
            present.monthly - saving,
            f"Spot costs {words} of the usual price ({when}), and changes; a machine may be taken away at short "
            "notice, so only for what can lose one.",
            f"observed spot prices {when}",
            safe=environment(values) == NON_PRODUCTION,
            about=True,
        )


def _unfit_for_spot(ground: Ground, cost: ResourceCost, values: Values) -> bool:
    """Whether a group keeps state, must not lose a machine, or has spot machines already."""
    stateful = ("stateful_disk", "stateful_internal_ip", "stateful_external_ip", "mixed_instances_policy")
    return (
        _is_spot(values)
        or any(values.has(name) for name in stateful)
        or values.flag("protect_from_scale_in")
        or values.text("mode") == "System"  # AKS runs its own parts there, never on spot machines
        or _is_spot(Values(template.after or {}) if (template := template_of(ground, cost)) else Values())
    )


def _is_spot(values: Values) -> bool:
    node, scheduling = values.block("node_config"), values.block("scheduling")
    words = (
        values.text("capacity_type"),
        values.text("priority"),
        values.text("instance_lifecycle"),
        scheduling.text("provisioning_model"),
        values.block("instance_market_options").text("market_type"),
    )
    return (
        any(word.lower() == "spot" for word in words)
        or any(node.flag(name) for name in ("spot", "preemptible"))
        or scheduling.flag("preemptible")
        or values.has("spot_price")
    )


def off_hours(ground: Ground) -> Iterator[Find]:
    """Machines for office hours alone: single ones that are not production, and any that their tags call otherwise."""
    groups = (*_SPOT_GROUPS, "aws_db_instance", "aws_rds_cluster_instance")
    for cost, values in ground.of(*_SINGLE, *groups):
        said = environment(values)
        if said == PRODUCTION or (cost.resource.type in groups and said != NON_PRODUCTION) or _is_spot(values):
            continue
        parts, present = _machine_parts(cost), now(cost)
        saving = _discounted(cost) - math.fsum(_list_price(part) for part in parts) * OFFICE_HOURS / HOURS
        if present and parts:
            yield Find(
                "off-hours",
                (cost.resource.address,),
                f"office hours alone: {OFFICE_HOURS} of {HOURS} hours a month",
                present.monthly,
                present.monthly - saving,
                _NIGHTS,
                "by hours, " + parts[0].source,
                about=True,
            )


def _machine_parts(cost: ResourceCost) -> list[Component]:
    """The components that are machines by the hour."""
    return [part for part in cost.components if part.compute is not None and part.unit == "hour" and part.quantity]


def _list_price(part: Component) -> float:
    """Without a discount for a full month, which neither spot machines nor part-time ones get."""
    return (part.quantity or 0.0) * (part.price or 0.0)


def _discounted(cost: ResourceCost) -> float:
    """What the machines cost now: with the discount's own, negative line."""
    parts = [*_machine_parts(cost), *(part for part in cost.components if (part.monthly or 0.0) < 0)]
    return math.fsum(part.monthly or 0.0 for part in parts)
