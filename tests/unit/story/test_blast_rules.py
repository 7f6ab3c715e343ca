"""Each rule fires on the smallest plan that deserves it, and not on that plan's safe twin."""

from collections.abc import Mapping
from typing import Any

import pytest

from chatops.story.blast import Level, lost_for_ever
from chatops.story.blast_kinds import KEPT, STATEFUL, service_of
from chatops.story.blast_open import TYPES
from chatops.story.blast_rules import RULES
from chatops.story.blast_rules_settings import ENCRYPTED, PROTECTION
from chatops.story.values import HIDDEN
from tests.unit.story.blast_plans import allow, change, delete, fired, judged, plan_of, policy, swap, update

EVERYONE = "0.0.0.0/0"
HOME = "203.0.113.7/32"
GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
Change = Mapping[str, Any]


def group(low: Any, high: Any = None, source: str = EVERYONE, protocol: str = "tcp", **more: Any) -> Change:
    rule = {"from_port": low, "to_port": low if high is None else high, "protocol": protocol, "cidr_blocks": [source]}
    return change("aws_security_group", {"ingress": [{**rule, **more}]})


def database(**values: Any) -> Change:
    return change("aws_db_instance", {"engine": "postgres", **values})


def role(principal: Any, **more: Any) -> Change:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}
    return change("aws_iam_role", {"assume_role_policy": policy(trust)})


def iam(*statements: Mapping[str, Any]) -> Change:
    return change("aws_iam_policy", {"policy": policy(*statements)})


def bucket_policy(principal: Any, **more: Any) -> Change:
    return change("aws_s3_bucket_policy", {"policy": policy({**allow(), "Principal": principal, **more})})


def turned(kind: str, name: str, was: Any, now: Any) -> Change:
    return update(kind, {name: was}, {name: now})


PAIRS: dict[str, tuple[Level, Change, Change]] = {
    "stateful-kept": (Level.CRITICAL, delete("aws_db_instance", {"skip_final_snapshot": False}), database()),
    "stateful-lost": (
        Level.CRITICAL, delete("aws_efs_file_system"), change("aws_efs_file_system", {"encrypted": True}),
    ),
    "key-destroyed": (Level.CRITICAL, delete("aws_kms_key"), change("aws_kms_key")),
    "secret-destroyed": (Level.HIGH, delete("aws_ssm_parameter"), change("aws_ssm_parameter")),
    "messages-lost": (Level.HIGH, swap("aws_sqs_queue"), update("aws_sqs_queue", {}, {"delay_seconds": 5})),
    "network-destroyed": (Level.HIGH, delete("aws_vpc"), change("aws_vpc")),
    "zone-destroyed": (Level.HIGH, delete("aws_route53_zone"), change("aws_route53_zone")),
    "cluster-destroyed": (Level.HIGH, delete("google_container_cluster"), change("google_container_cluster")),
    "guard-removed": (Level.HIGH, delete("aws_cloudtrail"), change("aws_cloudtrail")),
    "machine-destroyed": (Level.MEDIUM, delete("aws_instance"), change("aws_instance")),
    "edge-destroyed": (Level.MEDIUM, delete("aws_nat_gateway"), change("aws_nat_gateway")),
    "replaced": (Level.MEDIUM, swap("aws_ecs_service"), update("aws_ecs_service", {}, {"desired_count": 2})),
    "edge-changed": (Level.MEDIUM, update("aws_lb", {}, {"idle_timeout": 5}), change("aws_lb", {"idle_timeout": 5})),
    "shared-changed": (Level.MEDIUM, update("aws_vpc", {}, {"tags": {}}), change("aws_vpc", {"tags": {}})),
    "admin-port-open": (Level.CRITICAL, group(22), group(22, source=HOME)),
    "database-port-open": (Level.CRITICAL, group(5432), group(5432, source="10.0.0.0/8")),
    "port-open": (Level.HIGH, group(8080), group(443)),
    "iam-everything": (Level.CRITICAL, iam(allow("*", "*")), iam(allow("*", "arn:aws:s3:::b"))),
    "iam-escalation": (Level.HIGH, iam(allow("iam:PassRole", "*")), iam(allow("iam:GetRole", "*"))),
    "iam-whole-service": (Level.MEDIUM, iam(allow("sqs:*", "*")), iam(allow("sqs:SendMessage", "*"))),
    "iam-administrator": (
        Level.CRITICAL,
        change("aws_iam_role_policy_attachment", {"policy_arn": ADMIN}),
        change("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ),
    "iam-power-user": (
        Level.HIGH,
        change("aws_iam_user_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/PowerUserAccess"}),
        change("aws_iam_user_policy_attachment", {"policy_arn": "arn:aws:iam::1:policy/NotPowerUserAccess2"}),
    ),
    "iam-trusts-everyone": (Level.CRITICAL, role({"AWS": "*"}), role({"Service": "ec2.amazonaws.com"})),
    "iam-trusts-any-repository": (
        Level.HIGH,
        role({"Federated": GITHUB}),
        role({"Federated": GITHUB}, Condition={
            "StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b:*"}}),
    ),
    "policy-public": (
        Level.HIGH, bucket_policy("*"), bucket_policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ),
    "function-public": (
        Level.HIGH,
        change("aws_lambda_permission", {"principal": "*"}),
        change("aws_lambda_permission", {"principal": "*", "source_account": "123456789012"}),
    ),
    "function-url-open": (
        Level.MEDIUM,
        change("aws_lambda_function_url", {"authorization_type": "NONE"}),
        change("aws_lambda_function_url", {"authorization_type": "AWS_IAM"}),
    ),
    "key-for-ever": (
        Level.MEDIUM, change("aws_iam_access_key", {"user": "x"}), update("aws_iam_access_key", {}, {"user": "x"}),
    ),
    "google-owner": (
        Level.CRITICAL,
        change("google_project_iam_member", {"role": "roles/owner", "member": "user:a@example.org"}),
        change("google_project_iam_member", {"role": "roles/viewer", "member": "user:a@example.org"}),
    ),
    "google-wide-role": (
        Level.HIGH,
        change("google_project_iam_binding", {"role": "roles/editor", "members": ["user:a@example.org"]}),
        change("google_project_iam_binding", {"role": "roles/browser", "members": ["user:a@example.org"]}),
    ),
    "google-public": (
        Level.HIGH,
        change("google_storage_bucket_iam_binding", {"role": "roles/storage.objectViewer", "members": ["allUsers"]}),
        change("google_storage_bucket_iam_binding", {"role": "roles/storage.objectViewer", "members": ["user:a@b.c"]}),
    ),
    "google-service-public": (
        Level.MEDIUM,
        change("google_cloud_run_service_iam_member", {"role": "roles/run.invoker", "member": "allUsers"}),
        change("google_cloud_run_service_iam_member", {"role": "roles/run.invoker", "member": "user:a@b.c"}),
    ),
    "google-object-public": (
        Level.HIGH,
        change("google_storage_bucket_access_control", {"entity": "allUsers"}),
        change("google_storage_bucket_access_control", {"entity": "user-a@example.org"}),
    ),
    "google-bucket-public": (
        Level.HIGH,
        change("google_storage_bucket_acl", {"role_entity": ["OWNER:user-a@b.c", "READER:allUsers"]}),
        change("google_storage_bucket_acl", {"predefined_acl": "private"}),
    ),
    "azure-owner": (
        Level.CRITICAL,
        change("azurerm_role_assignment", {"role_definition_name": "Owner", "scope": SUBSCRIPTION}),
        change("azurerm_role_assignment",
               {"role_definition_name": "Owner", "scope": f"{SUBSCRIPTION}/resourceGroups/one"}),
    ),
    "azure-contributor": (
        Level.HIGH,
        change("azurerm_role_assignment", {"role_definition_name": "Contributor", "scope": SUBSCRIPTION}),
        change("azurerm_role_assignment", {"role_definition_name": "Reader", "scope": SUBSCRIPTION}),
    ),
    "azure-custom-role": (
        Level.HIGH,
        change("azurerm_role_definition", {"permissions": [{"actions": ["*"]}]}),
        change("azurerm_role_definition", {"permissions": [{"actions": ["Microsoft.Compute/*/read"]}]}),
    ),
    "bucket-public": (
        Level.HIGH,
        change("aws_s3_bucket_acl", {"acl": "public-read"}),
        change("aws_s3_bucket_acl", {"acl": "private"}),
    ),
    "bucket-guard-off": (
        Level.HIGH,
        change("aws_s3_bucket_public_access_block", {"block_public_acls": True, "block_public_policy": False}),
        change("aws_s3_bucket_public_access_block", {"block_public_acls": True, "block_public_policy": True}),
    ),
    "container-public": (
        Level.HIGH,
        change("azurerm_storage_container", {"container_access_type": "blob"}),
        change("azurerm_storage_container", {"container_access_type": "private"}),
    ),
    "database-public": (Level.HIGH, database(publicly_accessible=True), database(publicly_accessible=False)),
    "database-open-to-all": (
        Level.CRITICAL,
        change("azurerm_mssql_firewall_rule", {"start_ip_address": "0.0.0.0", "end_ip_address": "255.255.255.255"}),
        change("azurerm_mssql_firewall_rule", {"start_ip_address": "203.0.113.1", "end_ip_address": "203.0.113.9"}),
    ),
    "kubernetes-public": (
        Level.MEDIUM,
        change("aws_eks_cluster", {"vpc_config": [{"endpoint_public_access": True}]}),
        change("aws_eks_cluster", {"vpc_config": [{"endpoint_public_access": True, "public_access_cidrs": [HOME]}]}),
    ),
    "machine-public": (
        Level.MEDIUM,
        change("aws_instance", {"associate_public_ip_address": True}),
        change("aws_instance", {"associate_public_ip_address": False}),
    ),
    "protection-removed": (
        Level.HIGH,
        turned("aws_lb", "enable_deletion_protection", True, False),
        turned("aws_lb", "enable_deletion_protection", False, False),
    ),
    "encryption-off": (
        Level.HIGH,
        change("aws_ebs_volume", {"encrypted": False}),
        change("aws_ebs_volume", {"encrypted": True}),
    ),
    "final-copy-off": (Level.MEDIUM, database(skip_final_snapshot=True), database(skip_final_snapshot=False)),
    "force-destroy": (
        Level.MEDIUM,
        change("aws_s3_bucket", {"force_destroy": True}),
        update("aws_s3_bucket", {"force_destroy": True}, {"force_destroy": True, "tags": {}}),
    ),
    "backups-off": (Level.HIGH, database(backup_retention_period=0), database(backup_retention_period=7)),
    "versioning-off": (
        Level.MEDIUM,
        change("aws_s3_bucket_versioning", {"versioning_configuration": [{"status": "Suspended"}]}),
        change("aws_s3_bucket_versioning", {"versioning_configuration": [{"status": "Enabled"}]}),
    ),
    "key-rotation-off": (
        Level.MEDIUM,
        turned("aws_kms_key", "enable_key_rotation", True, False),
        change("aws_kms_key", {"enable_key_rotation": False}),
    ),
    "logs-off": (
        Level.HIGH,
        turned("aws_cloudtrail", "enable_logging", True, False),
        turned("aws_cloudtrail", "enable_logging", False, True),
    ),
    "guard-off": (
        Level.HIGH,
        change("aws_guardduty_detector", {"enable": False}),
        change("aws_guardduty_detector", {"enable": True}),
    ),
    "metadata-without-token": (
        Level.MEDIUM,
        change("aws_instance", {"metadata_options": [{"http_tokens": "optional"}]}),
        change("aws_instance", {"metadata_options": [{"http_tokens": "optional", "http_endpoint": "disabled"}]}),
    ),
    "tls-old": (
        Level.MEDIUM,
        change("aws_lb_listener", {"ssl_policy": "ELBSecurityPolicy-2016-08"}),
        change("aws_lb_listener", {"ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}),
    ),
    "password-login": (
        Level.MEDIUM,
        change("azurerm_linux_virtual_machine", {"disable_password_authentication": False}),
        change("azurerm_linux_virtual_machine", {"disable_password_authentication": True}),
    ),
}  # fmt: skip
"""By rule: its level, a change on which it fires, and the safe twin."""


def test_every_rule_has_its_pair() -> None:
    assert {rule.id for rule in RULES} == set(PAIRS)


@pytest.mark.parametrize("rule", PAIRS)
def test_a_rule_fires_and_says_how_bad_it_is(rule: str) -> None:
    level, dangerous, _ = PAIRS[rule]
    risks = fired(dangerous)
    assert risks[rule].level is level
    assert risks[rule].address == dangerous["address"]
    assert judged(dangerous).level.rank >= level.rank


@pytest.mark.parametrize("rule", PAIRS)
def test_a_rule_is_silent_on_the_safe_twin(rule: str) -> None:
    assert rule not in fired(PAIRS[rule][2])


@pytest.mark.parametrize("rule", [rule for rule, (_, danger, _) in PAIRS.items() if fired(danger)[rule].attribute])
def test_what_fires_is_unknown_and_never_low_if_it_is_hidden(rule: str) -> None:
    dangerous = PAIRS[rule][1]
    hidden = {**dangerous["change"]["after"], fired(dangerous)[rule].attribute.partition(".")[0]: HIDDEN}
    covered = {**dangerous, "change": {**dangerous["change"], "after": hidden}}
    assert judged(covered).level.rank >= Level.UNKNOWN.rank


@pytest.mark.parametrize("rule", PAIRS)
def test_nothing_fires_on_what_does_not_change(rule: str) -> None:
    still = PAIRS[rule][1]
    sides = still["change"]
    there = {**sides, "actions": ["no-op"], "before": sides["after"] or {}, "after": sides["after"] or {}}
    assert judged({**still, "change": there}).level is Level.NONE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.types[0]}")
def test_a_sentence_is_one_and_ours(rule: Any) -> None:
    assert rule.text.endswith(".") and "{" not in rule.text and len(rule.text) <= 120


# Open ports

RULE_OF = {"admin-port-open": 22, "database-port-open": 5432, "port-open": 8080, "nothing": 443}


def opening(kind: str, port: int) -> Change:
    """The same door in the form of each type."""
    numbers = {"from_port": port, "to_port": port}
    google = {"direction": "INGRESS", "action": "allow"}
    azure = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "source_address_prefix": "*",
             "destination_port_range": str(port)}  # fmt: skip
    layers = [{"ip_protocol": "tcp", "ports": [str(port)]}]
    forms = {
        "aws_security_group": {"ingress": [{**numbers, "protocol": "tcp", "ipv6_cidr_blocks": ["::/0"]}]},
        "aws_default_security_group": {"ingress": [{**numbers, "protocol": "tcp", "cidr_blocks": [EVERYONE]}]},
        "aws_security_group_rule": {**numbers, "type": "ingress", "protocol": "tcp", "cidr_blocks": [EVERYONE]},
        "aws_vpc_security_group_ingress_rule": {**numbers, "ip_protocol": "tcp", "cidr_ipv4": EVERYONE},
        "google_compute_firewall": {
            "source_ranges": [EVERYONE], "allow": [{"protocol": "tcp", "ports": [str(port)]}]},
        "azurerm_network_security_rule": azure,
        "azurerm_network_security_group": {"security_rule": [azure]},
    }  # fmt: skip
    policy_form = {**google, "match": [{"src_ip_ranges": [EVERYONE], "layer4_configs": layers}]}
    return change(kind, forms.get(kind, policy_form))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("rule", RULE_OF)
def test_every_kind_of_firewall_is_read(kind: str, rule: str) -> None:
    assert [*fired(opening(kind, RULE_OF[rule]))] == ([] if rule == "nothing" else [rule])


@pytest.mark.parametrize(
    ("door", "rule"),
    [
        (group(20, 30), "admin-port-open"),
        (group(3000, 4000), "admin-port-open"),
        (group(3300, 3310), "database-port-open"),
        (group(80, 443), "port-open"),
        (group(None), "admin-port-open"),
        (group(0, 0, protocol="-1"), "admin-port-open"),
        (group(0, 0, protocol="all"), "admin-port-open"),
        (group("22"), "admin-port-open"),
        (group(0, 65535, protocol="udp"), "port-open"),
        (group(22, protocol="6"), "admin-port-open"),
        (group(-1, protocol="icmp"), None),
        (group(22, source="0.0.0.0/00"), "admin-port-open"),
        (group(22, source="1.2.3.4/0"), "admin-port-open"),
        (group(22, source=" 0.0.0.0/0.0.0.0 "), "admin-port-open"),
        (group(22, source="128.0.0.0/1"), "admin-port-open"),
        (group(22, source="10.0.0.0/8"), None),
        (group(22, source="fd00::/8"), None),
        (group(22, source="not an address"), None),
        (group(22, cidr_blocks=[], ipv6_cidr_blocks=["0000::/0"]), "admin-port-open"),
        (group(22, cidr_blocks=[], ipv6_cidr_blocks=["2000::/3"]), "admin-port-open"),
        (group(22, cidr_blocks=[], security_groups=["sg-1"]), None),
    ],
    ids=lambda value: None if isinstance(value, Mapping) else str(value),
)
def test_a_door_is_as_open_as_it_is_however_it_is_written(door: Change, rule: str | None) -> None:
    assert [*fired(door)] == ([rule] if rule else [])


def test_an_egress_rule_and_a_denial_let_nobody_in() -> None:
    out = {"type": "egress", "protocol": "-1", "cidr_blocks": [EVERYONE]}
    denied = {"direction": "Inbound", "access": "Deny", "source_address_prefix": "*", "destination_port_range": "22"}
    allowed = [{"protocol": "tcp", "ports": ["22"]}]
    asleep = {"source_ranges": [EVERYONE], "disabled": True, "allow": allowed}
    outward = {"source_ranges": [EVERYONE], "direction": "EGRESS", "allow": allowed}
    assert not fired(change("aws_security_group_rule", out))
    assert not fired(change("azurerm_network_security_rule", denied))
    assert not fired(change("google_compute_firewall", asleep))
    assert not fired(change("google_compute_firewall", outward))


# Policies


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "iam-everything"),
        (allow("*", ["arn:aws:s3:::b", "*"]), "iam-everything"),
        (allow(["s3:GetObject", "*:*"], "arn:aws:*:*:*:*"), "iam-everything"),
        ({"effect": "Allow", "action": "*", "resource": "*"}, "iam-everything"),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b"}, "iam-everything"),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, None),
        (allow("iam:*", "*"), "iam-escalation"),
        (allow("IAM:pass*", "*"), "iam-escalation"),
        (allow("iam:PassRole", "arn:aws:iam::1:role/one"), None),
        (allow("s3:*", "arn:aws:s3:::b/*"), None),
        (allow({"odd": 1}, 7), None),
    ],
    ids=str,
)
def test_wildcards_are_found_in_every_spelling(statement: Mapping[str, Any], rule: str | None) -> None:
    assert [*fired(iam(statement))] == ([rule] if rule else [])


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEqualsIfExists": {"aws:SourceAccount": "1"}},
        {"IpAddress": {"aws:SourceIp": EVERYONE}},
    ],
    ids=str,
)
def test_a_condition_that_everybody_meets_restricts_nobody(condition: Mapping[str, Any]) -> None:
    assert "policy-public" in fired(bucket_policy({"AWS": ["*"]}, Condition=condition))


def test_a_google_policy_is_read_as_a_whole() -> None:
    data = '{"bindings": [{"role": "roles/owner", "members": ["allUsers"]}]}'
    risks = fired(change("google_project_iam_policy", {"policy_data": data}))
    assert set(risks) == {"google-owner", "google-public"}
    assert risks["google-owner"].attribute == "policy_data"


def test_an_azure_role_is_known_by_its_id_too() -> None:
    by_id = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-A8FF-443C-A75C-2FE8C4BCB635"
    assert "azure-owner" in fired(
        change("azurerm_role_assignment", {"role_definition_id": by_id, "scope": SUBSCRIPTION})
    )


# What is lost

GOOD = {"false": False, "true": True, "set": "last-copy", "positive": 30}
BAD = {"false": True, "true": False, "set": None, "positive": 0}


def setting(kind: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    path, wanted = KEPT[kind]
    value = values.get(wanted, wanted if values is GOOD else "DELETE")
    first, _, second = path.partition(".")
    return {first: [{second: value}] if second else value}


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_kept_is_critical_but_not_lost_for_ever(kind: str) -> None:
    gone = delete(kind, setting(kind, GOOD))
    assert fired(gone)["stateful-kept"].level is Level.CRITICAL
    assert lost_for_ever(plan_of(gone)) == ()


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_not_kept_is_lost_for_ever(kind: str) -> None:
    gone = swap(kind, setting(kind, BAD))
    assert "there is no undo" in fired(gone)["stateful-lost"].text
    assert lost_for_ever(plan_of(gone)) == (f"{kind}.x",)


@pytest.mark.parametrize("kind", [kind.replace("*", "any") for kind in STATEFUL])
def test_every_stateful_kind_is_critical_when_it_goes(kind: str) -> None:
    assert judged(delete(kind)).level is Level.CRITICAL


def test_what_is_stateful_belongs_to_a_service() -> None:
    assert {kind for kind in STATEFUL if service_of(kind) == "other"} == {
        "google_project", "azurerm_resource_group", "azurerm_netapp_volume", "azurerm_snapshot",
        "azurerm_managed_redis",
    }  # fmt: skip


# Settings


def at(path: str, value: Any) -> dict[str, Any]:
    """Attributes with this value at a path, through blocks."""
    for step in reversed(path.split(".")):
        value = [{step: value}]
    attributes: dict[str, Any] = value[0]
    return attributes


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for path, kinds in ENCRYPTED.items() for kind in kinds])
def test_encryption_is_off_only_where_somebody_says_no(path: str, kind: str) -> None:
    assert fired(change(kind, at(path, False)))["encryption-off"].attribute == path
    assert "encryption-off" in fired(update(kind, at(path, "true"), at(path, "false")))
    assert "encryption-off" not in fired(change(kind, at(path, None)))
    assert "encryption-off" not in fired(change(kind, at(path, True)))
    assert "encryption-off" not in fired(update(kind, at(path, False), {**at(path, False), "tags": {}}))


@pytest.mark.parametrize("path", PROTECTION)
def test_protection_is_removed_from_any_kind(path: str) -> None:
    assert fired(update("any_thing", at(path, True), at(path, False)))["protection-removed"].attribute == path
    assert "protection-removed" not in fired(change("any_thing", at(path, False)))
