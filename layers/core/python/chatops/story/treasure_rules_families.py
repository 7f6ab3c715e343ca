"""How the clouds name machine types, read so far that a neighbour of the same size can be told.

Sources: the vendors' own pages on names (AWS "Amazon EC2 instance type naming conventions", Azure "VM sizes naming
conventions", Google "Machine families resource and comparison guide").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chatops.story.prices import Machine

X86, ARM = "x86", "arm"
DISK, CORES = "d", "whole cores"
"""Abilities: a local disk; vCPUs that are whole cores, where newer types of the line have two on each."""
_ALIKE = 1.01
"""Of two types within a percent of each other's price the newer one is the better neighbour."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a machine type's name says: types of the same `line` and `size` differ in generation and processor only."""

    line: str
    size: str
    generation: int
    processor: str
    abilities: frozenset[str]
    """What it has beyond its size: local disks, faster network, …: a neighbour must have the same."""


_AWS = re.compile(r"(t|m|c|r|x)(\d)([a-z]*)\.([a-z0-9]+)", re.ASCII)
_WITH_DISK = frozenset({"m1", "m2", "m3", "c1", "c3", "r3", "x1"})
"""AWS families whose local disk is not in the name."""
_GCP = re.compile(r"(n1|n2d?|t2[ad]|c2d?)-(standard|highmem|highcpu)-(\d+)", re.ASCII)
_GCP_LINES = {
    "n1": ("n", 1),
    "n2": ("n", 2),
    "n2d": ("n", 2),
    "t2d": ("n", 2),
    "t2a": ("n", 2),
    "c2": ("c", 2),
    "c2d": ("c", 2),
}
_AZURE = re.compile(r"Standard_([BDEF])(S?)(\d+)([a-z]*)(?:_v(\d+))?", re.ASCII | re.IGNORECASE)
_AZURE_CORES = {"D": 2, "F": 1}
"""Azure: up to which version a vCPU is a core (Microsoft's pages on Dv2 and F say so); an ARM one always is."""
_AZURE_ALWAYS_DISK = 3
"""Azure: D, E and F sizes up to version 3 have a temporary disk without a `d` in the name."""


@lru_cache(maxsize=4096)
def shape(cloud: str, machine_type: str) -> Shape | None:
    """What a name says; None for types that have no neighbours: accelerated, bare metal, custom, shared, unheard of."""
    reader = _READERS.get(cloud)
    return reader(machine_type) if reader and len(machine_type) < 60 else None


def _aws(name: str) -> Shape | None:
    match = _AWS.fullmatch(name)
    if match is None or match[4].startswith("metal"):
        return None
    line, generation, letters, size = match.groups()
    # Of the letters g, a and i name the maker of the processor.
    abilities = set(letters) - set("gai") | ({DISK} if f"{line}{generation}" in _WITH_DISK else set())
    return Shape(line, size, int(generation), ARM if "g" in letters else X86, frozenset(abilities))


def _gcp(name: str) -> Shape | None:
    match = _GCP.fullmatch(name)
    if match is None:
        return None
    line, generation = _GCP_LINES[match[1]]
    abilities = {CORES} if line == "n" and match[1].startswith("t") else set()
    return Shape(line, f"{match[2]}-{match[3]}", generation, ARM if match[1] == "t2a" else X86, frozenset(abilities))


def _azure(name: str) -> Shape | None:
    match = _AZURE.fullmatch(name)
    if match is None:
        return None
    line, premium, size, letters, version = match.groups()
    generation, line = int(version or 1), line.upper()
    abilities = set(letters.lower()) - set("ap") | ({"s"} if premium else set())
    if generation <= _AZURE_ALWAYS_DISK and not (line == "B" and generation > 1):
        abilities.add(DISK)
    if generation <= _AZURE_CORES.get(line, 0) or "p" in letters.lower():
        abilities.add(CORES)
    if line in "BDE":
        size = ""  # DS2_v2 and D2s_v5 count differently: processors and memory decide
    return Shape(line, size, generation, ARM if "p" in letters.lower() else X86, frozenset(abilities))


_READERS: Mapping[str, Callable[[str], Shape | None]] = {"aws": _aws, "gcp": _gcp, "azure": _azure}


def neighbours(
    cloud: str,
    present: Machine,
    processor: str,
    machines: Iterable[Machine],
    without: frozenset[str] = frozenset(),
) -> list[Machine]:
    """The machines with this processor that do what this one does, best first.

    As many vCPUs, as much memory, the same abilities but those it may be `without`, no older, and no dearer by the
    hour; the best is the cheapest, or a newer one at nearly its price.
    """
    mine = shape(cloud, present.type)
    if mine is None:
        return []
    mine = replace(mine, abilities=mine.abilities - without)
    able = [
        (each, other)
        for each in machines
        if each.hourly.usd <= present.hourly.usd
        and each.type != present.type
        and (other := shape(cloud, each.type)) is not None
        and other.processor == processor
        and _replaces(other, mine)
        and present.vcpu <= each.vcpu <= 2 * present.vcpu
        and present.gib <= each.gib
    ]
    return _best_first(able)


def _replaces(other: Shape, mine: Shape) -> bool:
    """A neighbour of the same line and size, with all abilities, and of a generation that is no step back."""
    return (
        (other.line, other.size) == (mine.line, mine.size)
        and other.abilities >= mine.abilities
        and other.generation >= mine.generation
    )


def _best_first(able: Iterable[tuple[Machine, Shape]]) -> list[Machine]:
    ranked = sorted(able, key=lambda each: (each[0].hourly.usd, each[0].type))
    if not ranked:
        return []
    alike = [each for each in ranked if each[0].hourly.usd <= ranked[0][0].hourly.usd * _ALIKE]
    alike.sort(key=lambda each: (-each[1].generation, each[0].hourly.usd, each[0].type))
    return [machine for machine, _ in (*alike, *ranked[len(alike) :])]
