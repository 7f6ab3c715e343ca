"""Read what others wrote, attributes of a plan's resource above all: a wrong type reads as nothing and never raises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HIDDEN = "(sensitive value)"
"""What the runner writes in place of a sensitive value (runner/plan_json.py): as good as not known."""
_MOST = 1e12
"""No quantity of a real plan is larger: sizes, counts and rates beyond it are somebody's joke."""


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: object) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def list_of(value: object) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class Values:
    """The attributes of one resource, or of one block of it, on one side of the change.

    `unknown` mirrors them with `True` where Terraform knows the value only after the apply.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The attribute as text, or the default."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) and value not in ("", HIDDEN) else default

    def number(self, name: str, default: float = 0.0) -> float:
        """The attribute as a finite number of at least 0, also from text, or the default."""
        value = self.attributes.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return default
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return default
        return number if math.isfinite(number) and 0 <= number <= _MOST else default

    def flag(self, name: str, default: bool = False) -> bool:
        """The attribute as yes or no, also from the words true and false, or the default."""
        value = self.attributes.get(name)
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower())
        return value if isinstance(value, bool) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list or a set."""
        return tuple(item for item in list_of(self.attributes.get(name)) if isinstance(item, str))

    def blocks(self, name: str) -> tuple[Values, ...]:
        """The blocks of this name: a list of objects in a plan, or one object."""
        value, unknown = self.attributes.get(name), self.unknown.get(name)
        items: Sequence[Any] = value if isinstance(value, list) else [value]
        masks: Sequence[Any] = unknown if isinstance(unknown, list) else [unknown]
        return tuple(
            Values(item, mask if isinstance(mask := masks[place] if place < len(masks) else None, Mapping) else {})
            for place, item in enumerate(items)
            if isinstance(item, Mapping)
        )

    def block(self, name: str) -> Values:
        """The first block of this name, or an empty one."""
        return next(iter(self.blocks(name)), Values())

    def has(self, name: str) -> bool:
        """Whether the attribute has a value that can be read now."""
        value = self.attributes.get(name)
        return value is not None and value not in (HIDDEN, "", [], {})

    def is_unknown(self, name: str) -> bool:
        """Whether the value is known after the apply only, or hidden."""
        return self.unknown.get(name) is True or self.attributes.get(name) == HIDDEN
