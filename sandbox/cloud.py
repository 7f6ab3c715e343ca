"""What the guild's own account holds, asked past Terraform and past our tables."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

Ask = Callable[[str], Any]
"""Gives a boto3 client of the guild's account for a service, as `Sandbox.guild_client` does."""
Holdings = Mapping[str, frozenset[str]]
"""The ids of what exists, by kind: one kind for each resource of the blueprint aws/web-app."""


def holdings(ask: Ask) -> Holdings:
    """Everything in the account, tagged or not: what a blueprint makes, and what a crash may leave behind."""
    return {kind: frozenset(found(ask)) for kind, found in _KINDS.items()}


def added(before: Holdings, after: Holdings) -> Holdings:
    """What has come since."""
    return {kind: ids - before[kind] for kind, ids in after.items()}


def _instances(ask: Ask) -> Iterator[str]:
    for reservation in ask("ec2").describe_instances()["Reservations"]:
        for each in reservation["Instances"]:
            if each["State"]["Name"] not in ("terminated", "shutting-down"):
                yield each["InstanceId"]


def _security_groups(ask: Ask) -> Iterator[str]:
    for each in ask("ec2").describe_security_groups()["SecurityGroups"]:
        if each["GroupName"] != "default":
            yield each["GroupId"]


def _addresses(ask: Ask) -> Iterator[str]:
    for each in ask("ec2").describe_addresses()["Addresses"]:
        yield each["AllocationId"]


def _associations(ask: Ask) -> Iterator[str]:
    for each in ask("ec2").describe_addresses()["Addresses"]:
        if each.get("InstanceId"):
            yield f"{each['AllocationId']} at {each['InstanceId']}"


def _buckets(ask: Ask) -> Iterator[str]:
    for each in ask("s3").list_buckets()["Buckets"]:
        yield each["Name"]


def _access_blocks(ask: Ask) -> Iterator[str]:
    for bucket in _buckets(ask):
        try:
            ask("s3").get_public_access_block(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
                raise
        else:
            yield bucket


def _queues(ask: Ask) -> Iterator[str]:
    yield from ask("sqs").list_queues().get("QueueUrls", [])


_KINDS: Mapping[str, Callable[[Ask], Iterator[str]]] = {
    "instances": _instances,
    "security groups": _security_groups,
    "elastic IPs": _addresses,
    "address associations": _associations,
    "buckets": _buckets,
    "public access blocks": _access_blocks,
    "queues": _queues,
}
