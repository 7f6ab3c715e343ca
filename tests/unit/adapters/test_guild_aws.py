"""What is asked of STS, against botocore's own model; tests/integration/test_guild_aws.py asks an emulated one."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from chatops.adapters.guild_aws import StsGuildAws
from chatops.errors import OutsideError, UserError

BROKER = "arn:aws:iam::111111111111:role/GuildAccessRole"
ROLE = "arn:aws:iam::222222222222:role/chatops-guild-deploy"
ID = "chatops-abcdefghijklmnopqrstuvwxyz234567"
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "s" * 40}


class Trusting:
    """An STS that knows one role, whose trust has this pattern in `StringLike`."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def assume_role(self, **asked: Any) -> Any:
        if asked["RoleArn"] == BROKER or fnmatchcase(asked.get("ExternalId", ""), self._pattern):
            return session_of("role")
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole")


class World:
    """Our STS client, the guild's, and the keys that the guild's was made with."""

    def __init__(self) -> None:
        make: Any = boto3.client
        clients = [
            make("sts", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x") for _ in range(2)
        ]
        self.clients = clients
        self.ours, self.theirs = map(Stubber, clients)
        self.made_with: list[Mapping[str, str]] = []
        self.guild_aws = StsGuildAws(clients[0], self._with, BROKER)

    def becomes_broker(self, session: str) -> None:
        asked = {"RoleArn": BROKER, "RoleSessionName": session, "DurationSeconds": ANY}
        self.ours.add_response("assume_role", session_of("broker"), asked)

    def tried(self, opens: bool, external_id: Any = None) -> None:
        """One try to get in, by the external id or by none."""
        asked = {"RoleArn": ROLE, "RoleSessionName": ANY, "DurationSeconds": 900, "Policy": json_of(NOTHING)}
        asked |= {"ExternalId": external_id} if external_id else {}
        if opens:
            self.theirs.add_response("assume_role", session_of("role"), asked)
        else:
            self.theirs.add_client_error("assume_role", "AccessDenied", expected_params=asked)

    def _with(self, credentials: Mapping[str, str]) -> Any:
        self.made_with.append(credentials)
        return self.clients[1]


def session_of(name: str) -> dict[str, Any]:
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    keys = {"AccessKeyId": f"ASIA{name.upper():x<12}", "SecretAccessKey": f"{name}-secret", "SessionToken": name}
    return {"Credentials": {**keys, "Expiration": ends}}


def json_of(policy: Any) -> str:
    return json.dumps(policy, separators=(",", ":"))


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with world.ours, world.theirs:
        yield world
    world.ours.assert_no_pending_responses()
    world.theirs.assert_no_pending_responses()
    for client in world.clients:
        client.close()


class TestAccount:
    def test_the_account_of_keys_is_asked_with_these_keys_alone(self, world: World) -> None:
        answer = {"Account": "222222222222", "Arn": "arn:aws:iam::222222222222:user/x", "UserId": "x"}
        world.theirs.add_response("get_caller_identity", answer, {})

        assert world.guild_aws.account_of({**KEYS, "aws_session_token": "t"}) == "222222222222"
        expected = {"access_key_id": KEYS["aws_access_key_id"], "secret_access_key": "s" * 40, "session_token": "t"}
        assert world.made_with == [expected]

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("InvalidClientTokenId", "knows no such access key"),
            ("SignatureDoesNotMatch", "does not belong to this AWS access key id"),
            ("ExpiredToken", "has ended"),
            ("AccessDenied", "refuses this access key"),
        ],
    )
    def test_keys_that_aws_does_not_take_are_their_owners_to_mend(self, world: World, code: str, told: str) -> None:
        world.theirs.add_client_error("get_caller_identity", code, f"The key {KEYS['aws_access_key_id']} …")

        with pytest.raises(UserError, match=told) as error:
            world.guild_aws.account_of(KEYS)
        assert KEYS["aws_access_key_id"] not in str(error.value)

    def test_a_fault_of_aws_is_nobodys_mistake(self, world: World) -> None:
        world.theirs.add_client_error("get_caller_identity", "ServiceUnavailable")

        with pytest.raises(OutsideError, match="ServiceUnavailable"):
            world.guild_aws.account_of(KEYS)


class TestCheck:
    def test_a_role_that_opens_by_the_guilds_id_alone_is_good(self, world: World) -> None:
        world.becomes_broker("chatops-connect")
        world.tried(True, ID)
        world.tried(False)
        world.tried(False, ANY)

        world.guild_aws.check_role(ROLE, ID)

        assert world.made_with == [
            {"access_key_id": "ASIABROKERxxxxxx", "secret_access_key": "broker-secret", "session_token": "broker"}
        ]

    def test_a_role_that_does_not_open_is_told_with_what_it_must_say(self, world: World) -> None:
        world.becomes_broker("chatops-connect")
        world.tried(False, ID)

        with pytest.raises(UserError) as error:
            world.guild_aws.check_role(ROLE, ID)
        told = str(error.value)
        assert ROLE in told and BROKER in told and ID in told and "in a minute" in told

    def test_a_role_that_asks_for_no_id_is_refused_with_the_condition_to_add(self, world: World) -> None:
        world.becomes_broker("chatops-connect")
        world.tried(True, ID)
        world.tried(True)

        with pytest.raises(UserError, match="without an external id") as error:
            world.guild_aws.check_role(ROLE, ID)
        assert "anybody whom we serve could use it" in str(error.value)
        assert f'"Condition": {{"StringEquals": {{"sts:ExternalId": "{ID}"}}}}' in str(error.value)

    def test_a_role_that_takes_any_id_is_refused_too(self, world: World) -> None:
        world.becomes_broker("chatops-connect")
        world.tried(True, ID)
        world.tried(False)
        world.tried(True, ANY)

        with pytest.raises(UserError, match="with any external id"):
            world.guild_aws.check_role(ROLE, ID)

    def test_a_role_that_takes_every_id_that_looks_like_ours_is_refused(self) -> None:
        guild_aws = StsGuildAws(trusting := Trusting("chatops-*"), lambda credentials: trusting, BROKER)

        with pytest.raises(UserError, match="with any external id"):
            guild_aws.check_role(ROLE, ID)

        StsGuildAws(trusting := Trusting(ID), lambda credentials: trusting, BROKER).check_role(ROLE, ID)

    def test_no_answer_is_no_refusal(self, world: World) -> None:
        """Else a role that anybody may use would look safe whenever AWS is busy."""
        world.becomes_broker("chatops-connect")
        world.tried(True, ID)
        world.theirs.add_client_error("assume_role", "Throttling")

        with pytest.raises(OutsideError, match="Throttling"):
            world.guild_aws.check_role(ROLE, ID)

    def test_a_broker_that_we_may_not_become_is_our_fault(self, world: World) -> None:
        world.ours.add_client_error("assume_role", "AccessDenied")

        with pytest.raises(OutsideError, match="AccessDenied"):
            world.guild_aws.check_role(ROLE, ID)


class TestLend:
    def test_a_run_gets_an_hour_under_its_own_name_and_nothing_of_iam_on_the_role(self, world: World) -> None:
        world.becomes_broker("run-abc")
        anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        not_itself = {"Effect": "Deny", "Action": "iam:*", "Resource": ROLE}
        asked = {
            "RoleArn": ROLE,
            "RoleSessionName": "run-abc",
            "ExternalId": ID,
            "DurationSeconds": 3600,
            "Policy": json_of({"Version": "2012-10-17", "Statement": [anything, not_itself]}),
        }
        world.theirs.add_response("assume_role", session_of("role"), asked)

        assert world.guild_aws.lend(ROLE, ID, "abc") == {
            "aws_access_key_id": "ASIAROLExxxxxxxx",
            "aws_secret_access_key": "role-secret",
            "aws_session_token": "role",
        }

    def test_a_role_that_opens_no_more_is_told_by_its_code_alone(self, world: World) -> None:
        world.becomes_broker("run-abc")
        world.theirs.add_client_error("assume_role", "AccessDenied", f"User: {BROKER} may not … {ROLE}")

        with pytest.raises(OutsideError) as error:
            world.guild_aws.lend(ROLE, ID, "abc")
        assert str(error.value) == "borrowing a guild's role: AccessDenied"
