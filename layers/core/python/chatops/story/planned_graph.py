"""What refers to what in a plan: from its configuration, instance by instance, through variables, outputs and modules.

A plan's JSON names references ("aws_vpc.v.id", "module.m.out") but not what stands behind a `local`. For what exists
already, the prior state remembers dependencies, and equal ids tell; both are asked where the configuration is silent.
Everything is iterative and visits each node once: cycles and nonsense end.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from chatops.story.planned_references import KEY, Reference, references
from chatops.story.values import HIDDEN, list_of, mapping, text_of

if TYPE_CHECKING:
    from chatops.story.planned import Resource

Node = tuple[str, ...]
"""("resource", address) is a resource. All others only pass on what they refer to:
("all", module, name): every instance of a resource in one instance of a module, or data; ("anywhere", configuration
address): the same in all; ("var" | "output", module, name); ("module", module): everything in it; ("call", module):
what the module itself waits for; ("provider", key): what a provider's configuration refers to."""

_INSTANCE_KEYS = re.compile(KEY)
_LAST_MODULE = re.compile(rf"(?:^|\.)module\.([\w-]+)({KEY})?$")
_IDENTITIES = ("id", "arn", "self_link")
_SHORTEST_IDENTITY = 4
_HIGHEST_COUNT = 10**9
_MOST_REFERRED = 100


def config_module(address: str) -> str:
    """A module's address in the configuration: `module.a["x"].module.b` → `module.a.module.b`."""
    return _INSTANCE_KEYS.sub("", address)


def configured_modules(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The modules of a plan's configuration by address; the root's is ""."""
    root = mapping(mapping(document.get("configuration")).get("root_module"))
    found: dict[str, Mapping[str, Any]] = {}
    left: list[tuple[str, Mapping[str, Any]]] = [("", root)]
    while left:
        path, module = left.pop()
        found[path] = module
        for name, call in mapping(module.get("module_calls")).items():
            left.append((f"{path}.module.{name}".lstrip("."), mapping(mapping(call).get("module"))))
    return found


def configured_resources(module: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The resources and data sources of a module's configuration by name: `aws_vpc.v`, `data.aws_ami.a`."""
    found = {}
    for entry in map(mapping, list_of(module.get("resources"))):
        prefix = "data." if entry.get("mode") == "data" else ""
        kind, name = entry.get("type"), entry.get("name")
        if isinstance(kind, str) and isinstance(name, str):
            found[f"{prefix}{kind}.{name}"] = entry
    return found


class Graph:
    """The references between the resources of one plan."""

    def __init__(self, resources: Iterable[Resource], document: Mapping[str, Any]) -> None:
        self._resources = {each.address: each for each in resources if not each.deposed}
        self._modules = configured_modules(document)
        self._configured = {path: configured_resources(module) for path, module in self._modules.items()}
        self._providers = mapping(mapping(document.get("configuration")).get("provider_config"))
        self._remembered = dict(_remembered(document))
        self._instances: dict[tuple[str, str], dict[str, str]] = {}
        self._anywhere: dict[str, list[str]] = {}
        self._inside: dict[str, list[str]] = {}
        self._children: dict[str, dict[str, dict[str, str]]] = {}
        for each in self._resources.values():
            self._index(each)
        self._parsed: dict[int, tuple[Reference, ...]] = {}

    def _index(self, resource: Resource) -> None:
        module, name = resource.module, _name(resource)
        self._instances.setdefault((module, name), {})[_key(resource.index)] = resource.address
        self._anywhere.setdefault(_join(config_module(module), name), []).append(resource.address)
        known = module in self._inside
        self._inside.setdefault(module, []).append(resource.address)
        while not known and (step := _last_step(module)):
            parent, name, key = step
            siblings = self._children.setdefault(parent, {}).setdefault(name, {})
            known = siblings.get(key) == module
            siblings[key] = module
            module = parent

    def at(self, address: str) -> Resource | None:
        """The resource of this address."""
        return self._resources.get(address)

    def configured(self, resource: Resource, attribute: str) -> bool | None:
        """Whether the configuration sets the attribute; None without a configuration of the resource."""
        config = self._config(resource)
        return None if config is None else any(each is not None for each in _expressions(config, attribute))

    def referred(self, resource: Resource, attribute: str) -> tuple[Resource, ...]:
        """The resources that an attribute's configuration refers to, nearest first."""
        config = self._config(resource)
        found = tuple(references(_expressions(config or {}, attribute)))
        targets = list(self._targets(found, resource.module, _key(resource.index), config or {}))
        if config is None or any(each.kind == "local" for each in found):
            targets += self._equal(_values(resource, attribute), resource.address)
        reached = (self._resources[address] for address in _reached(targets, self._edges, beyond=False))
        return tuple(islice((each for each in reached if each.address != resource.address), _MOST_REFERRED))

    def dependents(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses that depend on any of these, and are none of them, nearest first."""
        starts = dict.fromkeys(addresses)
        nodes = [("resource", address) for address in starts]
        reached = _reached(nodes, lambda node: self._reversed.get(node, ()), beyond=True)
        return tuple(address for address in reached if address not in starts)

    def dependencies(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """The addresses that any of these depends on, these included, nearest first."""
        known = [("resource", address) for address in addresses if address in self._resources]
        return tuple(_reached(known, self._edges, beyond=True))

    @cached_property
    def _reversed(self) -> Mapping[Node, Sequence[Node]]:
        found: dict[Node, list[Node]] = {}
        left: deque[Node] = deque(("resource", address) for address in self._resources)
        seen = set(left)
        while left:
            node = left.popleft()
            for target in dict.fromkeys(self._edges(node)):
                found.setdefault(target, []).append(node)
                if target not in seen:
                    seen.add(target)
                    left.append(target)
        return found

    def _edges(self, node: Node) -> Iterator[Node]:
        """What a node refers to."""
        kind, first, *rest = node
        if kind == "resource":
            return self._of_resource(self._resources[first])
        ways: dict[str, Callable[..., Iterator[Node]]] = {
            "all": self._of_all,
            "anywhere": self._of_anywhere,
            "var": self._of_variable,
            "output": self._of_output,
            "module": self._of_module,
            "call": self._of_call,
            "provider": self._of_provider,
        }
        return ways[kind](first, *rest)

    def _of_resource(self, resource: Resource) -> Iterator[Node]:
        config = self._config(resource)
        if config is not None:
            found = self._waits_for(config)
            yield from self._targets(found, resource.module, _key(resource.index), config)
            if isinstance(provider := config.get("provider_config_key"), str):
                yield ("provider", provider)
        if resource.module:
            yield ("call", resource.module)
        if config is None or any(each.kind == "local" for each in found):
            yield from (("anywhere", each) for each in self._remembered.get(resource.address, ()))
            yield from self._equal(_values(resource), resource.address)

    def _of_all(self, module: str, name: str) -> Iterator[Node]:
        if name.startswith("data."):
            config = self._configured.get(config_module(module), {}).get(name, {})
            return self._targets(self._waits_for(config), module, "", config)
        return (("resource", address) for address in self._instances.get((module, name), {}).values())

    def _of_anywhere(self, address: str) -> Iterator[Node]:
        return (("resource", each) for each in self._anywhere.get(address, ()))

    def _of_variable(self, module: str, name: str) -> Iterator[Node]:
        """What the caller gives for a variable."""
        parent, call, key = self._call(module)
        return self._targets(references(mapping(call.get("expressions")).get(name)), parent, key, call)

    def _of_output(self, module: str, name: str) -> Iterator[Node]:
        outputs = mapping(self._modules.get(config_module(module), {}).get("outputs"))
        output = mapping(outputs.get(name))
        return self._targets(references([output.get("expression"), _listed(output)]), module, "", {})

    def _of_module(self, module: str) -> Iterator[Node]:
        yield from (("resource", address) for address in self._inside.get(module, ()))
        for siblings in self._children.get(module, {}).values():
            yield from (("module", child) for child in siblings.values())

    def _of_call(self, module: str) -> Iterator[Node]:
        """What everything in a module waits for."""
        parent, call, key = self._call(module)
        waits = references([_listed(call), call.get("count_expression"), call.get("for_each_expression")])
        yield from self._targets(waits, parent, key, call)
        if parent:
            yield ("call", parent)

    def _of_provider(self, key: str) -> Iterator[Node]:
        provider = mapping(self._providers.get(key))
        module = text_of(provider.get("module_address"))
        return self._targets(references(provider.get("expressions")), module, "", provider)

    def _call(self, module: str) -> tuple[str, Mapping[str, Any], str]:
        """A module's parent, how that calls it, and the module's own instance key."""
        parent, name, key = _last_step(module) or ("", "", "")
        calls = mapping(self._modules.get(config_module(parent), {}).get("module_calls"))
        return parent, mapping(calls.get(name)), key

    def _config(self, resource: Resource) -> Mapping[str, Any] | None:
        return self._configured.get(config_module(resource.module), {}).get(_name(resource))

    def _waits_for(self, config: Mapping[str, Any]) -> tuple[Reference, ...]:
        """Every reference of a resource's configuration, read once for all its instances."""
        if id(config) not in self._parsed:
            found = [*references([config.get("expressions"), _listed(config), config.get("count_expression")])]
            # Under `for_each = a.b`, the instance k is made from a.b["k"].
            found += (replace(each, same=not each.key) for each in references(config.get("for_each_expression")))
            self._parsed[id(config)] = tuple(dict.fromkeys(found))
        return self._parsed[id(config)]

    def _targets(self, found: Iterable[Reference], module: str, key: str, config: Mapping[str, Any]) -> Iterator[Node]:
        """The nodes of references that stand in this module, in what has this instance key and configuration."""
        for each in found:
            if each.kind == "each":
                for source in references(config.get("for_each_expression")):
                    if source.kind != "each":
                        yield self._target(replace(source, same=not source.key), module, key)
            elif each.kind == "module":
                yield from self._into_module(each, module, key)
            elif each.kind != "local":
                yield self._target(each, module, key)

    def _target(self, reference: Reference, module: str, key: str) -> Node:
        if reference.kind == "var":
            return ("var", module, reference.name)
        instances = self._instances.get((module, reference.name), {})
        if address := instances.get(key if reference.same else reference.key):
            return ("resource", address)
        return ("all", module, reference.name)

    def _into_module(self, reference: Reference, module: str, key: str) -> Iterator[Node]:
        children = self._children.get(module, {}).get(reference.name, {})
        wanted = key if reference.same else reference.key
        # A module without resources of its own is in no address, but its outputs may pass on what they are given.
        default = _join(module, f"module.{reference.name}{wanted}")
        chosen = [children[wanted]] if wanted in children else [*children.values()] or [default]
        for child in chosen:
            yield ("output", child, reference.attribute) if reference.attribute else ("module", child)

    @cached_property
    def _identities(self) -> Mapping[str, str]:
        """Addresses by what others call them by; of several with one id the one of the shortest type, the main one."""
        found: dict[str, str] = {}
        for address, each in self._resources.items():
            for side in filter(None, (each.before, each.after)):
                for text in map(side.get, _IDENTITIES):
                    if not isinstance(text, str) or len(text) < _SHORTEST_IDENTITY or text == HIDDEN:
                        continue
                    other = self._resources.get(found.get(text, ""))
                    if other is None or len(each.type) < len(other.type):
                        found[text] = address
        return found

    def _equal(self, values: object, address: str) -> Iterator[Node]:
        """The resources whose id stands somewhere in the values."""
        left = [values]
        while left:
            item = left.pop()
            if isinstance(item, (list, tuple)):
                left += reversed(item)
            elif isinstance(item, Mapping):
                left += item.values()
            elif isinstance(item, str) and (other := self._identities.get(item)) not in (None, address):
                yield ("resource", str(other))


def _reached(starts: Iterable[Node], edges: Callable[[Node], Iterable[Node]], *, beyond: bool) -> Iterator[str]:
    """The resources at and behind some nodes, nearest first; other nodes are no distance."""
    queue = deque(dict.fromkeys(starts))
    seen = set(queue)
    while queue:
        node = queue.popleft()
        if node[0] == "resource":
            yield node[1]
            if not beyond:
                continue
        fresh = [target for target in dict.fromkeys(edges(node)) if target not in seen]
        seen.update(fresh)
        queue.extend(target for target in fresh if target[0] == "resource")
        queue.extendleft(target for target in reversed(fresh) if target[0] != "resource")


def _remembered(document: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What each resource of the prior state depends on, as addresses of the configuration."""
    prior = mapping(document.get("prior_state")) or document
    left = [mapping(mapping(prior.get("values")).get("root_module"))]
    while left:
        module = left.pop()
        left += map(mapping, list_of(module.get("child_modules")))
        for entry in map(mapping, list_of(module.get("resources"))):
            if isinstance(address := entry.get("address"), str):
                yield address, [each for each in list_of(entry.get("depends_on")) if isinstance(each, str)]


def _expressions(config: Mapping[str, Any], path: str) -> list[Any]:
    """What the configuration says at a path, None where nothing; of a dynamic block, what is said of it as a whole."""
    first, *steps = path.split(".")
    found: list[Any] = [mapping(config.get("expressions")).get(first)]
    for step in steps:
        found = [
            _inside(each, step, block=isinstance(item, list))
            for item in found
            for each in (item if isinstance(item, list) else [item])
        ]
    return found


def _inside(holder: object, step: str, *, block: bool) -> object:
    if not isinstance(holder, Mapping) or step in holder:
        return mapping(holder).get(step)
    # A dynamic block is no list of blocks but one expression: what it refers to, or nothing if all is constant.
    dynamic = not block and not (holder.keys() - {"references", "constant_value"})
    return holder if dynamic else None


def _values(resource: Resource, attribute: str = "") -> list[Any]:
    """The values of an attribute on both sides, or all but the resource's own identities."""
    sides = [side for side in (resource.after, resource.before) if side is not None]
    if attribute:
        return [side.get(attribute.partition(".")[0]) for side in sides]
    return [value for side in sides for name, value in side.items() if name not in _IDENTITIES]


def _listed(config: Mapping[str, Any]) -> dict[str, Any]:
    """`depends_on` in the form of an expression."""
    return {"references": config.get("depends_on")}


def _last_step(module: str) -> tuple[str, str, str] | None:
    """A module's parent, its name and its instance key; None of the root, and of what is no module's address."""
    match = _LAST_MODULE.search(module)
    return (module[: match.start()], match[1], match[2] or "") if match else None


def _key(index: object) -> str:
    """An instance key as it stands in an address: `[0]`, `["a"]`, "" for none."""
    if isinstance(index, str):
        return '["' + index.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return f"[{index:d}]" if isinstance(index, int) and abs(index) < _HIGHEST_COUNT else ""


def _name(resource: Resource) -> str:
    return f"{resource.type}.{resource.name}"


def _join(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name
