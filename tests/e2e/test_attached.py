"""Credentials as an attached file, fetched by the deployed function from the stand-in's CDN."""

import json
import time

from sandbox.discord import Upload
from sandbox.discord.incoming import Request
from sandbox.emulator import GUILD_ACCOUNT
from tests.e2e.canary import everywhere, search
from tests.e2e.conftest import Guild


def key_file(text: str) -> Upload:
    return Upload("key.json", text.encode(), "application/json")


def test_an_attached_key_opens_a_session_and_neither_it_nor_its_address_is_found_anywhere(
    guild: Guild, heard: list[Request]
) -> None:
    since, text = time.time(), guild.sandbox.guild_credentials()
    guild.close_sessions()

    sent = guild.discord.slash("cloud-init", {"project_id": GUILD_ACCOUNT, "credentials_file": key_file(text)})
    answer = guild.discord.wait_for(lambda message: message.id == sent.message_id and not message.thinking, 30)

    assert "Session open" in answer.text and "for AWS project" in answer.text
    places = list(everywhere(guild.sandbox, heard, since))
    (attachment,) = guild.discord.attached(sent.interaction_id)
    signature = attachment["url"].partition("hm=")[2].strip("&")
    for secret in (json.loads(text)["aws_secret_access_key"], signature):
        assert len(secret) >= 32 and search(secret, places) == []
    guild.close_sessions()


def test_a_key_of_another_account_is_refused_by_what_aws_says(guild: Guild) -> None:
    answer = guild.slash(
        "cloud-init", project_id="333333333333", credentials_file=key_file(guild.sandbox.guild_credentials())
    )

    assert f"of account `{GUILD_ACCOUNT}`, not of `333333333333`" in answer.text


def test_a_poisoned_file_is_refused_and_said_to_be(guild: Guild) -> None:
    text = json.dumps({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "credential_process": "/bin/sh -c canary"})

    answer = guild.slash("cloud-init", project_id=GUILD_ACCOUNT, credentials_file=key_file(text))

    assert "does not belong" in answer.text and "canary" not in answer.text
