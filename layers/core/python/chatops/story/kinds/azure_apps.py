"""Azure's App Service: plans and what runs on them, functions, logic apps, certificates.

A plan is billed, and never what runs on it; functions and workflows without a plan of their own are billed by use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, hourly
from chatops.story.kinds.azure_lookup import Use, labelled, unit
from chatops.story.kinds.basics import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind

_FREE = frozenset({"F1", "Free", "FREE"})
_BY_USE = frozenset({"Y1", "FC1"})
"""Plans that cost nothing until a function runs."""
_SIZES = {
    "B1": (1, 1.75), "B2": (2, 3.5), "B3": (4, 7), "S1": (1, 1.75), "S2": (2, 3.5), "S3": (4, 7),
    "P1v1": (1, 1.75), "P1v2": (1, 3.5), "P2v2": (2, 7), "P3v2": (4, 14), "P0v3": (1, 4), "P1v3": (2, 8),
    "P2v3": (4, 16), "P3v3": (8, 32), "P1mv3": (2, 16), "P2mv3": (4, 32), "P3mv3": (8, 64), "P4mv3": (16, 128),
    "P5mv3": (32, 256), "I1": (1, 3.5), "I2": (2, 7), "I3": (4, 14), "I1v2": (2, 8), "I2v2": (4, 16),
    "I3v2": (8, 32), "I4v2": (16, 64), "I5v2": (32, 128), "I6v2": (64, 256), "PC2": (2, 8), "PC3": (4, 16),
    "EP1": (1, 3.5), "EP2": (2, 7), "EP3": (4, 14), "WS1": (1, 3.5), "WS2": (2, 7), "WS3": (4, 14),
}  # fmt: skip
"""vCPU and GiB of an instance, as the vendor describes the tiers: the last six are billed by them."""
_BY_SIZE = {"EP": ("functions.premium_vcpu", "functions.premium_gb"), "WS": ("logicapp.vcore", "logicapp.gb")}

_EXECUTIONS: Use = (0.1, 1, 10)  # millions: a timer and a hook, a small interface, a busy one
_GB_SECONDS: Use = (12_800, 128_000, 1_280_000)  # each execution a quarter of a GB for half a second
_CALLS: Use = (1, 10, 100)  # thousands of connector calls: a workflow an hour, one a minute, ten a minute
_ACTIONS: Use = (5, 50, 500)  # thousands: five steps to a call


def _plan(asked: Asked, sku: str, system: str, count: float) -> Iterator[Component]:
    if sku in _FREE or sku in _BY_USE:
        return
    vcpu, gib = _SIZES.get(sku, (0, 0))
    compute = Compute(vcpu * HOURS * count, gib * HOURS * count) if vcpu else None
    if items := _BY_SIZE.get(sku[:2]) if sku in _SIZES else None:
        yield hourly(f"vCPU ({sku})", unit(asked, items[0]), vcpu * count, compute=compute)
        yield hourly(f"Memory ({sku})", unit(asked, items[1]), gib * count)
        return
    price = unit(asked, f"appservice.{system}.{sku}")
    yield hourly(labelled("Instance usage", sku, price), price, count, compute=compute)


def _service_plan(asked: Asked) -> Iterable[Component]:
    values = asked.values
    system = "linux" if values.text("os_type") == "Linux" else "windows"
    return _plan(asked, values.text("sku_name"), system, values.number("worker_count") or 1)


def _app_service_plan(asked: Asked) -> Iterable[Component]:
    """The older resource: `kind` says the system, and a block the size."""
    values = asked.values
    sku = values.block("sku")
    if sku.text("tier") in ("Free", "Dynamic"):
        return ()
    system = "linux" if values.text("kind").lower() == "linux" else "windows"
    return _plan(asked, sku.text("size"), system, sku.number("capacity") or 1)


def _plan_sku(asked: Asked) -> str:
    """The size of the plan that an app is on; "" where this Terraform plan does not have it."""
    for attribute in ("service_plan_id", "app_service_plan_id"):
        for resource in asked.plan.referred(asked.resource, attribute):
            values = values_of(resource)
            if resource.type == "azurerm_service_plan":
                return values.text("sku_name")
            if resource.type == "azurerm_app_service_plan":
                sku = values.block("sku")
                return "Y1" if sku.text("tier") == "Dynamic" else sku.text("size")
    return ""


def _function_app(asked: Asked) -> Iterable[Component]:
    """Billed by executions on a consumption plan; nothing beside a plan that is billed."""
    sku = _plan_sku(asked)
    if sku and sku not in _BY_USE:
        return
    note = "" if sku else "if its plan is a consumption plan"
    yield by_use("Execution time", unit(asked, "functions.gbs"), *_GB_SECONDS, note=note)
    yield by_use("Executions", unit(asked, "functions.exec"), *_EXECUTIONS, note=note)


def _logic_app_standard(asked: Asked) -> Iterable[Component]:
    """Its plan is billed by size; the connectors it calls, by use."""
    yield by_use("Standard connectors", unit(asked, "logicapp.standard_call"), *_CALLS)
    yield by_use("Enterprise connectors", unit(asked, "logicapp.enterprise_call"), 0, 0, _CALLS[2])


def _logic_app_workflow(asked: Asked) -> Iterable[Component]:
    yield by_use("Actions", unit(asked, "logicapp.action"), *_ACTIONS)
    yield from _logic_app_standard(asked)


def _integration_account(asked: Asked) -> Iterable[Component]:
    sku = asked.values.text("sku_name")
    if sku != "Free":
        price = unit(asked, f"logicapp.integration_{sku.lower()}")
        yield fixed(labelled("Integration Account", sku, price), 1, price)


def _environment(asked: Asked) -> Iterable[Component]:
    """The first two generations of the App Service Environment: a fee, and its front ends."""
    tier = asked.values.text("pricing_tier", "I1")
    price = unit(asked, f"ase.{tier}")
    yield hourly("Stamp fee", unit(asked, "ase.stamp"))
    yield hourly(labelled("Instance usage", tier, price), price)


def _certificate_order(asked: Asked) -> Iterable[Component]:
    kind = asked.values.text("product_type", "Standard").lower()
    price = unit(asked, "certificate.wildcard" if kind == "wildcard" else "certificate.standard")
    return (fixed(f"SSL certificate ({'wildcard' if kind == 'wildcard' else 'standard'})", 1 / 12, price),)


KINDS: dict[str, Kind] = {
    "azurerm_service_plan": _service_plan,
    "azurerm_app_service_plan": _app_service_plan,
    "azurerm_app_service_environment": _environment,
    "azurerm_app_service_certificate_order": _certificate_order,
    "azurerm_function_app": _function_app,
    "azurerm_linux_function_app": _function_app,
    "azurerm_windows_function_app": _function_app,
    "azurerm_logic_app_standard": _logic_app_standard,
    "azurerm_logic_app_workflow": _logic_app_workflow,
    "azurerm_logic_app_integration_account": _integration_account,
}
