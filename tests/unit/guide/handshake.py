"""Checklist A: sessions that survive a crash, for their owner alone."""

import base64
import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from chatops import bootstrap
from chatops.adapters.blob_table import DynamoBlobTable
from chatops.ports import BlobRow
from chatops.vault.blobs import ACTIVE, RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sessions import Sessions
from functions.sweep.app import handler as sweep
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys
from tests.fakes.outside import FakeBuilds, FakeClock, FakeWorkflow
from tests.fakes.runs import GUILD, MEMBER, NOW, OTHER_GUILD, OWNER
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore
from tests.infrastructure import template
from tests.unit.commands.bot import ACCESS_KEY, Bot

ME = {"guild_id": GUILD, "user_id": OWNER}
ENDS = NOW + 1800
PASSPHRASE = "correct horse battery staple"
PROJECT = "222222222222"
RAW = json.dumps({"project_id": "my-gcp-123"})


def crashed(vault_of: Bot) -> None:
    """Let the bot's process die: a new one has the same tables and keys, and nothing in its memory."""
    vault = EphemeralVault(vault_of.keys, vault_of.clock)
    blobs = RecoveryBlobs(vault_of.blobs, vault_of.clock)
    vault_of.services = replace(vault_of.services, sessions=Sessions(vault, blobs, vault_of.clock))


def bot_with_a_session() -> tuple[Bot, str]:
    bot = Bot()
    opened = bot.say("cloud-init", provider="aws", project_id=PROJECT, credentials=ACCESS_KEY)
    (session_id,) = bot.blobs.rows
    assert session_id in opened
    return bot, session_id


def sealed_by_a_vault(passphrase: str) -> tuple[InMemoryDataKeys, str]:
    """The keys and the blob that a process leaves behind."""
    keys = InMemoryDataKeys()
    vault = EphemeralVault(keys, FakeClock(NOW))
    assert vault.open_session("abc", RAW, **ME)
    return keys, vault.generate_recovery_blob("abc", passphrase, **ME)


def recovered(keys: InMemoryDataKeys, blob: str, passphrase: str, **who: str) -> str | None:
    """What a new process finds in the blob."""
    vault = EphemeralVault(keys, FakeClock(NOW + 300))
    vault.recover_session("abc", blob, passphrase, expires_at=ENDS, **(ME | who))
    return vault.get_data("abc", **(ME | who))


def the_blob_needs_the_passphrase() -> None:
    keys, blob = sealed_by_a_vault(PASSPHRASE)

    assert b"my-gcp-123" not in base64.b64decode(blob)
    assert recovered(keys, blob, PASSPHRASE) == RAW
    assert recovered(keys, blob, "incorrect horse battery staple") is None
    assert recovered(keys, blob, OWNER) is None


def a_new_process_has_the_session_again() -> None:
    keys, blob = sealed_by_a_vault(OWNER)
    vault = EphemeralVault(keys, clock := FakeClock(ENDS - 1))

    assert vault.get_data("abc", **ME) is None
    assert vault.recover_session("abc", blob, OWNER, expires_at=ENDS, **ME)
    assert vault.get_data("abc", **ME) == RAW
    clock.now = ENDS
    assert vault.get_data("abc", **ME) is None


def the_table_is_made_and_written_in_the_guides_columns() -> None:
    class Client:
        def put_item(self, **request: Any) -> None:
            self.item = request["Item"]

    table = template.resource("RecoveryBlobsTable")
    client = Client()
    RecoveryBlobs(DynamoBlobTable(client, "recovery_blobs"), FakeClock(NOW)).save_recovery_blob(
        "abc", OWNER, GUILD, "UkIx", ENDS
    )

    assert table["KeySchema"] == [{"AttributeName": "session_id", "KeyType": "HASH"}]
    assert "user_id" in [index["KeySchema"][0]["AttributeName"] for index in table["GlobalSecondaryIndexes"]]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    columns = ["session_id", "user_id", "guild_id", "encrypted_blob", "deployment_status", "created_at", "expires_at"]
    assert set(columns) <= set(client.item)
    assert client.item["deployment_status"] == {"S": "ACTIVE"}


def the_command_brings_the_session_back() -> None:
    bot, session_id = bot_with_a_session()
    bot.clock.now += 5 * 60
    crashed(bot)

    answer = bot.say("cloud-recover-session", session_id=session_id)

    assert "✅ Session Recovered Successfully!" in answer
    assert "⏰ Time Remaining: 25 minutes" in answer
    assert "First the plan" in bot.say("cloud-deploy-v2", blueprint="aws/web-app")


def cloud_init_leaves_a_blob_that_tells_nothing() -> None:
    bot, session_id = bot_with_a_session()
    row = bot.blobs.rows[session_id]
    crashed(bot)

    stored = repr(asdict(row)) + base64.b64decode(row.encrypted_blob).decode("latin-1")
    assert not [word for word in (PROJECT, *json.loads(ACCESS_KEY).values()) if word in stored]
    assert bot.services.sessions.current(GUILD, OWNER).project_id == PROJECT


def the_task_of_every_minute_removes_what_has_expired() -> None:
    table = InMemoryBlobTable()
    for session_id, expires_at in (("over", NOW), ("open", NOW + 1)):
        table.put(BlobRow(session_id, OWNER, GUILD, "UkIx", ACTIVE, NOW - 60, expires_at))
    blobs = RecoveryBlobs(table, FakeClock(NOW))
    interactions = InMemoryInteractionStore()
    runs, functions = InMemoryRunStore(), [lambda payload: None] * 2
    outside = (runs, FakeWorkflow(), FakeBuilds(), *functions, blobs, interactions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "sweep", lambda: outside)
        sweep({}, None)

    assert list(table.rows) == ["open"]
    schedule = template.resource("SweepSchedule")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert [target["Arn"] for target in schedule["Targets"]] == ["${SweepFunction.Arn}"]


def nobody_else_recovers_it() -> None:
    bot, session_id = bot_with_a_session()
    crashed(bot)
    keys, blob = sealed_by_a_vault(OWNER)

    unknown = bot.say("cloud-recover-session", session_id="aaaaaaaa").replace("aaaaaaaa", session_id)
    for stranger in ({"who": "member"}, {"who": "manager"}, {"guild": OTHER_GUILD}):
        assert bot.say("cloud-recover-session", session_id=session_id, **stranger) == unknown
    assert "Recovered" in bot.say("cloud-recover-session", session_id=session_id)
    assert recovered(keys, blob, MEMBER, user_id=MEMBER) is None
    assert recovered(keys, blob, OWNER, guild_id=OTHER_GUILD) is None
