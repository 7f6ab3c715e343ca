"""Azure's kinds on what a hostile plan says: nothing raises, no price is below zero, no word of it is in a bill."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story.kinds import azure
from chatops.story.values import HIDDEN
from tests.unit.story import odd_plans
from tests.unit.story.azure_bills import change
from tests.unit.story.odd_plans import MARK, check

FILES = sorted(Path(azure.__file__).parent.glob("azure_*.py"))
SOURCE = "".join(file.read_text(encoding="utf-8") for file in FILES)
NAMES = sorted(set(re.findall(r"\"([a-z][a-z_]+)\"", SOURCE)))
"""Every attribute that Azure's kinds read, and some other words, as their own source spells them."""
SKUS = (
    *("Standard_D4s_v5", "Standard_E16-8as_v4", "Basic_A2", "Premium_LRS", "UltraSSD_LRS", "PremiumV2_LRS", "Standard"),
    *("Premium", "Basic", "GP_Gen5_4", "GP_S_Gen5_2", "HS_Gen5_2", "BC_Gen5", "S12", "P6", "StandardPool", "Spot"),
    *("GP_Standard_D4s_v3", "B_Standard_B1ms", "WAF_v2", "Developer_1", "Premium_0", "EP3", "Y1", "Windows", "RSA-HSM"),
    *("CapacityReservation", "PT5M", "DW200c", "Dedicated_1", "Standard_S1", "0.5Gi", "C", "P", "FileStorage", "GRS"),
)
ATTRIBUTES = odd_plans.attributes(NAMES, SKUS)
REGION = st.sampled_from(["eastus", "westeurope", "atlantis", "", MARK])
PARENT = st.sampled_from(["azurerm_lb", "azurerm_cosmosdb_account", "azurerm_storage_account", "azurerm_service_plan"])


def components(kind, attributes, unknown, region, parent):
    return odd_plans.components(azure.KINDS, change, kind, (attributes, unknown), region, parent, attributes)


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
