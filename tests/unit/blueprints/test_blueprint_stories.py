"""The story of what the blueprints for Google Cloud and Azure would make.

The plans were not made by a provider: tests/blueprints/rehearsal.py says how they came to be.
"""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from chatops.blueprints import Catalogue
from chatops.story.blast import BlastRadius, Level, blast_radius
from chatops.story.estimate import Estimate, estimate
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.story import story_of
from chatops.story.treasure import treasure_hunt
from tests.blueprints import rehearsal
from tests.blueprints.terraform import terraform

CATALOGUE = Catalogue.load()
REGIONS = {"gcp": "us-central1", "azure": "eastus"}
ZONES = {"google_compute_zones.here": {"names": ["us-central1-a", "us-central1-b"]}}
KEY = "ssh-ed25519 " + "A" * 68
EVERYBODY = "0.0.0.0/0"


def planned(blueprint_id: str, **chosen: Any) -> dict[str, Any]:
    """The rehearsed plan, with the longest names that there can be."""
    copied: dict[str, Any] = json.loads(_planned(blueprint_id, json.dumps(chosen)))
    return copied


@cache
def _planned(blueprint_id: str, chosen: str) -> str:
    blueprint = CATALOGUE.get(blueprint_id)
    assert blueprint.path is not None
    usual = {one.name: KEY if one.default is None else one.default for one in blueprint.variables}
    set_by_us = {"deployment": "a" * 31, "guild_id": "1" * 20, "project_id": "acme-prod-123"}
    region = {"region": REGIONS[blueprint.provider]}
    with TemporaryDirectory() as folder:
        variables = {**usual, **json.loads(chosen), **set_by_us, **region}
        return json.dumps(rehearsal.plan(blueprint.path, variables, ZONES, Path(folder, "module"), terraform))


def made(plan: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = [each for each in plan["resource_changes"] if each["address"] == address]
    after: dict[str, Any] = found["change"]["after"]
    return after


def addresses(plan: dict[str, Any]) -> set[str]:
    return {each["address"] for each in plan["resource_changes"]}


def cost(plan: dict[str, Any]) -> Estimate:
    return estimate(read(plan), open_book())


def danger(plan: dict[str, Any]) -> BlastRadius:
    return blast_radius(read(plan))


# Per month, from prices/: 730 hours, list prices of us-central1 and eastus.
E2_MICRO = 0.008376 * 730  # vm_gcp.csv
N1_STANDARD_4 = 97.089489  # vm_gcp.csv, with the discount for a whole month
BALANCED_GB = 0.10  # unit_prices_gcp.csv, pd.balanced
GOOGLE_ADDRESS = 0.005 * 730  # unit_prices_gcp.csv, ip.vm
B1S, B2S = 0.0104 * 730, 0.0416 * 730  # vm_azure.csv
E4, E10 = 2.40, 9.60  # unit_prices_azure.csv, disk.E4.LRS and disk.E10.LRS
AZURE_ADDRESS = 0.005 * 730  # unit_prices_azure.csv, ip.standard_static


@pytest.mark.parametrize(
    ("blueprint_id", "chosen", "monthly"),
    [
        ("gcp/vm", {}, E2_MICRO + 10 * BALANCED_GB + GOOGLE_ADDRESS),
        ("gcp/vm", {"machine_type": "n1-standard-4", "disk_gb": 50}, N1_STANDARD_4 + 50 * BALANCED_GB + GOOGLE_ADDRESS),
        ("azure/vm", {}, B1S + E4 + AZURE_ADDRESS),
        ("azure/vm", {"size": "Standard_B2s", "disk_gb": 100}, B2S + E10 + AZURE_ADDRESS),
    ],
)
def test_a_server_costs_its_machine_its_disk_and_its_address(
    blueprint_id: str, chosen: dict[str, Any], monthly: float
) -> None:
    found = cost(planned(blueprint_id, **chosen))

    assert found.after == pytest.approx(monthly, abs=0.005)
    assert found.coverage == (2, 2)
    assert found.counts["unknown"] == 0


def test_a_container_costs_nothing_until_somebody_calls() -> None:
    found = cost(planned("gcp/cloud-run"))

    assert found.after == 0
    assert found.coverage == (1, 1)
    assert 0 < found.usage.low < found.usage.medium < found.usage.high


def test_more_memory_makes_each_call_dearer() -> None:
    assert cost(planned("gcp/cloud-run", memory="4Gi")).usage.medium > cost(planned("gcp/cloud-run")).usage.medium


def test_every_size_that_is_offered_has_a_price() -> None:
    offered = {"gcp/vm": "machine_type", "azure/vm": "size"}
    for blueprint_id, name in offered.items():
        blueprint = CATALOGUE.get(blueprint_id)
        variable = blueprint.variable(name)
        assert variable is not None
        cloud = blueprint.provider
        assert all(open_book().machine(cloud, REGIONS[cloud], str(one)) for one in variable.choices)


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "azure/vm"])
def test_by_default_nothing_is_open(blueprint_id: str) -> None:
    plan = planned(blueprint_id)

    assert not [each for each in addresses(plan) if "firewall" in each or "security_rule" in each]
    assert {risk.rule for risk in danger(plan).risks} == {"machine-public"}
    assert plan["output_changes"]["url"]["after"] == "none: nobody may visit it"


@pytest.mark.parametrize(
    ("blueprint_id", "rule", "source", "port"),
    [
        ("gcp/vm", "google_compute_firewall.visitors[0]", ["0.0.0.0/0"], ["80"]),
        ("azure/vm", "azurerm_network_security_rule.visitors[0]", "0.0.0.0/0", "80"),
    ],
)
def test_visitors_are_let_in_to_the_page_alone(blueprint_id: str, rule: str, source: object, port: object) -> None:
    plan = planned(blueprint_id, visitors=EVERYBODY)
    opened = made(plan, rule)

    assert opened.get("source_ranges", opened.get("source_address_prefix")) == source
    ports = opened["allow"][0]["ports"] if "allow" in opened else opened["destination_port_range"]
    assert ports == port
    assert danger(plan).level <= Level.MEDIUM
    assert plan["output_changes"]["url"]["after_unknown"] is True


def test_google_lets_in_logins_from_its_own_proxy_alone() -> None:
    opened = made(planned("gcp/vm", remote_login=True), "google_compute_firewall.login[0]")

    assert (opened["source_ranges"], opened["allow"][0]["ports"]) == (["35.235.240.0/20"], ["22"])


def test_azure_lets_in_logins_from_where_the_person_said() -> None:
    opened = made(planned("azure/vm", login_from="203.0.113.7/32"), "azurerm_network_security_rule.login[0]")

    assert (opened["source_address_prefix"], opened["destination_port_range"]) == ("203.0.113.7/32", "22")


def test_a_service_is_everybodys_only_if_it_is_public() -> None:
    grant = "google_cloud_run_v2_service_iam_member.everybody[0]"
    private, public = planned("gcp/cloud-run"), planned("gcp/cloud-run", public=True)

    assert (danger(private).level, danger(private).risks) == (Level.LOW, ())
    assert grant not in addresses(private)
    assert made(public, grant)["member"] == "allUsers"
    assert "google-service-public" in {risk.rule for risk in danger(public).risks}


@pytest.mark.parametrize(
    ("blueprint_id", "address", "attribute", "most"),
    [
        ("gcp/vm", "google_compute_instance.web", "name", 63),
        ("gcp/vm", "google_compute_firewall.login[0]", "name", 63),
        ("gcp/cloud-run", "google_cloud_run_v2_service.app", "name", 49),
        ("gcp/cloud-run", "google_service_account.app", "account_id", 30),
        ("gcp/cloud-run", "google_service_account.app", "display_name", 100),
        ("azure/vm", "azurerm_linux_virtual_machine.web", "name", 64),
        ("azure/vm", "azurerm_resource_group.web", "name", 90),
    ],
)
def test_the_longest_names_fit(blueprint_id: str, address: str, attribute: str, most: int) -> None:
    plan = planned(blueprint_id, remote_login=True) if blueprint_id == "gcp/vm" else planned(blueprint_id)

    assert 0 < len(made(plan, address)[attribute]) <= most


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "azure/vm"])
def test_the_servers_script_holds_the_page_and_nothing_else_of_the_module(blueprint_id: str) -> None:
    address = {"gcp/vm": "google_compute_instance.web", "azure/vm": "azurerm_linux_virtual_machine.web"}[blueprint_id]
    server = made(planned(blueprint_id), address)
    script = server.get("metadata", {}).get("startup-script") if blueprint_id == "gcp/vm" else server["custom_data"]

    assert script
    assert "${" not in script


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "azure/vm"])
def test_the_hunt_offers_office_hours_and_nothing_that_loses_data(blueprint_id: str) -> None:
    plan = read(planned(blueprint_id))
    hunt = treasure_hunt(plan, estimate(plan, open_book()), open_book())

    assert hunt.best is None
    assert [treasure.rule for treasure in hunt.alternatives] == ["off-hours"]


@pytest.mark.parametrize("blueprint_id", ["gcp/vm", "gcp/cloud-run", "azure/vm"])
def test_the_whole_story_can_be_told(blueprint_id: str) -> None:
    told = story_of(planned(blueprint_id))

    assert told["coffee_cup_cost"]
    assert told["blast_radius"]["impact_level"] in ("low", "medium")
    assert "no price" not in json.dumps(told)
