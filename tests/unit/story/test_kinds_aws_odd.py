"""AWS's kinds on what a hostile plan says: nothing raises, no price is below zero, no word of it is in a bill."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story.kinds import aws
from chatops.story.values import HIDDEN
from tests.unit.story import odd_plans
from tests.unit.story.aws_bills import change
from tests.unit.story.odd_plans import MARK, check

SOURCE = "".join(file.read_text(encoding="utf-8") for file in sorted(Path(aws.__file__).parent.glob("aws_*.py")))
BLOCKS = sorted(set(re.findall(r"\.blocks?\(\s*\"(\w+)\"", SOURCE)))
PLAIN = sorted(
    set(re.findall(r"(?:\.(?:text|texts|number|flag|has|is_unknown)\(\s*|, )\"([a-z]\w+)\"", SOURCE)) - set(BLOCKS)
)
NAMES = sorted({*BLOCKS, *PLAIN})
"""Every attribute that AWS's kinds read, and some other words, as their own source spells them."""
PLAUSIBLE = (
    *("t3.medium", "db.t3.large", "db.serverless", "cache.m4.large", "gp3", "io1", "standard", "FARGATE", "1 vCPU"),
    *("SPOT", "postgres", "sqlserver-ex", "aurora-mysql", "11", "1.29", "MULTI_AZ_1", "MicrosoftAD", "5.7", "12.1"),
    *("kafka.t3.small", "c4.2xlarge.search", "dc2.large", "dms.t2.micro", "mw1.small", "host", "dedicated"),
    "t3.0xlarge",
)
ATTRIBUTES = odd_plans.attributes(NAMES, PLAUSIBLE)
KIND = st.sampled_from(sorted(aws.KINDS))
REGION = st.sampled_from(["us-east-1", "eu-central-1", "mars-1", "", MARK, "us-gov-west-1"])


def components(kind, attributes, unknown, region, other, referring):
    return odd_plans.components(aws.KINDS, change, kind, (attributes, unknown), region, other, referring)


@settings(max_examples=400, deadline=None)
@given(KIND, ATTRIBUTES, ATTRIBUTES, REGION, KIND, st.sets(st.sampled_from(NAMES), max_size=8))
def test_nothing_that_a_plan_says_breaks_a_bill(kind, attributes, unknown, region, other, expressions):
    check(components(kind, attributes, unknown, region, other, expressions))


def everywhere(value, depth=5):
    """Attributes that all say this, in blocks within blocks."""
    inner = everywhere(value, depth - 1) if depth else {}
    return dict.fromkeys(PLAIN, value) | {name: [inner, inner] for name in BLOCKS}


@pytest.mark.parametrize("kind", sorted(aws.KINDS))
def test_a_kind_that_is_told_the_same_nonsense_everywhere_still_answers(kind):
    nonsense = (None, True, -7, 5e-324, 1e12, math.nan, 10**400, MARK, HIDDEN, [], {}, [None], [MARK], {"a": []})
    for value in (*nonsense, *PLAUSIBLE):
        check(components(kind, everywhere(value), {}, "us-east-1", "aws_launch_template", NAMES))
    for value in nonsense:
        flat = dict.fromkeys(NAMES, value)
        check(components(kind, flat, dict.fromkeys(NAMES, True), "us-east-1", kind, NAMES))


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        (
            "aws_autoscaling_group",
            {
                "desired_capacity": 9,
                "mixed_instances_policy": [{"launch_template": [{"override": [{"weighted_capacity": 5e-324}]}]}],
            },
        ),
        (
            "aws_autoscaling_group",
            {
                "desired_capacity": 3,
                "mixed_instances_policy": [
                    {
                        "launch_template": [{"override": [{"instance_type": "t3.medium"}]}],
                        "instances_distribution": [
                            {"on_demand_base_capacity": 50, "on_demand_percentage_above_base_capacity": 900}
                        ],
                    }
                ],
            },
        ),
        ("aws_eks_cluster", {"version": "1." + "9" * 5000}),
        ("aws_eks_cluster", {"version": "1.²"}),
        (
            "aws_rds_cluster",
            {"engine_mode": "serverless", "scaling_configuration": [{"min_capacity": 64, "max_capacity": 2}]},
        ),
        ("aws_ecs_service", {"launch_type": "FARGATE", "desired_count": 1e12}),
        ("aws_lambda_function", {"memory_size": 1e12, "ephemeral_storage": [{"size": 1e12}]}),
        ("aws_docdb_cluster_instance", {"instance_class": "db.r5." + "9" * 5000 + "xlarge"}),
    ],
    ids=["light override", "base above all", "long version", "no number", "upside down", "many", "much", "huge"],
)
def test_numbers_that_no_cloud_would_take(kind, attributes):
    check(components(kind, attributes, {}, "us-east-1", "aws_launch_template", ()))


def test_the_names_of_the_attributes_are_found():
    assert {"instance_type", "volume_size", "desired_capacity", "multi_az", "weighted_capacity"} <= set(PLAIN)
    assert {"ebs_block_device", "mixed_instances_policy", "override", "cluster_config"} <= set(BLOCKS)
