"""A secret that was pasted into /cloud-init is found nowhere but in memory and in what is encrypted."""

import gzip
import json
import secrets
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import requests

from chatops.adapters.discord_http import USER_AGENT
from sandbox import blows, builds
from sandbox.discord.incoming import Request
from sandbox.paths import RUN
from sandbox.running import Sandbox
from tests.e2e.canary import everywhere, search
from tests.e2e.conftest import Guild, applying

KINDS = {"log", "row", "object", "execution", "queue", "setting", "message", "request", "file", "process"}


def test_the_credentials_are_found_nowhere(guild: Guild, heard: list[Request]) -> None:
    """The whole story of a deployment; in the middle of the apply only the build's own private folder has the key."""
    since = time.time()
    secret = json.loads(guild.open_session())["aws_secret_access_key"]
    guild.apply("canary", blueprint="aws/web-app")
    applying(guild, "canary")

    places = list(everywhere(guild.sandbox, heard, since))
    assert builds.unfinished(), "the build ended before everything was looked at"
    private = RUN / "tmp" / f"chatops-{guild.run_of('canary')['run_id']}" / "private"
    assert [place.name for place in search(secret, places)] == [str(private / "aws-credentials")]

    guild.live("canary", "Deployment Complete")
    guild.apply("canary", "cloud-destroy")
    guild.live("canary", "Destruction Complete")
    places = list(everywhere(guild.sandbox, heard, since))
    assert {place.kind for place in places} == KINDS
    assert search(secret, places) == []


def test_a_passphrase_brings_its_session_back_and_is_found_nowhere(guild: Guild, heard: list[Request]) -> None:
    """Also after it was typed into a form again, wrong and right, since the process that knew it was killed."""
    since, passphrase = time.time(), f"{secrets.token_urlsafe(12)} {secrets.token_urlsafe(12)}"
    guild.close_sessions()
    session_id, credentials = guild.open_sealed_session(passphrase)
    assert blows.kill_commands()
    locked = guild.slash("cloud-recover-session", session_id=session_id)
    assert "locked with your passphrase" in locked.text
    wrong = guild.fill(guild.press(locked, "Unlock"), passphrase=passphrase[::-1])
    assert "tries are left" in wrong.text
    right = guild.fill(guild.press(wrong, "Try again"), passphrase=passphrase)
    assert "Session Recovered Successfully!" in right.text

    places = list(everywhere(guild.sandbox, heard, since))
    for secret in (passphrase, passphrase[::-1], json.loads(credentials)["aws_secret_access_key"]):
        assert search(secret, places) == []


@dataclass(frozen=True)
class Garden:
    """Where a test plants; what is planted is dug up at its end."""

    sandbox: Sandbox
    dig_up: ExitStack

    def client(self, service: str) -> Any:
        return self.sandbox.client(service)

    def discord(self, method: str, path: str, **given: Any) -> requests.Response:
        headers = {"Authorization": f"Bot {self.sandbox.discord.bot_token}", "User-Agent": USER_AGENT}
        headers |= given.pop("headers", {})
        return requests.request(method, self.sandbox.discord.base_url + path, headers=headers, timeout=10, **given)


def in_a_log(garden: Garden, secret: str) -> None:
    logs = garden.client("logs")
    logs.create_log_group(logGroupName="/planted")
    garden.dig_up.callback(logs.delete_log_group, logGroupName="/planted")
    logs.create_log_stream(logGroupName="/planted", logStreamName="stream")
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps({"error": f"key {secret} refused"})}
    logs.put_log_events(logGroupName="/planted", logStreamName="stream", logEvents=[event])


def in_a_row(garden: Garden, secret: str) -> None:
    tables, key = garden.client("dynamodb"), "planted"
    tables.create_table(
        TableName="planted",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
    )
    garden.dig_up.callback(tables.delete_table, TableName="planted")
    tables.put_item(TableName="planted", Item={key: {"S": "row"}, "deep": {"M": {"inner": {"S": secret}}}})


def in_an_old_version(garden: Garden, secret: str) -> None:
    s3, name = garden.client("s3"), "planted"
    s3.create_bucket(Bucket=name)
    garden.dig_up.callback(s3.delete_bucket, Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=name, Key="state", Body=gzip.compress(secret.encode()))["VersionId"]
    garden.dig_up.callback(s3.delete_object, Bucket=name, Key="state", VersionId=version)
    newer = s3.put_object(Bucket=name, Key="state", Body=b"nothing")["VersionId"]
    garden.dig_up.callback(s3.delete_object, Bucket=name, Key="state", VersionId=newer)


def in_an_executions_input(garden: Garden, secret: str) -> None:
    states = garden.client("stepfunctions")
    real = states.describe_state_machine(stateMachineArn=garden.sandbox.outputs["RunStateMachineArn"])
    made = states.create_state_machine(
        name="planted",
        definition=json.dumps({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}),
        roleArn=real["roleArn"],
    )
    garden.dig_up.callback(states.delete_state_machine, stateMachineArn=made["stateMachineArn"])
    states.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps({"credentials": secret}))


def in_a_queue(garden: Garden, secret: str) -> None:
    queues = garden.client("sqs")
    url = queues.create_queue(QueueName="planted")["QueueUrl"]
    garden.dig_up.callback(queues.delete_queue, QueueUrl=url)
    queues.send_message(QueueUrl=url, MessageBody=secret)


def in_a_setting(garden: Garden, secret: str) -> None:
    manager = garden.client("secretsmanager")
    manager.create_secret(Name="planted", SecretString=secret)
    garden.dig_up.callback(manager.delete_secret, SecretId="planted", ForceDeleteWithoutRecovery=True)


def in_a_message(garden: Garden, secret: str) -> None:
    channel = garden.sandbox.discord.messages()[0].channel_id
    body = {"content": f"your key {secret}", "allowed_mentions": {"parse": []}}
    message = garden.discord("POST", f"/channels/{channel}/messages", json=body).json()
    garden.discord("DELETE", f"/channels/{channel}/messages/{message['id']}")


def in_a_request(garden: Garden, secret: str) -> None:
    garden.discord("GET", "/applications/@me", headers={"X-Key": secret})


def in_a_temporary_file(garden: Garden, secret: str) -> None:
    file = RUN / "tmp" / "planted"
    garden.dig_up.callback(file.unlink)
    file.write_text(secret)


def in_an_environment(garden: Garden, secret: str) -> None:
    process = subprocess.Popen(["sleep", "60"], env={"PATH": "/usr/bin:/bin", "PLANTED": secret})
    garden.dig_up.callback(process.wait)
    garden.dig_up.callback(process.kill)


PLANTS: dict[str, Callable[[Garden, str], None]] = {
    "log": in_a_log,
    "row": in_a_row,
    "object": in_an_old_version,
    "execution": in_an_executions_input,
    "queue": in_a_queue,
    "setting": in_a_setting,
    "message": in_a_message,
    "request": in_a_request,
    "file": in_a_temporary_file,
    "process": in_an_environment,
}


def test_a_secret_in_any_kind_of_place_is_found(guild: Guild, heard: list[Request]) -> None:
    """The test above can fail: a secret of its own, planted in each kind of place, is found there."""
    since = time.time()
    guild.slash("cloud-help")
    planted = {kind: secrets.token_urlsafe(30) for kind in PLANTS}
    with ExitStack() as dig_up:
        for kind, plant in PLANTS.items():
            plant(Garden(guild.sandbox, dig_up), planted[kind])
        places = list(everywhere(guild.sandbox, heard, since))

    assert set(PLANTS) == KINDS
    for kind, secret in planted.items():
        assert kind in {place.kind for place in search(secret, places)}, f"not found in a {kind}"
