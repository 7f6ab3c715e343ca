"""One variable of a blueprint: what it may hold, and how a person's text becomes a value."""

import math
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from chatops.errors import UserError

Value = str | int | float | bool
VariableType = Literal["string", "integer", "number", "boolean"]

MAX_PROBLEMS = 5

_QUOTED_LENGTH = 40
# Controls, format characters (bidi overrides, zero-width, byte-order mark), surrogates, private use, line ends.
_HOSTILE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_TEMPLATE_OPENINGS = ("${", "%{")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class VariableError(UserError):
    """One or more variables are missing or wrong; the message tells of the first few, `problems` holds all."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(_summary(problems))


def _summary(problems: tuple[str, ...]) -> str:
    if len(problems) == 1:
        return problems[0]
    left_out = len(problems) - MAX_PROBLEMS
    lines = [f"- {problem}" for problem in problems[:MAX_PROBLEMS]]
    if left_out > 0:
        lines.append(f"- … and {left_out} more.")
    return "\n".join([f"There are {len(problems)} problems with the variables:", *lines])


@dataclass(frozen=True)
class Variable:
    """A variable and its limits; without a default it must be given."""

    name: str
    type: VariableType
    description: str
    default: Value | None = None
    pattern: str | None = None
    hint: str | None = None
    min_length: int = 0
    max_length: int = 200
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = ()

    @property
    def required(self) -> bool:
        """Whether a person must give a value."""
        return self.default is None

    @property
    def allowed(self) -> str:
        """What the variable may hold, in words that follow "must be"."""
        if self.choices:
            return "one of " + ", ".join(f"`{written(choice)}`" for choice in self.choices)
        if self.type == "string":
            least = f"{self.min_length} to" if self.min_length else "at most"
            return f"{self._kind_of_text()}, {least} {self.max_length} characters"
        if self.type == "boolean":
            return "true or false"
        noun = "a whole number" if self.type == "integer" else "a number"
        return f"{noun} {_span(self.minimum, self.maximum)}".rstrip()

    def _kind_of_text(self) -> str:
        if self.hint:
            return self.hint
        return f"text that matches `{self.pattern}`" if self.pattern else "text"

    def parse(self, text: str) -> Value:
        """Turn what a person wrote into a value; the text has been searched for `forbidden` things.

        Raises:
            VariableError: the wrong type, or outside the limits.
        """
        value = self._convert(text)
        if value is None or not self.accepts(value):
            raise VariableError(f"`{self.name}` is {quoted(text)}, but must be {self.allowed}.{self._nearest(text)}")
        return value

    def accepts(self, value: Value) -> bool:
        """Whether a value has the variable's type and keeps its limits."""
        if not self._has_type(value) or (self.choices and value not in self.choices):
            return False
        if isinstance(value, str):
            fits = self.min_length <= len(value) <= self.max_length
            return fits and (self.pattern is None or re.fullmatch(self.pattern, value) is not None)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return low <= value <= high

    def _convert(self, text: str) -> Value | None:
        if self.type == "string":
            return text
        if self.type == "boolean":
            return _BOOLEANS.get(text.lower())
        if self.type == "integer":
            return int(text) if _INTEGER.fullmatch(text) else None
        return _finite(float(text)) if _NUMBER.fullmatch(text) else None

    def _has_type(self, value: Value) -> bool:
        if isinstance(value, bool):
            return self.type == "boolean"
        if isinstance(value, int):
            return self.type in ("integer", "number")
        if isinstance(value, float):
            return self.type == "number" and math.isfinite(value)
        return self.type == "string"

    def _nearest(self, text: str) -> str:
        return did_you_mean(text, [written(choice) for choice in self.choices])


def written(value: Value) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def quoted(text: str) -> str:
    """A person's text for an error message: cut, as code, without characters that hide or that end the code."""
    if not text:
        return "empty"
    shown = "".join(_visible(character) for character in text[:_QUOTED_LENGTH])
    return f"`{shown}{'…' if len(text) > _QUOTED_LENGTH else ''}`"


def forbidden(text: str) -> str | None:
    """Name the first thing in a text that no value may contain, or None."""
    for character in text:
        if _is_hostile(character):
            return f"the invisible character U+{ord(character):04X}"
    return next((f"`{opening}`" for opening in _TEMPLATE_OPENINGS if opening in text), None)


def did_you_mean(text: str, names: list[str]) -> str:
    """A sentence with the nearest name, with a space before it, or nothing."""
    by_lower = {name.lower(): name for name in names}
    nearest = get_close_matches(text[:_QUOTED_LENGTH].lower(), by_lower, n=1)
    return f" Did you mean `{by_lower[nearest[0]]}`?" if nearest else ""


def _is_hostile(character: str) -> bool:
    return unicodedata.category(character) in _HOSTILE_CATEGORIES


def _visible(character: str) -> str:
    if character != "`" and not _is_hostile(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _span(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"from {low:g} to {high:g}" if low != high else f"exactly {low:g}"
    if low is not None:
        return f"of {low:g} or more"
    return f"of {high:g} or less" if high is not None else ""
