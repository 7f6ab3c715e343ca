"""Where a planned resource is: its cloud by its provider, its region by its own attributes or its provider's."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from chatops.story.values import HIDDEN, mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLOUDS = {
    "aws": "aws",
    "awscc": "aws",
    "google": "gcp",
    "google-beta": "gcp",
    "azurerm": "azure",
    "azuread": "azure",
    "azapi": "azure",
}
_OWN = {
    "aws": ("region", "availability_zone"),
    "gcp": ("zone", "region", "location"),
    "azure": ("location",),
}
_LINKS = ("arn", "self_link", "id")
_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_SHORT = re.compile(r"[A-Za-z0-9-]{1,40}")
_AWS_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)(?:[a-z]|-[a-z]+-\d+[a-z])")
_GCP_ZONE = re.compile(r"([a-z]+-[a-z]+\d+)-[a-z]")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]+):")
_SELF_LINK = re.compile(r"/(?:regions|zones|locations)/([a-z0-9-]+)(?:/|$)")
_MOST_STEPS = 32
"""Of variables that stand for variables: deeper modules than these name no region in practice."""


def cloud_of(provider: object, kind: str) -> str:
    """The cloud of a provider's address ("registry.terraform.io/hashicorp/aws"), or without one of a resource type."""
    if isinstance(provider, str) and _SHORT.fullmatch(short := provider.rpartition("/")[2]):
        return _CLOUDS.get(short, short)
    short = kind.partition("_")[0]
    return _CLOUDS.get(short, short) if _SHORT.fullmatch(short) else ""


def region_name(text: object, cloud: str) -> str:
    """A region as the price book spells it, from a region, a zone, or an Azure display name; "" for anything else."""
    if not isinstance(text, str) or len(text) > 200:
        return ""
    name = text.rpartition("/")[2].lower()
    if cloud == "azure":
        name = re.sub(r"[^a-z0-9]", "", name)
    zone = {"aws": _AWS_ZONE, "gcp": _GCP_ZONE}.get(cloud)
    if zone and (match := zone.fullmatch(name)):
        name = match[1]
    return name if _NAME.fullmatch(name) else ""


def own_region(cloud: str, *sides: Mapping[str, Any] | None) -> str:
    """The region that the resource's own attributes name, the first side's before the next one's."""
    for attributes in filter(None, sides):
        for name in _OWN.get(cloud, ()):
            if (value := attributes.get(name)) != HIDDEN and (region := region_name(value, cloud)):
                return region
        for name in _LINKS:
            if region := _linked(attributes.get(name), cloud):
                return region
    return ""


def _linked(link: object, cloud: str) -> str:
    if not isinstance(link, str) or len(link) > 2000:
        return ""
    match = _ARN.match(link) if cloud == "aws" else _SELF_LINK.search(link) if cloud == "gcp" else None
    return region_name(match[1], cloud) if match else ""


class ProviderRegions:
    """The regions of a plan's provider configurations, constant or by variables of any module."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        configuration = mapping(plan.get("configuration"))
        self._providers = mapping(configuration.get("provider_config"))
        self._root = mapping(configuration.get("root_module"))
        self._variables = mapping(plan.get("variables"))
        self._found: dict[tuple[str, str], str] = {}

    def of(self, key: object, cloud: str, provider: object) -> str:
        """The region of the configuration with this key, or of the provider's default one; "" if nothing says."""
        name = text_of(provider).rpartition("/")[2]
        if not isinstance(key, str) or key not in self._providers:
            key = key.rpartition(":")[2] if isinstance(key, str) and ":" in key else name
        if (key, cloud) not in self._found:
            self._found[key, cloud] = self._look(key, cloud)
        return self._found[key, cloud]

    def _look(self, key: str, cloud: str) -> str:
        provider = mapping(self._providers.get(key))
        expressions = mapping(provider.get("expressions"))
        address = provider.get("module_address")
        path = module_names(text_of(address))
        for name in ("region", "zone"):
            if region := region_name(self._value(expressions.get(name), path), cloud):
                return region
        return ""

    def _value(self, expression: object, path: tuple[str, ...]) -> object:
        """What an expression of this module is, if it is a constant or a variable; through the callers' inputs."""
        for _ in range(_MOST_STEPS):
            holder = mapping(expression)
            if "constant_value" in holder:
                return holder["constant_value"]
            references = holder.get("references")
            first = references[0] if isinstance(references, list) and references else None
            if not isinstance(first, str) or not first.startswith("var."):
                return None
            name = first.split(".", 2)[1]
            if not path:
                given = mapping(self._variables.get(name))
                return given["value"] if "value" in given else self._default(path, name)
            expression = self._input(path, name)
            if expression is None:
                return self._default(path, name)
            path = path[:-1]
        return None

    def _module(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        module = self._root
        for name in path:
            module = mapping(mapping(mapping(module.get("module_calls")).get(name)).get("module"))
        return module

    def _input(self, path: tuple[str, ...], name: str) -> object:
        call = mapping(mapping(self._module(path[:-1]).get("module_calls")).get(path[-1]))
        return mapping(call.get("expressions")).get(name)

    def _default(self, path: tuple[str, ...], name: str) -> object:
        return mapping(mapping(self._module(path).get("variables")).get(name)).get("default")


_STEP = re.compile(r"module\.([^.\[\]\"]+)(?:\[[^\]]*\])?(?:\.|$)")


def module_names(address: str) -> tuple[str, ...]:
    """The names along a module's address, without instance keys: `module.a["x"].module.b` is (a, b)."""
    return tuple(match[1] for match in islice(_STEP.finditer(address), _MOST_STEPS))
