"""Whose credentials a run takes, and what a person is told who has none that fit."""

from typing import Any

import pytest

from chatops.commands.base import Call
from chatops.commands.identity import Identity, identity_for
from chatops.domain.connections import Connection
from chatops.domain.deployments import Deployment
from chatops.domain.sessions import session_id_of
from chatops.errors import SessionError, SessionLocked
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import open_credentials
from chatops.vault.sessions import Sessions
from tests.fakes.runs import GUILD, OTHER_GUILD
from tests.unit.commands.bot import DEPLOYERS, PEOPLE, Bot

ACCOUNT, ANOTHER = "222222222222", "333333333333"
OWN = {"key": "the server's own"}
SHOP = Deployment(GUILD, "shop", "aws/static-site", project_id=ACCOUNT, region="eu-west-1")


def connected(bot: Bot, guild: str = GUILD, provider: str = "aws", **changes: Any) -> None:
    fields = {"project_id": ACCOUNT, "region": "eu-north-1", "kind": "key", "role_id": DEPLOYERS} | changes
    sealed = bot.services.seal_connection(guild, provider, OWN)
    bot.connections.put(Connection(guild, provider, sealed=sealed, **fields))


def taken(bot: Bot, who: str, known: Deployment | None = None, provider: str = "aws") -> Identity | None:
    call = Call("1100000000000009000", "app", "token", GUILD, "1100000000000000003", PEOPLE[who])
    return identity_for(provider, call, bot.services, known)


def told(bot: Bot, who: str, known: Deployment | None = None) -> str:
    with pytest.raises(SessionError) as error:
        taken(bot, who, known)
    return str(error.value)


def seal_with_passphrase(bot: Bot, who: str) -> None:
    """The person has a session that this process does not hold open."""
    elsewhere = Sessions(EphemeralVault(bot.keys, bot.clock), RecoveryBlobs(bot.blobs, bot.clock), bot.clock)
    place = (GUILD, PEOPLE[who].id, "aws", ACCOUNT, "eu-west-1")
    elsewhere.open(*place, {"key": "sealed"}, "correct horse battery", session_id=session_id_of("1100000000000005555"))


class TestOrder:
    def test_a_blueprint_that_needs_no_cloud_asks_for_nothing(self, bot: Bot) -> None:
        connected(bot)

        assert taken(bot, "deployer", provider="none") is None

    def test_the_persons_own_session_goes_first(self, bot: Bot) -> None:
        connected(bot)
        bot.open_session(who="deployer")

        identity = taken(bot, "deployer")

        assert identity and identity.credentials == {"key": "canary"} and identity.region == "eu-west-1"
        assert identity.whose == f"session {identity.session_id}"

    @pytest.mark.parametrize("who", ["deployer", "manager"])
    def test_without_a_session_those_take_the_servers_cloud_who_may(self, bot: Bot, who: str) -> None:
        connected(bot)

        assert taken(bot, who) == Identity(OWN, ACCOUNT, "eu-north-1")
        assert Identity(OWN, ACCOUNT, "eu-north-1").whose == "the server's own"

    def test_a_session_that_does_not_fit_gives_way_to_the_servers_cloud(self, bot: Bot) -> None:
        connected(bot)
        bot.open_session("azure", who="deployer")

        identity = taken(bot, "deployer", SHOP)

        assert identity and identity.credentials == OWN and not identity.session_id

    def test_a_locked_session_that_might_fit_is_asked_for_first(self, bot: Bot) -> None:
        """Else the server's cloud would pay for what the person meant to do in their own."""
        connected(bot)
        seal_with_passphrase(bot, "deployer")

        with pytest.raises(SessionLocked):
            taken(bot, "deployer")

    def test_everybody_may_where_the_role_is_everyone(self, bot: Bot) -> None:
        connected(bot, role_id=GUILD)

        assert taken(bot, "member")

    def test_no_secret_is_in_the_repr(self, bot: Bot) -> None:
        assert "own" not in repr(Identity({"key": "the server's own"}, ACCOUNT, "x"))


class TestRefused:
    def test_with_nothing_at_all_both_ways_are_told(self, bot: Bot) -> None:
        answer = told(bot, "member")

        assert "no open session here (a session lasts 30 minutes)" in answer
        assert "/cloud-init provider:aws" in answer and "/cloud-connect provider:aws" in answer

    @pytest.mark.parametrize("role", [DEPLOYERS, ""])
    def test_a_member_without_the_role_is_told_who_may(self, bot: Bot, role: str) -> None:
        connected(bot, role_id=role)

        answer = told(bot, "member")

        assert f"project `{ACCOUNT}`, for members with" in answer and "Manage Server" in answer
        assert (f"<@&{DEPLOYERS}>" in answer) is bool(role)
        assert "/cloud-connect" not in answer  # it would change nothing for them

    def test_a_cloud_for_managers_alone_is_for_no_role(self, bot: Bot) -> None:
        connected(bot, role_id="")

        assert "members with Manage Server" in told(bot, "deployer")

    @pytest.mark.parametrize("who", ["deployer", "manager"])
    def test_what_exists_in_another_project_is_never_planned_in_this_one(self, bot: Bot, who: str) -> None:
        connected(bot, project_id=ANOTHER)

        answer = told(bot, who, SHOP)

        assert f"`shop` exists in project `{ACCOUNT}`" in answer and f"connected project `{ANOTHER}`" in answer
        assert f"/cloud-init project_id:{ACCOUNT}" in answer

    def test_what_another_guild_connected_is_not_there(self, bot: Bot) -> None:
        connected(bot, OTHER_GUILD, role_id=DEPLOYERS)

        assert "connected no cloud" in told(bot, "deployer") and ACCOUNT not in told(bot, "deployer")

    def test_what_is_connected_of_another_cloud_does_not_do(self, bot: Bot) -> None:
        connected(bot, provider="azure")

        assert "connected no cloud for it" in told(bot, "manager")


class TestRun:
    def test_a_run_gets_a_copy_of_its_own_and_the_deployments_region(self, bot: Bot) -> None:
        connected(bot)
        bot.deployments.rows[GUILD, "shop"] = SHOP

        bot.say("cloud-deploy-v2", "deployer", blueprint="aws/static-site", name="shop")

        run = bot.only_run()
        sealed = bot.artefacts.objects[run.artefact("credentials.sealed")].decode()
        assert open_credentials(bot.keys, GUILD, run.id, sealed) == OWN
        assert (run.project_id, run.region, run.session_id) == (ACCOUNT, "eu-west-1", "")
        assert "own" not in repr(bot.runs.runs) + repr(bot.log)

    def test_after_disconnecting_nothing_is_deployed_with_it(self, bot: Bot) -> None:
        connected(bot)
        bot.say("cloud-disconnect", "manager", provider="aws")

        answer = bot.say("cloud-deploy-v2", "deployer", blueprint="aws/static-site", name="shop")

        assert "connected no cloud" in answer and bot.runs.runs == {}

    def test_a_seal_that_was_moved_to_another_guild_opens_nothing(self, bot: Bot) -> None:
        """Whoever can write the table cannot give one guild the cloud of another."""
        sealed = bot.services.seal_connection(OTHER_GUILD, "aws", OWN)
        bot.connections.put(Connection(GUILD, "aws", ACCOUNT, "eu-west-1", "key", sealed, DEPLOYERS))

        answer = bot.say("cloud-deploy-v2", "deployer", blueprint="aws/static-site", name="shop")

        assert "error id" in answer and bot.runs.runs == {}
