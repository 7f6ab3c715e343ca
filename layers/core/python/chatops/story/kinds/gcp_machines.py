"""What machines on Google Cloud are made of: vCPU and memory, accelerators, disks.

Sustained-use discounts are applied for a full month, in a line of their own, as published estimates have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, fixed, hourly
from chatops.story.prices import Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked
    from chatops.story.values import Values

LOCAL_SSD_GB = 375
"""Of one local SSD; Google sells no other size with the machine types that take them separately."""
_GPU_DISCOUNT = 0.3
"""Sustained-use discount of GPUs over a full month, as that of the N1 machines they are attached to."""
_GPU_INCLUDED = ("a2", "a3", "a4", "a4x", "g2", "g4")
"""Families whose machine price has the GPU in it; a guest_accelerator block only repeats it."""
_DISKS = {
    "pd-standard": ("pd.standard", "Standard disk (pd-standard)"),
    "pd-balanced": ("pd.balanced", "Balanced disk (pd-balanced)"),
    "pd-ssd": ("pd.ssd", "SSD disk (pd-ssd)"),
    "pd-extreme": ("pd.extreme", "Extreme disk (pd-extreme)"),
    "hyperdisk-extreme": ("hyperdisk.extreme", "Hyperdisk (hyperdisk-extreme)"),
}
_DEFAULT_IOPS = {"pd-extreme": 100_000, "hyperdisk-extreme": 350_000}
"""Where the configuration names none: the largest that can be had, as published estimates assume."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a type, as big as `gb`; `iops` counts for the extreme types alone."""

    type: str
    gb: float
    note: str = ""
    iops: float = 0.0
    regional: bool = False


def unit(asked: Asked, item: str) -> Price | None:
    """The price of an item where the resource is."""
    return asked.book.unit("gcp", asked.region, item)


def last_part(name: str) -> str:
    """The name at the end of a link: what exists already is named by its URL."""
    return name.rpartition("/")[2]


def is_spot(machine: Values) -> bool:
    """Whether the scheduling of an instance or a template allows Google to stop it."""
    scheduling = machine.block("scheduling")
    return scheduling.flag("preemptible") or scheduling.text("provisioning_model") == "SPOT"


def machine(asked: Asked, machine_type: str, count: float, spot: bool) -> Iterator[Component]:
    """Machines of a type, all month; a type that is not known has no price."""
    found = asked.book.machine("gcp", asked.region, last_part(machine_type))
    if found is None:
        yield hourly("Machine", None, count)
        return
    compute = Compute(found.vcpu * HOURS * count, found.gib * HOURS * count, found.type)
    if spot:
        yield hourly(f"Machine ({found.type}, spot)", found.spot, count, "may be stopped at any time", compute)
        return
    yield hourly(f"Machine ({found.type})", found.hourly, count, compute=compute)
    if found.monthly and (saved := found.hourly.usd * HOURS - found.monthly.usd) > 0:
        yield discount(found.monthly, saved, count)


def discount(price: Price, saved: float, count: float) -> Component:
    """A line that takes off what running all month saves; `price` says where that is known from."""
    month = Price(-round(saved, 6), "month", price.as_of, price.source, price.note)
    return fixed("Sustained-use discount", count, month, "for running all month")


def accelerators(
    asked: Asked, blocks: Iterable[Values], machine_type: str, count: float, spot: bool
) -> Iterator[Component]:
    """The GPUs that are attached to each of `count` machines."""
    if last_part(machine_type).partition("-")[0] in _GPU_INCLUDED:
        return
    for block in blocks:
        kind, number = last_part(block.text("type")), count * block.number("count", 1)
        price = unit(asked, f"gpu.{kind}.spot" if spot else f"gpu.{kind}")
        yield hourly(f"GPU ({kind})" if price else "GPU", price, number)
        if price and not spot:
            yield discount(price, price.usd * HOURS * _GPU_DISCOUNT, number)


def disk(asked: Asked, wanted: Disk, count: float = 1) -> Iterator[Component]:
    """A persistent disk, `count` times, with its provisioned operations where they are billed."""
    kind = last_part(wanted.type)
    item, name = _DISKS.get(kind, ("", "Disk"))
    regional = ".regional" if wanted.regional else ""
    yield fixed(name, wanted.gb * count, unit(asked, f"{item}{regional}") if item else None, wanted.note)
    if kind in _DEFAULT_IOPS:
        yield fixed("Provisioned IOPS", (wanted.iops or _DEFAULT_IOPS[kind]) * count, unit(asked, f"{item}.iops"))


def local_ssd(asked: Asked, gb: float, spot: bool) -> Iterator[Component]:
    """Local SSDs, which are billed apart from the machine."""
    if gb:
        note = "list price; spot machines pay less" if spot else ""
        yield fixed("Local SSD", gb, unit(asked, "local.ssd"), note)
