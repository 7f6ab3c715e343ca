"""Cut Discord's OpenAPI file down to the operations this product uses, with everything they refer to.

Usage: python scripts/vendor_discord_api.py path/to/full/openapi.json

The full file is `specs/openapi.json` of github.com/discord/discord-api-spec (MIT licence, kept beside the copy).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "sandbox" / "discord" / "openapi.json"

OPERATIONS: dict[str, tuple[str, ...]] = {
    "/applications/@me": ("get", "patch"),
    "/applications/{application_id}/commands": ("get", "put"),
    "/applications/{application_id}/guilds/{guild_id}/commands": ("get", "put"),
    "/channels/{channel_id}/messages": ("post",),
    "/channels/{channel_id}/messages/{message_id}": ("get", "patch", "delete"),
    "/interactions/{interaction_id}/{interaction_token}/callback": ("post",),
    "/webhooks/{webhook_id}/{webhook_token}": ("post",),
    "/webhooks/{webhook_id}/{webhook_token}/messages/@original": ("get", "patch", "delete"),
    "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": ("get", "patch", "delete"),
}

Json = Any  # any JSON value: the file is walked, not interpreted


def references(node: Json) -> set[str]:
    """The `$ref` targets anywhere inside a JSON value."""
    if isinstance(node, list):
        return set().union(*map(references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(references(value) for value in node.values()))


def resolve(document: Json, reference: str) -> Json:
    """The value a local reference such as `#/components/schemas/Error` points at."""
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def closure(document: Json, roots: Json) -> list[str]:
    """Every reference reachable from `roots`, sorted."""
    seen: set[str] = set()
    waiting = references(roots)
    while waiting:
        reference = waiting.pop()
        seen.add(reference)
        waiting |= references(resolve(document, reference)) - seen
    return sorted(seen)


def subset(document: Json) -> Json:
    """The document with only `OPERATIONS` and what they need."""
    paths = {
        path: {key: value for key, value in document["paths"][path].items() if key == "parameters" or key in methods}
        for path, methods in OPERATIONS.items()
    }
    components: dict[str, dict[str, Json]] = {"securitySchemes": document["components"]["securitySchemes"]}
    for reference in closure(document, paths):
        _, _, kind, name = reference.split("/")
        components.setdefault(kind, {})[name] = resolve(document, reference)
    kept = {key: document[key] for key in ("openapi", "info", "externalDocs", "servers")}
    return kept | {"paths": paths, "components": components}


def main(arguments: list[str]) -> int:
    """Write the subset; returns the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        document = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        text = json.dumps(subset(document), indent=1, ensure_ascii=False) + "\n"
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot read Discord's OpenAPI file {arguments[0]!r}: {error!r}", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET} ({len(text):,} characters)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
