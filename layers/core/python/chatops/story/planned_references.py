"""References as they stand in the configuration of a plan's JSON: "aws_vpc.v.id", "module.m[\"k\"].out", "each.key"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

KEY = r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]"
"""An instance key in an address."""
_REFERENCE = re.compile(rf"(data\.)?([^\W\d][\w-]*)\.([^\W\d][\w-]*)({KEY})?(?:\.([^\W\d][\w-]*))?")
_NO_RESOURCE = frozenset({"path", "terraform", "self"})


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference of an expression. `kind` is var, local, each, module, resource or data; `same` if it is to the
    instance with the referring one's own key."""

    kind: str
    name: str
    key: str = ""
    attribute: str = ""
    same: bool = False


def references(expression: object) -> Iterator[Reference]:
    """The references anywhere in an expression or a block, without the shorter forms that Terraform adds to each."""
    left = [expression]
    while left:
        item = left.pop()
        if isinstance(item, list):
            left += reversed(item)
        elif isinstance(item, Mapping):
            texts = item.get("references")
            if isinstance(texts, list):
                yield from _references([text for text in texts if isinstance(text, str)])
            left += [value for name, value in item.items() if name not in ("references", "constant_value")]


def _references(texts: Sequence[str]) -> Iterator[Reference]:
    last = ""
    for place, text in enumerate(texts):
        # a.b[0].id is followed by a.b[0] and a.b, which do not stand for all of a.b.
        shorter = len(text) < len(last) and last.startswith(text) and last[len(text)] in ".["
        last = text
        if not shorter and (match := _REFERENCE.match(text)):
            follows = texts[place + 1] if place + 1 < len(texts) else ""
            yield from _reference(match, same=follows.startswith(("each.key", "each.value", "count.index")))


def _reference(match: re.Match[str], *, same: bool) -> Iterator[Reference]:
    data, first, second, key, attribute = match.groups(default="")
    if data:
        yield Reference("data", f"data.{first}.{second}")
    elif first in ("var", "local", "module"):
        yield Reference(first, second, key, attribute, same and not key)
    elif first == "each" or (first, second) == ("count", "index"):
        yield Reference("each", second)
    elif first not in _NO_RESOURCE:
        yield Reference("resource", f"{first}.{second}", key, attribute, same and not key)
