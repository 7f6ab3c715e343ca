"""What Google's resources cost, against published estimates; list prices, 730 hours."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.story.costs import CostStatus
from chatops.story.estimate import Estimate, ResourceCost, estimate
from chatops.story.kinds import Asked, gcp
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.values import Values
from tests.unit.story.google_plans import JSON, change, plan

PLANS = Path(__file__).parents[2] / "vectors" / "plans"

PUBLISHED: dict[str, dict[str, float]] = {
    # Infracost's golden files (Apache-2.0): compute_instance_test, compute_disk_test, compute_address_test,
    # compute_machine_image_test, compute_instance_group_manager_test, compute_region_instance_group_manager_test.
    "gcp_compute.json": {
        "google_compute_instance.standard": 4.28,
        "google_compute_instance.ssd": 10.68,
        "google_compute_instance.local_ssd": 64.28,
        "google_compute_instance.gpu": 1308.56,
        "google_compute_instance.custom": 147.61,
        "google_compute_instance.custom_n2": 168.66,
        "google_compute_instance.custom_ext": 73.61,
        "google_compute_instance.sud_20": 227.27,
        "google_compute_instance.sud_30": 6431.95,
        "google_compute_instance.e2": 24.86,
        "google_compute_instance.addressed": 4.28,
        "google_compute_disk.standard_default": 20.00,
        "google_compute_disk.ssd_default": 17.00,
        "google_compute_disk.sized": 0.80,
        "google_compute_disk.extreme_default": 6625.00,
        "google_compute_disk.extreme_size_iops": 330.00,
        "google_compute_disk.hyperdisk_default": 11325.00,
        "google_compute_disk.hyperdisk_size_iops": 656.00,
        "google_compute_disk.of_image": 1.20,
        "google_compute_disk.of_snapshot": 0.80,
        "google_compute_address.static": 7.30,
        "google_compute_address.standard_static": 3.65,
        "google_compute_address.preemptible_static": 1.83,
        "google_compute_global_address.default": 7.30,
        "google_compute_instance_group_manager.default": 2110.13,
        "google_compute_region_instance_group_manager.appserver": 1375.07,
    },
    # container_cluster_test, container_node_pool_test. Not taken over: a default pool beside the pools that a cluster
    # itself has, since Google makes none then.
    "gcp_kubernetes.json": {
        "google_container_cluster.zonal": 158.38,
        "google_container_cluster.regional": 329.13,
        "google_container_cluster.node_locations": 243.76,
        "google_container_cluster.zonal_locations": 243.76,
        "google_container_cluster.counted": 414.51,
        "google_container_cluster.with_node_config": 4148.67,
        "google_container_cluster.autopilot": 73.00,
        "google_container_node_pool.default_regional": 85.38,
        "google_container_node_pool.default_zonal": 256.13,
        "google_container_node_pool.in_two_zones": 113.84,
        "google_container_node_pool.own_zones": 113.84,
        "google_container_node_pool.initial": 113.84,
        "google_container_node_pool.scaling": 170.76,
        "google_container_node_pool.a100": 19306.99,
        "google_container_node_pool.custom": 453.61,
    },
    # sql_database_instance_test, redis_instance_test, redis_cluster_test, memorystore_instance_test.
    "gcp_databases.json": {
        'google_sql_database_instance.db["db-f1-micro.POSTGRES_15.ZONAL"]': 16.67,
        'google_sql_database_instance.db["db-f1-micro.POSTGRES_15.REGIONAL"]': 26.03,
        'google_sql_database_instance.db["db-g1-small.POSTGRES_15.ZONAL"]': 34.55,
        'google_sql_database_instance.db["db-g1-small.POSTGRES_15.REGIONAL"]': 61.80,
        'google_sql_database_instance.db["db-custom-1-3840.POSTGRES_15.ZONAL"]': 58.31,
        'google_sql_database_instance.db["db-custom-1-3840.POSTGRES_15.REGIONAL"]': 109.33,
        'google_sql_database_instance.db["db-custom-16-61440.POSTGRES_15.ZONAL"]': 797.98,
        'google_sql_database_instance.db["db-custom-16-61440.POSTGRES_15.REGIONAL"]': 1588.67,
        'google_sql_database_instance.db["db-highmem-4.POSTGRES_15.ZONAL"]': 262.46,
        'google_sql_database_instance.db["db-lightweight-2.POSTGRES_15.ZONAL"]': 88.46,
        'google_sql_database_instance.db["db-n1-standard-8.POSTGRES_15.ZONAL"]': 403.49,
        'google_sql_database_instance.db["db-standard-4.POSTGRES_15.REGIONAL"]': 405.19,
        'google_sql_database_instance.db["db-n1-standard-2.MYSQL_8_0.ZONAL"]': 107.62,
        'google_sql_database_instance.db["db-n1-standard-8.MYSQL_8_0.ZONAL"]': 403.49,
        'google_sql_database_instance.db["db-n1-standard-96.MYSQL_8_0.ZONAL"]': 4743.71,
        'google_sql_database_instance.db["db-standard-2.MYSQL_8_0.ZONAL"]': 107.63,
        'google_sql_database_instance.db["private"]': 51.01,
        "google_redis_instance.basic_m1": 35.77,
        "google_redis_instance.basic_m2": 98.55,
        "google_redis_instance.basic_m3": 419.75,
        "google_redis_instance.basic_m4": 624.15,
        "google_redis_instance.basic_m5": 1226.40,
        "google_redis_instance.standard_m1": 46.72,
        "google_redis_instance.standard_m2": 197.10,
        "google_redis_instance.standard_m3": 839.50,
        "google_redis_instance.standard_m4": 1149.75,
        "google_redis_instance.standard_m5": 2299.50,
        'google_redis_cluster.no_aof["REDIS_SHARED_CORE_NANO"]': 208.93,
        'google_redis_cluster.no_aof["REDIS_STANDARD_SMALL"]': 936.23,
        'google_redis_cluster.no_aof["REDIS_HIGHMEM_MEDIUM"]': 1263.41,
        'google_redis_cluster.no_aof["REDIS_HIGHMEM_XLARGE"]': 5637.72,
        "google_redis_cluster.aof": 314.88,
        'google_memorystore_instance.nodes["SHARED_CORE_NANO"]': 92.86,
        'google_memorystore_instance.nodes["CUSTOM_MINI"]': 269.81,
        'google_memorystore_instance.nodes["HIGHCPU_MEDIUM"]': 1455.91,
        'google_memorystore_instance.nodes["HIGHMEM_2XLARGE"]': 4752.01,
        "google_memorystore_instance.default_node_type": 421.14,
    },
    # compute_forwarding_rule_test, compute_vpn_tunnel_test, dns_managed_zone_test, cloud_run_v2_service_test.
    "gcp_services.json": {
        "google_compute_forwarding_rule.default": 7.30,
        "google_compute_global_forwarding_rule.default": 7.30,
        "google_compute_vpn_tunnel.tunnel": 36.50,
        "google_dns_managed_zone.zone": 0.20,
        "google_cloud_run_v2_service.always": 119.84,
    },
}


def estimate_of(document: Mapping[str, Any]) -> Estimate:
    return estimate(read(document), open_book())


def of_file(name: str) -> Estimate:
    return estimate_of(json.loads((PLANS / name).read_text()))


def only(kind: str, attributes: Mapping[str, Any], *others: Mapping[str, Any]) -> ResourceCost:
    """The cost of one resource that is made."""
    return estimate_of(plan(change(kind, "it", attributes), *others)).resources[0]


def parts(cost: ResourceCost) -> dict[str, float | None]:
    return {part.name: part.monthly for part in cost.components}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_estimates_are_met_within_two_percent(name: str) -> None:
    costs = {each.resource.address: each for each in of_file(name).resources}

    for address, published in PUBLISHED[name].items():
        assert costs[address].after == pytest.approx(published, rel=0.02), address


@pytest.mark.parametrize("name", PUBLISHED)
def test_their_totals_are_met_too(name: str) -> None:
    found = of_file(name)
    compared = [each.after or 0 for each in found.resources if each.resource.address in PUBLISHED[name]]

    assert math.fsum(compared) == pytest.approx(math.fsum(PUBLISHED[name].values()), rel=0.02)
    assert found.counts["unknown"] == 0


def test_what_is_billed_by_use_alone_is_in_no_total_but_has_a_range() -> None:
    by_use = [each for each in of_file("gcp_services.json").resources if each.resource.name.startswith("by_")]

    assert len(by_use) == 17
    for each in by_use:
        assert each.status is CostStatus.USAGE, each.resource.address
        assert each.after is None
        assert each.usage.low <= each.usage.medium <= each.usage.high
        assert each.usage.high > 0


def test_the_discount_for_a_full_month_is_a_line_of_its_own() -> None:
    machine = only("google_compute_instance", {"machine_type": "n1-standard-16", "zone": "us-central1-a"})

    assert parts(machine)["Machine (n1-standard-16)"] == pytest.approx(554.80, abs=0.01)
    assert parts(machine)["Sustained-use discount"] == pytest.approx(-166.44, abs=0.01)


def test_a_gpu_that_belongs_to_the_machine_type_is_not_billed_twice() -> None:
    attached = {"guest_accelerator": [{"type": "nvidia-l4", "count": 1}]}
    bare = only("google_compute_instance", {"machine_type": "g2-standard-4", "zone": "us-central1-a"})
    repeated = only("google_compute_instance", {"machine_type": "g2-standard-4", "zone": "us-central1-a", **attached})

    assert repeated.after == bare.after == pytest.approx(515.99, abs=0.01)


def test_a_gpu_without_a_price_makes_the_machine_unknown() -> None:
    machine = only(
        "google_compute_instance",
        {"machine_type": "n1-standard-4", "zone": "us-central1-a", "guest_accelerator": [{"type": "nvidia-new"}]},
    )

    assert machine.status is CostStatus.UNKNOWN
    assert machine.after is None
    assert machine.note == "GPU: no price known"


def test_spot_machines_have_their_own_price_and_no_discount() -> None:
    usual = {"machine_type": "n1-standard-16", "zone": "us-central1-a"}
    spot = only("google_compute_instance", {**usual, "scheduling": [{"provisioning_model": "SPOT"}]})

    assert list(parts(spot)) == ["Machine (n1-standard-16, spot)"]
    assert 0 < (spot.after or 0) < (only("google_compute_instance", usual).after or 0)


def test_a_stopped_machine_keeps_its_disks_alone() -> None:
    stopped = only(
        "google_compute_instance",
        {
            "machine_type": "e2-medium",
            "zone": "us-central1-a",
            "desired_status": "TERMINATED",
            "boot_disk": [{"initialize_params": [{"size": 50}]}],
        },
    )

    assert parts(stopped) == {"Standard disk (pd-standard)": 2.0}


def test_links_name_what_exists_already() -> None:
    base = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a"
    linked = only(
        "google_compute_instance",
        {"machine_type": f"{base}/machineTypes/e2-medium", "self_link": f"{base}/instances/i"},
    )

    assert linked.after == pytest.approx(24.46, abs=0.01)


def test_a_disk_in_two_zones_costs_twice() -> None:
    attributes = {"type": "pd-ssd", "size": 100, "region": "us-central1"}

    assert only("google_compute_region_disk", attributes).after == pytest.approx(34.0)


def test_an_autoscaled_group_counts_the_fewest_machines() -> None:
    document = plan(
        change("google_compute_instance_group_manager", "g", {"zone": "us-central1-a", "version": [{}]}),
        change("google_compute_instance_template", "t", {"machine_type": "e2-medium"}),
        change("google_compute_autoscaler", "a", {"autoscaling_policy": [{"min_replicas": 3, "max_replicas": 9}]}),
    )
    reference = {"references": ["google_compute_instance_template.t.id", "google_compute_instance_template.t"]}
    group = {"references": ["google_compute_instance_group_manager.g.id", "google_compute_instance_group_manager.g"]}
    document["configuration"] = {
        "root_module": {
            "resources": [
                {
                    "mode": "managed",
                    "type": "google_compute_instance_group_manager",
                    "name": "g",
                    "expressions": {"version": [{"instance_template": reference}]},
                },
                {
                    "mode": "managed",
                    "type": "google_compute_autoscaler",
                    "name": "a",
                    "expressions": {"target": group},
                },
            ]
        }
    }

    assert estimate_of(document).resources[0].after == pytest.approx(3 * 24.46, abs=0.02)


def test_a_group_whose_template_is_not_in_the_plan_is_unknown() -> None:
    group = only("google_compute_instance_group_manager", {"target_size": 4, "zone": "us-central1-a"})

    assert group.status is CostStatus.UNKNOWN


def test_a_cluster_that_exists_does_not_count_pools_that_are_resources_of_their_own() -> None:
    pool = {"name": "workers", "node_count": 2, "node_config": [{"machine_type": "e2-medium"}]}
    attributes = {"location": "us-central1-a", "node_pool": [pool, {**pool, "name": "default-pool"}]}
    own = change("google_container_node_pool", "workers", {**pool, "location": "us-central1-a"})

    assert only("google_container_cluster", attributes).after == pytest.approx(73 + 4 * (24.46 + 4), abs=0.05)
    assert only("google_container_cluster", attributes, own).after == pytest.approx(73 + 2 * (24.46 + 4), abs=0.05)


@pytest.mark.parametrize(
    ("scaling", "nodes"),
    [({"min_node_count": 0}, 0), ({"total_min_node_count": 5}, 5), ({"min_node_count": 1}, 3)],
    ids=["to nothing", "in all zones", "in each zone"],
)
def test_a_pool_that_scales_counts_the_fewest_nodes(scaling: dict[str, int], nodes: int) -> None:
    pool = only("google_container_node_pool", {"location": "us-central1", "autoscaling": [scaling]})

    assert pool.status is CostStatus.PRICED
    assert pool.after == pytest.approx(nodes * (24.46 + 4), abs=0.05)


def test_sql_machines_that_do_not_run_cost_their_disk() -> None:
    settings = {"tier": "db-custom-1-3840", "activation_policy": "NEVER", "ip_configuration": [{"ipv4_enabled": False}]}
    stopped = only("google_sql_database_instance", {"database_version": "MYSQL_8_0", "settings": [settings]})

    assert parts(stopped) == {"Storage (SSD)": 1.7, "Backups": None}


@pytest.mark.parametrize("tier", ["db-perf-optimized-N-4", "db-new", "", "db-custom-1", "db-n1-standard-999"])
def test_a_tier_that_is_not_known_is_not_free(tier: str) -> None:
    version = {"database_version": "MYSQL_8_0"}
    instance = only("google_sql_database_instance", {**version, "settings": [{"tier": tier}]})

    assert instance.status is CostStatus.UNKNOWN


def test_buckets_cost_by_class_and_by_where_they_are() -> None:
    def kept(**attributes: str) -> float | None:
        storage = only("google_storage_bucket", attributes).components[0]
        return storage.price

    assert kept(location="us-central1") == 0.020
    assert kept(location="US") == 0.026
    assert kept(location="EU", storage_class="NEARLINE") == 0.015
    assert kept(location="us-central1", storage_class="ARCHIVE") == 0.0012
    assert kept(location="moon") is None


def test_an_address_on_a_machine_without_one_of_its_own_is_shown_beside_the_total() -> None:
    face = [{"access_config": [{}]}]
    machine = only("google_compute_instance", {"machine_type": "e2-medium", "network_interface": face})

    assert machine.usage.medium == pytest.approx(3.65)
    assert machine.after == pytest.approx(24.46, abs=0.01)


def test_a_vpc_connector_runs_machines() -> None:
    assert only("google_vpc_access_connector", {"region": "us-central1"}).after == pytest.approx(2 * 6.11, abs=0.01)


def test_machines_say_how_much_electricity_they_take() -> None:
    machine = only("google_compute_instance", {"machine_type": "e2-standard-2", "zone": "us-central1-a"})

    assert machine.components[0].compute is not None
    assert machine.components[0].compute.vcpu_hours == 2 * 730
    assert machine.components[0].compute.gib_hours == 8 * 730


NAMES = [
    "machine_type",
    "boot_disk",
    "initialize_params",
    "size",
    "type",
    "scheduling",
    "preemptible",
    "guest_accelerator",
    "count",
    "settings",
    "tier",
    "disk_size",
    "availability_type",
    "database_version",
    "node_pool",
    "node_config",
    "node_count",
    "autoscaling",
    "min_node_count",
    "location",
    "node_locations",
    "shard_count",
    "replica_count",
    "node_type",
    "memory_size_gb",
    "template",
    "containers",
    "resources",
    "limits",
    "cpu",
    "memory",
    "cpu_idle",
    "scaling",
    "min_instance_count",
    "metadata",
    "annotations",
    "storage_class",
    "num_nodes",
    "processing_units",
    "config",
    "disk",
    "scratch_disk",
    "network_interface",
    "access_config",
    "version",
    "target_size",
    "min_instances",
    "available_memory_mb",
    "spec",
]
WORDS = st.sampled_from(
    ["e2-medium", "db-custom-1-3840", "us-central1", "REGIONAL", "SPOT", "512Mi", "1e9", "-3", "true"]
)
ODD = st.recursive(
    JSON | WORDS | st.integers(-(10**15), 10**15),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(attributes=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=10), unknown=ODD)
def test_odd_values_never_raise_and_never_cost_less_than_nothing(attributes: dict[str, Any], unknown: object) -> None:
    book, changes = open_book(), [change(kind, "it", attributes) for kind in gcp.KINDS]
    for each in changes:
        each["change"]["after_unknown"] = unknown
    planned = read(plan(*changes))

    for resource in planned.resources:
        asked = Asked(resource, Values(attributes, resource.unknown), planned, book, "us-central1")
        components = tuple(gcp.KINDS[resource.type](asked))
        known = [part.monthly for part in components if part.monthly is not None]
        assert math.isfinite(math.fsum(known)), resource.type
        assert math.fsum(known) >= -1e-6, resource.type
