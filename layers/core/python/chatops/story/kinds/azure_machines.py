"""Azure's virtual machines: one by one, in scale sets, and those that machine learning rents."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, hourly
from chatops.story.kinds.azure_disks import attached, os_disk
from chatops.story.kinds.azure_lookup import CLOUD, Use, labelled, place, unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Machine, Price
    from chatops.story.values import Values

_HYBRID = frozenset({"Windows_Server", "Windows_Client"})
"""The licence types with which Windows is brought along instead of rented."""
_CONSTRAINED = re.compile(r"(\d+)-\d+")
_ULTRA_VCPUS: Use = (0, 0, 0)  # only a machine that stands ready for an ultra disk and has none pays for it
_NODE_HOURS: Use = (20, 160, HOURS)  # of a cluster that scales to nothing: a training now and then, working hours, all


def instances(
    asked: Asked, size: str, count: float, *, windows: bool = False, spot: bool = False, prefix: str = ""
) -> Component:
    """So many machines of a size, all month; `windows` rents the licence too."""
    region = place(asked)
    machine = asked.book.machine(CLOUD, region, size)
    if machine is None:
        price = unit(asked, f"vm.{'windows' if windows else 'linux'}.{size}")
        return hourly(f"{prefix}{labelled('Instance usage', size, price)}", price, count)
    price, note = _rate(asked, machine, spot)
    system = "Linux"
    if windows:
        price, system = _with_licence(asked, machine, price), "Windows"
    compute = Compute(machine.vcpu * HOURS * count, machine.gib * HOURS * count, machine.type)
    return hourly(f"{prefix}Instance usage ({system}, {machine.type})", price, count, note, compute)


def _wanted(asked: Asked, size: str, count: float, windows: bool) -> Component:
    """Machines as their resource wants them: whether Windows is rented with them, and whether they are spot."""
    rented = windows and asked.values.text("license_type") not in _HYBRID
    spot = asked.values.text("priority") == "Spot"
    return instances(asked, size, count, windows=rented, spot=spot)


def _rate(asked: Asked, machine: Machine, spot: bool) -> tuple[Price, str]:
    if not spot:
        return machine.hourly, ""
    if machine.spot:
        return machine.spot, "spot"
    ratio = asked.book.spot_ratio(CLOUD, place(asked), machine.type)
    if ratio is None:
        return machine.hourly, "spot price not known: the full price counted"
    return machine.hourly.times(ratio[1], f"estimated: spot about {ratio[1]:.0%} of the full price ({ratio[2]})"), ""


def _with_licence(asked: Asked, machine: Machine, linux: Price) -> Price | None:
    """The price with Windows: a surcharge per vCPU, of a constrained type for all the vCPUs its host has."""
    family = re.match(r"standard_(?:(b)|a\d+(_v2))", machine.type.lower())
    kind = ".b" if family and family[1] else ".av2" if family else ""
    own = asked.book.unit(CLOUD, place(asked), f"windows.{machine.type}")
    surcharge = own or unit(asked, f"windows_vcpu_surcharge{kind}")
    if surcharge is None:
        return None
    constrained = _CONSTRAINED.search(machine.type)
    cores = 1 if own else float(constrained[1]) if constrained else machine.vcpu
    notes = "; ".join(dict.fromkeys(filter(None, (linux.note, surcharge.note))))
    usd = round(linux.usd + surcharge.usd * cores, 6)
    return replace(linux, usd=usd, source=f"{linux.source}; Windows: {surcharge.source}", note=notes)


def _modern(windows: bool) -> Kind:
    """azurerm_linux_virtual_machine and its Windows twin."""

    def kind(asked: Asked) -> Iterable[Component]:
        values = asked.values
        yield _wanted(asked, values.text("size"), 1, windows)
        yield from _ultra_ready(asked)
        yield from os_disk(asked, values.block("os_disk"), prefix="OS disk: ")

    return kind


def _ultra_ready(asked: Asked) -> Iterator[Component]:
    if asked.values.block("additional_capabilities").flag("ultra_ssd_enabled"):
        yield by_use("Ultra disk reservation (if unattached)", unit(asked, "disk.ultra.vcpu"), *_ULTRA_VCPUS)


def _old(asked: Asked) -> Iterable[Component]:
    """azurerm_virtual_machine: its disks are blocks of it."""
    values = asked.values
    root = values.block("storage_os_disk")
    windows = _old_windows(values, root) and values.text("license_type") not in _HYBRID
    yield instances(asked, values.text("vm_size"), 1, windows=windows)
    yield from attached(asked, root, prefix="OS disk: ")
    for block in values.blocks("storage_data_disk"):
        yield from attached(asked, block, prefix="Data disk: ")


def _old_windows(values: Values, root: Values) -> bool:
    return (
        root.text("os_type").lower() == "windows"
        or bool(values.blocks("os_profile_windows_config"))
        or values.block("storage_image_reference").text("publisher") == "MicrosoftWindowsServer"
    )


def _scale_set(windows: bool) -> Kind:
    """azurerm_linux_virtual_machine_scale_set and its Windows twin."""

    def kind(asked: Asked) -> Iterable[Component]:
        yield from _with_disks(asked, asked.values.text("sku"), windows)

    return kind


def _orchestrated(asked: Asked) -> Iterable[Component]:
    windows = bool(asked.values.block("os_profile").blocks("windows_configuration"))
    yield from _with_disks(asked, asked.values.text("sku_name"), windows)


def _with_disks(asked: Asked, size: str, windows: bool) -> Iterator[Component]:
    """The machines of a set, and the disks of each."""
    values = asked.values
    count = values.number("instances", 1)
    yield _wanted(asked, size, count, windows)
    yield from os_disk(asked, values.block("os_disk"), count, prefix="OS disk: ")
    for block in values.blocks("data_disk"):
        yield from attached(asked, block, count, prefix="Data disk: ")


def _old_scale_set(asked: Asked) -> Iterable[Component]:
    values = asked.values
    sku = values.block("sku")
    count = sku.number("capacity", 1)
    profile = values.block("storage_profile_image_reference")
    windows = bool(values.blocks("os_profile_windows_config")) or profile.text("publisher") == "MicrosoftWindowsServer"
    yield _wanted(asked, sku.text("name"), count, windows)
    yield from attached(asked, values.block("storage_profile_os_disk"), count, prefix="OS disk: ")
    for block in values.blocks("storage_profile_data_disk"):
        yield from attached(asked, block, count, prefix="Data disk: ")


def _learning_instance(asked: Asked) -> Iterable[Component]:
    return (instances(asked, asked.values.text("virtual_machine_size"), 1),)


def _learning_cluster(asked: Asked) -> Iterable[Component]:
    """The nodes that always run are fixed; a cluster that scales to nothing is billed by use."""
    size = asked.values.text("vm_size")
    least = asked.values.block("scale_settings").number("min_node_count")
    if least:
        return (instances(asked, size, least, spot=asked.values.text("vm_priority") == "LowPriority"),)
    machine = asked.book.machine(CLOUD, place(asked), size)
    return (by_use("Instance usage", machine.hourly if machine else None, *_NODE_HOURS),)


KINDS: dict[str, Kind] = {
    "azurerm_linux_virtual_machine": _modern(windows=False),
    "azurerm_windows_virtual_machine": _modern(windows=True),
    "azurerm_virtual_machine": _old,
    "azurerm_linux_virtual_machine_scale_set": _scale_set(windows=False),
    "azurerm_windows_virtual_machine_scale_set": _scale_set(windows=True),
    "azurerm_orchestrated_virtual_machine_scale_set": _orchestrated,
    "azurerm_virtual_machine_scale_set": _old_scale_set,
    "azurerm_machine_learning_compute_instance": _learning_instance,
    "azurerm_machine_learning_compute_cluster": _learning_cluster,
}
