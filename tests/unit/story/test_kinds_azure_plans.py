"""Azure's kinds among other resources of a plan, and where something is not said or not known."""

import pytest

from chatops.story.costs import CostStatus
from chatops.story.estimate import estimate, status_of
from chatops.story.planned import read
from chatops.story.prices import open_book
from tests.unit.story.azure_bills import bill, change, monthly

POOL = {"vm_size": "Standard_D2s_v3", "node_count": 1}


def test_a_resource_without_a_location_is_where_its_parent_is():
    here = bill("azurerm_kubernetes_cluster_node_pool", POOL, "westeurope")
    cluster = {"type": "azurerm_kubernetes_cluster", "location": "West Europe"}

    found = bill("azurerm_kubernetes_cluster_node_pool", POOL, others={"kubernetes_cluster_id": cluster})

    assert monthly(found) == monthly(here) > monthly(bill("azurerm_kubernetes_cluster_node_pool", POOL, "eastus"))


@pytest.mark.parametrize("kind", ["azurerm_lb_rule", "azurerm_lb_outbound_rule"])
def test_a_rule_of_a_basic_balancer_is_free(kind):
    basic = {"type": "azurerm_lb", "sku": "Basic", "location": "eastus"}

    assert bill(kind, {}, others={"loadbalancer_id": basic}) == ()
    assert monthly(bill(kind, {}, others={"loadbalancer_id": {**basic, "sku": "Standard"}})) == pytest.approx(7.30)


def test_a_connection_between_networks_or_of_the_basic_gateway_is_free():
    gateway = {"type": "azurerm_virtual_network_gateway", "sku": "Basic", "location": "eastus"}
    kind = "azurerm_virtual_network_gateway_connection"

    assert bill(kind, {"type": "IPsec"}, others={"virtual_network_gateway_id": gateway}) == ()
    assert bill(kind, {"type": "Vnet2Vnet"}) == ()


def test_throughput_is_billed_in_each_region_of_the_account_and_more_over_zones():
    """cosmosdb_sql_database_test prints 29.20 in West US and 36.50 in Central US, which is spread over zones."""
    account = {
        "type": "azurerm_cosmosdb_account",
        "location": "eastus",
        "geo_location": [{"location": "westus"}, {"location": "centralus", "zone_redundant": True}],
    }

    found = bill("azurerm_cosmosdb_sql_container", {"throughput": 500}, others={"account_name": account})

    assert [each.monthly for each in found if not each.by_use] == pytest.approx([29.20, 36.50])


@pytest.mark.parametrize("kind", ["azurerm_linux_function_app", "azurerm_windows_function_app", "azurerm_function_app"])
def test_a_function_is_billed_by_use_but_not_beside_a_plan_that_is_billed(kind):
    def on(sku):
        return bill(kind, {}, others={"service_plan_id": {"type": "azurerm_service_plan", "sku_name": sku}})

    assert status_of(on("Y1")) is CostStatus.USAGE
    assert status_of(bill(kind, {})) is CostStatus.USAGE
    assert status_of(on("EP1")) is CostStatus.FREE
    assert {each.note for each in on("Y1")}.isdisjoint(each.note for each in bill(kind, {}))


def test_the_old_consumption_plan_is_one_too():
    plan = {"type": "azurerm_app_service_plan", "sku": [{"tier": "Dynamic", "size": "Y1"}]}

    assert status_of(bill("azurerm_function_app", {}, others={"app_service_plan_id": plan})) is CostStatus.USAGE
    assert bill("azurerm_app_service_plan", {"sku": [{"tier": "Dynamic", "size": "Y1"}]}) == ()


def test_a_share_has_the_tier_and_the_copies_of_its_account():
    """storage_share_test prints 8.80 for 50 GB of a premium share and 11.00 in zones."""

    def share(copies, tier):
        account = {"type": "azurerm_storage_account", "location": "westus", "account_tier": tier}
        others = {"storage_account_id": {**account, "account_replication_type": copies}}
        return bill("azurerm_storage_share", {"quota": 50}, others=others)

    assert monthly(share("LRS", "Premium")) == pytest.approx(8.80)
    assert monthly(share("ZRS", "Premium")) == pytest.approx(11.00)
    assert [each.price for each in share("RAGRS", "Standard")] == [0.1]
    assert share("LRS", "Standard")[0].usage.high == pytest.approx(50 * 0.06)


def test_a_snapshot_is_as_large_as_what_it_is_of():
    """snapshot_test prints 3.50 for a snapshot of a disk of 70 GB."""
    source = {"type": "azurerm_managed_disk", "disk_size_gb": 70, "location": "West Europe"}

    found = bill("azurerm_snapshot", {"location": "West Europe"}, others={"source_uri": source})

    assert monthly(found) == pytest.approx(3.50)
    assert status_of(bill("azurerm_snapshot", {})) is CostStatus.USAGE


def test_an_image_of_a_machine_has_its_disks():
    """image_test prints 158 GB for a machine with an unsaid OS disk and one of 30 GB."""
    machine = {
        "type": "azurerm_virtual_machine",
        "storage_os_disk": [{}],
        "storage_data_disk": [{"disk_size_gb": 30}],
        "location": "West Europe",
    }

    found = bill("azurerm_image", {"location": "West Europe"}, others={"source_virtual_machine_id": machine})

    assert monthly(found) == pytest.approx(7.90)


def test_a_key_in_hardware_is_billed_in_a_premium_vault_alone():
    """key_vault_key_test bills such a key of a standard vault as one in software."""

    def key(sku):
        vault = {"type": "azurerm_key_vault", "sku_name": sku}
        attributes = {"key_type": "RSA-HSM", "key_size": 3072}
        return bill("azurerm_key_vault_key", attributes, others={"key_vault_id": vault})

    assert monthly(key("premium")) == pytest.approx(5.00)
    assert status_of(key("standard")) is CostStatus.USAGE


def test_a_replica_of_a_directory_costs_what_the_directory_costs():
    directory = {"type": "azurerm_active_directory_domain_service", "sku": "Standard", "location": "australiaeast"}
    kind = "azurerm_active_directory_domain_service_replica_set"

    assert monthly(bill(kind, {}, others={"domain_service_id": directory})) == pytest.approx(109.50)


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("azurerm_postgresql_flexible_server", {"sku_name": "GP_Standard_D2ds_v5", "storage_mb": 32768}),
        ("azurerm_mysql_flexible_server", {"sku_name": "GP_Standard_D2ads_v5"}),
    ],
)
def test_a_standby_is_a_second_server(kind, attributes):
    alone = monthly(bill(kind, attributes, "westus"))

    with_standby = bill(kind, attributes | {"high_availability": [{"mode": "ZoneRedundant"}]}, "westus")

    assert monthly(with_standby) == pytest.approx(2 * alone)
    assert "standby" in with_standby[0].note


def test_a_spot_machine_costs_less_and_says_that_it_is_estimated():
    usual = {"size": "Standard_D4s_v5", "os_disk": [{}]}

    full, spot = (bill("azurerm_linux_virtual_machine", usual | more)[0] for more in ({}, {"priority": "Spot"}))

    assert spot.monthly < full.monthly / 2 and spot.note.startswith("estimated")


def test_a_spot_machine_whose_price_is_not_known_is_counted_in_full():
    """Burstable sizes have no spot price in the book."""
    usual = {"size": "Standard_B2s", "os_disk": [{}]}

    full, spot = (bill("azurerm_linux_virtual_machine", usual | more)[0] for more in ({}, {"priority": "Spot"}))

    assert spot.monthly == full.monthly and "spot" in spot.note


def test_an_os_disk_on_the_machine_itself_is_in_its_price():
    disk = {"storage_account_type": "Standard_LRS", "diff_disk_settings": [{"option": "Local"}]}

    assert len(bill("azurerm_linux_virtual_machine", {"size": "Standard_D4s_v5", "os_disk": [disk]})) == 1


def test_data_disks_of_a_scale_set_are_billed_for_each_machine():
    sized = {"sku_name": "Standard_D2s_v3", "instances": 3, "os_disk": [{"storage_account_type": "Premium_LRS"}]}
    disk = {"storage_account_type": "Premium_LRS", "disk_size_gb": 128}

    kind = "azurerm_orchestrated_virtual_machine_scale_set"
    more = monthly(bill(kind, sized | {"data_disk": [disk]})) - monthly(bill(kind, sized))

    assert more == pytest.approx(3 * 19.71)


def test_no_instance_costs_nothing_and_no_node_does():
    scale_set = {"sku": "Standard_D2s_v3", "instances": 0, "os_disk": [{}]}
    pool = {"vm_size": "Standard_D2s_v3", "node_count": 0}

    assert monthly(bill("azurerm_linux_virtual_machine_scale_set", scale_set)) == 0
    assert monthly(bill("azurerm_kubernetes_cluster_node_pool", pool)) == 0


def test_machines_say_how_much_machine_they_are():
    machine = bill("azurerm_linux_virtual_machine_scale_set", {"sku": "Standard_D2s_v3", "instances": 3})[0]

    assert machine.compute and machine.compute.machine == "Standard_D2s_v3"
    assert (machine.compute.vcpu_hours, machine.compute.gib_hours) == (3 * 2 * 730, 3 * 8 * 730)


def test_a_rate_of_another_region_is_named_as_an_estimate():
    elsewhere = bill("azurerm_virtual_hub", {"sku": "Standard"}, "eastus")[0]
    home = bill("azurerm_firewall", {}, "uksouth")[0]

    assert elsewhere.note == "estimated: westeurope rate"
    assert home.note == "estimated: eastus rate"


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("azurerm_linux_virtual_machine", {"size": "Standard_Z9"}),
        ("azurerm_linux_virtual_machine", {}),
        ("azurerm_managed_disk", {"storage_account_type": "Quantum_LRS"}),
        ("azurerm_managed_disk", {"storage_account_type": "Premium_LRS", "disk_size_gb": 99999}),
        ("azurerm_service_plan", {"os_type": "Linux"}),
        ("azurerm_service_plan", {"os_type": "Linux", "sku_name": "P9v9"}),
        ("azurerm_app_service_plan", {}),
        ("azurerm_kubernetes_cluster", {"sku_tier": "Platinum", "default_node_pool": [POOL]}),
        ("azurerm_postgresql_flexible_server", {"sku_name": "GP_Standard_D4s_v99"}),
        ("azurerm_mysql_server", {}),
        ("azurerm_mssql_database", {"sku_name": "DW100c"}),
        ("azurerm_mssql_database", {"sku_name": "GP_Quantum_4"}),
        ("azurerm_mssql_elasticpool", {}),
        ("azurerm_redis_cache", {}),
        ("azurerm_virtual_network_gateway", {"type": "ExpressRoute", "sku": "ErGw9"}),
        ("azurerm_bastion_host", {"sku": "Gold"}),
        ("azurerm_servicebus_namespace", {}),
        ("azurerm_eventhub_namespace", {}),
        ("azurerm_iothub", {}),
        ("azurerm_search_service", {}),
        ("azurerm_log_analytics_workspace", {"sku": "CapacityReservation"}),
        ("azurerm_synapse_sql_pool", {}),
        ("azurerm_virtual_hub", {"sku": "Standard", "location": "atlantis"}),
    ],
)
def test_what_the_book_does_not_know_is_unknown_and_never_free(kind, attributes):
    assert status_of(bill(kind, attributes)) is CostStatus.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("azurerm_lb", {"sku": "Basic"}),
        ("azurerm_bastion_host", {"sku": "Developer"}),
        ("azurerm_static_web_app", {"sku_tier": "Free"}),
        ("azurerm_service_plan", {"os_type": "Linux", "sku_name": "Y1"}),
        ("azurerm_app_configuration", {"sku": "free"}),
        ("azurerm_search_service", {"sku": "free"}),
        ("azurerm_signalr_service", {"sku": [{"name": "Free_F1", "capacity": 1}]}),
        ("azurerm_log_analytics_workspace", {"sku": "Free"}),
        ("azurerm_iothub", {"sku": [{"name": "F1", "capacity": 1}]}),
        ("azurerm_notification_hub_namespace", {"sku_name": "Free"}),
        ("azurerm_logic_app_integration_account", {"sku_name": "Free"}),
        ("azurerm_application_insights", {"workspace_id": "/workspaces/w"}),
        ("azurerm_container_app", {"workload_profile_name": "D4"}),
        ("azurerm_monitor_metric_alert", {"enabled": False}),
        ("azurerm_cosmosdb_account", {}),
        ("azurerm_recovery_services_vault", {}),
    ],
)
def test_what_is_free_by_its_tier_has_no_component(kind, attributes):
    assert bill(kind, attributes) == ()


def test_a_whole_plan_is_estimated_in_the_regions_it_names():
    document = {
        "resource_changes": [
            change(
                "azurerm_linux_virtual_machine.vm", {"location": "East US", "size": "Standard_B1s", "os_disk": [{}]}
            ),
            change("azurerm_public_ip.ip", {"location": "eastus", "allocation_method": "Static", "sku": "Standard"}),
            change("azurerm_resource_group.g", {"location": "eastus"}),
            change("azurerm_lb.lb", {"location": "eastus", "sku": "Standard"}),
        ]
    }

    found = estimate(read(document), open_book())

    assert found.after == pytest.approx(7.59 + 1.54 + 3.65, rel=0.02)
    assert found.counts == {"priced": 2, "free": 1, "usage": 1, "unknown": 0}
