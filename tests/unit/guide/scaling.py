"""Universal scaling: every guild deploys with credentials of its own."""

import asyncio
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.envelope import EnvelopeError
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import open_credentials
from chatops.vault.sessions import Sessions
from runner.bundle import CloudCredentials
from runner.engine import IACEngineManager
from tests.fakes.keys import InMemoryDataKeys
from tests.fakes.outside import FakeClock
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER
from tests.unit.commands.bot import ACCESS_KEY, Bot
from tests.unit.guide.engines import SECONDS, engine, execute
from tests.unit.guide.handshake import ME, PROJECT, RAW
from tests.unit.providers.test_gcp import KEY_FILE as GOOGLES

KEY_FILE = json.dumps({"type": "service_account", "private_key": "acme's own"})
ACME = CloudCredentials("gcp", None, "acme-prod-123", {"type": "service_account", "private_key": "acme's own"})
STARTUP = CloudCredentials("gcp", None, "startup-dev-456", {"type": "service_account", "private_key": "startup's own"})
ENTRA = CloudCredentials(
    "azure", None, None, dict.fromkeys(("client_id", "client_secret", "tenant_id", "subscription_id"), "entra's own")
)
KEYS = CloudCredentials("aws", None, None, dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "aws's own"))


def key_file_of(project: str) -> str:
    """A key file as Google's console gives it."""
    return json.dumps(GOOGLES | {"project_id": project, "client_email": f"bot@{project}.iam.gserviceaccount.com"})


def a_service_account_is_stored_with_the_session() -> None:
    vault = EphemeralVault(InMemoryDataKeys(), FakeClock(NOW))
    vault.open_session("abc", RAW, **ME)

    assert vault.store_service_account("abc", KEY_FILE, **ME)
    assert json.loads(vault.get_data("abc", **ME) or "") == {"project_id": "my-gcp-123", "service_account": KEY_FILE}
    assert not vault.store_service_account("abc", KEY_FILE, guild_id=OTHER_GUILD, user_id=OWNER)
    assert not vault.store_service_account("unknown", KEY_FILE, **ME)


def what_cloud_init_brought_is_given_out() -> None:
    bot = Bot()
    vault = EphemeralVault(bot.keys, bot.clock)
    blobs = RecoveryBlobs(bot.blobs, bot.clock)
    bot.services = replace(bot.services, sessions=Sessions(vault, blobs, bot.clock))
    bot.say("cloud-init", provider="aws", project_id=PROJECT, credentials=ACCESS_KEY)
    (session_id,) = bot.blobs.rows

    assert json.loads(vault.get_service_account(session_id, **ME) or "") == json.loads(ACCESS_KEY)
    assert vault.get_service_account(session_id, guild_id=OTHER_GUILD, user_id=OWNER) is None
    assert vault.get_service_account(session_id, guild_id=GUILD, user_id=MEMBER) is None


def the_tool_finds_the_file_and_nobody_else_may_read_it(folder: Path) -> None:
    script = 'cat "$GOOGLE_APPLICATION_CREDENTIALS"; stat -c " %a" "$GOOGLE_APPLICATION_CREDENTIALS"'
    with engine(folder, script, ACME) as manager:
        _, stdout, _ = execute(manager)

    content, _, mode = stdout.rpartition(" ")
    assert json.loads(content) == dict(ACME.values)
    assert int(mode, 8) == stat.S_IRUSR | stat.S_IWUSR


def every_cloud_gets_its_variable(folder: Path) -> None:
    for guild, name in (
        (ACME, "GOOGLE_APPLICATION_CREDENTIALS"),
        (KEYS, "AWS_SHARED_CREDENTIALS_FILE"),
        (ENTRA, "AZURE_CREDENTIALS_FILE"),
    ):
        with engine(folder, f'cat "${name}"', guild) as manager:
            success, stdout, _ = execute(manager)
        assert success
        assert all(value in stdout for value in guild.values.values())


def no_file_outlives_the_tool(folder: Path) -> None:
    for script in ("exit 0", "exit 1", "kill -9 $$"):
        with engine(folder, f'ls "${{GOOGLE_APPLICATION_CREDENTIALS%/*}}"; {script}', ACME) as manager:
            _, stdout, _ = execute(manager)
            left = [path for path in folder.rglob("private/*") if path.is_file()]
        assert "google.json" in stdout
        assert left == []


def guilds_are_apart(folder: Path) -> None:
    """From what is brought, over what is kept, to the files of the tool."""
    the_guides_workflow()
    what_a_guild_connects_reaches_its_own_runs_alone()
    two_guilds_at_once_see_their_own(folder)


def the_guides_workflow() -> None:
    bot = Bot()
    vault = EphemeralVault(bot.keys, bot.clock)
    bot.services = replace(bot.services, sessions=Sessions(vault, RecoveryBlobs(bot.blobs, bot.clock), bot.clock))
    projects = {GUILD: "acme-prod-123", OTHER_GUILD: "startup-dev-456"}
    for guild, project in projects.items():
        told = bot.say("cloud-init", guild=guild, project_id=project, service_account_json=key_file_of(project))
        assert "Session open" in told and project in told

    for row in bot.blobs.rows.values():
        held = vault.get_service_account(row.session_id, guild_id=row.guild_id, user_id=OWNER)
        (other,) = projects.keys() - {row.guild_id}
        assert json.loads(held or "")["project_id"] == projects[row.guild_id]
        assert vault.get_service_account(row.session_id, guild_id=other, user_id=OWNER) is None


def what_a_guild_connects_reaches_its_own_runs_alone() -> None:
    bot = Bot()
    accounts = {GUILD: "222222222222", OTHER_GUILD: "333333333333"}
    for guild, account in accounts.items():
        key = json.loads(ACCESS_KEY) | {"aws_secret_access_key": guild * 2}
        bot.guild_aws.default_account = account
        bot.say("cloud-connect", "manager", guild, provider="aws", project_id=account, credentials=json.dumps(key))
        bot.say("cloud-deploy-v2", "manager", guild, blueprint="aws/static-site")

    runs = {run.guild_id: run for run in bot.runs.runs.values()}
    assert {guild: run.project_id for guild, run in runs.items()} == accounts
    for guild, run in runs.items():
        sealed = bot.artefacts.objects[run.artefact("credentials.sealed")].decode()
        assert open_credentials(bot.keys, guild, run.id, sealed)["aws_secret_access_key"] == guild * 2
        for other in runs.values():
            if other is not run:
                with pytest.raises(EnvelopeError):
                    open_credentials(bot.keys, other.guild_id, other.id, sealed)


def two_guilds_at_once_see_their_own(folder: Path) -> None:
    """Each tool waits until both run, so that both guilds' files exist, and prints what it was given."""
    both_run = 'touch "$SHARED/$$"; until [ $(ls "$SHARED" | grep -c "^[0-9]*$") = 2 ]; do sleep 0.02; done'
    script = f'{both_run}; cat "$GOOGLE_APPLICATION_CREDENTIALS"'

    async def both(first: IACEngineManager, second: IACEngineManager) -> list[tuple[bool, str, str]]:
        work = (first.execute_iac([], session_id="run-acme"), second.execute_iac([], session_id="run-startup"))
        return await asyncio.wait_for(asyncio.gather(*work), SECONDS)

    with engine(folder, script, ACME, "run-acme") as acme, engine(folder, script, STARTUP, "run-startup") as startup:
        results = asyncio.run(both(acme, startup))

    assert [json.loads(stdout) for _, stdout, _ in results] == [dict(ACME.values), dict(STARTUP.values)]
