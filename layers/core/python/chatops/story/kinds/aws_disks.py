"""EBS: volumes, wherever they hang, and their snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, fixed
from chatops.story.kinds.aws_bill import Always, Use, line, unit
from chatops.story.kinds.basics import related, values_of
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Resource

GIB = 8.0
"""Of a volume of which nobody says the size: Infracost's convention (cost.md §3)."""
_IOPS = 100.0
"""Of an io1 or io2 volume of which nobody says the operations: Infracost's convention, and AWS's least."""
_FREE_IOPS, _FREE_MIBPS = 3000.0, 125.0
"""What every gp3 volume brings along; what is above is billed (AWS's EBS price list)."""
_KINDS = {
    "gp2": "general purpose SSD, gp2",
    "gp3": "general purpose SSD, gp3",
    "io1": "provisioned IOPS SSD, io1",
    "io2": "provisioned IOPS SSD, io2",
    "st1": "throughput optimised HDD, st1",
    "sc1": "cold HDD, sc1",
    "standard": "magnetic",
}
_IO = Use("I/O requests", "ebs.standard.io", 1, 10, 100)
"""In millions a month: a machine that mostly waits, one that works, one that is busy (1 M is 0.4 a second)."""
_CHANGED = (8.0, 50.0, 500.0)
"""GiB of a snapshot whose volume nobody knows: a root volume, a data volume, a large one."""


def volume(
    asked: Asked, disk: Values, count: float = 1.0, place: str = "", kind_attribute: str = "volume_type"
) -> Iterator[Component]:
    """The components of so many volumes like this block says; `place` is where it hangs, such as root_block_device."""
    kind = disk.text(kind_attribute, "gp2")
    size = count * disk.number("volume_size", disk.number("size", GIB))
    before = f"{place}: " if place else ""
    # Words of the plan stay out of the bill: a kind that nobody knows has no name here, and no price.
    known = _KINDS.get(kind)
    yield fixed(f"{before}Storage ({known or 'unknown kind'})", size, unit(asked, f"ebs.{kind}") if known else None)
    if kind in ("io1", "io2"):
        iops = disk.number("iops") or _IOPS
        yield line(asked, Always(f"{before}Provisioned IOPS", f"ebs.{kind}.iops", count * iops))
    if kind == "gp3":
        yield from _above_baseline(asked, disk, count, before)
    if kind == "standard":
        yield line(asked, Use(f"{before}{_IO.name}", _IO.item, _IO.low, _IO.medium, _IO.high))


def _above_baseline(asked: Asked, disk: Values, count: float, before: str) -> Iterator[Component]:
    iops = disk.number("iops") - _FREE_IOPS
    mibps = disk.number("throughput") - _FREE_MIBPS
    if iops > 0:
        yield line(asked, Always(f"{before}Provisioned IOPS above 3,000", "ebs.gp3.iops", count * iops))
    if mibps > 0:
        yield line(asked, Always(f"{before}Provisioned throughput above 125 MiB/s", "ebs.gp3.mibps", count * mibps))


def _volume(asked: Asked) -> Iterable[Component]:
    origin = None if asked.values.has("size") else related(asked, "snapshot_id", "aws_ebs_snapshot")
    if origin is None:
        return volume(asked, asked.values, kind_attribute="type")
    size = _taken_of(asked, origin) or GIB
    return volume(asked, Values({**asked.values.attributes, "size": size}), kind_attribute="type")


def _taken_of(asked: Asked, snapshot: Resource) -> float:
    """The size in GiB of the volume that a snapshot was taken of; 0 where the plan does not say."""
    volumes = asked.plan.referred(snapshot, "volume_id")
    sizes = (values_of(each).number("size", GIB) for each in volumes if each.type == "aws_ebs_volume")
    return values_of(snapshot).number("volume_size") or next(sizes, 0.0)


def _snapshot(asked: Asked) -> Iterable[Component]:
    """At most what its volume holds, as Infracost counts; AWS keeps only what has changed since the last one."""
    original = related(asked, "source_snapshot_id", "aws_ebs_snapshot") or asked.resource
    if size := asked.values.number("volume_size") or _taken_of(asked, original):
        return [line(asked, Always("Snapshot storage", "ebs.snapshot", size), "the whole volume at most")]
    return [line(asked, Use("Snapshot storage", "ebs.snapshot", *_CHANGED))]


KINDS: dict[str, Kind] = {
    "aws_ebs_volume": _volume,
    "aws_ebs_snapshot": _snapshot,
    "aws_ebs_snapshot_copy": _snapshot,
}
