"""/cloud-connect and /cloud-disconnect as admins and members of a guild see them, and what a run gets of it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatops.commands import COMMANDS
from chatops.domain.connections import CLOUDS, Connection
from chatops.providers import PROVIDERS
from chatops.vault.envelope import EnvelopeError
from chatops.vault.sealed import open_connection
from tests.fakes.runs import GUILD, NOW, OTHER_GUILD
from tests.unit.commands.bot import ACCESS_KEY, DEPLOYERS, PEOPLE, Bot

ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/chatops-guild-deploy"
PRINCIPAL = dict.fromkeys(("client_id", "tenant_id", "subscription_id"), "0" * 8 + "-0000-0000-0000-" + "0" * 12)
AZURE = json.dumps(PRINCIPAL | {"client_secret": "azure-canary-secret"})


def connect(bot: Bot, guild: str = GUILD, who: str = "manager", **options: Any) -> str:
    """Connect an AWS account by access keys, unless the options say otherwise."""
    plain = {"provider": "aws", "project_id": ACCOUNT, "credentials": ACCESS_KEY}
    return bot.say("cloud-connect", who, guild, **{k: v for k, v in (plain | options).items() if v is not None})


def connect_role(bot: Bot, guild: str = GUILD, **options: Any) -> str:
    """Make the guild's role as it is told to, and connect it."""
    bot.guild_aws.roles.setdefault(ROLE, bot.connections.external_id(guild))
    return connect(bot, guild, **{"project_id": None, "credentials": ROLE} | options)


def opened(bot: Bot, provider: str = "aws", guild: str = GUILD) -> dict[str, Any]:
    found = bot.connections.get(guild, provider)
    assert found
    return bot.services.open_connection(guild, provider, found.sealed)


class TestKeys:
    def test_keys_are_sealed_for_the_guild_and_nothing_of_them_is_told(self, bot: Bot) -> None:
        answer = connect(bot, region="eu-west-1", role=DEPLOYERS)

        kept = bot.connections.get(GUILD, "aws")
        assert kept and kept == Connection(
            GUILD, "aws", ACCOUNT, "eu-west-1", "key", kept.sealed, DEPLOYERS, PEOPLE["manager"].id, NOW
        )
        assert opened(bot) == json.loads(ACCESS_KEY)
        assert "Cloud connected" in answer and f"`{ACCOUNT}`" in answer and f"<@&{DEPLOYERS}>" in answer
        for secret in json.loads(ACCESS_KEY).values():
            assert secret not in answer and secret not in repr(bot.connections.kept) and secret not in kept.sealed

    def test_what_is_sealed_for_one_guild_and_provider_opens_for_no_other(self, bot: Bot) -> None:
        connect(bot)
        sealed = bot.connections.kept[GUILD, "aws"].sealed

        for guild, provider in ((OTHER_GUILD, "aws"), (GUILD, "gcp")):
            with pytest.raises(EnvelopeError):
                open_connection(bot.keys, guild, provider, sealed)

    def test_the_clouds_project_is_what_its_keys_are_for(self, bot: Bot) -> None:
        bot.guild_aws.default_account = "333333333333"

        assert "`333333333333`" in connect(bot)
        assert bot.connections.kept == {}

    def test_keys_that_end_soon_are_not_connected(self, bot: Bot) -> None:
        temporary = json.loads(ACCESS_KEY) | {"aws_access_key_id": "ASIA" + "A" * 16, "aws_session_token": "t" * 32}

        assert "temporary" in connect(bot, credentials=json.dumps(temporary))
        assert bot.connections.kept == {}

    def test_connecting_again_replaces_and_says_so(self, bot: Bot) -> None:
        connect(bot, region="eu-west-1")
        bot.guild_aws.default_account = "333333333333"

        answer = connect(bot, project_id="333333333333")

        assert f"takes the place of AWS project `{ACCOUNT}` in `eu-west-1`" in answer
        assert [each.project_id for each in bot.connections.of(GUILD)] == ["333333333333"]

    def test_a_cloud_that_is_not_named_is_told_by_its_project(self, bot: Bot) -> None:
        connect(bot, provider=None, project_id=PRINCIPAL["subscription_id"], credentials=AZURE)

        assert opened(bot, "azure")["client_secret"] == "azure-canary-secret"

    def test_credentials_without_a_cloud_are_not_guessed_at(self, bot: Bot) -> None:
        assert "`provider`" in connect(bot, provider=None, project_id=None)
        assert bot.connections.kept == {}

    def test_another_cloud_without_credentials_asks_for_them(self, bot: Bot) -> None:
        assert "`service_account_json`" in connect(bot, provider="gcp", project_id="acme-prod-123", credentials=None)

    def test_every_cloud_can_be_connected(self) -> None:
        assert set(CLOUDS) == PROVIDERS.keys() - {"none"}


class TestRole:
    def test_without_credentials_it_is_shown_how_to_make_a_role_and_nothing_is_connected(self, bot: Bot) -> None:
        answer = connect(bot, credentials=None)

        external_id = bot.connections.external_id(GUILD)
        policy = json.loads(answer.split("```json\n")[1].split("```")[0])
        assert policy["Statement"] == [
            {
                "Effect": "Allow",
                "Principal": {"AWS": bot.services.broker_arn},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ]
        assert "aws iam create-role --role-name chatops-guild-" in answer
        assert f"credentials:{ROLE}" in answer
        assert bot.connections.kept == {}

    def test_what_is_shown_is_whole_within_discords_limits(self, bot: Bot) -> None:
        connect(bot, credentials=None)

        (payload,) = bot.chat.answers
        (embed,) = payload["embeds"]
        assert "…" not in embed["description"].replace("role:@…", "")
        assert len(embed["fields"]) == 4

    def test_how_to_make_a_role_tells_what_is_connected_already(self, bot: Bot) -> None:
        assert "Nothing of AWS yet" in connect(bot, project_id=None, credentials=None)

        connect(bot, role=DEPLOYERS)
        told = connect(bot, project_id=None, credentials=None)

        assert f"AWS project `{ACCOUNT}`" in told and f"<@&{DEPLOYERS}>" in told and "Nothing" not in told

    def test_a_role_is_connected_with_the_guilds_external_id_and_tells_its_account(self, bot: Bot) -> None:
        answer = connect_role(bot)

        kept = bot.connections.get(GUILD, "aws")
        assert kept and (kept.kind, kept.project_id) == ("role", ACCOUNT)
        assert opened(bot) == {"role_arn": ROLE, "external_id": bot.connections.external_id(GUILD)}
        assert "Cloud connected" in answer and ACCOUNT in answer

    def test_another_guilds_role_is_refused(self, bot: Bot) -> None:
        connect_role(bot)

        answer = connect_role(bot, OTHER_GUILD)

        assert "cannot be assumed" in answer
        assert bot.connections.of(OTHER_GUILD) == []

    def test_a_role_of_another_account_than_the_named_one_is_refused(self, bot: Bot) -> None:
        assert f"account `{ACCOUNT}`" in connect_role(bot, project_id="333333333333")
        assert bot.connections.kept == {}

    def test_a_role_of_another_partition_is_out_of_reach(self, bot: Bot) -> None:
        assert "`aws-cn`" in connect_role(bot, credentials=ROLE.replace("arn:aws:", "arn:aws-cn:"))
        assert bot.connections.kept == {}

    @pytest.mark.parametrize("name", ["admin", "chatops-guild-", "x/chatops-guild-a"])
    def test_a_role_by_a_name_that_we_may_not_ask_for_is_refused_by_its_name(self, bot: Bot, name: str) -> None:
        assert "`chatops-guild-`" in connect_role(bot, credentials=f"arn:aws:iam::{ACCOUNT}:role/{name}")

    def test_a_member_cannot_get_round_the_restriction_by_cloud_init(self, bot: Bot) -> None:
        connect_role(bot, role=DEPLOYERS)

        answer = bot.say("cloud-init", "member", project_id=ACCOUNT, credentials=ROLE)

        assert "/cloud-connect" in answer and bot.blobs.rows == {}


class TestWhoMay:
    @pytest.mark.parametrize("command", ["cloud-connect", "cloud-disconnect"])
    def test_nobody_without_manage_server_sees_or_changes_anything(self, bot: Bot, command: str) -> None:
        connect(bot)
        options = {"provider": "aws"} if command == "cloud-disconnect" else {}

        answer = bot.say(command, "member", **options)

        assert "Manage Server" in answer and ACCOUNT not in answer
        assert [each.provider for each in bot.connections.of(GUILD)] == ["aws"]

    @pytest.mark.parametrize("command", ["cloud-connect", "cloud-disconnect"])
    def test_only_the_admin_sees_the_answer(self, command: str) -> None:
        assert COMMANDS[command].ephemeral

    def test_a_member_who_brings_keys_is_refused_before_anything_is_done(self, bot: Bot) -> None:
        assert "Manage Server" in connect(bot, who="member")
        assert bot.connections.kept == {} and "connect" not in bot.audit.actions()


class TestListed:
    def test_a_guild_that_connected_nothing_is_told_how(self, bot: Bot) -> None:
        assert "No cloud is connected" in bot.say("cloud-connect", "manager")

    def test_all_of_a_guilds_are_listed_and_of_no_other(self, bot: Bot) -> None:
        connect_role(bot, role=DEPLOYERS)
        connect(bot, provider="azure", project_id=PRINCIPAL["subscription_id"], credentials=AZURE)
        connect(bot, OTHER_GUILD, project_id="222222222222", region="ap-south-1")

        answer = bot.say("cloud-connect", "manager")

        assert f"AWS project `{ACCOUNT}` in `us-east-1` · by a role · for members with <@&{DEPLOYERS}>" in answer
        assert "Azure project" in answer and "by a key · for members with Manage Server" in answer
        assert f"<t:{NOW}:R> by <@{PEOPLE['manager'].id}>" in answer
        assert "ap-south-1" not in answer and "canary" not in answer

    def test_a_cloud_for_everybody_is_said_to_be_for_everybody(self, bot: Bot) -> None:
        connect(bot, role=GUILD)  # the role @everyone has its guild's id

        assert "for everybody in this server" in bot.say("cloud-connect", "manager")


class TestDisconnect:
    def test_it_is_forgotten_at_once_and_what_stays_is_said(self, bot: Bot) -> None:
        connect(bot)
        connect(bot, OTHER_GUILD)

        answer = bot.say("cloud-disconnect", "manager", provider="aws")

        assert bot.connections.of(GUILD) == [] and len(bot.connections.of(OTHER_GUILD)) == 1
        assert "deleted" in answer and "A build at work keeps its own sealed copy" in answer

    def test_what_is_not_connected_cannot_be_disconnected(self, bot: Bot) -> None:
        assert "has not connected AWS" in bot.say("cloud-disconnect", "manager", provider="aws")

    def test_the_external_id_stays_so_that_the_role_can_be_connected_again(self, bot: Bot) -> None:
        connect_role(bot)
        bot.say("cloud-disconnect", "manager", provider="aws")

        assert "Cloud connected" in connect_role(bot)


class TestRoleAlone:
    OTHER = "1100000000000000051"

    def test_it_changes_who_may_use_what_is_connected_and_nothing_else(self, bot: Bot) -> None:
        connect(bot, region="eu-west-1", role=DEPLOYERS)
        before = bot.connections.kept[GUILD, "aws"]

        told = bot.say("cloud-connect", "manager", provider="aws", role=self.OTHER)

        assert f"<@&{self.OTHER}>" in told and DEPLOYERS not in told
        assert bot.connections.kept[GUILD, "aws"] == replace(before, role_id=self.OTHER)
        entry = next(bot.audit.of_guild(GUILD))
        assert (entry.action, entry.note) == ("connect", f"aws {ACCOUNT} by a key, for {self.OTHER}")

    @pytest.mark.parametrize("provider", CLOUDS)
    def test_where_nothing_is_connected_it_is_refused_by_name(self, bot: Bot, provider: str) -> None:
        told = bot.say("cloud-connect", "manager", provider=provider, role=DEPLOYERS)

        assert "nothing that `role` could be given" in told
        assert bot.connections.kept == {} and bot.audit.entries == {}

    def test_without_a_cloud_it_is_asked_which(self, bot: Bot) -> None:
        connect(bot)

        assert "`provider`" in bot.say("cloud-connect", "manager", role=DEPLOYERS)
        assert bot.connections.kept[GUILD, "aws"].role_id == ""

    @pytest.mark.parametrize("more", [{"region": "us-east-1"}, {"project_id": "333333333333"}])
    def test_what_else_would_change_needs_the_credentials(self, bot: Bot, more: dict[str, str]) -> None:
        connect(bot, region="eu-west-1")
        before = dict(bot.connections.kept)

        assert "Nothing was changed" in bot.say("cloud-connect", "manager", provider="aws", role=DEPLOYERS, **more)
        assert bot.connections.kept == before

    def test_a_member_may_not(self, bot: Bot) -> None:
        connect(bot)

        assert "Manage Server" in bot.say("cloud-connect", "deployer", provider="aws", role=DEPLOYERS)
        assert bot.connections.kept[GUILD, "aws"].role_id == ""


class TestAudit:
    def test_connecting_and_disconnecting_are_on_record_without_a_secret(self, bot: Bot) -> None:
        connect_role(bot, role=DEPLOYERS)
        bot.say("cloud-disconnect", "manager", provider="aws")

        entries = [entry for entry in bot.audit.of_guild(GUILD) if entry.action in ("connect", "disconnect")]
        assert [(entry.action, entry.by) for entry in entries] == [
            ("disconnect", PEOPLE["manager"].id),
            ("connect", PEOPLE["manager"].id),
        ]
        assert entries[1].note == f"aws {ACCOUNT} by a role, for {DEPLOYERS}"

    def test_what_is_refused_was_not_connected(self, bot: Bot) -> None:
        connect(bot, credentials="{}")

        assert "connect" not in bot.audit.actions()
