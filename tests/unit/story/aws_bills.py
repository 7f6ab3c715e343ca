"""Small plans with resources of AWS, and what they are billed: shared by the tests of AWS's kinds."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chatops.story.costs import Component
from chatops.story.kinds import Asked
from chatops.story.kinds.aws import KINDS
from chatops.story.planned import Plan, read
from chatops.story.prices import open_book
from chatops.story.values import Values

Other = tuple[str, Mapping[str, Any]]
"""Another resource of the plan: its address, such as `aws_launch_template.t`, and its attributes."""


def change(address: str, after: Mapping[str, Any], unknown: object = None, exists: bool = False) -> dict[str, Any]:
    """An entry of a plan's resource_changes that creates this, or leaves it as it is."""
    kind, name = address.split(".")
    before, action = (after, "no-op") if exists else (None, "create")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": [action], "before": before, "after": after, "after_unknown": unknown or {}},
    }


def plan_of(
    address: str,
    attributes: Mapping[str, Any],
    others: Iterable[Other] = (),
    expressions: Mapping[str, Any] | None = None,
    unknown: object = None,
    exists: bool = False,
) -> Plan:
    """A plan of one resource in question, others beside it, and the configuration's expressions of the first."""
    kind, name = address.split(".")
    entries = [change(address, attributes, unknown, exists), *(change(at, after) for at, after in others)]
    configured = [{"address": address, "mode": "managed", "type": kind, "name": name, "expressions": expressions or {}}]
    for at, after in others:
        other, called = at.split(".")
        to = {key: value["refers"] for key, value in after.items() if isinstance(value, dict) and "refers" in value}
        configured.append({"address": at, "mode": "managed", "type": other, "name": called, "expressions": to})
    document = {"resource_changes": entries, "configuration": {"root_module": {"resources": configured}}}
    return read(document)


def to(address: str) -> dict[str, list[str]]:
    """A configuration's expression that refers to this resource's id."""
    return {"references": [f"{address}.id", address]}


def bill(
    kind: str,
    attributes: Mapping[str, Any],
    others: Iterable[Other] = (),
    expressions: Mapping[str, Any] | None = None,
    region: str = "us-east-1",
    unknown: object = None,
    exists: bool = False,
) -> tuple[Component, ...]:
    """The components of one resource, with the real price book."""
    plan = plan_of(f"{kind}.it", attributes, others, expressions, unknown, exists)
    resource = plan.resources[0]
    values = Values(resource.after or {}, resource.unknown)
    return tuple(KINDS[kind](Asked(resource, values, plan, open_book(), region)))


def monthly(components: Iterable[Component]) -> float:
    """What is billed in any case; every such component must have a price."""
    return math.fsum(each.monthly for each in components if not each.by_use if each.monthly is not None or 1 / 0)
