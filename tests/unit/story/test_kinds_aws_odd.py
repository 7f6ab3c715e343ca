"""AWS's kinds on what a hostile plan says: nothing raises, no price is below zero, no word of it is in a bill."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story.kinds import Asked, aws
from chatops.story.planned import read
from chatops.story.prices import open_book
from chatops.story.values import HIDDEN, Values
from tests.unit.story.aws_bills import change

SOURCE = "".join(file.read_text(encoding="utf-8") for file in sorted(Path(aws.__file__).parent.glob("aws_*.py")))
BLOCKS = sorted(set(re.findall(r"\.blocks?\(\s*\"(\w+)\"", SOURCE)))
PLAIN = sorted(
    set(re.findall(r"(?:\.(?:text|texts|number|flag|has|is_unknown)\(\s*|, )\"([a-z]\w+)\"", SOURCE)) - set(BLOCKS)
)
NAMES = sorted({*BLOCKS, *PLAIN})
"""Every attribute that AWS's kinds read, and some other words, as their own source spells them."""
MARK = "@everyone-plan-text"
PLAUSIBLE = (
    *("t3.medium", "db.t3.large", "db.serverless", "cache.m4.large", "gp3", "io1", "standard", "FARGATE", "1 vCPU"),
    *("SPOT", "postgres", "sqlserver-ex", "aurora-mysql", "11", "1.29", "MULTI_AZ_1", "MicrosoftAD", "5.7", "12.1"),
    *(
        "kafka.t3.small",
        "c4.2xlarge.search",
        "dc2.large",
        "dms.t2.micro",
        "mw1.small",
        "host",
        "dedicated",
        "t3.0xlarge",
    ),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 3, 10**400, 1e300, -1e300, 5e-324, math.nan, math.inf, "1e9999", "-5", "٣", "0x10"]),
    st.sampled_from([MARK, MARK * 1000, HIDDEN, "", "\0", "../../etc", "1.٣", "%s{0}", *PLAUSIBLE]),
    st.sampled_from(PLAUSIBLE),
)
VALUE = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=12)
KIND = st.sampled_from(sorted(aws.KINDS))
REGION = st.sampled_from(["us-east-1", "eu-central-1", "mars-1", "", MARK, "us-gov-west-1"])


def components(kind, attributes, unknown, region, other, expressions):
    """The bill of a resource among others, each of which may refer to each in any attribute."""
    entries = [change(f"{kind}.it", attributes, unknown), change(f"{other}.that", attributes)]
    refers = {name: {"references": [f"{other}.that.id", f"{kind}.it", "var.x", MARK]} for name in expressions}
    configured = [
        {"address": f"{each}.{name}", "mode": "managed", "type": each, "name": name, "expressions": refers}
        for each, name in ((kind, "it"), (other, "that"))
    ]
    plan = read({"resource_changes": entries, "configuration": {"root_module": {"resources": configured}}})
    resource = plan.resources[0]
    values = Values(resource.after or {}, resource.unknown)
    return tuple(aws.KINDS[kind](Asked(resource, values, plan, open_book(), region)))


def check(found):
    for each in found:
        assert each.monthly is None or (math.isfinite(each.monthly) and each.monthly >= 0), each
        assert each.quantity is None or (math.isfinite(each.quantity) and each.quantity >= 0), each
        assert each.price is None or each.price > 0, each
        if each.usage:
            assert 0 <= each.usage.low <= each.usage.medium <= each.usage.high < math.inf, each
        if each.compute:
            assert 0 <= each.compute.vcpu_hours < math.inf, each
            assert MARK not in each.compute.machine
        assert MARK not in each.name + each.note + each.source + each.unit


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
