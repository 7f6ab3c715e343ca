"""Networks: gateways, balancers, addresses, endpoints, tunnels, firewalls, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, hourly
from chatops.story.kinds.aws_bill import Always, Use, billed, line, unit
from chatops.story.kinds.basics import free

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind

_GB = (10, 100, 1000)
"""Moved a month: a trial's, a small shop's, a busy one's."""
_UNITS = (36.5, 730.0, 7300.0)
"""Capacity-unit hours of a balancer: a twentieth of a unit all month, one, ten."""
_BALANCERS = {
    "application": ("Application load balancer", "alb.hour", "alb.lcu", _UNITS),
    "network": ("Network load balancer", "nlb.hour", "nlb.lcu", _UNITS),
    "gateway": ("Gateway load balancer", "gwlb.hour", "gwlb.lcu", _UNITS),
    "classic": ("Classic load balancer", "clb.hour", "clb.gb", _GB),
}
_DX_SPEED = "1Gbps"


def balancer(asked: Asked, kind: str) -> Iterator[Component]:
    """A load balancer of this kind: application where it is none that is known."""
    name, hour, capacity, used = _BALANCERS.get(kind, _BALANCERS["application"])
    yield line(asked, Always(name, hour))
    yield line(asked, Use("Data processed" if capacity == "clb.gb" else "Capacity units", capacity, *used))


def _balancer(asked: Asked) -> Iterator[Component]:
    return balancer(asked, asked.values.text("load_balancer_type"))


def _address(asked: Asked) -> Iterable[Component]:
    """Billed whether it is in use or not, since 2024-02; one's own addresses (BYOIP) are not billed."""
    pool = asked.values.text("public_ipv4_pool", "amazon")
    return [line(asked, Always("Public IPv4 address", "ipv4.public"))] if pool == "amazon" else []


def _endpoint(asked: Asked) -> Iterable[Component]:
    """By zone. A gateway endpoint, for S3 and DynamoDB, is free."""
    kind = asked.values.text("vpc_endpoint_type", "Gateway")
    items = {"Interface": "vpc_endpoint.interface", "GatewayLoadBalancer": "vpc_endpoint.gateway_lb"}
    if kind == "Gateway":
        return []
    item = items.get(kind, "vpc_endpoint.interface")
    zones = len(asked.values.texts("subnet_ids")) or 1
    return [
        hourly("Endpoint, by zone", unit(asked, item), zones),
        line(asked, Use("Data processed", f"{item}.gb", *_GB)),
    ]


def _tunnel(asked: Asked) -> Iterator[Component]:
    yield line(asked, Always("VPN connection", "vpn.connection"))
    values = asked.values
    if values.has("transit_gateway_id") or values.is_unknown("transit_gateway_id"):
        yield line(asked, Always("Transit gateway attachment", "tgw.attachment"))
        yield line(asked, Use("Data processed", "tgw.gb", *_GB))


def _resolver(asked: Asked) -> Iterator[Component]:
    zones = len(asked.values.blocks("ip_address")) or 2
    yield line(asked, Always("Network interfaces", "resolver.interface", HOURS * zones))
    yield line(asked, Use("Queries", "resolver.queries", 0.1, 10, 1000))


def _firewall(asked: Asked) -> Iterator[Component]:
    zones = len(asked.values.blocks("subnet_mapping")) or 1
    yield line(asked, Always("Endpoints, by zone", "firewall.endpoint", HOURS * zones))
    yield line(asked, Use("Data processed", "firewall.gb", *_GB))


def _direct(asked: Asked) -> Iterator[Component]:
    speed = asked.values.text("bandwidth", _DX_SPEED)
    yield hourly("Port", unit(asked, f"dx.{speed}"))
    yield line(asked, Use("Data sent", "dx.gb", *_GB))


def _health_check(asked: Asked) -> Iterator[Component]:
    """What it checks is taken to be at AWS, as Infracost does: elsewhere it costs half as much again."""
    values = asked.values
    kind = values.text("type").upper()
    yield line(asked, Always("Health check", "route53.health_check", 1))
    features = sum(
        (
            kind.startswith("HTTPS"),
            kind.endswith("STR_MATCH"),
            values.flag("measure_latency"),
            values.number("request_interval") == 10,
        )
    )
    if features:
        yield line(asked, Always("Optional features", "route53.health_check.feature", features))


def _zone(asked: Asked) -> Iterable[Component]:
    return [line(asked, Always("Hosted zone", "route53.zone", 1))]


def _record(asked: Asked) -> Iterable[Component]:
    """Queries; none are billed for an alias of something at AWS."""
    if asked.values.blocks("alias"):
        return []
    return [line(asked, Use("Queries", "route53.queries", 0.1, 10, 1000))]


def _rules(asked: Asked) -> Iterator[Component]:
    """A web ACL: itself, and each of its rules, of which one may stand for a whole group."""
    rules = len(asked.values.blocks("rule")) + len(asked.values.blocks("rules"))
    yield line(asked, Always("Web ACL", "waf.acl", 1))
    if rules:
        yield line(asked, Always("Rules", "waf.rule", rules))
    yield line(asked, Use("Requests", "waf.requests", 1, 10, 100))


def _distribution(asked: Asked) -> Iterator[Component]:
    yield line(asked, Use("Data sent to the internet", "cloudfront.us", *_GB))
    yield line(asked, Use("HTTPS requests", "cloudfront.https", 10, 1000, 100_000))


_ATTACHMENT = billed(Always("Transit gateway attachment", "tgw.attachment"), Use("Data processed", "tgw.gb", *_GB))

KINDS: dict[str, Kind] = {
    "aws_alb": _balancer,
    "aws_cloudfront_distribution": _distribution,
    "aws_cloudfront_function": billed(Use("Calls", "cloudfront.function", 1, 10, 100)),
    "aws_dx_connection": _direct,
    "aws_dx_gateway_association": _ATTACHMENT,
    "aws_ec2_client_vpn_endpoint": billed(Always("One connection all month", "client_vpn.connection")),
    "aws_ec2_client_vpn_network_association": billed(Always("Endpoint association", "client_vpn.association")),
    "aws_ec2_traffic_mirror_session": billed(Always("Traffic mirror", "traffic_mirror.hour")),
    "aws_ec2_transit_gateway": free,
    "aws_ec2_transit_gateway_peering_attachment": billed(Always("Transit gateway attachment", "tgw.attachment")),
    "aws_ec2_transit_gateway_vpc_attachment": _ATTACHMENT,
    "aws_eip": _address,
    "aws_elb": billed(Always("Classic load balancer", "clb.hour"), Use("Data processed", "clb.gb", *_GB)),
    "aws_flow_log": billed(Use("Data logged", "cloudwatch.logs_ingest", 1, 20, 500)),
    "aws_globalaccelerator_accelerator": billed(
        Always("Accelerator", "accelerator.hour"), Use("Data moved, beyond the usual", "accelerator.gb", *_GB)
    ),
    "aws_globalaccelerator_endpoint_group": free,
    "aws_lb": _balancer,
    "aws_nat_gateway": billed(Always("NAT gateway", "nat.hour"), Use("Data processed", "nat.gb", *_GB)),
    "aws_networkfirewall_firewall": _firewall,
    "aws_route53_health_check": _health_check,
    "aws_route53_record": _record,
    "aws_route53_resolver_endpoint": _resolver,
    "aws_route53_zone": _zone,
    "aws_subnet": free,
    "aws_vpc": free,
    "aws_vpc_endpoint": _endpoint,
    "aws_vpn_connection": _tunnel,
    "aws_waf_web_acl": _rules,
    "aws_wafregional_web_acl": _rules,
    "aws_wafv2_web_acl": _rules,
}
