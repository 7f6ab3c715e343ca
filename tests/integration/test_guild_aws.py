"""Roles of two accounts, with IAM enforced: who gets in with which external id, and what a run may do with it."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chatops.adapters.guild_aws import StsGuildAws
from chatops.errors import OutsideError, UserError
from sandbox.emulator import GUILD_ACCOUNT, Emulator
from tests.infrastructure import template

MINE, THEIRS = "chatops-mine", "chatops-theirs"


class Accounts:
    """Our account with its broker, which has the template's own policy, and a guild's with its roles."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.guild_iam = emulator.client("iam", GUILD_ACCOUNT)
        iam = emulator.client("iam")
        (asks,) = template.resource("GuildAccessRole")["Policies"]
        policy = json.dumps(asks["PolicyDocument"]).replace("${AWS::Partition}", "aws")
        name = f"broker-{uuid.uuid4().hex[:8]}"
        root = {"AWS": "arn:aws:iam::000000000000:root"}
        self.broker_arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(root))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="asks", PolicyDocument=policy)
        self.guild_aws = StsGuildAws(emulator.client("sts"), lambda keys: self.client("sts", keys), self.broker_arn)

    def role(self, condition: Mapping[str, Any] | None, prefix: str = "chatops-guild-") -> str:
        """A role of the guild that trusts our broker, under a condition or none; it may do anything."""
        name = f"{prefix}{uuid.uuid4().hex[:8]}"
        document = trust({"AWS": self.broker_arn}, condition)
        arn = self.guild_iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        self.guild_iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(anything))
        return str(arn)

    def client(self, service: str, keys: Mapping[str, str]) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.emulator.url,
            region_name="us-east-1",
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
            aws_session_token=keys.get("session_token"),
        )

    def lent(self, service: str, role_arn: str) -> Any:
        keys = self.guild_aws.lend(role_arn, MINE, "abc")
        return self.client(service, {name.removeprefix("aws_"): value for name, value in keys.items()})


def trust(principal: Mapping[str, str], condition: Mapping[str, Any] | None = None) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    statement |= {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def asks_for(external_id: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {"sts:ExternalId": external_id}}


@pytest.fixture(scope="module")
def accounts(emulator: Emulator) -> Iterator[Accounts]:
    yield Accounts(emulator)


def test_a_role_that_asks_for_the_guilds_id_is_good(accounts: Accounts) -> None:
    accounts.guild_aws.check_role(accounts.role(asks_for(MINE)), MINE)


def test_another_guilds_id_does_not_open_a_role(accounts: Accounts) -> None:
    role = accounts.role(asks_for(MINE))

    with pytest.raises(UserError, match="does not let us into"):
        accounts.guild_aws.check_role(role, THEIRS)
    with pytest.raises(OutsideError, match="AccessDenied"):
        accounts.guild_aws.lend(role, THEIRS, "abc")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (None, "without an external id"),
        (asks_for(MINE, "StringEqualsIfExists"), "without an external id"),
        (asks_for("*", "StringLike"), "with any external id"),
    ],
)
def test_a_role_that_anybody_whom_we_serve_could_name_is_refused(
    accounts: Accounts, condition: Mapping[str, Any] | None, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        accounts.guild_aws.check_role(accounts.role(condition), MINE)


def test_a_role_by_another_name_is_out_of_our_reach_whatever_it_trusts(accounts: Accounts) -> None:
    role = accounts.role(asks_for(MINE), prefix="admin-")

    with pytest.raises(UserError, match="does not let us into"):
        accounts.guild_aws.check_role(role, MINE)
    with pytest.raises(OutsideError, match="AccessDenied"):
        accounts.guild_aws.lend(role, MINE, "abc")


def test_what_is_lent_works_in_the_guilds_account_under_the_runs_name(accounts: Accounts) -> None:
    role = accounts.role(asks_for(MINE))

    who = accounts.lent("sts", role).get_caller_identity()

    assert who["Account"] == GUILD_ACCOUNT
    assert who["Arn"] == f"arn:aws:sts::{GUILD_ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/run-abc"
    accounts.lent("s3", role).create_bucket(Bucket=f"lent-{uuid.uuid4().hex}")


def test_what_is_lent_cannot_change_who_may_borrow(accounts: Accounts) -> None:
    role = accounts.role(asks_for(MINE))
    iam, name = accounts.lent("iam", role), role.rpartition("/")[2]

    with pytest.raises(ClientError, match="AccessDenied"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({"AWS": "*"}))
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=trust({"AWS": "*"}))


def test_keys_are_of_the_account_that_made_them(accounts: Accounts) -> None:
    name = f"person-{uuid.uuid4().hex[:8]}"
    accounts.guild_iam.create_user(UserName=name)
    made = accounts.guild_iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    assert accounts.guild_aws.account_of(keys) == GUILD_ACCOUNT
    with pytest.raises(UserError, match="does not belong"):
        accounts.guild_aws.account_of(keys | {"aws_secret_access_key": "x" * 40})
    with pytest.raises(UserError, match="knows no such access key"):
        accounts.guild_aws.account_of(keys | {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"})
