"""Plans with a treasure in them, and their twins without it; built as Terraform writes plans."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatops.story.planned import Plan, read

DEV, PROD = {"Environment": "dev"}, {"Environment": "production"}
NEW, THERE = ("create",), ("no-op",)


def resource(
    kind: str,
    name: str,
    attributes: Mapping[str, Any],
    *,
    actions: Sequence[str] = NEW,
    unknown: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A resource of a plan as Terraform writes it, with the attributes on the sides where it exists."""
    return {
        "address": f"{kind}.{name}",
        "type": kind,
        "name": name,
        "mode": "managed",
        "change": {
            "actions": list(actions),
            "before": None if actions == NEW else attributes,
            "after": None if "delete" in actions else attributes,
            "after_unknown": unknown or {},
        },
    }


def plan_of(
    *changes: Mapping[str, Any], region: str = "us-east-1", refers: Mapping[str, Mapping[str, str]] | None = None
) -> Plan:
    """A plan of these resources; `refers` says by address which attribute's expression refers to what."""
    configured = [
        {
            "address": change["address"],
            "mode": "managed",
            "type": change["type"],
            "name": change["name"],
            "provider_config_key": "cloud",
            "expressions": _expressions(change["change"]["after"] or {}, (refers or {}).get(change["address"], {})),
        }
        for change in changes
    ]
    return read(
        {
            "format_version": "1.2",
            "resource_changes": list(changes),
            "configuration": {
                "provider_config": {"cloud": {"name": "aws", "expressions": {"region": {"constant_value": region}}}},
                "root_module": {"resources": configured},
            },
        },
        dict.fromkeys(("aws", "gcp", "azure"), region),
    )


def _expressions(attributes: Mapping[str, Any], refers: Mapping[str, str]) -> dict[str, Any]:
    """What the configuration sets: every attribute that has a value, and the references."""
    found: dict[str, Any] = {name: {} for name in attributes}
    for attribute, target in refers.items():
        expression = {"references": [f"{target}.id", target]}
        block, _, inner = attribute.partition(".")
        found[block] = [{inner: expression}] if inner else expression
    return found


VOLUME = {"size": 100, "type": "gp2"}
SERVER = {"instance_type": "m5.large", "root_block_device": [{"volume_type": "gp3", "volume_size": 20}]}
DATABASE = {"engine": "postgres", "engine_version": "15.4", "instance_class": "db.m5.large", "allocated_storage": 50}
NODES = {"instance_types": ["m5.large"], "scaling_config": [{"desired_size": 3, "min_size": 3, "max_size": 5}]}
VM = {"machine_type": "n1-standard-8", "zone": "europe-west1-b", "boot_disk": [{"initialize_params": [{"size": 20}]}]}
CACHE = {"engine": "redis", "engine_version": "7.0", "node_type": "cache.m5.large", "num_cache_nodes": 1}
SCALE_SET = {
    "sku": "Standard_D4s_v5",
    "instances": 3,
    "location": "eastus",
    "os_disk": [{"storage_account_type": "Standard_LRS"}],
}
AKS_POOL = {"vm_size": "Standard_D4s_v5", "node_count": 3, "mode": "User"}
AZURE_DATABASE = {
    "location": "eastus",
    "sku_name": "GP_Standard_D2s_v3",
    "storage_mb": 32768,
    "high_availability": [{"mode": "ZoneRedundant"}],
}
AZURE_ACCOUNT = {"location": "eastus", "account_tier": "Standard", "account_replication_type": "LRS"}
GKE = {"location": "us-central1-a", "remove_default_node_pool": True, "initial_node_count": 1}
AZURE_IP = {"location": "eastus", "sku": "Standard", "allocation_method": "Static"}
N2 = {**VM, "machine_type": "n2-standard-8"}
AZURE_VM = {"size": "Standard_D4s_v5", "location": "eastus", "os_disk": [{"storage_account_type": "Standard_LRS"}]}
ESTIMATED = "m8i.2xlarge"
"""A machine type for which the book has a price in its home region alone."""
NAT = {"connectivity_type": "public"}
EIP = {"domain": "vpc"}


def with_nat(*others: Mapping[str, Any]) -> Plan:
    return plan_of(resource("aws_nat_gateway", "n", NAT), *others)


def group(template: Mapping[str, Any], **attributes: Any) -> Plan:
    """An autoscaling group with its launch template."""
    return plan_of(
        resource("aws_launch_template", "t", template),
        resource("aws_autoscaling_group", "g", {"desired_capacity": 3, "min_size": 3, "max_size": 9, **attributes}),
        refers={"aws_autoscaling_group.g": {"launch_template.id": "aws_launch_template.t"}},
    )


def nodes(**attributes: Any) -> Plan:
    return plan_of(resource("aws_eks_node_group", "n", {**NODES, **attributes}))


def one(kind: str, attributes: Mapping[str, Any], **others: Any) -> Plan:
    region = {"google": "us-central1", "azurerm": "eastus"}.get(kind.partition("_")[0], "us-east-1")
    return plan_of(resource(kind, "x", {**attributes, **others}), region=region)


def google_group(machine: str, *, target_size: int, preemptible: bool = False, **attributes: Any) -> Plan:
    """A managed group of Google's with its template."""
    template = {"machine_type": machine, "scheduling": [{"preemptible": preemptible}], "disk": [{"disk_size_gb": 20}]}
    return plan_of(
        resource("google_compute_instance_template", "t", template),
        resource("google_compute_instance_group_manager", "g", {"target_size": target_size, **attributes}),
        region="us-central1",
        refers={
            "google_compute_instance_group_manager.g": {
                "version.instance_template": "google_compute_instance_template.t"
            }
        },
    )


def pool(machine: str) -> dict[str, Any]:
    """A regional node pool's attributes: a node in each of three zones."""
    return {"location": "us-central1", "node_count": 1, "node_config": [{"machine_type": machine}]}


def cloud_sql(availability: str, environment: str) -> dict[str, Any]:
    settings = {"tier": "db-custom-2-7680", "availability_type": availability, "user_labels": {"env": environment}}
    return {"database_version": "POSTGRES_15", "region": "us-central1", "settings": [settings]}


def used_eip() -> Plan:
    return plan_of(
        resource("aws_eip", "x", EIP),
        resource("aws_eip_association", "a", {}, unknown={"allocation_id": True}),
        refers={"aws_eip_association.a": {"allocation_id": "aws_eip.x"}},
    )


# Each rule with plans where it fires, and their twins where it must not.
FIRES: list[tuple[str, str, Plan]] = [
    ("gp2-to-gp3", "a gp2 volume", one("aws_ebs_volume", VOLUME)),
    ("gp2-to-gp3", "EBS' own default", one("aws_ebs_volume", {"size": 100})),
    (
        "gp2-to-gp3",
        "a root disk",
        one("aws_instance", SERVER, root_block_device=[{"volume_type": "gp2", "volume_size": 50}]),
    ),
    (
        "gp2-to-gp3",
        "a launch template's disk",
        group(
            {
                "instance_type": "m6a.large",
                "block_device_mappings": [{"ebs": [{"volume_type": "gp2", "volume_size": 50}]}],
            }
        ),
    ),
    ("newer-type", "t2", one("aws_instance", SERVER, instance_type="t2.large")),
    ("newer-type", "m4", one("aws_instance", SERVER, instance_type="m4.xlarge")),
    ("newer-type", "a database of m4", one("aws_db_instance", DATABASE, instance_class="db.m4.large")),
    ("newer-type", "a launch template's", group({"instance_type": "m4.large"})),
    ("other-processor", "t3 is t3a", one("aws_instance", SERVER, instance_type="t3.large")),
    ("other-processor", "Azure D v5", one("azurerm_linux_virtual_machine", AZURE_VM)),
    ("other-processor", "a Google group's template", google_group("n2-standard-4", target_size=2)),
    ("other-processor", "a Google node pool", one("google_container_node_pool", {}, **pool("n2-standard-4"))),
    ("other-processor", "a scale set", one("azurerm_linux_virtual_machine_scale_set", SCALE_SET)),
    ("other-processor", "an Intel server of Google's", one("google_compute_instance", N2)),
    ("arm", "a cache", one("aws_elasticache_cluster", CACHE)),
    ("arm", "m5", one("aws_instance", SERVER)),
    ("arm", "a database", one("aws_db_instance", DATABASE)),
    ("arm", "Azure", one("azurerm_linux_virtual_machine", AZURE_VM)),
    ("spot", "a node group", nodes()),
    ("spot", "an autoscaling group", group({"instance_type": "m5.large"})),
    ("spot", "a Google group", google_group("n2-standard-4", target_size=2)),
    ("spot", "a node pool in three zones", one("google_container_node_pool", {}, **pool("n2-standard-4"))),
    ("spot", "a scale set", one("azurerm_linux_virtual_machine_scale_set", SCALE_SET)),
    ("spot", "an AKS pool", one("azurerm_kubernetes_cluster_node_pool", AKS_POOL)),
    ("off-hours", "a single server", one("aws_instance", SERVER)),
    ("off-hours", "a group for development", nodes(tags=DEV)),
    ("off-hours", "a Google server", one("google_compute_instance", VM)),
    ("gateway-endpoint", "S3 behind NAT", with_nat(resource("aws_s3_bucket", "b", {}))),
    ("idle-address", "an elastic IP", one("aws_eip", EIP)),
    ("idle-address", "a Google address", one("google_compute_address", {}, address_type="EXTERNAL")),
    ("idle-address", "an Azure address", one("azurerm_public_ip", AZURE_IP)),
    ("no-standby", "a Cloud SQL for tests", one("google_sql_database_instance", {}, **cloud_sql("REGIONAL", "test"))),
    ("no-standby", "an Azure database", one("azurerm_postgresql_flexible_server", AZURE_DATABASE, tags=DEV)),
    ("no-standby", "for development", one("aws_db_instance", DATABASE, multi_az=True, tags=DEV)),
    ("second-cluster", "two of EKS", plan_of(*(resource("aws_eks_cluster", name, {}) for name in "ab"))),
    (
        "lifecycle",
        "a Google bucket",
        one("google_storage_bucket", {}, location="US-CENTRAL1", storage_class="STANDARD"),
    ),
    (
        "second-cluster",
        "two of GKE",
        plan_of(*(resource("google_container_cluster", n, {**GKE, "name": n}) for n in "ab")),
    ),
    ("lifecycle", "a storage account", one("azurerm_storage_account", AZURE_ACCOUNT)),
    ("lifecycle", "a bucket", one("aws_s3_bucket", {})),
    ("cheaper-region", "in Frankfurt", plan_of(resource("aws_instance", "x", SERVER), region="eu-central-1")),
    (
        "cheaper-region",
        "in Iowa's dearer sister",
        plan_of(resource("google_compute_instance", "x", {**VM, "zone": "us-west2-a"})),
    ),
]
RESTS: list[tuple[str, str, Plan]] = [
    ("gp2-to-gp3", "gp3 already", one("aws_ebs_volume", VOLUME, type="gp3")),
    ("gp2-to-gp3", "io1", one("aws_ebs_volume", VOLUME, type="io1", iops=1000)),
    ("gp2-to-gp3", "a root disk of gp3", one("aws_instance", SERVER)),
    (
        "gp2-to-gp3",
        "a root disk of io1",
        one("aws_instance", SERVER, root_block_device=[{"volume_type": "io1", "volume_size": 50, "iops": 1000}]),
    ),
    ("newer-type", "the newest of its kind", one("aws_instance", SERVER, instance_type="m6a.large")),
    ("newer-type", "an accelerated machine", one("aws_instance", SERVER, instance_type="p3.2xlarge")),
    ("newer-type", "a type nobody knows", one("aws_instance", SERVER, instance_type="m4.gigantic")),
    ("other-processor", "bound to Intel", one("google_compute_instance", N2, min_cpu_platform="Intel Ice Lake")),
    ("arm", "ARM already", one("aws_instance", SERVER, instance_type="m6g.large")),
    ("arm", "Windows", one("azurerm_windows_virtual_machine", AZURE_VM)),
    ("arm", "SQL Server", one("aws_db_instance", DATABASE, engine="sqlserver-ex")),
    ("arm", "an engine too old", one("aws_db_instance", DATABASE, engine_version="11.22")),
    ("spot", "a group of one", nodes(scaling_config=[{"desired_size": 1, "min_size": 1, "max_size": 5}])),
    ("spot", "spot already", nodes(capacity_type="SPOT")),
    ("spot", "a Google group of spot machines", google_group("n2-standard-4", target_size=2, preemptible=True)),
    (
        "spot",
        "a Google group with state",
        google_group("n2-standard-4", target_size=2, stateful_disk=[{"device_name": "d"}]),
    ),
    ("spot", "a system pool of AKS", one("azurerm_kubernetes_cluster_node_pool", AKS_POOL, mode="System")),
    (
        "spot",
        "a scale set of spot machines",
        one("azurerm_linux_virtual_machine_scale_set", SCALE_SET, priority="Spot"),
    ),
    ("spot", "a single server", one("aws_instance", SERVER)),
    ("spot", "a database", one("aws_db_instance", DATABASE, multi_az=True)),
    ("spot", "a group that protects its machines", group({"instance_type": "m5.large"}, protect_from_scale_in=True)),
    ("off-hours", "production", one("aws_instance", SERVER, tags=PROD)),
    ("off-hours", "a group of no known purpose", nodes()),
    ("off-hours", "a spot machine", one("google_compute_instance", VM, scheduling=[{"preemptible": True}])),
    ("gateway-endpoint", "nothing to reach", with_nat()),
    (
        "gateway-endpoint",
        "a private gateway",
        plan_of(resource("aws_nat_gateway", "n", {"connectivity_type": "private"}), resource("aws_s3_bucket", "b", {})),
    ),
    (
        "gateway-endpoint",
        "an endpoint already",
        with_nat(
            resource("aws_s3_bucket", "b", {}),
            resource(
                "aws_vpc_endpoint", "e", {"service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway"}
            ),
        ),
    ),
    ("idle-address", "of a private network", one("google_compute_address", {}, address_type="INTERNAL")),
    ("idle-address", "used already", one("google_compute_address", {}, users=["https://example.test/instances/x"])),
    ("idle-address", "used by an association", used_eip()),
    ("idle-address", "an instance's", one("aws_eip", EIP, instance="i-0123456789")),
    ("no-standby", "production", one("aws_db_instance", DATABASE, multi_az=True, tags=PROD)),
    ("no-standby", "a Cloud SQL in one zone", one("google_sql_database_instance", {}, **cloud_sql("ZONAL", "test"))),
    (
        "no-standby",
        "an Azure database of production",
        one("azurerm_postgresql_flexible_server", AZURE_DATABASE, tags=PROD),
    ),
    ("no-standby", "no standby", one("aws_db_instance", DATABASE, multi_az=False, tags=DEV)),
    ("no-standby", "no tags", one("aws_db_instance", DATABASE, multi_az=True)),
    ("second-cluster", "one", one("aws_eks_cluster", {})),
    (
        "second-cluster",
        "one for each purpose",
        plan_of(resource("aws_eks_cluster", "a", {"tags": DEV}), resource("aws_eks_cluster", "b", {"tags": PROD})),
    ),
    ("lifecycle", "cold already", one("google_storage_bucket", {}, location="US-CENTRAL1", storage_class="NEARLINE")),
    ("lifecycle", "with a rule", one("aws_s3_bucket", {}, lifecycle_rule=[{"enabled": True}])),
    (
        "lifecycle",
        "with a configuration",
        plan_of(
            resource("aws_s3_bucket", "x", {}),
            resource("aws_s3_bucket_lifecycle_configuration", "l", {}, unknown={"bucket": True}),
            refers={"aws_s3_bucket_lifecycle_configuration.l": {"bucket": "aws_s3_bucket.x"}},
        ),
    ),
    ("cheaper-region", "the cheapest already", one("aws_instance", SERVER)),
    ("cheaper-region", "a government's", plan_of(resource("aws_instance", "x", SERVER), region="us-gov-west-1")),
]
