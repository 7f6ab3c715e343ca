"""statemachine/run.asl.json as a graph."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.infrastructure.template import ROOT

DEFINITION = ROOT / "statemachine/run.asl.json"

_EXPRESSION = re.compile(r"\{%(.*?)%\}", re.DOTALL)
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)(?!\w*\s*\()")


@dataclass(frozen=True)
class Edge:
    """A way from one state to the next, with the variables that are assigned on it."""

    source: str
    target: str
    assigned: frozenset[str]


@cache
def machine() -> dict[str, Any]:
    return dict(json.loads(DEFINITION.read_text()))


def states() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = machine()["States"]
    return found


def tasks(*, calling: str = "") -> dict[str, dict[str, Any]]:
    """The Task states, or those that call one function."""
    return {
        name: state
        for name, state in states().items()
        if state["Type"] == "Task" and (not calling or function_of(state) == calling)
    }


def function_of(state: dict[str, Any]) -> str:
    """The substitution that names the function a state calls; empty if it calls none."""
    return str(state.get("Arguments", {}).get("FunctionName", "")).strip("${}")


def builds() -> dict[str, dict[str, Any]]:
    """The states that run a build."""
    return {name: state for name, state in tasks().items() if "ProjectName" in state["Arguments"]}


def edges() -> Iterator[Edge]:
    for name, state in states().items():
        ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
        for way in ways:
            if target := way.get("Next"):
                yield Edge(name, target, frozenset(way.get("Assign", {})))
        if "Default" in state:
            yield Edge(name, state["Default"], frozenset(state.get("Assign", {})))


def is_last(state: dict[str, Any]) -> bool:
    return bool(state.get("End")) or state["Type"] in ("Succeed", "Fail")


def texts(value: Any) -> Iterator[str]:
    """Every text inside a value, names left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def expressions(value: Any) -> Iterator[str]:
    for text in texts(value):
        yield from _EXPRESSION.findall(text)


def variables(value: Any) -> set[str]:
    """The variables that a value's expressions read; functions and $states are none."""
    found = {name for each in expressions(value) for name in _VARIABLE.findall(_TEXT.sub("", each))}
    return found - {"states"}


def known_at() -> dict[str, set[str]]:
    """State -> the variables that every path to it has assigned."""
    everything = {name for edge in edges() for name in edge.assigned}
    known = {name: set(everything) for name in states()}
    known[machine()["StartAt"]] = set()
    for _ in states():
        for edge in edges():
            known[edge.target] &= known[edge.source] | edge.assigned
    return known
