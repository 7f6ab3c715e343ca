"""How each kind of resource is billed: a function per kind, from its attributes to components of its cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from chatops.story.costs import Component

if TYPE_CHECKING:
    from chatops.story.planned import Plan, Resource
    from chatops.story.prices import Book
    from chatops.story.values import Values

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A resource that a kind is asked about: its attributes on one side of the change, and where to look things up."""

    resource: Resource
    values: Values
    plan: Plan
    book: Book
    region: str
    """The resource's own region, or the one that is assumed for its cloud."""
    indexes: dict[str, Any] = field(default_factory=dict)
    """What was worked out of the whole plan; shared by all resources of one estimate."""

    def once(self, name: str, work_out: Callable[[Plan], _T]) -> _T:
        """Something about the whole plan, worked out for the first resource that asks: keeps an estimate linear."""
        if name not in self.indexes:
            self.indexes[name] = work_out(self.plan)
        found: _T = self.indexes[name]
        return found


Kind = Callable[[Asked], Iterable[Component]]
"""No component at all means free. A component without a price makes the whole resource unknown."""

_MODULES = {"aws": "aws", "google": "gcp", "azurerm": "azure", "azuread": "azure"}
"""A type's first word, and the module beside this one that exports its kinds as `KINDS`."""


def kind_of(resource_type: str) -> Kind | None:
    """The kind that prices this Terraform type, if there is one; imports the kinds of its cloud alone."""
    module = _MODULES.get(resource_type.partition("_")[0])
    return _kinds(module).get(resource_type) if module else None


def kinds() -> Mapping[str, Kind]:
    """Every kind, by the Terraform type that it prices."""
    merged: dict[str, Kind] = {}
    for module in dict.fromkeys(_MODULES.values()):
        merged |= _kinds(module)
    return MappingProxyType(merged)


@cache
def _kinds(module: str) -> Mapping[str, Kind]:
    found: Mapping[str, Kind] = import_module(f"{__name__}.{module}").KINDS
    return found
