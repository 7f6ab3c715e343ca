"""Holds a blueprint against the published schema of its provider (scripts/vendor_provider_schemas.py)."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.blueprints.hcl import Block

FOLDER = Path(__file__).parents[1] / "vectors" / "provider_schemas"
META = frozenset({"count", "for_each", "depends_on", "provider"})
REFERENCE = re.compile(r"(?<![\w.])(data\.)?((?:google|azurerm)_\w+\.\w+)((?:\[[^\]]*\]|\.\w+)*)")

_STEP = re.compile(r"\.(\w+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Schema = Mapping[str, Any]


@cache
def schema(provider: str) -> Schema:
    """What was published of `google` or `azurerm`."""
    found: Schema = json.loads((FOLDER / f"{provider}.json").read_text())
    return found


def resource_schema(kind: str) -> Schema:
    """What was published of a resource type."""
    found: Schema = schema(kind.partition("_")[0])["resource"][kind]
    return found


def problems(module: Block) -> list[str]:
    """Everything in which the module's resources, data and provider differ from the schema; nothing if all fits."""
    return [*_declared_wrongly(module), *_refers_wrongly(module)]


def _declared_wrongly(module: Block) -> Iterator[str]:
    for block in module.of("resource", "data", "provider"):
        found = _schema_of(block)
        if found is None:
            yield f"{block.address}: there is no such {block.kind}"
        else:
            yield from _body(block, found, block.address)


def _schema_of(block: Block) -> Schema | None:
    provider = block.labels[0].partition("_")[0]
    if not (FOLDER / f"{provider}.json").exists():
        return None
    known = schema(provider)
    found: Schema | None = (
        known["provider_block"] if block.kind == "provider" else known[block.kind].get(block.labels[0])
    )
    return found


def _body(block: Block, known: Schema, where: str, top: bool = True) -> Iterator[str]:
    arguments = known["arguments"]
    for name, expression in block.arguments.items():
        if not (top and name in META):
            yield from _argument(name, expression, arguments, where)
    there = set(block.arguments)
    for inner in block.blocks:
        if top and inner.kind == "lifecycle":
            yield from _ignored(inner, arguments, where)
            continue
        name = inner.kind
        if name == "dynamic":
            # Terraform leaves its references out of a plan's JSON, so the story would misread what depends on what.
            yield f"{where}: a dynamic block"
        elif "block" not in arguments.get(name, ()):
            yield f"{where}: {name} is no block of it"
        elif name in there and not arguments[name]["many"]:
            yield f"{where}: only one block {name} is allowed"
        else:
            yield from _body(inner, arguments[name]["block"], f"{where}.{name}", top=False)
        there.add(name)
    yield from (
        f"{where}: {name} is missing" for name, each in arguments.items() if each["required"] and name not in there
    )


def _argument(name: str, expression: str, arguments: Schema, where: str) -> Iterator[str]:
    if name not in arguments:
        yield f"{where}: {name} is no argument of it"
    elif "block" in arguments[name]:
        yield f"{where}: {name} is a block, not an argument"
    elif (given := _literal(expression)) and not _fits(given, arguments[name]["type"], expression):
        yield f"{where}: {name} is a {given}, not a {arguments[name]['type']}"


def _literal(expression: str) -> str:
    """The type of an expression that is a literal, or nothing."""
    if expression in ("true", "false"):
        return "bool"
    if _NUMBER.fullmatch(expression):
        return "number"
    return {'"': "string", "[": "list", "{": "map"}.get(expression[0], "")


def _fits(given: str, wanted: str, expression: str) -> bool:
    """Terraform turns numbers and booleans into texts, and texts that look so into them."""
    if given == wanted or (wanted == "string" and given in ("number", "bool")):
        return True
    plain = expression.strip('"')
    looks = {"number": _NUMBER.fullmatch(plain), "bool": plain in ("true", "false")}
    return given == "string" and wanted in looks and bool(looks[wanted] or "${" in plain)


def _ignored(lifecycle: Block, arguments: Schema, where: str) -> Iterator[str]:
    listed = re.sub(r"#[^\n]*", "", lifecycle.arguments.get("ignore_changes", "[]")).strip("[] \n")
    for path in filter(None, re.split(r"\s*,\s*", listed)):
        known: Schema = {"arguments": arguments}
        for name in re.findall(r"[a-z_]\w*", path):
            if name not in known.get("arguments", {}):
                yield f"{where}: ignores {path}, which it does not have"
                break
            known = known["arguments"][name].get("block", {})


def _refers_wrongly(module: Block) -> Iterator[str]:
    declared = {(block.kind, block.address): block for block in module.of("resource", "data")}
    for expression in module.expressions():
        for data, address, path in REFERENCE.findall(expression):
            block = declared.get(("data" if data else "resource", address))
            if block is None:
                yield f"{data}{address} is used, but not declared"
            elif known := _schema_of(block):
                yield from _read(known, _STEP.findall(path), f"{data}{address}")


def _read(known: Schema, path: list[str], where: str) -> Iterator[str]:
    for name in path:
        if name not in known["attributes"]:
            yield f"{where}: {name} cannot be read of it"
            return
        known = known["arguments"].get(name, {}).get("block") or {"attributes": (), "arguments": {}}
        if not known["attributes"]:
            return
