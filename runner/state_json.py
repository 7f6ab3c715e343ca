"""What a raw state (version 4, as `state pull` prints it) holds: two compared, its addresses, its secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.plan_json import texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.plan_json import Json

_NAME = ("module", "mode", "type", "name")


def instances(state: Mapping[str, Json]) -> set[str]:
    """Every resource instance with its attributes, as comparable texts."""
    found: set[str] = set()
    for resource, instance in _instances(state):
        name = [resource.get(part) for part in _NAME]
        told = [name, instance.get("index_key"), instance.get("deposed"), instance.get("attributes")]
        found.add(json.dumps(told, sort_keys=True))
    return found


def existing(state: Mapping[str, Json]) -> Iterator[str]:
    """The address of every object that Terraform made; one that it will make anew is marked as Terraform marks it."""
    for resource, instance in _instances(state):
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        address = f"{module}{resource.get('type')}.{resource.get('name')}{_key(instance.get('index_key'))}"
        deposed = f" (deposed object {instance['deposed']})" if instance.get("deposed") else ""
        yield address + deposed + (" (tainted)" if instance.get("status") == "tainted" else "")


def sensitive(state: Mapping[str, Json]) -> set[str]:
    """The texts of what the state marks as sensitive: outputs, and attributes (by their paths)."""
    found: set[str] = set()
    outputs = state.get("outputs")
    for output in outputs.values() if isinstance(outputs, dict) else ():
        if isinstance(output, dict) and output.get("sensitive"):
            found.update(texts(output.get("value")))
    for _, instance in _instances(state):
        paths = instance.get("sensitive_attributes")
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, list):
                found.update(texts(_at(instance.get("attributes"), path)))
    return found


def _at(value: Json, path: list[Json]) -> Json:
    """What is there; None where the path leads nowhere."""
    for step in _objects(path):
        key = step.get("value")
        key = key.get("value") if isinstance(key, dict) else key
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _key(key: Json) -> str:
    if not isinstance(key, str):
        return "" if key is None else f"[{key}]"
    text = json.dumps(key, ensure_ascii=False)
    return f"[{text.replace('${', '$${').replace('%{', '%%{')}]"


def _instances(state: Mapping[str, Json]) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
    for resource in _objects(state.get("resources")):
        for instance in _objects(resource.get("instances")):
            yield resource, instance


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
