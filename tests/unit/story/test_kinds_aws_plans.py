"""AWS's kinds that look elsewhere in the plan; the totals are those of Infracost's golden files, where one is named."""

from pathlib import Path

import pytest

from chatops.story.estimate import estimate
from chatops.story.planned import read
from chatops.story.prices import open_book
from tests.unit.story.aws_bills import bill, change, monthly, to

TEMPLATE = "aws_launch_template.t"
BY_ID = {"launch_template": [{"id": to(TEMPLATE)}]}
MAPPED = {
    "instance_type": "t2.medium",
    "block_device_mappings": [
        {"device_name": "xvdf", "ebs": [{"volume_size": 10}]},
        {"device_name": "xvfa", "ebs": [{"volume_size": 20, "volume_type": "io1", "iops": 200}]},
    ],
}


def group(attributes, template, expressions=None):
    attributes = {"launch_template": [{}], **attributes}
    return bill("aws_autoscaling_group", attributes, [(TEMPLATE, template)], expressions or BY_ID)


@pytest.mark.parametrize(
    ("attributes", "template", "published"),
    [
        ({"desired_capacity": 2, "min_size": 1}, MAPPED, 67.74 + 2 + 5 + 26),
        ({"min_size": 2}, MAPPED, 67.74 + 2 + 5 + 26),
        ({"min_size": 0}, MAPPED, 33.87 + 1 + 2.50 + 13),
        ({"desired_capacity": 0, "min_size": 0}, MAPPED, 0),
        ({"desired_capacity": 2}, {"instance_type": "r3.xlarge", "ebs_optimized": True}, 486.18 + 29.20),
        ({"desired_capacity": 2}, {"instance_type": "m3.medium", "placement": [{"tenancy": "dedicated"}]}, 108.04),
        ({"desired_capacity": 2}, {"instance_type": "t2.medium", "monitoring": [{"enabled": True}]}, 67.74 + 4.20),
        (
            {"desired_capacity": 2},
            {"instance_type": "t2.medium", "elastic_inference_accelerator": [{"type": "eia2.medium"}]},
            67.74 + 175.20,
        ),
        ({"desired_capacity": 2}, {"instance_type": "t3.large"}, 121.47),
    ],
    ids=["two", "least", "none-said", "zero", "optimised", "dedicated", "monitored", "accelerated", "burstable"],
)
def test_a_group_is_billed_by_its_template(attributes, template, published):
    """autoscaling_group_test"""
    assert monthly(group(attributes, template)) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(
    ("attributes", "configuration", "published"),
    [
        (
            {"desired_capacity": 2},
            {
                "instance_type": "t2.medium",
                "root_block_device": [{"volume_size": 10}],
                "ebs_block_device": [{"volume_size": 10}, {"volume_size": 10, "volume_type": "gp3"}],
            },
            67.74 + 4.20 + 2 + 2 + 1.60,
        ),
        ({"desired_capacity": 2}, {"instance_type": "t3.medium", "enable_monitoring": False}, 60.74 + 1.60),
        ({"desired_capacity": 0, "min_size": 0}, {"instance_type": "t3.medium"}, 0),
    ],
    ids=["disks", "unmonitored", "zero"],
)
def test_a_group_is_billed_by_its_launch_configuration(attributes, configuration, published):
    """autoscaling_group_test"""
    others = [("aws_launch_configuration.c", configuration)]
    components = bill(
        "aws_autoscaling_group", attributes, others, {"launch_configuration": to("aws_launch_configuration.c")}
    )

    assert monthly(components) == pytest.approx(published, rel=0.02)


def mixed(distribution, weight="1"):
    specification = [{"launch_template_id": to(TEMPLATE)}]
    return group(
        {
            "desired_capacity": 6,
            "mixed_instances_policy": [
                {
                    "launch_template": [{"override": [{"instance_type": "t2.large", "weighted_capacity": weight}]}],
                    "instances_distribution": [distribution],
                }
            ],
        },
        {"instance_type": "t2.medium"},
        {"mixed_instances_policy": [{"launch_template": [{"launch_template_specification": specification}]}]},
    )


def test_a_mixed_group_counts_by_weight_and_takes_the_first_override():
    """autoscaling_group_test: six by weights of two are three machines."""
    components = mixed({"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 100}, "2")

    assert monthly(components) == pytest.approx(203.23, rel=0.02)


def test_a_mixed_group_divides_its_machines_between_on_demand_and_spot():
    components = mixed({"on_demand_base_capacity": 2, "on_demand_percentage_above_base_capacity": 50})
    hours = {each.name: each.quantity for each in components}

    assert hours == {
        "Instance usage (on-demand, t2.large)": 4 * 730,
        "Instance usage (spot, t2.large)": 2 * 730,
    }


def test_a_group_whose_template_is_not_in_the_plan_is_unknown():
    components = bill("aws_autoscaling_group", {"desired_capacity": 2, "launch_template": [{"id": "lt-0123"}]})

    assert [each.price for each in components] == [None]


@pytest.mark.parametrize(
    ("types", "template", "published"),
    [
        (None, {"instance_type": "m5.xlarge", "ebs_optimized": True}, 420.48 + 284.70 + 6),
        (["t3.medium"], {}, 91.10 + 284.70 + 6),
        (None, {}, 91.10 + 284.70 + 6),
    ],
    ids=["template's type", "group's type", "no type"],
)
def test_a_node_group_with_a_template_has_the_templates_disks(types, template, published):
    """eks_node_group_test"""
    shared = {
        "block_device_mappings": [{"device_name": "/dev/sda1", "ebs": [{"volume_size": 20}]}],
        "elastic_inference_accelerator": [{"type": "eia1.medium"}],
    }
    attributes = {"launch_template": [{}], "scaling_config": [{"desired_size": 3}], "instance_types": types}
    components = bill("aws_eks_node_group", attributes, [(TEMPLATE, {**shared, **template})], BY_ID)

    assert monthly(components) == pytest.approx(published, rel=0.02)


def test_a_node_group_whose_template_is_not_in_the_plan_is_unknown():
    components = bill("aws_eks_node_group", {"launch_template": [{"id": "lt-0"}], "scaling_config": [{}]})

    assert [each.price for each in components] == [None]


def test_an_instance_takes_its_type_and_disks_from_its_template():
    template = {
        "instance_type": "t3.medium",
        "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": [{"volume_size": 30, "volume_type": "gp3"}]}],
    }
    components = bill("aws_instance", {"launch_template": [{}]}, [(TEMPLATE, template)], BY_ID)

    assert monthly(components) == pytest.approx(30.37 + 30 * 0.08, rel=0.001)


def test_a_template_behind_a_local_is_the_only_one_of_the_module():
    """As in the modules that are used most; with two to choose from, nobody knows."""
    attributes = {"desired_capacity": 1, "launch_template": [{}]}
    behind = {"launch_template": [{"id": {"references": ["local.template"]}}]}
    one = bill("aws_autoscaling_group", attributes, [(TEMPLATE, MAPPED)], behind)
    two = bill("aws_autoscaling_group", attributes, [(TEMPLATE, MAPPED), ("aws_launch_template.u", MAPPED)], behind)

    assert monthly(one) == pytest.approx(33.87 + 1 + 2.50 + 13, rel=0.01)
    assert [each.price for each in two] == [None]


def test_a_group_whose_template_wants_spot_has_no_other_machines():
    template = {"instance_type": "t3.medium", "instance_market_options": [{"market_type": "spot"}]}

    assert [each.name for each in group({"desired_capacity": 2}, template)] == ["Instance usage (spot, t3.medium)"]


def test_an_endpoint_is_billed_by_its_configuration():
    variants = [
        {"instance_type": "ml.m5.large", "initial_instance_count": 2},
        {"instance_type": "ml.c5.xlarge", "initial_instance_count": 1},
    ]
    others = [("aws_sagemaker_endpoint_configuration.c", {"production_variants": variants})]
    expressions = {"endpoint_config_name": to("aws_sagemaker_endpoint_configuration.c")}
    components = bill("aws_sagemaker_endpoint", {}, others, expressions)

    assert monthly(components) == pytest.approx(730 * (2 * 0.115 + 0.204))
    assert [each.price for each in bill("aws_sagemaker_endpoint", {})] == [None]


def test_the_root_volume_that_an_instance_says_stands_for_the_one_that_its_template_maps():
    template = {
        "instance_type": "t3.medium",
        "block_device_mappings": [
            {"device_name": "/dev/xvda", "ebs": [{"volume_size": 30}]},
            {"device_name": "/dev/xvdf", "ebs": [{"volume_size": 100}]},
        ],
    }
    attributes = {"launch_template": [{}], "root_block_device": [{"volume_size": 20}]}

    assert monthly(bill("aws_instance", attributes, [(TEMPLATE, template)], BY_ID)) == pytest.approx(
        30.37 + 2.00 + 10.00, rel=0.001
    )


def test_a_spot_request_costs_less_and_says_about():
    spot = bill("aws_spot_instance_request", {"instance_type": "m5.large"})
    asked = bill("aws_instance", {"instance_type": "m5.large", "instance_market_options": [{"market_type": "spot"}]})

    assert spot[0].monthly == asked[0].monthly
    assert spot[0].monthly < bill("aws_instance", {"instance_type": "m5.large"})[0].monthly
    assert "about" in spot[0].note


@pytest.mark.parametrize(("configured", "disks"), [("instance_type", 0.80), ("ebs_block_device", 0.80 + 50)])
def test_disks_that_hang_on_an_instance_by_themselves_are_not_billed_twice(configured, disks):
    attributes = {"instance_type": "t3.medium", "ebs_block_device": [{"volume_size": 500, "volume_id": "vol-1"}]}
    expressions = {configured: {"constant_value": 1}}
    there, new = (bill("aws_instance", attributes, expressions=expressions, exists=each) for each in (True, False))

    assert monthly(there) == pytest.approx(30.37 + disks, rel=0.001)
    assert monthly(new) == pytest.approx(30.37 + 0.80 + 50, rel=0.001)  # nothing else can hang on it yet


def test_an_address_that_came_with_an_elastic_ip_is_not_billed_twice():
    attributes = {"instance_type": "t3.medium", "associate_public_ip_address": True}

    for configured, addresses in (("instance_type", 0), ("associate_public_ip_address", 1)):
        components = bill("aws_instance", attributes, expressions={configured: {"constant_value": 1}}, exists=True)
        assert sum("IPv4" in each.name for each in components) == addresses


def test_unlimited_credits_and_a_public_address_count_by_use_alone():
    attributes = {
        "instance_type": "t3.medium",
        "credit_specification": [{"cpu_credits": "unlimited"}],
        "associate_public_ip_address": True,
    }
    components = bill("aws_instance", attributes)
    used = {each.name: each.usage for each in components if each.by_use}

    assert monthly(components) == pytest.approx(30.37 + 0.80, rel=0.001)
    assert used["CPU credits above the baseline"].low == 0
    assert used["Public IPv4 address"].medium == pytest.approx(3.65)


def test_a_machine_tells_what_stands_behind_it():
    instance = bill("aws_instance", {"instance_type": "m5.large"})[0].compute
    nodes = bill("aws_eks_node_group", {"scaling_config": [{"desired_size": 3}]})[0].compute
    two_zones = {"engine": "postgres", "instance_class": "db.r5.large", "multi_az": True}
    database = bill("aws_db_instance", two_zones)[0].compute
    cache = bill("aws_elasticache_cluster", {"node_type": "cache.t3.micro", "num_cache_nodes": 2})[0].compute
    kafka = {"number_of_broker_nodes": 3, "broker_node_group_info": [{"instance_type": "kafka.m5.large"}]}

    assert (instance.vcpu_hours, instance.gib_hours, instance.machine) == (2 * 730, 8 * 730, "m5.large")
    assert (nodes.vcpu_hours, nodes.gib_hours) == (3 * 2 * 730, 3 * 4 * 730)
    assert (database.vcpu_hours, database.gib_hours) == (2 * 2 * 730, 2 * 16 * 730)
    assert (cache.vcpu_hours, cache.gib_hours) == (2 * 2 * 730, 2 * 0.5 * 730)
    assert bill("aws_msk_cluster", kafka)[0].compute.vcpu_hours == 3 * 2 * 730


TASK = ("aws_ecs_task_definition.t", {"cpu": "1 vCPU", "memory": "2 GB", "requires_compatibilities": ["FARGATE"]})


@pytest.mark.parametrize(
    ("attributes", "task", "published"),
    [
        ({"launch_type": "FARGATE", "desired_count": 1}, {}, 6.49 + 29.55),
        ({"capacity_provider_strategy": [{"capacity_provider": "FARGATE"}], "desired_count": 2}, {}, 12.98 + 59.10),
        ({"desired_count": 5}, {}, 32.45 + 147.75),
        ({"launch_type": "FARGATE", "desired_count": 1}, {"cpu": "1024", "memory": "2048"}, 6.49 + 29.55),
        ({"launch_type": "FARGATE", "desired_count": 1}, {"cpu": 1024, "memory": 2048}, 6.49 + 29.55),
        ({"desired_count": 5}, {"requires_compatibilities": ["EC2"]}, 0),
    ],
    ids=["launch-type", "strategy", "cluster's", "units", "numbers", "own machines"],
)
def test_a_fargate_service_is_billed_by_its_task(attributes, task, published):
    """ecs_service_test"""
    address, definition = TASK
    components = bill(
        "aws_ecs_service", attributes, [(address, {**definition, **task})], {"task_definition": to(address)}
    )

    assert monthly(components) == pytest.approx(published, rel=0.02)


def test_a_fargate_task_of_arm_costs_less_and_its_disk_counts_above_20_gib():
    address, definition = TASK
    arm = {"runtime_platform": [{"cpu_architecture": "ARM64"}], "ephemeral_storage": [{"size_in_gib": 30}]}
    attributes = {"launch_type": "FARGATE", "desired_count": 1}
    components = bill("aws_ecs_service", attributes, [(address, definition | arm)], {"task_definition": to(address)})

    assert monthly(components) == pytest.approx(730 * (0.03238 + 2 * 0.00356 + 10 * 0.000111))


def test_a_replica_is_like_its_source():
    source = ("aws_db_instance.main", {"engine": "postgres", "instance_class": "db.t3.large", "allocated_storage": 100})
    components = bill(
        "aws_db_instance",
        {"instance_class": "db.t3.large"},
        [source],
        {"replicate_source_db": to("aws_db_instance.main")},
        unknown={"allocated_storage": True, "engine": True},
    )

    assert monthly(components) == pytest.approx(105.85 + 11.50, rel=0.001)


@pytest.mark.parametrize(
    ("cluster", "instance_class", "price"),
    [
        ({"engine": "aurora-postgresql"}, "db.r6g.large", 0.26),
        ({"engine": "aurora-postgresql", "storage_type": "aurora-iopt1"}, "db.r6g.large", 0.338),
        ({"engine": "aurora-mysql", "storage_type": "aurora-iopt1"}, "db.serverless", 0.156),
        ({"engine": "aurora-mysql"}, "db.r6i.colossal", None),
    ],
    ids=["standard", "optimised", "serverless", "unknown"],
)
def test_an_aurora_instance_is_billed_as_its_cluster_says(cluster, instance_class, price):
    others = [("aws_rds_cluster.c", cluster)]
    attributes = {"instance_class": instance_class}
    components = bill("aws_rds_cluster_instance", attributes, others, {"cluster_identifier": to("aws_rds_cluster.c")})

    assert components[0].price == pytest.approx(price)


def test_a_serverless_cluster_bounds_its_instances():
    scaling = {"serverlessv2_scaling_configuration": [{"min_capacity": 1, "max_capacity": 4}]}
    components = bill(
        "aws_rds_cluster_instance",
        {"instance_class": "db.serverless"},
        [("aws_rds_cluster.c", {"engine": "aurora-mysql", **scaling})],
        {"cluster_identifier": to("aws_rds_cluster.c")},
    )

    usage = components[0].usage
    assert (usage.low, usage.high) == (pytest.approx(730 * 0.12), pytest.approx(4 * 730 * 0.12))


def test_a_snapshot_is_as_large_as_its_volume_at_most():
    """ebs_snapshot_test"""
    components = bill(
        "aws_ebs_snapshot", {}, [("aws_ebs_volume.v", {"size": 10})], {"volume_id": to("aws_ebs_volume.v")}
    )

    assert monthly(components) == pytest.approx(0.50)
    assert [each.by_use for each in bill("aws_ebs_snapshot", {})] == [True]


def test_sizes_between_those_of_the_book_are_estimated_from_their_family():
    components = bill("aws_docdb_cluster_instance", {"instance_class": "db.r6g.2xlarge"})

    assert components[0].price == pytest.approx(4 * 0.26315)
    assert components[0].note.startswith("estimated")


def test_provisioned_concurrency_is_paid_all_month():
    components = bill(
        "aws_lambda_provisioned_concurrency_config",
        {"provisioned_concurrent_executions": 10},
        [("aws_lambda_function.f", {"memory_size": 512, "architectures": ["arm64"]})],
        {"function_name": to("aws_lambda_function.f")},
    )

    assert monthly(components) == pytest.approx(10 * 0.5 * 730 * 3600 * 0.0000033334)


def web_app():
    """What blueprints/aws/web-app plans, as it goes into an account for the first time."""
    plan = {
        "aws_security_group.web": {"ingress": [{"from_port": 80}]},
        "aws_instance.web": {
            "instance_type": "t3.micro",
            "root_block_device": [{"encrypted": True, "volume_type": "gp3", "volume_size": 8}],
        },
        "aws_eip.web": {},
        "aws_eip_association.web": {},
        "aws_s3_bucket.files": {"force_destroy": False},
        "aws_s3_bucket_public_access_block.files": {},
        "aws_sqs_queue.jobs": {"fifo_queue": False},
    }
    return plan, {"aws_instance.web": 7.592 + 0.64, "aws_eip.web": 3.65}


def static_site():
    """What blueprints/aws/static-site plans."""
    names = ("aws_s3_bucket.site", "aws_s3_bucket_public_access_block.site", "aws_s3_bucket_policy.readers")
    return {name: {} for name in (*names, "aws_s3_bucket_object.page")}, {}


@pytest.mark.parametrize("blueprint", [web_app, static_site], ids=["web-app", "static-site"])
def test_a_blueprints_plan_has_nothing_unknown(blueprint):
    resources, priced = blueprint()
    plan = read({"resource_changes": [change(address, after) for address, after in resources.items()]})
    result = estimate(plan, open_book())
    declared = Path("blueprints/aws", blueprint.__name__.replace("_", "-"), "main.tf").read_text(encoding="utf-8")

    assert all(f'resource "{kind}" "{name}"' in declared for kind, name in (at.split(".") for at in resources))
    assert declared.count('\nresource "') == len(resources)
    assert result.counts["unknown"] == 0
    assert {each.resource.address: each.after for each in result.resources if each.after} == pytest.approx(priced)
    assert result.after == pytest.approx(sum(priced.values()))
