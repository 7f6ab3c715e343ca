"""Two states compared: what is in them, whatever their serial and lineage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.plan_json import Json

_NAME = ("module", "mode", "type", "name")


def instances(state: Mapping[str, Json]) -> set[str]:
    """Every resource instance with its attributes, as comparable texts."""
    found: set[str] = set()
    for resource in _objects(state.get("resources")):
        name = [resource.get(part) for part in _NAME]
        for instance in _objects(resource.get("instances")):
            told = [name, instance.get("index_key"), instance.get("deposed"), instance.get("attributes")]
            found.add(json.dumps(told, sort_keys=True))
    return found


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
