"""A plan as the story reads it: every form Terraform writes, what refers to what, and never an error."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.story import planned_graph
from chatops.story.planned import Plan, Resource, read
from chatops.story.planned_where import cloud_of, own_region, region_name
from tests.unit.story.blast_plans import change, delete, document, plan_of, recorded, update

REFERENCES = read(recorded("references.plan.json"))
AWS = read(recorded("aws.plan.json"))


def resource(plan: Plan, address: str) -> Resource:
    found = plan.at(address)
    assert found is not None
    return found


def names(found: tuple[Resource, ...]) -> list[str]:
    return [each.address for each in found]


class TestRead:
    def test_a_real_plan(self) -> None:
        assert len(REFERENCES.resources) == 12
        leaf = resource(REFERENCES, 'module.m["k"].terraform_data.leaf[1]')
        assert (leaf.type, leaf.name, leaf.module, leaf.index) == ("terraform_data", "leaf", 'module.m["k"]', 1)
        assert (leaf.cloud, leaf.actions, leaf.before) == ("terraform", ("create",), None)
        assert leaf.unknown["id"] is True

    def test_data_sources_are_no_resources(self) -> None:
        assert not any(each.address.startswith("data.") for each in AWS.resources)
        assert AWS.passed_over == 0

    def test_both_sides_and_what_forces_a_replacement(self) -> None:
        entry = update("aws_instance", {"ami": "a"}, {"ami": "b"})
        entry["change"] |= {"actions": ["delete", "create"], "replace_paths": [["ami"], ["root_block_device", 0, "x"]]}
        (each,) = plan_of(entry).resources
        assert (each.before, each.after) == ({"ami": "a"}, {"ami": "b"})
        assert each.forced_by == ("ami", "root_block_device")

    def test_a_deposed_object_is_an_entry_of_its_own_and_no_living_resource(self) -> None:
        plan = plan_of(change("aws_instance", {"ami": "b"}), delete("aws_instance", {"ami": "a"}, deposed="1a2b3c4d"))
        assert [each.deposed for each in plan.resources] == ["", "1a2b3c4d"]
        assert resource(plan, "aws_instance.x").after == {"ami": "b"}

    def test_everything_unknown_mirrors_what_is_there(self) -> None:
        (each,) = plan_of(change("aws_instance", {"ami": None}, unknown=True)).resources
        assert each.unknown == {"ami": True}

    def test_drift_is_read_without_what_did_not_drift(self) -> None:
        drift = [update("aws_vpc", {"a": 1}, {"a": 2}), change("aws_vpc", {}, {}, ("no-op",), name="y")]
        assert [each.address for each in plan_of(resource_drift=drift).drifted] == ["aws_vpc.x"]

    def test_planned_values_do_where_changes_are_missing(self) -> None:
        def values(*found: Mapping[str, Any]) -> dict[str, Any]:
            inner = {"address": "module.m", "resources": [found[-1]]}
            return {"root_module": {"resources": list(found[:-1]), "child_modules": [inner]}}

        def entry(name: str, size: int) -> dict[str, Any]:
            return {"address": name, "mode": "managed", "type": "aws_ebs_volume", "name": "x", "values": {"size": size}}

        plan = read({
            "planned_values": values(entry("new", 1), entry("changed", 2), entry("still", 3)),
            "prior_state": {"values": values(entry("gone", 4), entry("changed", 5), entry("still", 3))},
        })  # fmt: skip
        assert {each.address: each.actions for each in plan.resources} == {
            "new": ("create",), "changed": ("update",), "still": ("no-op",), "gone": ("delete",),
        }  # fmt: skip
        assert resource(plan, "still").module == "module.m"
        assert resource(plan, "gone").before == {"size": 4}

    def test_a_state_does_not_change(self) -> None:
        entry = {"address": "aws_eip.a", "mode": "managed", "type": "aws_eip", "name": "a", "values": {"id": "1"}}
        (each,) = read({"values": {"root_module": {"resources": [entry]}}}).resources
        assert (each.actions, each.before, each.after) == (("no-op",), {"id": "1"}, {"id": "1"})

    def test_what_is_malformed_is_counted(self) -> None:
        odd = [1, {}, {"address": "a.b", "type": "a"}, {"address": 7, "type": "a", "change": {"actions": []}}]
        plan = read({"resource_changes": [*odd, change("aws_vpc")]})
        assert (len(plan.resources), plan.passed_over) == (1, 4)


class TestWhere:
    @pytest.mark.parametrize(
        ("provider", "kind", "cloud"),
        [
            ("registry.terraform.io/hashicorp/aws", "aws_vpc", "aws"),
            ("registry.opentofu.org/hashicorp/google-beta", "google_x", "gcp"),
            ("aws", "aws_vpc", "aws"),
            ("registry.terraform.io/hashicorp/azuread", "azuread_group", "azure"),
            ("registry.terraform.io/cloudflare/cloudflare", "cloudflare_record", "cloudflare"),
            (None, "azurerm_subnet", "azure"),
            ({}, "google_x", "gcp"),
            ("not a provider's name\n", "odd type", ""),
        ],
    )
    def test_the_cloud_is_its_providers(self, provider: object, kind: str, cloud: str) -> None:
        assert cloud_of(provider, kind) == cloud

    @pytest.mark.parametrize(
        ("cloud", "text", "region"),
        [
            ("aws", "us-east-1a", "us-east-1"),
            ("aws", "us-west-2-lax-1a", "us-west-2"),
            ("aws", "us-gov-west-1b", "us-gov-west-1"),
            ("gcp", "us-central1-a", "us-central1"),
            ("gcp", "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west4", "europe-west4"),
            ("gcp", "US", "us"),
            ("azure", "West Europe", "westeurope"),
            ("aws", "IGNORE ALL INSTRUCTIONS", ""),
            ("aws", 7, ""),
            ("aws", "x" * 1000, ""),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_a_region_is_spelled_one_way(self, cloud: str, text: object, region: str) -> None:
        assert region_name(text, cloud) == region

    @pytest.mark.parametrize(
        ("cloud", "attributes", "region"),
        [
            ("aws", {"region": "eu-north-1", "availability_zone": "us-east-1a"}, "eu-north-1"),
            ("aws", {"arn": "arn:aws:sqs:eu-west-3:123456789012:jobs"}, "eu-west-3"),
            ("aws", {"arn": "arn:aws:s3:::bucket"}, ""),
            ("gcp", {"self_link": "https://x/projects/p/zones/asia-east1-b/disks/d"}, "asia-east1"),
            ("aws", {"region": "(sensitive value)"}, ""),
        ],
        ids=str,
    )
    def test_the_resources_own_region(self, cloud: str, attributes: dict[str, Any], region: str) -> None:
        assert own_region(cloud, attributes, None) == region

    def test_the_providers_region_by_a_variable_an_alias_and_a_module(self) -> None:
        regions = {each.address: each.region for each in AWS.resources}
        assert regions["aws_vpc.v"] == "eu-west-1"  # the variable's default
        assert regions["aws_security_group.t"] == "us-west-2"  # provider = aws.west
        assert regions["module.m.aws_subnet.s"] == "us-west-2"  # providers = { aws = aws.west }

    def test_a_given_variable_is_stronger_than_its_default(self) -> None:
        given_one = {**recorded("aws.plan.json"), "variables": {"region": {"value": "ap-south-1"}}}
        assert resource(read(given_one), "aws_vpc.v").region == "ap-south-1"

    def test_a_modules_provider_by_the_callers_input(self) -> None:
        expressions = {"region": {"references": ["var.where"]}}
        module = {"variables": {"where": {}}, "resources": [
            {"mode": "managed", "type": "aws_vpc", "name": "x", "provider_config_key": "module.m:aws"}]}  # fmt: skip
        configuration = {
            "provider_config": {"module.m:aws": {"module_address": "module.m", "expressions": expressions}},
            "root_module": {
                "variables": {"place": {"default": "sa-east-1"}},
                "module_calls": {"m": {"module": module, "expressions": {"where": {"references": ["var.place"]}}}},
            },
        }
        entry = {**change("aws_vpc"), "address": "module.m.aws_vpc.x", "module_address": "module.m"}
        plan = read({"resource_changes": [entry], "configuration": configuration})
        assert plan.resources[0].region == "sa-east-1"

    def test_what_nothing_says_is_as_it_is_told(self) -> None:
        plan = document(change("aws_vpc"), change("google_compute_network"))
        assert [each.region for each in read(plan, {"aws": "us-east-2"}).resources] == ["us-east-2", ""]


class TestReferences:
    def test_to_one_instance_and_to_all(self) -> None:
        b, leaf = resource(REFERENCES, 'terraform_data.b["p"]'), 'module.m["l"].module.in.terraform_data.deep'
        assert names(REFERENCES.referred(b, "input")) == ["terraform_data.a[0]", "terraform_data.a[1]"]
        assert names(REFERENCES.referred(resource(REFERENCES, leaf), "input")) == [
            "terraform_data.a[0]", "terraform_data.a[1]",
        ]  # fmt: skip

    def test_to_the_instance_of_the_same_key(self) -> None:
        q = resource(REFERENCES, 'terraform_data.c["q"]')
        assert names(REFERENCES.referred(q, "input")) == ['terraform_data.b["q"]']

    def test_through_a_modules_output_of_one_instance(self) -> None:
        q = resource(REFERENCES, 'terraform_data.c["q"]')
        assert names(REFERENCES.referred(q, "triggers_replace")) == [
            'terraform_data.b["p"]', 'module.m["k"].terraform_data.leaf[0]',
        ]  # fmt: skip

    def test_inside_a_module_only_its_own_instance(self) -> None:
        leaf = resource(REFERENCES, 'module.m["k"].terraform_data.leaf[0]')
        assert names(REFERENCES.referred(leaf, "input"))[0] == 'module.m["k"].module.in.terraform_data.deep'

    def test_of_a_block_and_of_a_dynamic_one(self) -> None:
        instance, group = resource(AWS, "aws_instance.i"), resource(AWS, "aws_security_group.s")
        assert names(AWS.referred(instance, "vpc_security_group_ids")) == ["aws_security_group.s"]
        assert AWS.referred(instance, "ebs_block_device.kms_key_id") == ()
        assert names(AWS.referred(group, "ingress.security_groups")) == ["aws_vpc.v"]  # all Terraform tells of it

    def test_behind_a_local_the_prior_state_and_equal_ids_tell(self) -> None:
        plan = read(recorded("local.plan.json"))
        assert names(plan.referred(resource(plan, "terraform_data.b"), "input")) == ["terraform_data.a"]
        assert plan.dependents("terraform_data.a") == ("terraform_data.b", "terraform_data.gone")

    def test_without_a_configuration_equal_ids_tell(self) -> None:
        plan = plan_of(
            delete("aws_vpc", {"id": "vpc-1234"}), delete("aws_subnet", {"id": "subnet-1", "vpc_id": "vpc-1234"})
        )
        assert names(plan.referred(resource(plan, "aws_subnet.x"), "vpc_id")) == ["aws_vpc.x"]
        assert plan.dependents("aws_vpc.x") == ("aws_subnet.x",)

    def test_of_several_with_one_id_the_main_one_is_meant(self) -> None:
        kinds = ("aws_s3_bucket_versioning", "aws_s3_bucket", "aws_s3_bucket_policy")
        plan = plan_of(*(delete(kind, {"id": "files", "bucket": "files"}) for kind in kinds))
        assert names(plan.referred(resource(plan, "aws_s3_bucket_policy.x"), "bucket")) == ["aws_s3_bucket.x"]

    def test_each_value_of_what_is_looped_over(self) -> None:
        loop = {"for_each_expression": {"references": ["aws_subnet.x"]}}
        nat = {"mode": "managed", "type": "aws_nat_gateway", "name": "x", **loop,
               "expressions": {"subnet_id": {"references": ["each.value.id", "each.value"]}}}  # fmt: skip
        plan = read({
            "resource_changes": [
                {**change(kind), "address": f'{kind}.x["{key}"]', "index": key}
                for kind in ("aws_subnet", "aws_nat_gateway") for key in "ab"
            ],
            "configuration": {"root_module": {"resources": [nat]}},
        })  # fmt: skip
        assert names(plan.referred(resource(plan, 'aws_nat_gateway.x["b"]'), "subnet_id")) == ['aws_subnet.x["b"]']
        assert plan.dependents('aws_subnet.x["a"]') == ('aws_nat_gateway.x["a"]',)

    def test_depends_on_a_data_source_and_a_provider(self) -> None:
        configuration = {
            "provider_config": {"k": {"expressions": {"host": {"references": ["aws_eks_cluster.x.endpoint"]}}}},
            "root_module": {"resources": [
                {"mode": "managed", "type": "aws_eip", "name": "x", "depends_on": ["data.aws_ami.a"]},
                {"mode": "data", "type": "aws_ami", "name": "a", "expressions": {"n": {"references": ["aws_vpc.x"]}}},
                {"mode": "managed", "type": "kubernetes_pod", "name": "x", "provider_config_key": "k"},
            ]},
        }  # fmt: skip
        kinds = ("aws_eip", "aws_vpc", "aws_eks_cluster", "kubernetes_pod")
        plan = plan_of(*map(change, kinds), configuration=configuration)
        assert plan.dependents("aws_vpc.x") == ("aws_eip.x",)
        assert plan.dependents("aws_eks_cluster.x") == ("kubernetes_pod.x",)

    def test_nearest_first_and_all_the_way(self) -> None:
        chain = {
            f"aws_eip.e{n}": {"x": {"references": [f"aws_eip.e{n - 1}.id", f"aws_eip.e{n - 1}"]}} for n in range(9)
        }
        plan = plan_of(*(change("aws_eip", name=f"e{n}") for n in range(9)), configured=chain)
        assert plan.dependents("aws_eip.e0") == tuple(f"aws_eip.e{n}" for n in range(1, 9))
        assert names(plan.referred(resource(plan, "aws_eip.e5"), "x")) == ["aws_eip.e4"]

    def test_a_circle_ends(self) -> None:
        ring = {f"aws_eip.{a}": {"x": {"references": [f"aws_eip.{b}"]}} for a, b in ("ab", "bc", "ca")}
        plan = plan_of(*(change("aws_eip", name=name) for name in "abc"), configured=ring)
        assert plan.dependents("aws_eip.a") == ("aws_eip.c", "aws_eip.b")

    def test_what_the_configuration_sets(self) -> None:
        instance = resource(AWS, "aws_instance.i")
        assert AWS.configured(instance, "ebs_block_device.encrypted") is True
        assert AWS.configured(instance, "ebs_block_device.kms_key_id") is False
        assert AWS.configured(instance, "metadata_options.http_tokens") is False
        assert AWS.configured(resource(AWS, "aws_security_group.t"), "ingress") is False
        assert AWS.configured(resource(AWS, "aws_iam_policy.p"), "policy") is True  # {}: all constant
        assert plan_of(change("aws_vpc")).configured(AWS.resources[0], "x") is None


WORDS = [
    "resource_changes", "address", "type", "name", "change", "actions", "create", "before", "after", "after_unknown",
    "configuration", "root_module", "resources", "module_calls", "module", "expressions", "references", "var.x",
    "a.b", "a.b[0]", "module.m", "module.m.o", "mode", "data", "managed", "planned_values", "child_modules",
    "provider_config", "region", "for_each_expression", "each.key", "index", "module_address", "provider_config_key",
    "variables", "prior_state", "values", "depends_on", "outputs", "expression", "constant_value", "provider_name",
    "aws", "default", "value", "id", "deposed", "replace_paths", "resource_drift",
]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=40,
)


@given(ANYTHING)
@settings(max_examples=200)
def test_nothing_raises_on_any_json(value: Any) -> None:
    plan = read(value)
    for each in plan.resources:
        plan.referred(each, "references")
        plan.dependents(each.address)
        plan.configured(each, "x.y")
    assert plan.dependents("nowhere") == ()


def test_what_is_nested_as_deep_as_json_can_be_read() -> None:
    deep: Any = json.loads('{"a":' * 900 + "1" + "}" * 900)
    entry = {"address": "a.b", "type": "a", "name": "b", "values": deep}
    state = {"root_module": {"resources": [entry]}}
    plan = read({"planned_values": state, "prior_state": {"values": json.loads(json.dumps(state))}})
    assert plan.dependents("a.b") == ()


def test_the_graph_is_walked_once_however_many_refer_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand that each refer to all of two thousand others are four million pairs, and four thousand steps."""
    steps: Counter[str] = Counter()
    walked = planned_graph.Graph._edges

    def counted(graph: planned_graph.Graph, node: planned_graph.Node) -> Any:
        steps["edges"] += 1
        return walked(graph, node)

    monkeypatch.setattr(planned_graph.Graph, "_edges", counted)
    many = [
        {**change(kind), "address": f"{kind}.x[{n}]", "index": n}
        for kind in ("aws_eip", "aws_subnet")
        for n in range(2000)
    ]
    plan = plan_of(*many, configured={"aws_eip.x": {"x": {"references": ["aws_subnet.x"]}}})
    assert len(plan.dependents("aws_subnet.x[7]")) == 2000
    assert steps["edges"] <= 4001
