"""The main job on the real cloud of the sandbox: deploy, look, deploy again, destroy."""

import json
from typing import Any

from tests.e2e.conftest import Guild

WEB_APP_RESOURCES = 7


def cloud(guild: Guild) -> dict[str, int]:
    """What the guild's own account holds, asked past Terraform."""
    ec2, s3, sqs = (guild.sandbox.guild_client(service) for service in ("ec2", "s3", "sqs"))
    reservations = ec2.describe_instances()["Reservations"]
    instances = [each for one in reservations for each in one["Instances"] if each["State"]["Name"] != "terminated"]
    groups = [each for each in ec2.describe_security_groups()["SecurityGroups"] if each["GroupName"] != "default"]
    return {
        "instances": len(instances),
        "groups": len(groups),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "buckets": len(s3.list_buckets()["Buckets"]),
        "queues": len(sqs.list_queues().get("QueueUrls", [])),
    }


def test_a_web_app_is_deployed_shown_found_unchanged_and_destroyed(guild: Guild) -> None:
    guild.open_session()
    guild.apply("shop", blueprint="aws/web-app")
    done = guild.live("shop", "Deployment Complete")
    existing = cloud(guild)

    assert set(existing.values()) == {1}
    assert f"({WEB_APP_RESOURCES}/{WEB_APP_RESOURCES} resources)" in done.text
    assert not done.buttons

    status = guild.slash("cloud-status", name="shop")
    assert "deployed" in status.text
    assert "public_ip" in status.text

    guild.slash("cloud-deploy-v2", name="shop", blueprint="aws/web-app")
    assert not guild.live("shop", "Nothing to change").buttons

    guild.apply("shop", "cloud-destroy")
    guild.live("shop", "Destruction Complete")
    assert set(cloud(guild).values()) == {0}
    assert guild.row("shop") is None
    assert guild.discord.problems == []


def test_the_credentials_are_nowhere_in_clear(guild: Guild) -> None:
    """A canary: what was pasted into /cloud-init, searched where strangers might look."""
    secret = json.loads(guild.open_session())["aws_secret_access_key"]
    guild.slash("cloud-deploy-v2", name="canary", blueprint="aws/static-site")
    guild.press(guild.live("canary", "The plan is ready"), "Reject")
    guild.live("canary", "rejected")

    places = [*_logs(guild), *_executions(guild), *_rows(guild), *_objects(guild), *_messages(guild)]
    assert len(places) > 50
    assert not [place[:200] for place in places if secret in place]


def _logs(guild: Guild) -> list[str]:
    logs = guild.sandbox.client("logs")
    found = []
    for group in logs.describe_log_groups()["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        found += [event["message"] for event in events]
    return found


def _executions(guild: Guild) -> list[str]:
    states = guild.sandbox.client("stepfunctions")
    machine = guild.sandbox.outputs["RunStateMachineArn"]
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    histories = [states.get_execution_history(executionArn=each["executionArn"])["events"] for each in executions]
    return [json.dumps(event, default=str) for history in histories for event in history]


def _rows(guild: Guild) -> list[str]:
    tables = guild.sandbox.client("dynamodb")
    names = tables.list_tables()["TableNames"]
    return [json.dumps(item, default=repr) for name in names for item in tables.scan(TableName=name)["Items"]]


def _objects(guild: Guild) -> list[str]:
    s3 = guild.sandbox.client("s3")
    found: list[str] = []
    for bucket in (guild.sandbox.outputs["RunsBucketName"], guild.sandbox.outputs["StateBucketName"]):
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            found.append(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode("latin-1"))
    return found


def _messages(guild: Guild) -> list[str]:
    def shown(event: Any) -> str:
        return json.dumps(event.message.as_json()) if event.message else event.text

    return [shown(event) for event in guild.discord.transcript.since(0, 0)]
