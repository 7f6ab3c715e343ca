"""Resource addresses read by their grammar; every pattern is possessive, so no line can make it backtrack."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Before 0.12 a name could begin with a digit; CI systems and people who publish logs mask parts with `*` or `[MASKED]`.
_MASKED = r"(?:\[MASKED\][\w*-]*+)"
_NAME = rf"(?:[\w*-]++{_MASKED}*+|{_MASKED}++)"
_TYPE = r"(?:[^\W\d]|\*)[\w*-]*+"
_KEY = r'\[(?:[\d*]++|"(?:[^"\\]|\\.)*+")\]'
_MODULES = rf"(?:module\.{_NAME}(?:{_KEY})?+\.)*+"
_BLOCK = rf"(?!module\.)(?:(?:data|ephemeral|list|action)\.)?+{_TYPE}\.{_NAME}"
_RESOURCE = rf"{_BLOCK}(?:{_KEY}|\.\d++)?+"  # `.0` is how 0.11 writes a count index

_ADDRESS = re.compile(_MODULES + _RESOURCE)
_IN_TEXT = re.compile(rf"(?<![\w.\-])({_MODULES}{_RESOURCE})(?![\w\-\[]|\.\w)")
_MODULE = re.compile(rf"module\.{_NAME}(?:{_KEY})?+\.")
_OWN_RESOURCE = re.compile(rf"{_MODULES}({_BLOCK})")
_DEPOSED = re.compile(r" \(deposed (?:object ([^)\s]{1,40}+)|#(\d++))\)| \(([0-9a-f]{8})\)")
_COUNT_INDEX = re.compile(r"(?<=[\w-])\.(\d++)$")

LONGEST_ADDRESS = 4096


class Addressed(NamedTuple):
    """An address at the beginning of a text, with the id of a deposed object, and where the rest begins."""

    address: str
    deposed: str | None
    end: int


def read_address(text: str, start: int = 0) -> Addressed | None:
    """The address that stands at `start`, or None where there is none."""
    match = _ADDRESS.match(text, start, start + LONGEST_ADDRESS)
    if match is None:
        return None
    suffix = _DEPOSED.match(text, match.end())
    if suffix is None:
        return Addressed(match[0], None, match.end())
    return Addressed(match[0], suffix[1] or suffix[2] or suffix[3], suffix.end())


def is_address(text: str) -> bool:
    """Whether the whole text is one address."""
    return _ADDRESS.fullmatch(text) is not None


def addresses_in(text: str) -> Iterator[str]:
    """All that look like addresses in a text, in order."""
    return (found[1] for found in _IN_TEXT.finditer(text))


def within_modules(address: str) -> Iterator[str]:
    """The address itself, and as each of its modules would name it."""
    start = 0
    while module := _MODULE.match(address, start):
        yield address[start:]
        start = module.end()
    yield address[start:]


@lru_cache(maxsize=4096)
def in_configuration(address: str) -> str:
    """The resource as its block in a file names it: `module.a["x"].aws_instance.web[0]` is `aws_instance.web`."""
    match = _OWN_RESOURCE.match(address)
    return match[1] if match else address


def normal_form(address: str) -> str:
    """One spelling for both ways to write a count index: `aws_instance.web.0` is `aws_instance.web[0]`."""
    return _COUNT_INDEX.sub(r"[\1]", address)
