"""The main job on the real cloud of the sandbox: deploy, look, deploy again, destroy."""

import json
import re

from sandbox import cloud
from tests.e2e.conftest import Guild

WEB_APP_RESOURCES = 7


def cloud_of(guild: Guild) -> dict[str, int]:
    """How many of each kind the guild's own account holds, asked past Terraform."""
    return {kind: len(ids) for kind, ids in cloud.holdings(guild.sandbox.guild_client).items()}


def test_a_web_app_is_deployed_shown_found_unchanged_and_destroyed(guild: Guild) -> None:
    complaints = guild.discord.problems  # what other tests killed may have answered late
    credentials = json.loads(guild.open_session())
    guild.apply("shop", blueprint="aws/web-app")
    done = guild.live("shop", "Deployment Complete")
    assert set(cloud_of(guild).values()) == {1}
    assert f"({WEB_APP_RESOURCES}/{WEB_APP_RESOURCES} resources)" in done.text
    assert not done.buttons

    answer = guild.slash("cloud-logs", name="shop")
    (attached,) = answer.body["attachments"]
    log = guild.discord.file(attached["filename"])
    assert log and re.search(rb"\d\d:\d\d:\d\d aws_instance\.web: Creation complete after", log)
    assert credentials["aws_secret_access_key"].encode() not in log

    status = guild.slash("cloud-status", name="shop")
    assert "deployed" in status.text
    assert "public_ip" in status.text

    guild.slash("cloud-deploy-v2", name="shop", blueprint="aws/web-app")
    assert not guild.live("shop", "Nothing to change").buttons

    guild.apply("shop", "cloud-destroy")
    guild.live("shop", "Destruction Complete")
    assert set(cloud_of(guild).values()) == {0}
    assert guild.row("shop") is None
    assert guild.discord.problems == complaints
