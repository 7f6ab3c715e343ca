"""Which AWS operations a method of an adapter asks for, read from its source."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType

from chatops.adapters.dynamodb import Table

# The IAM prefix of the service behind an adapter's client, by the adapter's module.
SERVICES = {
    "artefacts": "s3",
    "blob_table": "dynamodb",
    "builds": "codebuild",
    "dynamodb": "dynamodb",
    "functions": "lambda",
    "guild_aws": "sts",
    "guild_register": "dynamodb",
    "kms": "kms",
    "run_role": "sts",
    "secrets": "secretsmanager",
    "workflow": "states",
}
_CLIENTS = {"_client", "sts"}
_RENAMED = {"lambda:Invoke": "lambda:InvokeFunction", "s3:ListObjectsV2": "s3:ListBucket"}


@dataclass(frozen=True)
class Operation:
    """An IAM action; `index` is the secondary index that it asks, if it asks one."""

    action: str
    index: str = ""


@cache
def operations(adapter: type, method: str) -> frozenset[Operation]:
    """What a method does, with everything that it calls in its own adapter and in Table."""
    return frozenset(_operations(adapter, method, frozenset()))


def _operations(adapter: type, method: str, seen: frozenset[str]) -> Iterator[Operation]:
    if method in seen:
        return
    for call in _calls(adapter, method):
        owner, name = _owner(call), call.func.attr  # type: ignore[attr-defined]
        if owner in _CLIENTS:
            yield Operation(_action(adapter, call, name))
        elif owner == "_table":
            yield from (Operation(each.action, _index(adapter, call)) for each in operations(Table, name))
        elif owner == "" and _function(adapter, name):
            yield from _operations(adapter, name, seen | {method})


def _calls(adapter: type, method: str) -> list[ast.Call]:
    function = _function(adapter, method)
    assert function is not None, f"{adapter.__name__} has no method {method}"
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def _function(adapter: type, method: str) -> FunctionType | None:
    """The method, or the private one that the constructor wraps in a cache under its name."""
    return vars(adapter).get(method) or vars(adapter).get(f"_{method}")


def _owner(call: ast.Call) -> str | None:
    """What a method is called on: "" for self, the attribute's name for an attribute of self."""
    assert isinstance(call.func, ast.Attribute)
    match call.func.value:
        case ast.Name(id="self"):
            return ""
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
    return None


def _action(adapter: type, call: ast.Call, name: str) -> str:
    if name == "get_paginator":
        assert isinstance(call.args[0], ast.Constant)
        name = str(call.args[0].value)
    service = SERVICES[adapter.__module__.rpartition(".")[2]]
    action = f"{service}:{''.join(part.capitalize() for part in name.split('_'))}"
    return _RENAMED.get(action, action)


def _index(adapter: type, call: ast.Call) -> str:
    for keyword in call.keywords:
        if keyword.arg == "index":
            if isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
            assert isinstance(keyword.value, ast.Name)
            return str(getattr(sys.modules[adapter.__module__], keyword.value.id))
    return ""
