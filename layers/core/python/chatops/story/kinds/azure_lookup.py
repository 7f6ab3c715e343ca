"""Where an Azure kind looks things up: the region of a resource that names none, its parents in the plan, the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, fixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Price

CLOUD = "azure"
_PUBLISHED_ELSEWHERE = ("westeurope", "westus", "australiaeast")
"""Regions whose rates stand in where neither the region's own nor the home region's is known."""

Use = tuple[float, float, float]
"""What is used a month: little, usual, much."""


def unit(asked: Asked, item: str, region: str = "") -> Price | None:
    """A unit price in this region (without one: the resource's), or estimated from where one was published."""
    here = region or place(asked)
    if price := asked.book.unit(CLOUD, here, item):
        return price
    if here not in asked.book.regions(CLOUD):
        return None
    for other in _PUBLISHED_ELSEWHERE:
        if price := asked.book.unit(CLOUD, other, item):
            return price.times(1, f"estimated: {other} rate")
    return None


_PARENTS = (
    "kubernetes_cluster_id",
    "loadbalancer_id",
    "server_id",
    "server_name",
    "account_name",
    "storage_account_id",
    "storage_account_name",
    "key_vault_id",
    "virtual_network_gateway_id",
    "virtual_hub_id",
    "express_route_gateway_id",
    "vpn_gateway_id",
    "container_app_environment_id",
    "synapse_workspace_id",
    "machine_learning_workspace_id",
    "private_dns_resolver_id",
    "service_plan_id",
    "domain_service_id",
    "resource_group_name",
)
"""The attributes by which a resource without a location of its own names what it is in, the nearest first."""


def place(asked: Asked) -> str:
    """The region of the resource: its own, else its parent's, else the one that is assumed."""
    if asked.resource.region:
        return asked.region
    for attribute in _PARENTS:
        if attribute in asked.values.attributes or attribute in asked.values.unknown:
            for resource in asked.plan.referred(asked.resource, attribute):
                if resource.region:
                    return resource.region
    return asked.region


def labelled(word: str, text: str, price: Price | None) -> str:
    """A component's name with the size it has. Text of a plan is repeated only where it is a name in the book."""
    return f"{word} ({text})" if price else word


def flat(name: str, item: str, quantity: float = HOURS) -> Kind:
    """A kind that is one component: so much of one item a month (by default, an hour's price all month)."""

    def kind(asked: Asked) -> Iterable[Component]:
        return (fixed(name, quantity, unit(asked, item)),)

    return kind


def used(name: str, item: str, use: Use) -> Kind:
    """A kind that is billed by one thing's use alone."""

    def kind(asked: Asked) -> Iterable[Component]:
        return (by_use(name, unit(asked, item), *use),)

    return kind
