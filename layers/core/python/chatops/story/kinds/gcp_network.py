"""Google Cloud's network: addresses, load balancing, NAT, VPN."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, hourly, scaled
from chatops.story.kinds.basics import values_of
from chatops.story.kinds.gcp_machines import is_spot, unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Plan

_BALANCED_GB = (10.0, 100.0, 1000.0)
"""Traffic through a load balancer: a site that few visit, a usual one, a busy one."""
_NAT_GB = (10.0, 100.0, 1000.0)
"""Traffic of machines without addresses: updates alone, usual use, downloads all day."""
_NAT_MACHINES = (1.0, 4.0, 32.0)
"""Machines behind a gateway; it charges no more for further ones."""
_VPN_GB = (10.0, 100.0, 1000.0)
"""Traffic that leaves through tunnels: management alone, an office, replication."""
_PROXIES = (0.0, 0.0, 1.0)
"""Proxies that run all month: the classic balancers charge for none."""
_PEERED_GB = (1.0, 50.0, 500.0)
"""Traffic to services in Google's own networks that is billed as leaving a zone."""


def address(asked: Asked) -> Iterator[Component]:
    """A reserved address: cheaper on a running machine, free if it is internal or for a special purpose."""
    values = asked.values
    if values.text("address_type") == "INTERNAL" or values.text("purpose", "GCE_ENDPOINT") != "GCE_ENDPOINT":
        return
    item = asked.once("gcp addresses", _addresses_of_machines).get(asked.resource.address)
    names = {"ip.vm": "IP address (of a machine)", "ip.vm.spot": "IP address (of a spot machine)"}
    yield hourly(names.get(item or "", "IP address (unused)"), unit(asked, item or "ip.unused"))


def _addresses_of_machines(plan: Plan) -> dict[str, str]:
    """The reserved addresses that machines have, and by which item those are billed."""
    found: dict[str, str] = {}
    for machine in plan.resources:
        values = values_of(machine)
        if machine.type == "google_compute_instance" and values.has("network_interface"):
            for each in plan.referred(machine, "network_interface.access_config.nat_ip"):
                found[each.address] = "ip.vm.spot" if is_spot(values) else "ip.vm"
    return found


def forwarding_rule(asked: Asked) -> Iterator[Component]:
    """A rule of a load balancer; the first five of a project are billed as if there were five."""
    more, first = unit(asked, "lb.forwarding_rule_more"), unit(asked, "lb.forwarding_rule_first5")
    yield hourly("Forwarding rule", more)
    if more and first and first.usd > more.usd:
        rest = replace(first, usd=round(first.usd - more.usd, 6))
        note = "a project's first five rules cost this together, however few they are"
        yield by_use("Minimum of the first five rules", rest, 0, 0, HOURS, note)
    yield by_use("Data through the load balancer", unit(asked, "lb.ingress"), *_BALANCED_GB)


def target_proxy(asked: Asked) -> Iterator[Component]:
    """The proxies behind a rule; how many run depends on the traffic."""
    yield by_use("Proxy", unit(asked, "lb.proxy"), *scaled(_PROXIES, HOURS))
    yield by_use("Data through the proxy", unit(asked, "lb.ingress"), *_BALANCED_GB)


def nat(asked: Asked) -> Iterator[Component]:
    """A NAT gateway charges by the machines behind it, and by what passes."""
    yield by_use("Machines behind the gateway", unit(asked, "nat.vm_hour"), *scaled(_NAT_MACHINES, HOURS))
    yield by_use("Data through the gateway", unit(asked, "nat.data"), *_NAT_GB)


def vpn_tunnel(asked: Asked) -> Iterator[Component]:
    """A tunnel costs by the hour."""
    yield hourly("VPN tunnel", unit(asked, "vpn.tunnel"))


def vpn_gateway(asked: Asked) -> Iterator[Component]:
    """A gateway itself is free; what leaves through it is not."""
    yield by_use("Data through the VPN", unit(asked, "vpn.egress"), *_VPN_GB, "within the continent")


def peering(asked: Asked) -> Iterator[Component]:
    """Private services access: traffic between regions."""
    yield by_use("Data to services", unit(asked, "peering.egress"), *_PEERED_GB, "within the continent")


KINDS: Mapping[str, Kind] = {
    "google_compute_address": address,
    "google_compute_global_address": address,
    "google_compute_forwarding_rule": forwarding_rule,
    "google_compute_global_forwarding_rule": forwarding_rule,
    "google_compute_target_grpc_proxy": target_proxy,
    "google_compute_target_http_proxy": target_proxy,
    "google_compute_target_https_proxy": target_proxy,
    "google_compute_target_ssl_proxy": target_proxy,
    "google_compute_target_tcp_proxy": target_proxy,
    "google_compute_region_target_http_proxy": target_proxy,
    "google_compute_region_target_https_proxy": target_proxy,
    "google_compute_router_nat": nat,
    "google_compute_vpn_tunnel": vpn_tunnel,
    "google_compute_vpn_gateway": vpn_gateway,
    "google_compute_ha_vpn_gateway": vpn_gateway,
    "google_compute_external_vpn_gateway": vpn_gateway,
    "google_service_networking_connection": peering,
}
