"""Reads a blueprint.toml; an error names the file and the key."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from chatops.domain.blueprints import PROVIDERS, RESERVED, Blueprint
from chatops.domain.variables import Value, Variable, VariableType, written
from chatops.errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
# A repeated group, a look-around or a back-reference can take for ever on a hostile text.
_SLOW_PATTERN = re.compile(r"\)[*+?{]|\(\?|\\[1-9]")
_BLUEPRINT_KEYS = frozenset({"title", "description", "provider", "emoji", "variables"})
_VARIABLE_KEYS = frozenset({"type", "description", "default", "choices"})
_LIMITS: Mapping[VariableType, frozenset[str]] = {
    "string": frozenset({"pattern", "hint", "min_length", "max_length"}),
    "integer": frozenset({"min", "max"}),
    "number": frozenset({"min", "max"}),
    "boolean": frozenset(),
}
_VALUE_TYPES = (str, int, float, bool)
_WORDS: Mapping[type, str] = {str: "text", int: "number", list: "list", dict: "table"}

T = TypeVar("T")


@dataclass(frozen=True)
class _Table:
    """A TOML table that knows where it stands."""

    file: Path
    place: str
    values: Mapping[str, object]

    def wrong(self, key: str, problem: str) -> ConfigError:
        """The error for a key."""
        return ConfigError(f"{self.file}: {self.place}{key}: {problem}")

    def get(self, key: str, kind: type[T]) -> T | None:
        """The key's value, which may be absent but not of another type."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, f"{value!r} should be a {_WORDS[kind]}")
        return value

    def text(self, key: str) -> str:
        """A text that must be there, on one line."""
        value = self.get(key, str)
        if not value:
            raise self.wrong(key, "is missing")
        if not value.isprintable():
            raise self.wrong(key, f"{value!r} should be one line of text")
        return value

    def number(self, key: str) -> float | None:
        """A number of either kind."""
        value = self.values.get(key)
        return value if isinstance(value, float) else self.get(key, int)

    def one_of(self, key: str, allowed: tuple[T, ...]) -> T:
        """One of a few texts."""
        value = self.text(key)
        for candidate in allowed:
            if candidate == value:
                return candidate
        raise self.wrong(key, f"{value!r} should be one of {', '.join(map(str, allowed))}")

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """A misspelt limit is no limit, so every key must be known."""
        for key in self.values:
            if key not in known:
                raise self.wrong(key, f"unknown key; known here: {', '.join(sorted(known))}")

    def tables(self, key: str) -> "Iterator[tuple[str, _Table]]":
        """The tables below a key, by name."""
        for name, values in (self.get(key, dict) or {}).items():
            if not isinstance(values, dict):
                raise self.wrong(f"{key}.{name}", "should be a table")
            yield name, _Table(self.file, f"{self.place}{key}.{name}.", values)


def read_manifest(blueprint_id: str, file: Path) -> Blueprint:
    """Read one blueprint.toml.

    Raises:
        ConfigError: it cannot be read, or a key is missing, unknown or wrong.
    """
    try:
        table = _Table(file, "", tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    table.refuse_unknown(_BLUEPRINT_KEYS)
    return Blueprint(
        id=blueprint_id,
        title=table.text("title"),
        description=table.text("description"),
        provider=table.one_of("provider", PROVIDERS),
        variables=tuple(_variable(name, below) for name, below in table.tables("variables")),
        emoji=table.get("emoji", str) or "",
        path=file.parent,
    )


def _variable(name: str, table: _Table) -> Variable:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise table.wrong(
            "", f"{name!r} cannot be a variable's name: it is reserved or not lower-case letters, digits, _"
        )
    kind = table.one_of("type", get_args(VariableType))
    table.refuse_unknown(_VARIABLE_KEYS | _LIMITS[kind])
    usual = Variable(name, kind, "")
    variable = Variable(
        name=name,
        type=kind,
        description=table.text("description"),
        default=_value(table, "default", table.values.get("default")),
        pattern=_pattern(table),
        hint=table.get("hint", str),
        min_length=_or(table.get("min_length", int), usual.min_length),
        max_length=_or(table.get("max_length", int), usual.max_length),
        minimum=table.number("min"),
        maximum=table.number("max"),
        choices=_choices(table),
    )
    _check_agreement(variable, table)
    return variable


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _value(table: _Table, key: str, value: object) -> Value | None:
    if value is None or isinstance(value, _VALUE_TYPES):
        return value
    raise table.wrong(key, f"{value!r} should be a text, number or boolean")


def _choices(table: _Table) -> tuple[Value, ...]:
    values = [_value(table, "choices", value) for value in table.get("choices", list) or []]
    return tuple(value for value in values if value is not None)


def _pattern(table: _Table) -> str | None:
    pattern = table.get("pattern", str)
    if pattern is None:
        return None
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise table.wrong("pattern", f"{pattern!r} should begin with ^ and end with $")
    if _SLOW_PATTERN.search(pattern):
        raise table.wrong("pattern", f"{pattern!r} should do without repeated groups, look-arounds and back-references")
    try:
        re.compile(pattern)
    except re.error as error:
        raise table.wrong("pattern", f"{pattern!r}: {error}") from error
    return pattern


def _check_agreement(variable: Variable, table: _Table) -> None:
    if variable.min_length > variable.max_length:
        raise table.wrong("min_length", "is more than max_length")
    if variable.minimum is not None and variable.maximum is not None and variable.minimum > variable.maximum:
        raise table.wrong("min", "is more than max")
    for choice in variable.choices:
        if not variable.accepts(choice):
            raise table.wrong("choices", f"{written(choice)!r} is outside the variable's own limits")
    if variable.default is not None and not variable.accepts(variable.default):
        raise table.wrong("default", f"{written(variable.default)!r} should be {variable.allowed}")
