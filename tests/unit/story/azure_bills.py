"""Small plans with resources of Azure, and what they are billed: shared by the tests of Azure's kinds."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chatops.story.costs import Component
from chatops.story.kinds import Asked
from chatops.story.kinds.azure import KINDS
from chatops.story.planned import Plan, read
from chatops.story.prices import open_book
from chatops.story.values import Values

Others = Mapping[str, Mapping[str, Any]]
"""Other resources of the plan: by the attribute that refers to each, `{"type": …, …its attributes}`."""


def change(address: str, after: Mapping[str, Any], unknown: object = None) -> dict[str, Any]:
    """An entry of a plan's resource_changes that creates this."""
    kind, name = address.split(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/azurerm",
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown or {}},
    }


def plan_of(kind: str, attributes: Mapping[str, Any], others: Others) -> Plan:
    """A plan of one resource, and of those it refers to: what refers is known after the apply."""
    entries = [change(f"{kind}.it", attributes, dict.fromkeys(others, True))]
    expressions = {}
    configured: list[dict[str, Any]] = []
    for attribute, other in others.items():
        address = f"{other['type']}.{attribute}"
        entries.append(change(address, {name: value for name, value in other.items() if name != "type"}))
        configured.append({"address": address, "mode": "managed", "type": other["type"], "name": attribute})
        expressions[attribute] = {"references": [f"{address}.id", address]}
    mine = {"address": f"{kind}.it", "mode": "managed", "type": kind, "name": "it", "expressions": expressions}
    return read(
        {
            "resource_changes": entries,
            "configuration": {"root_module": {"resources": [mine, *configured]}},
        }
    )


def bill(
    kind: str, attributes: Mapping[str, Any], region: str = "eastus", others: Others | None = None
) -> tuple[Component, ...]:
    """The components of one resource in this region, with the real price book."""
    placed = attributes if others else {"location": region, **attributes}
    plan = plan_of(kind, placed, others or {})
    resource = plan.resources[0]
    values = Values(resource.after or {}, resource.unknown)
    return tuple(KINDS[kind](Asked(resource, values, plan, open_book(), resource.region or "eastus")))


def monthly(components: Iterable[Component]) -> float:
    """What is billed in any case; every such component must have a price."""
    fixed = [each for each in components if not each.by_use]
    assert all(each.monthly is not None for each in fixed), fixed
    return math.fsum(each.monthly or 0.0 for each in fixed)
