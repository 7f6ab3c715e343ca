"""Blueprints, and the command option that fills in their variables: `name=value, title="a, b"`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatops.domain.variables import Value, Variable, VariableError, did_you_mean, forbidden, quoted, written
from chatops.errors import UserError

__all__ = [
    "PROVIDERS",
    "REGIONAL",
    "RESERVED",
    "Blueprint",
    "BlueprintError",
    "Provider",
    "Value",
    "Variable",
    "VariableError",
    "parse_variables",
    "suggest_variables",
    "typed_names",
]

Provider = Literal["aws", "gcp", "azure", "none"]

PROVIDERS: tuple[Provider, ...] = ("aws", "gcp", "azure", "none")
# The control plane fills these in and a person may not. Every module declares the first three; `region` those of the
# clouds whose provider does not find it by itself: Azure's takes none from outside, and Cloud Run must be told.
RESERVED = ("deployment", "guild_id", "project_id", "region")
REGIONAL: tuple[Provider, ...] = ("gcp", "azure")

_MAX_TEXT = 2000
_MAX_SUGGESTIONS = 25
_MAX_SUGGESTION_LENGTH = 100  # Discord's limit for a choice's name and for its value
# A telephone turns straight quotes into curly ones, so both delimit a value. The expression cannot fail:
# every piece ends at a comma or at the end of the text, so there is nothing to try again.
_PIECE = re.compile(
    r'(?P<name>[^=,]*)(?P<equals>=\s*(?:["“”„](?P<quoted>(?:[^"“”\\]|\\.)*)["“”](?P<rest>[^,]*)|(?P<bare>[^,]*)))?(?:,|\Z)'
)
_OPENING_QUOTES = ('"', "“", "”", "„")


class BlueprintError(UserError):
    """There is no such blueprint."""


@dataclass(frozen=True)
class Blueprint:
    """A Terraform module that a guild may deploy; `provider` says whose credentials it needs."""

    id: str
    title: str
    description: str
    provider: Provider
    variables: tuple[Variable, ...] = ()
    emoji: str = ""
    path: Path | None = None

    def variable(self, name: str) -> Variable | None:
        """The variable of that name."""
        return next((variable for variable in self.variables if variable.name == name), None)


def parse_variables(text: str, blueprint: Blueprint, kept: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Read the option; what it leaves out comes from `kept`, where that still fits, or from the defaults.

    The values come in the blueprint's order.

    Raises:
        VariableError: with every problem of the text, not only the first.
    """
    if len(text) > _MAX_TEXT:
        raise VariableError(f"The variables are {len(text)} characters long; at most {_MAX_TEXT} are allowed.")
    problems: list[str] = []
    given = _read_pairs(text, blueprint, problems)
    values: dict[str, Value] = {}
    for variable in blueprint.variables:
        if given.get(variable.name, "") is None:
            continue  # told already
        try:
            values[variable.name] = _value_of(variable, given.get(variable.name), kept or {})
        except VariableError as error:
            problems.extend(error.problems)
    if problems:
        raise VariableError(*dict.fromkeys(problems))
    return values


def typed_names(text: str, blueprint: Blueprint) -> tuple[str, ...]:
    """The names of the variables that the option gives; of a text that `parse_variables` takes."""
    return tuple(_read_pairs(text, blueprint, []))


def _value_of(variable: Variable, text: str | None, kept: Mapping[str, Value]) -> Value:
    if text is not None:
        return variable.parse(text)
    if variable.name in kept and variable.accepts(kept[variable.name]):
        return kept[variable.name]
    if variable.default is None:
        raise VariableError(f"`{variable.name}` is missing: it must be {variable.allowed}.")
    return variable.default


def _read_pairs(text: str, blueprint: Blueprint, problems: list[str]) -> dict[str, str | None]:
    """What was written for each name; None where that is among the problems."""
    given: dict[str, str | None] = {}
    for piece in _PIECE.finditer(text):
        if not piece[0].strip(", "):
            continue
        name = piece["name"].strip()
        if problem := _unreadable(piece) or _misnamed(name, blueprint, given):
            problems.append(problem)
            given[name] = None
        else:
            given[name] = _text_of(piece)
    return given


def _unreadable(piece: re.Match[str]) -> str | None:
    shown = quoted(piece[0].rstrip(",").strip(" "))
    if hidden := forbidden(piece[0]):
        return f"{shown} contains {hidden}. Leave that out."
    if not piece["equals"] or not piece["name"].strip():
        return f"{shown} is not `name=value`. Put double quotes around a value that contains a comma."
    if piece["bare"] is not None and piece["bare"].startswith(_OPENING_QUOTES):
        return f"The quotes in {shown} never close."
    if piece["bare"] is not None and not piece["bare"].strip():
        return f"{shown} gives no value."
    if (piece["rest"] or "").strip():
        return (
            f"{shown} goes on after its closing quote. Put a comma between two variables, `\\` before an inner quote."
        )
    return None


def _misnamed(name: str, blueprint: Blueprint, given: dict[str, str | None]) -> str | None:
    if name in given:
        return f"{quoted(name)} is given twice."
    if name in RESERVED:
        whence = " It comes with the session, by `/cloud-init`." if name in ("project_id", "region") else ""
        return f"`{name}` is set by Cloud ChatOps and cannot be chosen.{whence}"
    if blueprint.variable(name) is not None:
        return None
    names = [variable.name for variable in blueprint.variables]
    known = "It has " + ", ".join(f"`{known}`" for known in names) + "." if names else "It has none."
    return f"`{blueprint.id}` has no variable {quoted(name)}.{did_you_mean(name, names) or ' ' + known}"


def _text_of(piece: re.Match[str]) -> str:
    if piece["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", piece["quoted"])
    return piece["bare"].strip()


def suggest_variables(text: str, blueprint: Blueprint) -> list[tuple[str, str]]:
    """Complete a half-typed option with the next name or value: at most 25 (label, value) of at most 100 characters.

    The label is the value: Discord puts the label in the field, and the person goes on typing after it.
    """
    done = [piece for piece in _PIECE.finditer(text) if piece[0].endswith(",")]
    start = done[-1].end() if done else 0
    tail = _PIECE.match(text, start)
    if tail is None or any(_half_quoted(piece) for piece in (*done, tail)) or forbidden(text):
        return []
    named = {piece["name"].strip() for piece in (*done, tail) if piece["equals"]}
    free = sorted((one for one in blueprint.variables if one.name not in named), key=lambda one: not one.required)
    lines = _next_values(tail, blueprint, free) if tail["equals"] else _next_names(tail["name"], free)
    head = text[:start] and text[:start].strip() + " "
    fitting = [head + line for line in dict.fromkeys(lines) if len(head + line) <= _MAX_SUGGESTION_LENGTH]
    return [(line, line) for line in fitting[:_MAX_SUGGESTIONS]]


def _half_quoted(piece: re.Match[str]) -> bool:
    return piece["bare"] is not None and piece["bare"].startswith(_OPENING_QUOTES)


def _next_names(typed: str, free: list[Variable]) -> list[str]:
    stem = typed.strip().lower()
    found = [variable for variable in free if stem in variable.name]
    return [_offer(one) for one in sorted(found, key=lambda one: not one.name.startswith(stem))]


def _next_values(tail: re.Match[str], blueprint: Blueprint, free: list[Variable]) -> list[str]:
    variable = blueprint.variable(tail["name"].strip())
    if variable is None or (tail["rest"] or "").strip():
        return []
    typed = _text_of(tail)
    usual = variable.choices or ((True, False) if variable.type == "boolean" else (variable.default,))
    lines = [
        _pair(variable, one) for one in usual if one is not None and written(one).lower().startswith(typed.lower())
    ]
    try:
        complete = _pair(variable, variable.parse(typed))
    except VariableError:
        return lines
    return [complete, *lines, *(f"{complete}, {_offer(one)}" for one in free)]


def _offer(variable: Variable) -> str:
    return f"{variable.name}=" if variable.default is None else _pair(variable, variable.default)


def _pair(variable: Variable, value: Value) -> str:
    text = written(value)
    if not text or "," in text or text != text.strip() or text.startswith(_OPENING_QUOTES):
        text = '"' + re.sub(r'["“”\\]', r"\\\g<0>", text) + '"'
    return f"{variable.name}={text}"
