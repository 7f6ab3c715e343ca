"""Azure's network: addresses, gateways, load balancers, firewalls, private links, DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed, hourly
from chatops.story.kinds.azure_lookup import Use, flat, labelled, unit, used
from chatops.story.kinds.basics import related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind

_TRAFFIC_GB: Use = (10, 100, 1000)  # a test, a small site, one that serves files
_ADMIN_GB: Use = (1, 10, 100)  # screens and terminals, not files
_TUNNELS: Use = (0, 0, 22)  # up to 128 are in the price; 150 users is a small company
_QUERIES: Use = (0.1, 1, 10)  # millions: a test, a site, a busy one
_REMOTE_HOURS: Use = (20, 160, 730)  # of one person: now and then, working hours, always
_VIEWED: Use = (0.1, 1, 10)  # millions of data points
_STANDARD_INSTANCES = 2
"""Of a bastion: so many are in its price."""


def _public_ip(asked: Asked) -> Iterable[Component]:
    """Static addresses of both SKUs cost the same; dynamic ones are of the retired Basic SKU."""
    values = asked.values
    if values.text("sku_tier") == "Global":
        return (hourly("IP address (static, global)", unit(asked, "ip.standard_global")),)
    if values.text("allocation_method") == "Dynamic" and values.text("sku", "Basic") == "Basic":
        return (hourly("IP address (dynamic, regional)", unit(asked, "ip.basic_dynamic")),)
    return (hourly("IP address (static, regional)", unit(asked, "ip.standard_static")),)


def _public_ip_prefix(asked: Asked) -> Iterable[Component]:
    return (hourly("IP prefix", unit(asked, "ip.prefix"), note="one address counted, as published estimates do"),)


def _nat_gateway(asked: Asked) -> Iterable[Component]:
    yield hourly("NAT gateway", unit(asked, "nat.hour"))
    yield by_use("Data processed", unit(asked, "nat.gb"), *_TRAFFIC_GB)


def _load_balancer(asked: Asked) -> Iterable[Component]:
    """Its rules are billed, as resources of their own; the retired Basic SKU was free."""
    if asked.values.text("sku") != "Basic":
        yield by_use("Data processed", unit(asked, "lb.gb"), *_TRAFFIC_GB)


def _load_balancer_rule(asked: Asked) -> Iterable[Component]:
    balancer = related(asked, "loadbalancer_id", "azurerm_lb")
    if values_of(balancer).text("sku") != "Basic":
        yield hourly("Rule usage", unit(asked, "lb.rule"))


def _bastion(asked: Asked) -> Iterable[Component]:
    values = asked.values
    sku = values.text("sku", "Basic")
    if sku == "Developer":
        return
    price = unit(asked, f"bastion.{sku.lower()}")
    yield hourly(labelled("Bastion host", sku, price), price)
    if (more := values.number("scale_units", _STANDARD_INSTANCES) - _STANDARD_INSTANCES) > 0:
        yield hourly("Additional instances", unit(asked, "bastion.scale_unit"), more)
    yield by_use("Outbound data transfer", unit(asked, "bastion.egress_gb"), *_ADMIN_GB)


def _firewall(asked: Asked) -> Iterable[Component]:
    """In a hub or in a network of one's own, it costs the same."""
    tier = asked.values.text("sku_tier", "Standard")
    price = unit(asked, f"firewall.{tier.lower()}")
    yield hourly(labelled("Deployment", tier, price), price)
    data = unit(asked, "firewall.basic_gb" if tier == "Basic" else "firewall.gb")
    yield by_use("Data processed", data, *_TRAFFIC_GB)


def _network_gateway(asked: Asked) -> Iterable[Component]:
    """A VPN gateway, or the one of an ExpressRoute circuit."""
    values = asked.values
    sku = values.text("sku")
    if values.text("type").lower() == "expressroute":
        price = unit(asked, f"ergw.{sku}")
        yield hourly(labelled("ExpressRoute gateway", sku, price), price)
        return
    price = unit(asked, f"vpngw.{sku}")
    yield hourly(labelled("VPN gateway", sku, price), price)
    if sku != "Basic":
        yield by_use("VPN gateway P2S tunnels (over 128)", unit(asked, "vpngw.p2s_tunnel"), *_TUNNELS)
    yield by_use("VPN gateway data transfer", unit(asked, "vpngw.gb"), *_TRAFFIC_GB)


def _network_gateway_connection(asked: Asked) -> Iterable[Component]:
    """A tunnel to a site is billed; one to another network, a circuit, or of the Basic gateway is not."""
    gateway = values_of(related(asked, "virtual_network_gateway_id", "azurerm_virtual_network_gateway"))
    if asked.values.text("type", "IPsec").lower() == "ipsec" and gateway.text("sku") != "Basic":
        yield hourly("Site-to-site tunnel", unit(asked, "vpngw.s2s_tunnel"))


def _express_route_gateway(asked: Asked) -> Iterable[Component]:
    return (hourly("ER scale units (2 Gbps)", unit(asked, "ergw.scale_unit"), asked.values.number("scale_units", 1)),)


def _hub_vpn_gateway(asked: Asked) -> Iterable[Component]:
    return (
        hourly("S2S scale units (500 Mbps)", unit(asked, "vwan.s2s_scale_unit"), asked.values.number("scale_unit", 1)),
    )


def _point_to_site_gateway(asked: Asked) -> Iterable[Component]:
    scale = asked.values.number("scale_unit", 1)
    yield hourly("P2S scale units (500 Mbps)", unit(asked, "vwan.p2s_scale_unit"), scale)
    yield by_use("P2S connections", unit(asked, "vwan.p2s_connection"), *_REMOTE_HOURS)


def _virtual_hub(asked: Asked) -> Iterable[Component]:
    """A Basic hub, which is the default, is free."""
    if asked.values.text("sku", "Basic") != "Basic":
        yield hourly("Deployment", unit(asked, "vwan.hub"))
        yield by_use("Data processed", unit(asked, "vwan.gb"), *_TRAFFIC_GB)


def _private_endpoint(asked: Asked) -> Iterable[Component]:
    data = unit(asked, "private_endpoint.gb")
    yield hourly("Private endpoint", unit(asked, "private_endpoint.hour"))
    yield by_use("Inbound data processed (first 1PB)", data, *_TRAFFIC_GB)
    yield by_use("Outbound data processed (first 1PB)", data, *_TRAFFIC_GB)


def _ddos_plan(asked: Asked) -> Iterable[Component]:
    yield hourly("DDoS Protection Plan", unit(asked, "ddos.plan"))
    yield by_use("Overage charges (over 100 resources)", unit(asked, "ddos.resource"), 0, 0, 5)


def _peering(asked: Asked) -> Iterable[Component]:
    data = unit(asked, "peering.gb")
    note = "within a region; more across regions"
    yield by_use("Ingress data processed", data, *_TRAFFIC_GB, note=note)
    yield by_use("Egress data processed", data, *_TRAFFIC_GB, note=note)


def _traffic_manager_endpoint(suffix: str) -> Kind:
    """An endpoint is billed by the checks of its health; fast ones are those of its profile every 10 seconds."""

    def kind(asked: Asked) -> Iterable[Component]:
        profile = values_of(related(asked, "profile_id", "azurerm_traffic_manager_profile"))
        yield fixed("Basic health check", 1, unit(asked, f"trafficmanager.health{suffix}"))
        if profile.block("monitor_config").number("interval_in_seconds", 30) == 10:
            yield fixed("Fast interval health checks add-on", 1, unit(asked, f"trafficmanager.fast{suffix}"))

    return kind


def _traffic_manager(asked: Asked) -> Iterable[Component]:
    yield by_use("DNS queries (first 1B)", unit(asked, "trafficmanager.queries"), *_QUERIES)


_records = ("a", "aaaa", "caa", "cname", "mx", "ns", "ptr", "srv", "txt")
_query = used("DNS queries (first 1B)", "dns.queries", _QUERIES)

KINDS: dict[str, Kind] = {
    "azurerm_public_ip": _public_ip,
    "azurerm_public_ip_prefix": _public_ip_prefix,
    "azurerm_nat_gateway": _nat_gateway,
    "azurerm_lb": _load_balancer,
    "azurerm_lb_rule": _load_balancer_rule,
    "azurerm_lb_outbound_rule": _load_balancer_rule,
    "azurerm_bastion_host": _bastion,
    "azurerm_firewall": _firewall,
    "azurerm_virtual_network_gateway": _network_gateway,
    "azurerm_virtual_network_gateway_connection": _network_gateway_connection,
    "azurerm_express_route_gateway": _express_route_gateway,
    "azurerm_express_route_connection": flat("ER Connections", "ergw.connection"),
    "azurerm_vpn_gateway": _hub_vpn_gateway,
    "azurerm_vpn_gateway_connection": flat("S2S connections", "vwan.s2s_connection"),
    "azurerm_point_to_site_vpn_gateway": _point_to_site_gateway,
    "azurerm_virtual_hub": _virtual_hub,
    "azurerm_private_endpoint": _private_endpoint,
    "azurerm_network_ddos_protection_plan": _ddos_plan,
    "azurerm_ddos_protection_plan": _ddos_plan,
    "azurerm_virtual_network_peering": _peering,
    "azurerm_traffic_manager_profile": _traffic_manager,
    "azurerm_traffic_manager_azure_endpoint": _traffic_manager_endpoint(""),
    "azurerm_traffic_manager_nested_endpoint": _traffic_manager_endpoint(""),
    "azurerm_traffic_manager_external_endpoint": _traffic_manager_endpoint("_external"),
    "azurerm_dns_zone": flat("Hosted zone", "dns.zone", 1),
    "azurerm_private_dns_zone": flat("Hosted zone", "dns.zone", 1),
    "azurerm_private_dns_resolver_inbound_endpoint": flat("Inbound endpoint", "dns.resolver_endpoint", 1),
    "azurerm_private_dns_resolver_outbound_endpoint": flat("Outbound endpoint", "dns.resolver_endpoint", 1),
    "azurerm_private_dns_resolver_dns_forwarding_ruleset": flat("Forwarding ruleset", "dns.forwarding_ruleset", 1),
    **{f"azurerm_dns_{record}_record": _query for record in _records},
    **{f"azurerm_private_dns_{record}_record": _query for record in _records if record not in ("caa", "ns")},
}
