"""Tables, buckets and queues: encrypted, private, and forgetting what they promise to forget."""

from typing import Any

import pytest

from chatops.domain.runs import FILES_KEPT_DAYS
from chatops.domain.sessions import SESSION_SECONDS
from tests.infrastructure.template import resource, resources, role_statements, statements, translated, written

TABLES = sorted(resources("AWS::DynamoDB::Table"))
BUCKETS = sorted(resources("AWS::S3::Bucket"))
MAY_FORGET = ["AuditTable", "GuildsTable", "InteractionsTable", "RecoveryBlobsTable", "RunsTable"]
KEPT_FOR_EVER = ["AuditTable", "DeploymentsTable", "GuildsTable", "StateBucket"]

each_table = pytest.mark.parametrize("table", TABLES)
each_bucket = pytest.mark.parametrize("bucket", BUCKETS)


def test_the_product_keeps_six_tables_and_two_buckets() -> None:
    assert TABLES == [
        "AuditTable", "DeploymentsTable", "GuildsTable", "InteractionsTable", "RecoveryBlobsTable", "RunsTable",
    ]  # fmt: skip
    assert BUCKETS == ["RunsBucket", "StateBucket"]


@each_table
def test_a_table_is_paid_by_use_and_encrypted_by_the_data_key(table: str) -> None:
    body = resource(table)

    assert body["BillingMode"] == "PAY_PER_REQUEST"
    assert body["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "${DataKey.Arn}"}


@each_table
def test_a_table_declares_exactly_the_attributes_of_its_keys(table: str) -> None:
    body = resource(table)
    keys = [body, *body.get("GlobalSecondaryIndexes", [])]
    used = {part["AttributeName"] for key in keys for part in key["KeySchema"]}

    assert {each["AttributeName"] for each in body["AttributeDefinitions"]} == used


@pytest.mark.parametrize("table", MAY_FORGET)
def test_what_may_be_forgotten_has_a_time_to_live(table: str) -> None:
    assert resource(table)["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_deployments_are_never_forgotten() -> None:
    assert "TimeToLiveSpecification" not in resource("DeploymentsTable")


def test_a_deleted_recovery_blob_is_gone() -> None:
    body = resource("RecoveryBlobsTable")

    assert not {"PointInTimeRecoverySpecification", "StreamSpecification"} & body.keys()
    copied = {index["IndexName"]: index["Projection"] for index in body["GlobalSecondaryIndexes"]}
    assert copied == {
        "user_id-index": {"ProjectionType": "KEYS_ONLY"},
        "user_id-suggestions": {
            "ProjectionType": "INCLUDE",
            "NonKeyAttributes": ["guild_id", "deployment_status", "expires_at"],
        },
    }


@pytest.mark.parametrize("name", KEPT_FOR_EVER)
def test_what_nobody_could_make_anew_survives_the_stack(name: str) -> None:
    body = translated()["Resources"][name]

    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_cloud_that_was_disconnected_is_gone() -> None:
    assert not {"PointInTimeRecoverySpecification", "StreamSpecification"} & resource("GuildsTable").keys()


@pytest.mark.parametrize("table", ["AuditTable", "DeploymentsTable"])
def test_what_nobody_could_make_anew_can_be_turned_back(table: str) -> None:
    assert resource(table)["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@each_bucket
def test_a_bucket_is_encrypted_by_the_data_key(bucket: str) -> None:
    (rule,) = resource(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "${DataKey.Arn}"}
    assert rule["BucketKeyEnabled"] is True


@each_bucket
def test_a_bucket_is_never_public(bucket: str) -> None:
    blocks = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]

    assert resource(bucket)["PublicAccessBlockConfiguration"] == dict.fromkeys(blocks, True)


@each_bucket
def test_a_bucket_refuses_requests_without_tls_unless_told_otherwise(bucket: str) -> None:
    (statement,) = statements(resource(f"{bucket}Policy")["PolicyDocument"])

    assert resource(f"{bucket}Policy")["Bucket"] == f"${{{bucket}}}"
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
    assert statement["Resource"] == [f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert translated()["Resources"][f"{bucket}Policy"]["Condition"] == "TlsOnly"
    assert written()["Parameters"]["RequireTls"]["Default"] == "true"


def test_every_version_of_a_state_is_kept_a_while() -> None:
    body = resource("StateBucket")

    assert body["VersioningConfiguration"] == {"Status": "Enabled"}
    assert [rule for rule in _rules(body) if "ExpirationInDays" in rule] == []


def test_a_runs_files_are_gone_when_deleted_and_after_the_days_that_people_are_told() -> None:
    body = resource("RunsBucket")

    assert "VersioningConfiguration" not in body
    assert [rule["ExpirationInDays"] for rule in _rules(body) if rule["Status"] == "Enabled"] == [FILES_KEPT_DAYS]
    assert [rule for rule in _rules(body) if "Prefix" in rule or "TagFilters" in rule] == []


def test_nobody_can_read_an_older_version_of_a_state() -> None:
    roles = resources("AWS::IAM::Role")
    actions = {action for role in roles for each in role_statements(role) for action in each["Action"]}

    assert not [action for action in actions if "Version" in action]


def test_dead_letters_are_encrypted_and_kept_for_days() -> None:
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["KmsMasterKeyId"] == "${DataKey.Arn}", name
        if name != "CommandsDeadLetters":
            assert 86400 <= queue["MessageRetentionPeriod"] <= 1209600, name


def test_a_command_that_failed_is_kept_no_longer_than_a_session() -> None:
    """Its event holds sealed options, credentials among them."""
    assert resource("CommandsDeadLetters")["MessageRetentionPeriod"] == SESSION_SECONDS


def test_what_waits_for_a_form_is_found_by_its_end_and_by_nothing_it_holds() -> None:
    (index,) = resource("InteractionsTable")["GlobalSecondaryIndexes"]

    assert [part["AttributeName"] for part in index["KeySchema"]] == ["held", "expires_at"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def _rules(bucket: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = bucket["LifecycleConfiguration"]["Rules"]
    return rules
