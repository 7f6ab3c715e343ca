"""Small plans for the blast radius: a change per resource, and its configuration where that matters."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatops.story.blast import BlastRadius, Risk, blast_radius
from chatops.story.planned import Plan, read

VECTORS = Path(__file__).parents[2] / "vectors" / "story"
PROVIDERS = {"aws": "hashicorp/aws", "google": "hashicorp/google", "azurerm": "hashicorp/azurerm"}
NOTHING: dict[str, Any] = {}


def recorded(name: str) -> dict[str, Any]:
    """A plan that a real Terraform has made (see record.md beside it)."""
    loaded: dict[str, Any] = json.loads((VECTORS / name).read_text())
    return loaded


def change(
    kind: str,
    after: Mapping[str, Any] | None = NOTHING,
    before: Mapping[str, Any] | None = None,
    actions: Sequence[str] | None = None,
    unknown: Any = NOTHING,
    name: str = "x",
    **more: Any,
) -> dict[str, Any]:
    """One entry of a plan's changes; what is done follows from the sides if it is not said."""
    usual = ("create",) if before is None else ("delete",) if after is None else ("update",)
    sides = {"actions": list(actions or usual), "before": before, "after": after, "after_unknown": unknown}
    fields = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
    provider = f"registry.terraform.io/{PROVIDERS.get(kind.partition('_')[0], 'hashicorp/null')}"
    return {**fields, "provider_name": provider, "change": sides, **more}


def update(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return change(kind, after, before, ("update",), **more)


def delete(kind: str, before: Mapping[str, Any] = NOTHING, **more: Any) -> dict[str, Any]:
    return change(kind, None, before, ("delete",), **more)


def swap(kind: str, before: Mapping[str, Any] = NOTHING, **more: Any) -> dict[str, Any]:
    return change(kind, before, before, ("delete", "create"), **more)


def document(*changes: Mapping[str, Any], configured: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A plan's JSON; `configured` are the expressions of each address, and make a configuration."""
    plan: dict[str, Any] = {"format_version": "1.2", "resource_changes": list(changes), **more}
    if configured is not None:
        resources = [
            {"address": address, "mode": "managed", "type": address.split(".")[0], "name": address.split(".")[1],
             "expressions": expressions}
            for address, expressions in configured.items()
        ]  # fmt: skip
        plan["configuration"] = {"root_module": {"resources": resources}}
    return plan


def plan_of(*changes: Mapping[str, Any], **more: Any) -> Plan:
    return read(document(*changes, **more))


def judged(*changes: Mapping[str, Any], **more: Any) -> BlastRadius:
    return blast_radius(plan_of(*changes, **more))


def fired(*changes: Mapping[str, Any], **more: Any) -> dict[str, Risk]:
    """The risks by rule."""
    return {risk.rule: risk for risk in judged(*changes, **more).risks}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::b/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
