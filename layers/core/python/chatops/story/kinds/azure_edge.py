"""What stands before an application on Azure: gateways for requests and interfaces, Front Door, CDN, static sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed, hourly
from chatops.story.kinds.azure_lookup import Use, labelled, unit
from chatops.story.kinds.basics import related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind

_TRAFFIC_GB: Use = (10, 100, 1000)  # a test, a small site, one that serves files
_OVER_INCLUDED_GB: Use = (0, 0, 150)  # 100 GB are in the price, which most sites stay within
_REQUESTS: Use = (1, 10, 1000)  # tens of thousands: a test, a small site, ten million requests
_CALLS: Use = (0.1, 1, 10)  # millions: a test, an internal interface, a public one
_GATEWAYS: Use = (0, 0, 1)  # run on one's own machines, by few
_RULES_FIRST = 5


def _application_gateway(asked: Asked) -> Iterable[Component]:
    """The second generation is billed by the hour and by capacity units, of which as many as instances are counted."""
    sku = asked.values.block("sku")
    tier, name = sku.text("tier") or sku.text("name"), sku.text("name")
    scale = asked.values.blocks("autoscale_configuration")
    count = scale[0].number("min_capacity") if scale else sku.number("capacity", 1)
    if tier.endswith("_v2"):
        item, word = ("appgw.waf_v2", "WAF v2") if tier.startswith("WAF") else ("appgw.standard_v2", "basic v2")
        yield hourly(f"Gateway usage ({word})", unit(asked, item))
        yield hourly("V2 capacity units", unit(asked, f"{item}_cu"), count, "one unit an instance counted")
        return
    item = name.lower()
    price = unit(asked, f"appgw.{item}")
    yield hourly(labelled("Gateway usage", item, price), price, count)
    if item.endswith("small"):  # the larger ones have 10 or 40 TB in their price
        yield by_use("Data processing", unit(asked, "appgw.gb"), *_TRAFFIC_GB)


def _api_management(asked: Asked) -> Iterable[Component]:
    tier, _, count = asked.values.text("sku_name").partition("_")
    item = tier.lower()
    if item == "consumption":
        yield by_use("API management (consumption)", unit(asked, "apim.calls"), *_CALLS)
        return
    price = unit(asked, f"apim.{item}")
    units = float(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1
    yield fixed(labelled("API management", item, price), units, price)
    if item == "premium":
        yield by_use("Self hosted gateway", unit(asked, "apim.gateway"), *_GATEWAYS)


def _front_door_classic(asked: Asked) -> Iterable[Component]:
    values = asked.values
    rules = len(values.blocks("routing_rule")) or 1
    yield hourly("Routing rules (first 5 rules)", unit(asked, "frontdoor.rule_first5"), min(rules, _RULES_FIRST))
    if rules > _RULES_FIRST:
        more = rules - _RULES_FIRST
        yield hourly("Routing rules (per additional rule)", unit(asked, "frontdoor.rule_more"), more)
    if (hosts := len(values.blocks("frontend_endpoint")) - 100) > 0:
        yield fixed("Frontend hosts (over 100)", hosts, unit(asked, "frontdoor.host"))
    yield by_use("Inbound data transfer", unit(asked, "frontdoor.in_gb"), *_TRAFFIC_GB)
    yield by_use("Outbound data transfer", unit(asked, "frontdoor.out_gb"), *_TRAFFIC_GB)


def _front_door(asked: Asked) -> Iterable[Component]:
    tier = "premium" if asked.values.text("sku_name").startswith("Premium") else "standard"
    yield fixed(f"Front Door profile ({tier})", 1, unit(asked, f"frontdoor.{tier}"))
    yield by_use("Requests", unit(asked, f"frontdoor.{tier}_requests"), *_REQUESTS)
    yield by_use("Outbound data transfer", unit(asked, "frontdoor.afd_out_gb"), *_TRAFFIC_GB)


def _cdn_endpoint(asked: Asked) -> Iterable[Component]:
    """Of all but the premium network, a gigabyte costs the same."""
    profile = values_of(related(asked, "profile_name", "azurerm_cdn_profile"))
    item = "cdn.premium_verizon_gb" if profile.text("sku") == "Premium_Verizon" else "cdn.microsoft_gb"
    return (by_use("Outbound data transfer (first 10TB)", unit(asked, item), *_TRAFFIC_GB),)


def _static_site(asked: Asked) -> Iterable[Component]:
    """The Free tier, which is the default, costs nothing."""
    if "Standard" in (asked.values.text("sku_tier"), asked.values.text("sku_size")):
        yield fixed("Static Web App (Standard)", 1, unit(asked, "staticsite.standard"))
        yield by_use("Bandwidth (over 100GB)", unit(asked, "staticsite.gb"), *_OVER_INCLUDED_GB)


KINDS: dict[str, Kind] = {
    "azurerm_application_gateway": _application_gateway,
    "azurerm_api_management": _api_management,
    "azurerm_frontdoor": _front_door_classic,
    "azurerm_cdn_frontdoor_profile": _front_door,
    "azurerm_cdn_endpoint": _cdn_endpoint,
    "azurerm_static_site": _static_site,
    "azurerm_static_web_app": _static_site,
}
