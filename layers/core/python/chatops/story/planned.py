"""A plan as the story reads it: resources before and after, where they are, and what refers to what.

Takes the JSON of `terraform show -json` from any Terraform or OpenTofu; what has another form than documented is passed
over and counted, never raised about. (terraform/plan.py is the strict reader: it decides what may be approved.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chatops.story.planned_graph import Graph, config_module, configured_modules, configured_resources
from chatops.story.planned_where import ProviderRegions, cloud_of, own_region, region_name
from chatops.story.values import list_of, mapping, text_of


@dataclass(frozen=True, slots=True)
class Resource:
    """One managed resource of a plan.

    `cloud` is aws, gcp, azure, or the short name of another provider. `region` is where it will be, "" if nothing says.
    `before` and `after` are None where it does not exist on that side. `unknown` mirrors `after`: `True` for what is
    known after the apply only.
    """

    address: str
    type: str
    name: str
    module: str
    cloud: str
    region: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    index: str | int | None = None
    """Its key under for_each, or its number under count."""
    deposed: str = ""
    """Not empty for what a replacement left behind; such an entry has the address of the resource that lives."""
    forced_by: tuple[str, ...] = ()
    """The attributes for which it has to be replaced."""


@dataclass(frozen=True)
class Plan:
    """All managed resources of a plan, also those that do not change, and what had drifted."""

    resources: tuple[Resource, ...]
    drifted: tuple[Resource, ...] = ()
    passed_over: int = 0
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The plan's JSON: its configuration and its prior state tell what refers to what."""

    @cached_property
    def graph(self) -> Graph:
        """What refers to what; built when it is first asked for."""
        return Graph(self.resources, self.document)

    def at(self, address: str) -> Resource | None:
        """The resource of this address that lives, if there is one."""
        return self.graph.at(address)

    def referred(self, resource: Resource, attribute: str) -> tuple[Resource, ...]:
        """The resources that the configuration of this attribute refers to, nearest first; `a.b` is b in block a.

        A reference to all instances of a resource names all of them, up to a hundred. What stands behind a `local` is
        not in a plan's JSON: there, equal ids of what exists already have to do.
        """
        return self.graph.referred(resource, attribute)

    def configured(self, resource: Resource, attribute: str) -> bool | None:
        """Whether the configuration sets this attribute; None if the plan has no configuration of the resource."""
        return self.graph.configured(resource, attribute)

    def dependents(self, address: str) -> tuple[str, ...]:
        """The addresses that depend on this one, directly or not, nearest first."""
        return self.graph.dependents((address,))


def read(plan: Mapping[str, Any], regions: Mapping[str, str] | None = None) -> Plan:
    """Read plan JSON; `regions` by cloud stand where neither the resource nor its provider's configuration says one."""
    document = mapping(plan)
    reader = _Reader(document, regions or {})
    resources = tuple(reader.resources())
    drifted = tuple(each for each in reader.entries("resource_drift") if set(each.actions) - {"no-op", "read"})
    return Plan(resources, drifted, reader.passed_over, document)


class _Reader:
    def __init__(self, plan: Mapping[str, Any], regions: Mapping[str, str]) -> None:
        self.passed_over = 0
        self._plan = plan
        self._regions = regions
        self._providers = ProviderRegions(plan)
        self._keys = dict(_provider_keys(plan))

    def resources(self) -> Iterator[Resource]:
        """Of the plan's changes; without such, of its planned values; of a state, what is there."""
        if isinstance(self._plan.get("resource_changes"), list):
            yield from self.entries("resource_changes")
            return
        prior = self._state(mapping(self._plan.get("prior_state")).get("values"))
        if "planned_values" not in self._plan:
            prior |= self._state(self._plan.get("values"))
            planned = prior
        else:
            planned = self._state(self._plan.get("planned_values"))
        for address in planned | prior:
            change = _change(prior.get(address), planned.get(address))
            entry = {**(planned.get(address) or prior[address]), "change": change}
            if resource := self._read(entry):
                yield resource

    def entries(self, name: str) -> Iterator[Resource]:
        """The managed resources of a list of changes."""
        for entry in list_of(self._plan.get(name)):
            if resource := self._read(entry):
                yield resource

    def _state(self, values: object) -> dict[str, Mapping[str, Any]]:
        """The resources of a state's values by address, those of its modules too."""
        found: dict[str, Mapping[str, Any]] = {}
        modules = [mapping(mapping(values).get("root_module"))]
        while modules:
            module = modules.pop()
            modules += map(mapping, list_of(module.get("child_modules")))
            for entry in list_of(module.get("resources")):
                if isinstance(address := mapping(entry).get("address"), str):
                    found[address] = {"module_address": module.get("address"), **entry}
                else:
                    self.passed_over += 1
        return found

    def _read(self, entry: object) -> Resource | None:
        """One entry; None for a data source, and for what is no entry at all, which is counted."""
        fields = mapping(entry)
        address, kind = fields.get("address"), fields.get("type")
        change = mapping(fields.get("change"))
        actions = change.get("actions")
        if not (isinstance(address, str) and address and isinstance(kind, str) and kind and isinstance(actions, list)):
            self.passed_over += 1
            return None
        if fields.get("mode", "managed") != "managed":
            return None
        before, after = _side(change.get("before")), _side(change.get("after"))
        cloud = cloud_of(provider := fields.get("provider_name"), kind)
        module = text_of(fields.get("module_address"))
        name, index, mask = text_of(fields.get("name")), fields.get("index"), change.get("after_unknown")
        return Resource(
            address=address,
            type=kind,
            name=name,
            module=module,
            cloud=cloud,
            region=own_region(cloud, after, before) or self._elsewhere(cloud, provider, module, kind, name),
            actions=tuple(each for each in actions if isinstance(each, str)),
            before=before,
            after=after,
            unknown=dict.fromkeys(after or (), True) if mask is True else mapping(mask),
            index=index if isinstance(index, (str, int)) else None,
            deposed=text_of(fields.get("deposed")),
            forced_by=_forced_by(change.get("replace_paths")),
        )

    def _elsewhere(self, cloud: str, provider: object, module: str, kind: str, name: str) -> str:
        key = self._keys.get((config_module(module), f"{kind}.{name}"))
        return self._providers.of(key, cloud, provider) or region_name(self._regions.get(cloud), cloud)


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """The change between two states of a resource, where the plan itself does not say."""
    old, new = (None if each is None else each.get("values") for each in (before, after))
    if before is None or after is None:
        action = "create" if before is None else "delete"
    else:
        action = "no-op" if same(old, new) else "update"
    return {"actions": [action], "before": old, "after": new}


def same(old: object, new: object) -> bool:
    """Whether two values are equal; what is too deep to compare is not."""
    try:
        return old == new
    except RecursionError:  # nested as deep as JSON can be read at all
        return False


def _provider_keys(plan: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for path, module in configured_modules(plan).items():
        for name, resource in configured_resources(module).items():
            if isinstance(key := resource.get("provider_config_key"), str):
                yield (path, name), key


def _side(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _forced_by(paths: object) -> tuple[str, ...]:
    """The first step of each path: attributes of the resource."""
    firsts = (path[0] for path in map(list_of, list_of(paths)) if path)
    return tuple(dict.fromkeys(first for first in firsts if isinstance(first, str)))
