"""Treasures in storage: gp3 instead of gp2, and colder classes for what is rarely read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chatops.story.treasure_rules import Find, Ground, region_of, swapped, template_of
from chatops.story.values import Values

if TYPE_CHECKING:
    from chatops.story.costs import Usage
    from chatops.story.estimate import ResourceCost
    from chatops.story.planned import Resource

# AWS, EBS volume types: gp2 gives 3 IOPS a GiB up to 16,000 and, beyond 170 GiB, up to 250 MiB/s; gp3 gives 3,000 and
# 125 MiB/s at any size, more for money. Up to 170 GiB gp2's 128 MiB/s are called equal.
_GP2_IOPS_PER_GIB, _GP2_MOST_IOPS, _GP3_IOPS = 3, 16_000, 3_000
_GP2_SLOW_GIB, _GP2_THROUGHPUT, _GP3_THROUGHPUT = 170, 250, 125

_GP3_CAVEAT = (
    "Changes in place, without downtime. IOPS and throughput stay at gp2's: that costs extra beyond 1,000 and 170 GiB, "
    "and is in the figure."
)
_BLOCKS = ("root_block_device", "ebs_block_device", "block_device_mappings")
_MOST_DISKS = 100
"""Of a machine: EC2 allows fewer."""

_LIFECYCLES = {
    "aws_s3_bucket": ("lifecycle_rule", "s3.standard", "s3.standard_ia", "S3 Standard-IA"),
    "google_storage_bucket": ("lifecycle_rule", "gcs.standard", "gcs.nearline", "Nearline"),
    "azurerm_storage_account": ("", "blob.hot_lrs", "blob.cool_lrs", "the cool tier"),
}
"""Buckets: the block with their own rules, the usual class and a colder one in the book, and that one's name."""
_POLICIES = ("aws_s3_bucket_lifecycle_configuration", "azurerm_storage_management_policy")
_COLD_CAVEAT = (
    "Depends on use: counted for {:.0f} GB that are rarely read. Reading them back costs, and they are billed for "
    "30 days at least."
)


def gp2_to_gp3(ground: Ground) -> Iterator[Find]:
    """Volumes, and machines' own disks, that are gp2 by their attributes: gp3 of the same speed (EBS price list)."""
    for cost, values in ground.of("aws_ebs_volume"):
        if values.text("type", "gp2") == "gp2":  # EBS' default
            attributes = {**values.attributes, **_gp3(values, "size"), "type": "gp3"}
            yield from _gp3_find(ground, cost, attributes)
    for cost, values in ground.of("aws_instance"):
        if faster := _faster(values.attributes):
            yield from _gp3_find(ground, cost, {**values.attributes, **faster})
    for cost, _ in ground.of("aws_autoscaling_group"):
        template = template_of(ground, cost)
        if template and (faster := _faster(template.after or {})):
            other = replace(template, after={**(template.after or {}), **faster})
            yield from _gp3_find(ground, cost, instead=other)


def _gp3_find(
    ground: Ground, cost: ResourceCost, attributes: Mapping[str, Any] | None = None, instead: Resource | None = None
) -> Iterator[Find]:
    bill = ground.bill(cost, attributes, instead=instead)
    yield from swapped("gp2-to-gp3", cost, bill, "gp3 instead of gp2", _GP3_CAVEAT, safe=True)


def _faster(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a machine, or of a template, whose disks are gp2: with gp3 disks; empty where none is."""
    found: dict[str, Any] = {}
    for name in _BLOCKS:
        blocks = attributes.get(name)
        if isinstance(blocks, list):
            disks = [_gp3_disk(block) for block in blocks[:_MOST_DISKS]]
            if any(changed for _, changed in disks):
                found[name] = [*(disk for disk, _ in disks), *blocks[_MOST_DISKS:]]
    return found


def _gp3_disk(block: object) -> tuple[object, bool]:
    """A disk's block, or a template's mapping of one, as gp3 if it is gp2; and whether it is."""
    if not isinstance(block, Mapping):
        return block, False
    inner = Values(block).block("ebs")
    disk, rest = (inner, block) if inner.attributes else (Values(block), None)
    if disk.text("volume_type") != "gp2":
        return block, False
    faster = {**disk.attributes, **_gp3(disk, "volume_size"), "volume_type": "gp3"}
    return (faster if rest is None else {**rest, "ebs": [faster]}), True


def _gp3(disk: Values, size: str) -> dict[str, float]:
    """The IOPS and the throughput that keep a gp3 volume as fast as this gp2 one."""
    gib = disk.number(size)
    iops = min(max(gib * _GP2_IOPS_PER_GIB, _GP3_IOPS), _GP2_MOST_IOPS)
    return {"iops": iops, "throughput": _GP2_THROUGHPUT if gib > _GP2_SLOW_GIB else _GP3_THROUGHPUT}


def lifecycle(ground: Ground) -> Iterator[Find]:
    """Buckets whose objects never move to a colder class: what that would save, by assumed use."""
    ruled = _ruled(ground)
    for cost, values in ground.of(*_LIFECYCLES):
        block, usual, colder, words = _LIFECYCLES[cost.resource.type]
        if values.blocks(block) or values.is_unknown(block) or cost.resource.address in ruled:
            continue
        warm, cold = (ground.book.unit(cost.resource.cloud, region_of(cost), item) for item in (usual, colder))
        kept = _kept(cost, warm.usd) if warm else None
        if kept is None or warm is None or cold is None:
            continue
        today, idle = (cost.after or 0.0) + kept.medium, (kept.medium - kept.low) / warm.usd
        yield Find(
            "lifecycle",
            (cost.resource.address,),
            f"a lifecycle rule that moves what is rarely read to {words}",
            today,
            today - idle * (warm.usd - cold.usd),
            _COLD_CAVEAT.format(idle),
            cold.source,
            safe=True,
            about=True,
            by_use=True,
        )


def _ruled(ground: Ground) -> set[str]:
    """The addresses of buckets that have a lifecycle policy of their own resource."""
    policies = [each for each in ground.plan.resources if each.type in _POLICIES and each.after is not None]
    names = ("bucket", "storage_account_id")
    return {bucket.address for each in policies for name in names for bucket in ground.plan.referred(each, name)}


def _kept(cost: ResourceCost, price: float) -> Usage | None:
    """What is kept in the class of this price, by use: in US dollars, for little, usual and much use."""
    parts = (part for part in cost.components if part.by_use and part.unit == "GB-month" and part.price == price)
    return next((part.usage for part in parts if part.usage), None)
