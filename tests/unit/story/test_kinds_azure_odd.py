"""Azure's kinds on what a hostile plan says: nothing raises, no price is below zero, no word of it is in a bill."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story.kinds import Asked, azure
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.values import HIDDEN, Values
from tests.unit.story.azure_bills import change

FILES = sorted(Path(azure.__file__).parent.glob("azure_*.py"))
SOURCE = "".join(file.read_text(encoding="utf-8") for file in FILES)
NAMES = sorted(set(re.findall(r"\"([a-z][a-z_]+)\"", SOURCE)))
"""Every attribute that Azure's kinds read, and some other words, as their own source spells them."""
MARK = "@everyone-plan-text"
SKUS = (
    *("Standard_D4s_v5", "Standard_E16-8as_v4", "Basic_A2", "Premium_LRS", "UltraSSD_LRS", "PremiumV2_LRS", "Standard"),
    *("Premium", "Basic", "GP_Gen5_4", "GP_S_Gen5_2", "HS_Gen5_2", "BC_Gen5", "S12", "P6", "StandardPool", "Spot"),
    *("GP_Standard_D4s_v3", "B_Standard_B1ms", "WAF_v2", "Developer_1", "Premium_0", "EP3", "Y1", "Windows", "RSA-HSM"),
    *("CapacityReservation", "PT5M", "DW200c", "Dedicated_1", "Standard_S1", "0.5Gi", "C", "P", "FileStorage", "GRS"),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 3, 10**400, 1e300, -1e300, 1e12, 5e-324, math.nan, math.inf, "1e9999", "-5", "٣", "²"]),
    st.sampled_from([MARK, f"Standard_{MARK}", MARK * 1000, HIDDEN, "", "\0", "../../etc", "%s{0}", "Premium_²", "_"]),
    st.sampled_from(SKUS),
)
VALUE = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=12)
REGION = st.sampled_from(["eastus", "westeurope", "atlantis", "", MARK])
PARENT = st.sampled_from(["azurerm_lb", "azurerm_cosmosdb_account", "azurerm_storage_account", "azurerm_service_plan"])


def components(kind, attributes, unknown, region, parent):
    """The bill of a resource that refers to itself and to another one in every attribute."""
    entries = [change(f"{kind}.it", attributes, unknown), change(f"{parent}.that", attributes)]
    refers = {name: {"references": [f"{parent}.that.id", f"{kind}.it", MARK]} for name in attributes}
    configured = [
        {"address": f"{each}.{name}", "mode": "managed", "type": each, "name": name, "expressions": refers}
        for each, name in ((kind, "it"), (parent, "that"))
    ]
    plan = read({"resource_changes": entries, "configuration": {"root_module": {"resources": configured}}})
    resource = plan.resources[0]
    values = Values(resource.after or {}, resource.unknown)
    return tuple(azure.KINDS[kind](Asked(resource, values, plan, open_book(), region)))


def check(found):
    for each in found:
        assert each.monthly is None or (math.isfinite(each.monthly) and each.monthly >= 0), each
        assert each.quantity is None or (math.isfinite(each.quantity) and each.quantity >= 0), each
        assert each.price is None or each.price > 0, each
        if each.usage:
            assert 0 <= each.usage.low <= each.usage.medium <= each.usage.high < math.inf, each
        if each.compute:
            assert 0 <= each.compute.vcpu_hours < math.inf and 0 <= each.compute.gib_hours < math.inf, each
        assert MARK not in each.name + each.note + each.source + each.unit + (
            each.compute.machine if each.compute else ""
        )


@pytest.mark.parametrize("kind", sorted(azure.KINDS))
def test_no_attribute_makes_a_kind_raise_or_pay(kind):
    @settings(max_examples=15, deadline=None, database=None)
    @given(ATTRIBUTES, ATTRIBUTES, REGION, PARENT)
    def holds(attributes, unknown, region, parent):
        check(components(kind, attributes, unknown, region, parent))

    holds()


NONSENSE = (None, True, -1, 10**400, MARK, HIDDEN, [], {}, [[{}]], [None], {"x": [1]})


@pytest.mark.parametrize("kind", sorted(azure.KINDS))
def test_every_attribute_at_once_can_be_nonsense(kind):
    for value in NONSENSE:
        everything = dict.fromkeys(NAMES, value)
        blocks = {name: [everything] for name in NAMES}

        check(components(kind, everything, {}, "eastus", "azurerm_lb"))
        check(components(kind, blocks, everything, "eastus", "azurerm_storage_account"))
