"""Azure's messages and events: Service Bus, Event Hubs, Event Grid, IoT Hub, notifications, SignalR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed, hourly
from chatops.story.kinds.azure_lookup import Use, labelled, unit, used

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatops.story.kinds import Asked, Kind

_MESSAGES: Use = (1, 10, 100)  # millions: one every three seconds, four a second, forty a second
_OVER_INCLUDED: Use = (0, 0, 87)  # millions: 13 are in the price
_PUSHES: Use = (0, 0, 10)  # millions: 10 are in the price
_CONVERSATIONS: Use = (0, 1, 10)  # millions: one a day is in the price
_EVENTS: Use = (1, 10, 100)  # hundreds of thousands
_DEVICES: Use = (1, 10, 100)  # thousands of first registrations


def _service_bus(asked: Asked) -> Iterable[Component]:
    values = asked.values
    sku = values.text("sku")
    if sku == "Premium":
        units = (values.number("capacity") or 1) * (values.number("premium_messaging_partitions") or 1)
        yield hourly("Messaging units", unit(asked, "servicebus.premium"), units)
    elif sku == "Standard":
        yield hourly("Base charge", unit(asked, "servicebus.base"))
        yield by_use("Messaging operations (13M-100M)", unit(asked, "servicebus.ops_standard"), *_OVER_INCLUDED)
    else:
        price = unit(asked, "servicebus.ops_basic") if sku == "Basic" else None
        yield by_use("Messaging operations", price, *_MESSAGES)


def _event_hubs(asked: Asked) -> Iterable[Component]:
    """Throughput, processing or capacity units; events that come in are billed below Premium."""
    sku = asked.values.text("sku")
    price = unit(asked, f"eventhub.{sku.lower()}")
    yield hourly(labelled("Capacity", sku, price), price, asked.values.number("capacity") or 1)
    if sku in ("Basic", "Standard"):
        yield by_use(f"Ingress event ({sku})", unit(asked, "eventhub.ingress"), *_MESSAGES)


def _event_hubs_cluster(asked: Asked) -> Iterable[Component]:
    _, _, count = asked.values.text("sku_name").partition("_")
    units = float(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1
    return (hourly("Capacity (Dedicated)", unit(asked, "eventhub.dedicated"), units),)


def _iot_hub(asked: Asked) -> Iterable[Component]:
    sku = asked.values.block("sku")
    name = sku.text("name")
    if name != "F1":
        price = unit(asked, f"iothub.{name}")
        yield fixed(labelled("Instance", name, price), sku.number("capacity") or 1, price)


def _notification_hub(asked: Asked) -> Iterable[Component]:
    sku = asked.values.text("sku_name")
    if sku != "Free":
        price = unit(asked, f"notificationhub.{sku.lower()}")
        yield fixed(labelled("Namespace usage", sku, price), 1, price)
        yield by_use("Pushes (over 10M)", unit(asked, f"notificationhub.push_{sku.lower()}"), *_PUSHES)


def _signalr(asked: Asked) -> Iterable[Component]:
    sku = asked.values.block("sku")
    return _live(asked, "signalr", sku.text("name"), sku.number("capacity") or 1)


def _web_pubsub(asked: Asked) -> Iterable[Component]:
    return _live(asked, "webpubsub", asked.values.text("sku"), asked.values.number("capacity") or 1)


def _live(asked: Asked, service: str, sku: str, units: float) -> Iterable[Component]:
    """SignalR and Web PubSub, which are sold alike: Free_F1, Standard_S1, Premium_P1."""
    tier = sku.partition("_")[0].lower()
    if tier != "free":
        price = unit(asked, f"{service}.{tier}")
        yield fixed(labelled("Service usage", tier, price), units, price)
        yield by_use("Additional messages", unit(asked, f"{service}.messages"), *_CONVERSATIONS)


_grid = used("Operations", "eventgrid.operations", _EVENTS)

KINDS: dict[str, Kind] = {
    "azurerm_servicebus_namespace": _service_bus,
    "azurerm_eventhub_namespace": _event_hubs,
    "azurerm_eventhub_cluster": _event_hubs_cluster,
    "azurerm_eventgrid_topic": _grid,
    "azurerm_eventgrid_system_topic": _grid,
    "azurerm_eventgrid_domain": _grid,
    "azurerm_iothub": _iot_hub,
    "azurerm_iothub_dps": used("Operations", "iothub.dps", _DEVICES),
    "azurerm_notification_hub_namespace": _notification_hub,
    "azurerm_signalr_service": _signalr,
    "azurerm_web_pubsub": _web_pubsub,
}
