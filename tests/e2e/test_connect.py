"""A guild connects its own AWS account by a role; those deploy with it whom it trusts, and nobody else does."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.emulator import GUILD_ACCOUNT
from tests.e2e.conftest import Guild

NAME = "chatops-guild-site"
ARN = f"arn:aws:iam::{GUILD_ACCOUNT}:role/{NAME}"
MAY = {"Effect": "Allow", "Action": ["s3:*", "sts:GetCallerIdentity"], "Resource": "*"}
SITE = {"name": "club-site", "blueprint": "aws/static-site"}


@pytest.fixture(scope="module")
def trust(guild: Guild) -> dict[str, Any]:
    """The policy that the bot tells an admin to paste."""
    told = guild.slash("cloud-connect", provider="aws")
    found = re.search(r"```json\n(.*?)\n```", told.text, re.DOTALL)
    assert found and told.ephemeral, told.text
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def role(guild: Guild, trust: Mapping[str, Any]) -> Iterator[str]:
    """The guild's role, made as the bot says; nothing is connected afterwards."""
    iam = guild.sandbox.guild_client("iam")
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [MAY]})
    iam.put_role_policy(RoleName=NAME, PolicyName="sites", PolicyDocument=policy)
    yield ARN
    guild.slash("cloud-disconnect", provider="aws")


def lets_in(guild: Guild, trust: Mapping[str, Any]) -> None:
    """Whom the role trusts from now on."""
    iam = guild.sandbox.guild_client("iam")
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(trust))


def buckets(guild: Guild) -> list[str]:
    found = guild.sandbox.guild_client("s3").list_buckets()["Buckets"]
    return [each["Name"] for each in found if each["Name"].startswith(SITE["name"])]


def run(guild: Guild, command: str, after: str, **options: str) -> None:
    """The member, who has brought no credentials, runs something to its end."""
    newest = guild.newest()
    answer = guild.slash(command, user="member", **options)
    assert "First the plan" in answer.text, answer.text
    guild.press(guild.live(SITE["name"], "The plan is ready", after=newest), "Approve", user="member")
    guild.live(SITE["name"], after, after=newest)


def test_a_role_that_does_not_ask_for_the_servers_id_is_refused(guild: Guild, trust: dict[str, Any], role: str) -> None:
    (statement,) = trust["Statement"]
    lets_in(guild, trust | {"Statement": [{**statement, "Condition": {}}]})

    refused = guild.slash("cloud-connect", provider="aws", credentials=role)

    lets_in(guild, trust)
    assert "anybody whom we serve could use it" in refused.text
    assert statement["Condition"]["StringEquals"]["sts:ExternalId"] in refused.text
    assert "No cloud is connected" in guild.slash("cloud-connect").text


def test_another_servers_admin_cannot_connect_this_servers_role(guild: Guild, role: str) -> None:
    refused = guild.slash("cloud-connect", user="outsider", provider="aws", credentials=role)

    assert "AWS does not let us into" in refused.text
    assert "No cloud is connected" in guild.slash("cloud-connect", user="outsider").text


def test_a_member_of_the_trusted_role_deploys_without_credentials_until_it_is_disconnected(
    guild: Guild, trust: dict[str, Any], role: str
) -> None:
    guild.discord.world.add_user("visitor", guild.discord.world.guild)
    connected = guild.slash("cloud-connect", provider="aws", credentials=role, role="deployers")
    assert "Cloud connected" in connected.text and GUILD_ACCOUNT in connected.text

    denied = guild.slash("cloud-deploy-v2", user="visitor", **SITE)
    assert "for members with" in denied.text and "Manage Server" in denied.text
    assert guild.row(SITE["name"]) is None

    run(guild, "cloud-deploy-v2", "Deployment Complete", **SITE)
    assert len(buckets(guild)) == 1
    assert guild.run_of(SITE["name"])["project_id"] == GUILD_ACCOUNT

    guild.slash("cloud-disconnect", provider="aws")
    refused = guild.slash("cloud-destroy", user="member", name=SITE["name"])
    assert "connected no cloud" in refused.text

    guild.slash("cloud-connect", provider="aws", credentials=role, role="deployers")
    run(guild, "cloud-destroy", "Destruction Complete", name=SITE["name"])
    assert buckets(guild) == []


def test_a_role_that_is_shut_while_a_plan_waits_ends_the_run_and_says_whom_to_ask(
    guild: Guild, trust: dict[str, Any], role: str
) -> None:
    guild.slash("cloud-connect", provider="aws", credentials=role, role="deployers")
    newest = guild.newest()
    guild.slash("cloud-deploy-v2", user="member", **SITE)
    plan = guild.live(SITE["name"], "The plan is ready", after=newest)

    (statement,) = trust["Statement"]
    lets_in(guild, trust | {"Statement": [{**statement, "Effect": "Deny"}]})
    guild.press(plan, "Approve", user="member")

    failed = guild.live(SITE["name"], "Deployment failed", after=newest)
    assert "The AWS role that this server has connected could not be used" in failed.text
    assert "Manage Server" in failed.text and buckets(guild) == []
