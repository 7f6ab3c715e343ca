"""Azure's disks: managed disks by size tier, OS disks of machines, snapshots and images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed
from chatops.story.kinds.azure_lookup import Use, labelled, unit
from chatops.story.kinds.basics import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_TIERS = (
    (4, 1), (8, 2), (16, 3), (32, 4), (64, 6), (128, 10), (256, 15), (512, 20), (1024, 30), (2048, 40), (4096, 50),
    (8192, 60), (16384, 70), (32767, 80),
)  # fmt: skip
"""GiB up to which a disk is billed as a tier: a disk of 1,000 GiB is a P30, an E30 or an S30."""
_LETTERS = {"Standard": "S", "StandardSSD": "E", "Premium": "P"}
_LEAST = {"S": 32}
"""Hard disks have no tier below S4."""
USUAL_GIB = 32
"""A disk of unsaid size: S4, E4 or P4, as published estimates count it."""
_IMAGE_GIB = 128
"""An image of a machine whose disk's size is unsaid, as published estimates count it."""

_OPERATIONS: Use = (1, 10, 100)  # tens of thousands: an idle disk, a busy one, a database's
_SNAPSHOT: Use = (32, 128, 1024)  # GB: the smallest disk that is usual, a machine's, a database's

_ULTRA_STEP = 1024
_ULTRA_USUAL = {"disk_size_gb": 1024, "disk_iops_read_write": 2048, "disk_mbps_read_write": 8}
_V2_USUAL_GIB = 1024
_V2_INCLUDED = {"disk_iops_read_write": 3000, "disk_mbps_read_write": 125}
"""What a Premium SSD v2 comes with (the vendor's list; published estimates agree)."""


def disk(
    asked: Asked, kind: str, gib: float, count: float = 1, *, region: str = "", tier: str = "", prefix: str = ""
) -> Iterator[Component]:
    """So many disks of a storage account type and size, billed by tier; operations by use where they are billed."""
    media, _, replication = (kind or "Standard_LRS").partition("_")
    letter = _LETTERS.get(media, "")
    name = tier if letter == "P" and tier else _tier(letter, gib or USUAL_GIB)
    price = unit(asked, f"disk.{name}.{replication}", region) if letter and name else None
    yield fixed(f"{prefix}{labelled('Storage', f'{name}, {replication}', price)}", count, price)
    if letter in ("S", "E"):
        yield by_use(f"{prefix}Disk operations", unit(asked, f"disk.ops.{letter}", region), *_OPERATIONS)


def os_disk(asked: Asked, values: Values, count: float = 1, *, prefix: str = "") -> Iterator[Component]:
    """The OS disk of a machine, a scale set: nothing where it is on the machine itself, for it is in its price."""
    if not values.blocks("diff_disk_settings"):
        yield from disk(asked, values.text("storage_account_type"), values.number("disk_size_gb"), count, prefix=prefix)


def attached(asked: Asked, values: Values, count: float = 1, *, prefix: str = "") -> Iterator[Component]:
    """A data disk, or the OS disk of the old kinds of machine, which spell it otherwise."""
    kind = values.text("managed_disk_type") or values.text("storage_account_type")
    if kind == "UltraSSD_LRS":
        yield from _ultra(asked, values, prefix)
    elif kind == "PremiumV2_LRS":
        yield from _premium_v2(asked, values, prefix)
    else:
        tier = values.text("tier") if values.text("tier") in _PREMIUM else ""
        yield from disk(asked, kind, values.number("disk_size_gb"), count, tier=tier, prefix=prefix)


def _managed_disk(asked: Asked) -> Iterable[Component]:
    return attached(asked, asked.values)


def _ultra(asked: Asked, values: Values, prefix: str) -> Iterator[Component]:
    asked_for = {name: values.number(name) or usual for name, usual in _ULTRA_USUAL.items()}
    gib = asked_for["disk_size_gb"]
    billed = next((size for size, _ in _TIERS if gib <= size <= _ULTRA_STEP), -(-gib // _ULTRA_STEP) * _ULTRA_STEP)
    yield fixed(f"{prefix}Storage (ultra)", billed, unit(asked, "disk.ultra.gib"))
    yield fixed(f"{prefix}Provisioned IOPS", asked_for["disk_iops_read_write"], unit(asked, "disk.ultra.iops"))
    yield fixed(f"{prefix}Throughput", asked_for["disk_mbps_read_write"], unit(asked, "disk.ultra.mbps"))


def _premium_v2(asked: Asked, values: Values, prefix: str) -> Iterator[Component]:
    gib = values.number("disk_size_gb") or _V2_USUAL_GIB
    yield fixed(f"{prefix}Storage (provisioned)", gib, unit(asked, "disk.premiumv2.gib"))
    for name, item, label in (
        ("disk_iops_read_write", "disk.premiumv2.iops", "Provisioned IOPS"),
        ("disk_mbps_read_write", "disk.premiumv2.mbps", "Provisioned throughput"),
    ):
        if (more := values.number(name) - _V2_INCLUDED[name]) > 0:
            yield fixed(f"{prefix}{label} (over {_V2_INCLUDED[name]:,})", more, unit(asked, item))


def _tier(letter: str, gib: float) -> str:
    size = max(gib, _LEAST.get(letter, 0))
    return next((f"{letter}{tier}" for most, tier in _TIERS if size <= most), "")


_PREMIUM = frozenset(f"P{tier}" for _, tier in _TIERS)


def _snapshot(asked: Asked) -> Iterable[Component]:
    gib = asked.values.number("disk_size_gb") or _source_gib(asked)
    price = unit(asked, "disk.snapshot")
    if gib:
        return (fixed("Storage", gib, price, "the whole disk counted: what is used is billed"),)
    return (by_use("Storage", price, *_SNAPSHOT),)


def _source_gib(asked: Asked) -> float:
    for attribute in ("source_uri", "source_resource_id"):
        for disk_resource in asked.plan.referred(asked.resource, attribute):
            if size := values_of(disk_resource).number("disk_size_gb"):
                return size
    return 0.0


def _image(asked: Asked) -> Iterable[Component]:
    """An image of a machine has its disks' sizes; one of blobs or disks says them."""
    sizes = [block.number("size_gb") for name in ("os_disk", "data_disk") for block in asked.values.blocks(name)]
    if not any(sizes):
        sizes = _machine_sizes(asked)
    return (fixed("Storage", sum(sizes) or _IMAGE_GIB, unit(asked, "disk.image")),)


def _machine_sizes(asked: Asked) -> list[float]:
    for machine in asked.plan.referred(asked.resource, "source_virtual_machine_id"):
        values = values_of(machine)
        root = values.block("os_disk").number("disk_size_gb") or values.block("storage_os_disk").number("disk_size_gb")
        data = [block.number("disk_size_gb") for block in values.blocks("storage_data_disk")]
        return [root or _IMAGE_GIB, *data]
    return []


KINDS: dict[str, Kind] = {
    "azurerm_managed_disk": _managed_disk,
    "azurerm_snapshot": _snapshot,
    "azurerm_image": _image,
}
