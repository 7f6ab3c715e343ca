"""How a rule looks at a resource: what stands at a path of its attributes, and what of that fires.

Nothing here raises on any JSON. A value that is known after the apply only, or hidden, makes a finding that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.story.values import HIDDEN

EVIDENCE = 80


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at a path, or that it cannot be known now."""

    value: Any
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found, at which attribute; `unknown` if it could not see.

    With evidence, an unknown value fires all the same: that the configuration sets the attribute is enough.
    """

    attribute: str
    evidence: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """A resource, or one block of it, before or after; `unknown` mirrors the attributes as in Terraform's JSON."""

    attributes: Mapping[str, Any]
    unknown: Any = field(default_factory=dict)

    def at(self, path: str) -> Iterator[Reading]:
        """Each value at a path, through blocks and lists; one None where nothing is."""
        step, _, rest = path.partition(".")
        value = self.attributes.get(step)
        mask = self.unknown.get(step) if isinstance(self.unknown, Mapping) else self.unknown is True
        for each in _spread(value, mask):
            if rest and isinstance(each.value, Mapping) and each.unknown is not True:
                yield from Side(each.value, each.mask).at(rest)
            else:
                yield Reading(None if rest else each.value, each.unknown)

    def blocks(self, name: str) -> Iterator[Side | None]:
        """Each block of this name; None for one, or for all of them, that cannot be seen."""
        mask = self.unknown.get(name) if isinstance(self.unknown, Mapping) else self.unknown
        for each in _spread(self.attributes.get(name), mask):
            if each.unknown:
                yield None
            elif isinstance(each.value, Mapping):
                yield Side(each.value, each.mask)

    def one(self, name: str) -> Reading:
        """The first value of an attribute."""
        return next(self.at(name), Reading(None))

    def text(self, name: str) -> str:
        """An attribute as text, "" if it is none."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) and value != HIDDEN else ""


@dataclass(frozen=True, slots=True)
class _Item:
    value: Any
    mask: Any

    @property
    def unknown(self) -> bool:
        return self.mask is True or self.value == HIDDEN


def _spread(value: Any, mask: Any) -> Iterator[_Item]:
    """The items of a list with what is unknown of each, or the one value; one of None if there is nothing."""
    if not isinstance(value, list) or mask is True:
        # An unknown list is left out of the values and is `true` in the mask, an unknown item is null in the list.
        yield _Item(value, mask)
        return
    masks = mask if isinstance(mask, list) else []
    for place, item in enumerate(value or [None]):
        yield _Item(item, masks[place] if place < len(masks) else None)


Look = Callable[[Side], Iterator[Finding]]
"""What a rule does with one side of a resource."""
Test = Callable[[Any], bool]


def where(test: Test, *paths: str) -> Look:
    """Look at each of these paths for values that pass the test."""

    def look(side: Side) -> Iterator[Finding]:
        for path in paths:
            for reading in side.at(path):
                if reading.unknown:
                    yield Finding(path, unknown=True)
                elif test(reading.value):
                    yield Finding(path, f"{path} = {shown(reading.value)}")

    return look


def is_set_at(*paths: str) -> Look:
    """Look for any value at these paths, also for one that is not known yet."""

    def look(side: Side) -> Iterator[Finding]:
        for path in paths:
            for reading in side.at(path):
                if reading.unknown or is_set(reading.value):
                    yield Finding(path, f"{path} is set", reading.unknown)

    return look


def anything(side: Side) -> Iterator[Finding]:
    """Fires on every resource: it is the change itself that the rule is about."""
    yield Finding("")


def is_true(value: object) -> bool:
    """Yes, also as a word."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_false(value: object) -> bool:
    """An explicit no, also as a word; nothing is not no."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def is_zero(value: object) -> bool:
    """The number 0."""
    return value in (0, "0") and not isinstance(value, bool)


def is_positive(value: object) -> bool:
    """A number above 0."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def is_set(value: object) -> bool:
    """Any value that says something."""
    return value not in (None, "", False, [], {})


def is_any_of(*words: str) -> Test:
    """One of these words, in any case."""
    lower = {word.lower() for word in words}
    return lambda value: isinstance(value, str) and value.lower() in lower


def matches(pattern: str) -> Test:
    """A text that has this in it."""
    found = re.compile(pattern, re.IGNORECASE)
    return lambda value: isinstance(value, str) and len(value) <= _LONGEST and bool(found.search(value))


_LONGEST = 2048


def is_everywhere(value: object) -> bool:
    """An address range that is the internet, or a large part of it: /0 however it is written, and halves of it.

    No private range is as wide: 10.0.0.0/8 for IPv4, fc00::/7 for IPv6 (RFC 1918, RFC 4193).
    """
    if not isinstance(value, str) or len(value) > 64:
        return False
    text = value.strip().lower()
    if text in ("*", "any", "internet"):
        return True
    address, _, prefix = text.partition("/")
    if prefix in _WIDE_MASKS:
        return True
    if not (prefix.isascii() and prefix.isdigit()):
        return False
    if ":" in address:
        return int(prefix) <= _WIDE_V6 and not address.startswith("f")
    return int(prefix) <= _WIDE_V4


_WIDE_V4, _WIDE_V6 = 7, 16
_WIDE_MASKS = ("0.0.0.0", "128.0.0.0")  # noqa: S104


def shown(value: object) -> str:
    """A value as evidence: short, on one line, printable only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.12g}" if abs(value) < _HUGE else "?"
    return printable(value) if isinstance(value, str) else type(value).__name__


_HUGE = 1e15


def printable(text: str) -> str:
    """A text of the plan, cut to the length of evidence, without what cannot be printed (bidi controls among it)."""
    return "".join(each for each in text[: EVIDENCE * 2] if each.isprintable())[:EVIDENCE]
