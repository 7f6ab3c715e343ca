"""Treasures in networks: a gateway endpoint beside a NAT gateway, and addresses that nothing uses."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from chatops.story.treasure_rules import Find, Ground, exists, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatops.story.estimate import ResourceCost
    from chatops.story.planned import Resource
    from chatops.story.values import Values

_MOST_ADDRESSES = 200
"""Of IP addresses looked at: each asks the plan's graph."""
_ADDRESSES = ("aws_eip", "google_compute_address", "google_compute_global_address", "azurerm_public_ip")
_USERS = ("instance", "network_interface", "users", "association_id", "ip_configuration")
_GATEWAY_SERVICES = {"aws_s3_bucket": "s3", "aws_dynamodb_table": "dynamodb"}
_WORDS = {"s3": "S3", "dynamodb": "DynamoDB"}

_ENDPOINT_CAVEAT = (
    "Depends on use: counted for {:.0f} GB a month to there. Open connections break once, when the route changes."
)
_IDLE_CAVEAT = (
    "Nothing in this plan uses it. A released address cannot be had back: make sure that nothing elsewhere needs it."
)


def gateway_endpoint(ground: Ground) -> Iterator[Find]:
    """NAT gateways beside S3 buckets or DynamoDB tables without a gateway endpoint, which is free and carries both."""
    wanted, have = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for each in ground.plan.resources:
        if each.after is not None and each.type in _GATEWAY_SERVICES:
            wanted[each.region].add(_GATEWAY_SERVICES[each.type])
        if service := _endpoint(each):
            have[each.region].add(service)
    for cost, values in ground.of("aws_nat_gateway"):
        services = sorted(wanted[cost.resource.region] - have[cost.resource.region])
        traffic = next((part for part in cost.components if part.usage and part.unit == "GB"), None)
        private = values.text("connectivity_type") == "private"  # leads to other networks alone
        if private or not services or traffic is None or traffic.usage is None or not traffic.price:
            continue
        today, saving = (cost.after or 0.0) + traffic.usage.medium, traffic.usage.medium - traffic.usage.low
        names = " and ".join(_WORDS[service] for service in services)
        yield Find(
            "gateway-endpoint",
            (cost.resource.address,),
            f"a gateway endpoint for {names} beside the NAT gateway",
            today,
            today - saving,
            _ENDPOINT_CAVEAT.format(saving / traffic.price),
            traffic.source,
            safe=True,
            about=True,
            by_use=True,
        )


def _endpoint(resource: Resource) -> str:
    """The service that a gateway endpoint leads to; one whose service is not known yet counts as for S3."""
    if resource.type != "aws_vpc_endpoint" or resource.after is None:
        return ""
    if resource.after.get("vpc_endpoint_type") not in (None, "Gateway"):
        return ""
    name = resource.after.get("service_name")
    return "dynamodb" if isinstance(name, str) and name.endswith(".dynamodb") else "s3"


def idle_address(ground: Ground) -> Iterator[Find]:
    """Public addresses that nothing in the plan refers to and that are attached to nothing."""
    for cost, values in islice(ground.of(*_ADDRESSES), _MOST_ADDRESSES):
        present = now(cost)
        if present is None or _used(ground, cost, values) or ground.plan.dependents(cost.resource.address):
            continue
        yield Find(
            "idle-address",
            (cost.resource.address,),
            "no address where nothing uses one",
            present.monthly,
            0.0,
            _IDLE_CAVEAT,
            present.source,
            safe=not exists(cost) or _known_idle(cost),
            about=present.estimated,
        )


def _used(ground: Ground, cost: ResourceCost, values: Values) -> bool:
    """Whether its own attributes name a user, or nothing tells that they will not.

    Of a new address most are known after the apply only; then its configuration tells whether one will be named.
    Without its configuration nothing tells what refers to it.
    """
    if ground.plan.configured(cost.resource, "name") is None and not _known_idle(cost):
        return True
    return any(
        values.has(name) or (values.is_unknown(name) and ground.plan.configured(cost.resource, name) is not False)
        for name in _USERS
    )


def _known_idle(cost: ResourceCost) -> bool:
    """Whether what exists says itself that it is attached to nothing (AWS: no association; Google: no users)."""
    before = cost.resource.before or {}
    return before.get("association_id") == "" or before.get("users") == []
