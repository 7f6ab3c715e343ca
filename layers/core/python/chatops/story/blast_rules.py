"""The rules about what a plan destroys, replaces and changes in place, and the list of all rules.

Levels are those of the project's own table: a stateful resource that goes is critical, what takes a protection away is
high, what only interrupts is medium. `prevent_destroy` and the other `lifecycle` settings are not in a plan's JSON, so
no rule can see them go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story import blast_kinds as kinds
from chatops.story.blast_looks import Finding, Look, Side, is_positive, is_set, is_true
from chatops.story.blast_rules_access import ACCESS
from chatops.story.blast_rules_settings import SETTINGS
from chatops.story.blast_shape import Level, Rule, When

if TYPE_CHECKING:
    from collections.abc import Iterator


def _kept(kind: str) -> Look:
    """Look for the setting by which a copy stays, or a way back."""
    path, wanted = kinds.KEPT[kind]

    def look(side: Side) -> Iterator[Finding]:
        value = next(side.at(path)).value
        ways = {
            "false": not is_true(value),  # the providers' default of all of these is false
            "true": is_true(value),
            "set": is_set(value),
            "positive": is_positive(value),
        }
        if ways.get(wanted, value == wanted):
            yield Finding(path)

    return look


def _not(look: Look) -> Look:
    def inverse(side: Side) -> Iterator[Finding]:
        if next(look(side), None) is None:
            yield Finding("")

    return inverse


LOST = "Its data are destroyed with it and the plan keeps no copy: there is no undo."
_KEEPS = "This holds data. It goes only with a last copy, a way back, or once it is empty; what uses it breaks."

GONE = (
    *(
        Rule("stateful-kept", Level.CRITICAL, (kind,), _KEEPS, _kept(kind), When.GONE)
        for kind in kinds.KEPT
    ),
    *(
        Rule("stateful-lost", Level.CRITICAL, (kind,), LOST, _not(_kept(kind)), When.GONE, for_ever=True)
        for kind in kinds.KEPT
    ),
    Rule(
        "stateful-lost", Level.CRITICAL, tuple(kind for kind in kinds.STATEFUL if kind not in kinds.KEPT), LOST,
        when=When.GONE, for_ever=True,
    ),
    Rule(
        "key-destroyed", Level.CRITICAL, kinds.KEYS,
        "Once its waiting time is over, nobody can ever read what this key has encrypted.", when=When.GONE,
        for_ever=True,
    ),
    Rule(
        "secret-destroyed", Level.HIGH, kinds.SECRETS,
        "What is written in it is gone, and whatever reads it at its next start fails.", when=When.GONE, for_ever=True,
    ),
    Rule(
        "messages-lost", Level.HIGH, kinds.QUEUES,
        "Messages or logs that are still in it are lost.", when=When.GONE, for_ever=True,
    ),
    Rule(
        "network-destroyed", Level.HIGH, kinds.NETWORKS,
        "The network goes, and with it the way to everything that stands in it.", when=When.GONE,
    ),
    Rule(
        "zone-destroyed", Level.HIGH, kinds.ZONES,
        "The zone's names stop resolving, and a new zone gets other name servers.", when=When.GONE,
    ),
    Rule(
        "cluster-destroyed", Level.HIGH, kinds.CLUSTERS,
        "Everything that runs in the cluster stops with it.", when=When.GONE,
    ),
    Rule(
        "guard-removed", Level.HIGH, kinds.GUARDS,
        "A protection or a record of what happens is taken away.", when=When.GONE,
    ),
    Rule(
        "machine-destroyed", Level.MEDIUM, kinds.MACHINES,
        "The machine stops, and what is on disks of its own goes with it.", when=When.GONE,
    ),
    Rule(
        "edge-destroyed", Level.MEDIUM, kinds.EDGE,
        "The way in or out changes: visitors or outgoing calls are cut off until something takes its place.",
        when=When.GONE,
    ),
    Rule(
        "replaced", Level.MEDIUM, kinds.REPLACEABLE,
        "It is replaced: what it serves is interrupted, unless something else stands in.", when=When.REPLACED,
    ),
    Rule(
        "edge-changed", Level.MEDIUM, kinds.EDGE,
        "The way in or out is changed while it is in use.", when=When.IN_PLACE,
    ),
    Rule(
        "shared-changed", Level.MEDIUM, kinds.SHARED,
        "Others share this network or identity: the change reaches them at once.", when=When.IN_PLACE,
    ),
)  # fmt: skip

RULES: tuple[Rule, ...] = (*GONE, *ACCESS, *SETTINGS)
"""All rules about single resources; those about the plan as a whole are in blast.py."""
