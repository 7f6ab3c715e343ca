"""Google Compute Engine: instances, disks, snapshots and images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, scaled
from chatops.story.kinds.basics import values_of
from chatops.story.kinds.gcp_machines import LOCAL_SSD_GB, Disk, accelerators, disk, is_spot, local_ssd, machine, unit
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Resource

_BOOT_GB = 10
"""Of a boot disk whose size is not said: the smallest that a Linux image takes, as published estimates assume."""
_DISK_GB = {"pd-standard": 500, "pd-extreme": 1000, "hyperdisk-extreme": 1000}
_OTHER_DISK_GB = 100
"""Of a disk whose size is not said: what Google makes by default, by type."""
_KEPT_PARTS = (0.1, 0.5, 1.0)
"""How much of a disk a snapshot or an image keeps: they leave out what is empty, and compress the rest."""
_IMAGE_GB = (1.0, 10.0, 50.0)
"""An image whose disk is not known: a bare system, a usual boot disk, one with data."""
_SIZE_NAMES = ("size", "disk_size_gb")
_LONGEST_CHAIN = 5
"""A disk of an image of a snapshot of a disk …: so many steps are followed to a size, whatever a plan refers to."""


def instance(asked: Asked) -> Iterator[Component]:
    """A virtual machine with its own disks; attached disks are resources of their own."""
    values = asked.values
    spot, kind = is_spot(values), values.text("machine_type")
    if values.text("desired_status") not in ("TERMINATED", "SUSPENDED"):
        yield from machine(asked, kind, 1, spot)
        yield from accelerators(asked, values.blocks("guest_accelerator"), kind, 1, spot)
    yield from _boot_disk(asked)
    yield from local_ssd(
        asked, sum(each.number("size") or LOCAL_SSD_GB for each in values.blocks("scratch_disk")), spot
    )
    yield from _addresses(asked, spot)
    yield from licence(values.block("boot_disk").block("initialize_params").text("image"))


def _boot_disk(asked: Asked) -> Iterator[Component]:
    for boot in asked.values.blocks("boot_disk"):
        made = boot.blocks("initialize_params")
        if not made and boot.has("source"):
            continue
        wanted = made[0] if made else Values()
        size = wanted.number("size")
        note = "" if size else f"size not said: {_BOOT_GB} GB assumed"
        kind = wanted.text("type", "pd-standard")
        yield from disk(asked, Disk(kind, size or _BOOT_GB, note, wanted.number("provisioned_iops")))


def _addresses(asked: Asked, spot: bool) -> Iterator[Component]:
    """Addresses that live with the machine; one that is reserved is a resource of its own."""
    wanted = [each for face in asked.values.blocks("network_interface") for each in face.blocks("access_config")]
    if not wanted or asked.plan.referred(asked.resource, "network_interface.access_config.nat_ip"):
        return
    price = unit(asked, "ip.vm.spot" if spot else "ip.vm")
    hours = HOURS * len(wanted)
    yield by_use("External IP address", price, hours, hours, hours, "while the machine runs; left out of the total")


def licence(image: str) -> Iterator[Component]:
    """The licence of an image that has one; its price is not known, and published estimates leave it out."""
    if any(vendor in image.lower() for vendor in ("windows", "rhel", "sles", "sql-")):
        yield by_use("Licence of the image", None, 0, 0, 0)


def compute_disk(asked: Asked, regional: bool = False) -> Iterator[Component]:
    """A disk, as big as it says or as what it is made from."""
    kind = asked.values.text("type", "pd-standard").rpartition("/")[2]
    size = asked.values.number("size") or _source_size(asked)
    note = "" if size else "size not said: the default assumed"
    size = size or _DISK_GB.get(kind, _OTHER_DISK_GB)
    yield from disk(asked, Disk(kind, size, note, asked.values.number("provisioned_iops"), regional))


def region_disk(asked: Asked) -> Iterator[Component]:
    """A disk that is kept in two zones."""
    return compute_disk(asked, regional=True)


def _source_size(asked: Asked) -> float:
    """The size of the disk at the other end of images and snapshots, 0 if nothing says."""
    resource: Resource | None = asked.resource
    for _ in range(_LONGEST_CHAIN):
        if resource is None:
            break
        found = (
            asked.plan.referred(resource, name)
            for name in ("image", "snapshot", "source_image", "source_snapshot", "source_disk")
        )
        resource = next((each for many in found for each in many if each.type.startswith("google_compute_")), None)
        values = values_of(resource)
        if size := max(values.number(name) for name in _SIZE_NAMES):
            return size
        if resource and resource.type == "google_compute_disk" and not any(map(values.has, ("image", "snapshot"))):
            return _DISK_GB.get(values.text("type", "pd-standard"), _OTHER_DISK_GB)
    return 0.0


def snapshot(asked: Asked) -> Iterator[Component]:
    """What a snapshot keeps."""
    yield _kept(asked, "Snapshot storage", "pd.snapshot", asked.values.number("disk_size_gb") or _source_size(asked))


def image(asked: Asked) -> Iterator[Component]:
    """What an image keeps."""
    yield _kept(asked, "Image storage", "image", asked.values.number("disk_size_gb") or _source_size(asked))


def _kept(asked: Asked, name: str, item: str, size: float) -> Component:
    return by_use(name, unit(asked, item), *(scaled(_KEPT_PARTS, size) if size else _IMAGE_GB))


KINDS: Mapping[str, Kind] = {
    "google_compute_instance": instance,
    "google_compute_disk": compute_disk,
    "google_compute_region_disk": region_disk,
    "google_compute_snapshot": snapshot,
    "google_compute_image": image,
    "google_compute_machine_image": image,
}
