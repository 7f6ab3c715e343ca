"""The four keys: who may seal, who may open, under which context, and who may do neither."""

import fnmatch
from typing import Any

import boto3
import pytest

from chatops.discord.interactions import Interaction, InteractionType, seal_context
from chatops.domain.sessions import SESSION_SECONDS
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import open_connection, open_credentials, seal_connection, seal_credentials
from tests.fakes.keys import InMemoryDataKeys
from tests.infrastructure.template import resource, resources, role_statements, statements, written

KEYS = ["DataKey", "GuildKey", "RecoveryKey", "RunCredentialsKey"]
GUILD, USER, INTERACTION = "1100000000000000002", "1100000000000000004", "1100000000000000009"

# What reads or seals data, or hands out the right to.
DANGEROUS = {"Decrypt", "Encrypt", "Sign", "GenerateMac", "CreateGrant", "DeriveSharedSecret"}

each_key = pytest.mark.parametrize("key", KEYS)
each_sealing_key = pytest.mark.parametrize("key", ["GuildKey", "RecoveryKey", "RunCredentialsKey"])


class RecordingDataKeys(InMemoryDataKeys):
    """Keeps the names in every context that it is asked under."""

    def __init__(self) -> None:
        super().__init__()
        self.contexts: list[set[str]] = []

    def generate(self, context: Any) -> tuple[bytes, bytes]:
        self.contexts.append(set(context))
        return super().generate(context)


def policy(key: str) -> dict[str, dict[str, Any]]:
    """A key policy's statements by their Sid."""
    return {each["Sid"]: each for each in statements(resource(key)["KeyPolicy"])}


def users(key: str, action: str) -> set[str]:
    """Who may do it, whatever the condition."""
    return {
        str(next(iter(each["Principal"].values())))
        for each in policy(key).values()
        if any(fnmatch.fnmatchcase(f"kms:{action}", pattern) for pattern in each["Action"])
    }


def allowed_context(key: str, sid: str) -> set[str]:
    return set(policy(key)[sid]["Condition"]["ForAllValues:StringEquals"]["kms:EncryptionContextKeys"])


def test_there_are_four_keys() -> None:
    assert sorted(resources("AWS::KMS::Key")) == KEYS


@each_key
def test_a_key_rotates_every_year(key: str) -> None:
    assert resource(key)["EnableKeyRotation"] is True


@each_key
def test_administrators_can_neither_decrypt_nor_give_themselves_the_right_to(key: str) -> None:
    operations = boto3.client("kms", region_name="eu-central-1").meta.service_model.operation_names
    allowed = policy(key)["AdministratorsManageButNeverDecrypt"]["Action"]
    expanded = {name for name in operations if any(fnmatch.fnmatchcase(f"kms:{name}", pattern) for pattern in allowed)}

    assert not [name for name in expanded if name in DANGEROUS or name.startswith(("GenerateDataKey", "ReEncrypt"))]
    # What CloudFormation needs to make, change and delete the keys and their aliases; all of it is in the key's policy,
    # since nothing here lets IAM policies say more.
    assert expanded >= {
        "PutKeyPolicy", "EnableKeyRotation", "GetKeyRotationStatus", "UpdateKeyDescription", "ScheduleKeyDeletion",
        "CreateAlias", "UpdateAlias", "DeleteAlias", "TagResource", "DescribeKey", "GetKeyPolicy", "ListResourceTags",
    }  # fmt: skip


@each_key
def test_nobody_but_the_policys_own_principals_uses_a_key(key: str) -> None:
    for role in resources("AWS::IAM::Role"):
        for statement in role_statements(role):
            through = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
            used = [action for action in statement["Action"] if action.startswith("kms:")]
            assert not used or (statement["Resource"] == ["${DataKey.Arn}"] and through), (role, statement)


def test_only_commands_opens_what_the_recovery_key_sealed() -> None:
    assert users("RecoveryKey", "Decrypt") == {"${CommandsRole.Arn}"}
    assert users("RecoveryKey", "GenerateDataKey") == {"${CommandsRole.Arn}", "${InteractionsRole.Arn}"}


def test_only_commands_seals_and_opens_what_a_guild_has_connected() -> None:
    assert users("GuildKey", "GenerateDataKey") == users("GuildKey", "Decrypt") == {"${CommandsRole.Arn}"}


def test_commands_seals_run_credentials_and_only_hand_over_opens_them() -> None:
    assert users("RunCredentialsKey", "GenerateDataKey") == {"${CommandsRole.Arn}"}
    assert users("RunCredentialsKey", "Decrypt") == {"${HandOverRole.Arn}"}


@each_sealing_key
def test_a_sealing_key_knows_two_operations_and_no_grants(key: str) -> None:
    for sid, statement in policy(key).items():
        if sid != "AdministratorsManageButNeverDecrypt":
            assert set(statement["Action"]) <= {"kms:GenerateDataKey", "kms:Decrypt"}
            assert "Service" not in statement["Principal"]


@each_sealing_key
def test_conditions_on_the_context_hold_on_aws_and_in_an_emulator_that_cannot_see_contexts(key: str) -> None:
    for sid, statement in policy(key).items():
        if sid != "AdministratorsManageButNeverDecrypt":
            assert set(statement["Condition"]) == {"StringEqualsIfExists", "ForAllValues:StringEquals"}
            assert statement["Condition"]["StringEqualsIfExists"] == {"kms:EncryptionContext:app": "cloud-chatops"}


def test_the_context_of_a_recovery_blob_is_one_that_the_key_allows() -> None:
    keys = RecordingDataKeys()
    vault = EphemeralVault(keys, lambda: 0.0)
    vault.open_session("abcdefgh", "{}", guild_id=GUILD, user_id=USER, expires_at=SESSION_SECONDS)
    vault.generate_recovery_blob("abcdefgh", USER, guild_id=GUILD, user_id=USER)

    assert keys.contexts == [{"app", "v", "guild", "user", "session", "exp"}]
    assert keys.contexts[0] <= allowed_context("RecoveryKey", "CommandsSealAndOpen")


@pytest.mark.parametrize("sid", ["InteractionsSealOnly", "CommandsSealAndOpen"])
def test_the_context_of_a_sealed_option_is_one_that_the_key_allows(sid: str) -> None:
    interaction = Interaction(INTERACTION, InteractionType.COMMAND, "1100000000000000001", "token", guild_id=GUILD)
    context = seal_context(interaction, "credentials")

    assert set(context) <= allowed_context("RecoveryKey", sid)
    assert context["app"] == "cloud-chatops"


@pytest.mark.parametrize("sid", ["CommandsSeal", "HandOverOpens"])
def test_the_context_of_run_credentials_is_the_one_that_the_key_allows(sid: str) -> None:
    keys = RecordingDataKeys()
    sealed = seal_credentials(keys, GUILD, "0123456789abcdef", {"a": "b"})

    assert keys.contexts == [allowed_context("RunCredentialsKey", sid)]
    assert open_credentials(keys, GUILD, "0123456789abcdef", sealed) == {"a": "b"}


def test_the_context_of_a_connection_is_the_one_that_the_key_allows() -> None:
    keys = RecordingDataKeys()
    sealed = seal_connection(keys, GUILD, "aws", {"a": "b"})

    assert keys.contexts == [allowed_context("GuildKey", "CommandsSealAndOpen")]
    assert open_connection(keys, GUILD, "aws", sealed) == {"a": "b"}


def test_a_key_that_seals_what_stays_is_never_deleted_with_the_stack() -> None:
    kept = written()["Resources"]["GuildKey"]

    assert kept["DeletionPolicy"] == kept["UpdateReplacePolicy"] == "Retain"


def test_the_recovery_key_allows_no_name_in_a_context_that_no_code_uses() -> None:
    interaction = Interaction(INTERACTION, InteractionType.COMMAND, "1100000000000000001", "token", guild_id=GUILD)
    used = {"app", "v", "guild", "user", "session", "exp"} | set(seal_context(interaction, "credentials"))

    assert allowed_context("RecoveryKey", "CommandsSealAndOpen") == used


def test_the_functions_know_the_sealing_keys_by_aliases_of_the_stack() -> None:
    aliases = {body["AliasName"]: body["TargetKeyId"] for body in resources("AWS::KMS::Alias").values()}

    assert aliases == {
        "alias/${AWS::StackName}/guild": "${GuildKey}",
        "alias/${AWS::StackName}/recovery": "${RecoveryKey}",
        "alias/${AWS::StackName}/run-credentials": "${RunCredentialsKey}",
    }


def test_the_data_key_works_only_through_the_services_of_this_account() -> None:
    statement = policy("DataKey")["ThroughTheServicesOfThisAccount"]

    assert statement["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": "${AWS::AccountId}",
            "kms:ViaService": [f"{service}.${{AWS::Region}}.amazonaws.com" for service in ("dynamodb", "s3", "sqs")],
        }
    }


@pytest.mark.parametrize("role", sorted(resources("AWS::IAM::Role")))
def test_a_role_that_touches_encrypted_data_may_use_its_key(role: str) -> None:
    statement = policy("DataKey")["ThroughTheServicesOfThisAccount"]
    services = {action.split(":")[0] for each in role_statements(role) for action in each["Action"]}
    touched = {f"{service}.${{AWS::Region}}.amazonaws.com" for service in services & {"dynamodb", "s3", "sqs"}}

    assert statement["Principal"] == {"AWS": "*"}
    assert touched <= set(statement["Condition"]["StringEquals"]["kms:ViaService"])
    assert {"kms:Decrypt", "kms:GenerateDataKey*", "kms:Encrypt", "kms:DescribeKey"} <= set(statement["Action"])


def test_log_groups_of_this_account_alone_are_encrypted_by_the_data_key() -> None:
    statement = policy("DataKey")["Logs"]
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"

    assert statement["Principal"] == {"Service": "logs.${AWS::Region}.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}}


def test_a_service_that_sends_to_an_encrypted_queue_may_use_its_key() -> None:
    senders = {
        str(statement["Principal"]["Service"])
        for body in resources("AWS::SQS::QueuePolicy").values()
        for statement in statements(body["PolicyDocument"])
    }
    helped = {
        str(each["Principal"]["Service"]): set(each["Action"])
        for each in policy("DataKey").values()
        if "Service" in each["Principal"]
    }

    assert senders == {"events.amazonaws.com"}
    assert all(helped[sender] >= {"kms:Decrypt", "kms:GenerateDataKey"} for sender in senders)
    statement = policy("DataKey")["DeadLettersOfEvents"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}
