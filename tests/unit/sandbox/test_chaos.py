"""How a round is judged, and what a chaos run ends with."""

from typing import Any

from botocore.exceptions import ClientError

from sandbox import cloud
from sandbox.chaos import Round, judge, summary

WEB_APP_RESOURCES = 7


class Account:
    """The guild's account as boto3 tells of it: one web app, changed as a test likes."""

    def __init__(self) -> None:
        self.instances = [("i-1", "running")]
        self.groups = [("sg-0", "default"), ("sg-1", "web")]
        self.addresses: list[dict[str, str]] = [{"AllocationId": "eip-1", "InstanceId": "i-1"}]
        self.buckets = {"files": True}
        self.queues = ["https://queue/jobs"]

    def __call__(self, service: str) -> "Account":
        return self

    def describe_instances(self) -> dict[str, Any]:
        found = [{"InstanceId": name, "State": {"Name": state}} for name, state in self.instances]
        return {"Reservations": [{"Instances": [each]} for each in found]}

    def describe_security_groups(self) -> dict[str, Any]:
        return {"SecurityGroups": [{"GroupId": group, "GroupName": name} for group, name in self.groups]}

    def describe_addresses(self) -> dict[str, Any]:
        return {"Addresses": self.addresses}

    def list_buckets(self) -> dict[str, Any]:
        return {"Buckets": [{"Name": name} for name in self.buckets]}

    def get_public_access_block(self, Bucket: str) -> None:  # noqa: N803 - boto3's name
        if not self.buckets[Bucket]:
            raise ClientError({"Error": {"Code": "NoSuchPublicAccessBlockConfiguration"}}, "GetPublicAccessBlock")

    def list_queues(self) -> dict[str, Any]:
        return {"QueueUrls": self.queues} if self.queues else {}


def judged(account: Account, before: Account | None = None) -> Round:
    empty = {kind: frozenset[str]() for kind in cloud.holdings(account)}
    played = Round("shop")
    judge(played, cloud.added(cloud.holdings(before) if before else empty, cloud.holdings(account)))
    return played


def test_a_web_app_that_exists_once_has_survived() -> None:
    assert judged(Account()).survived
    assert len(cloud.holdings(Account())) == WEB_APP_RESOURCES


def test_what_exists_twice_is_doubled_even_untagged() -> None:
    account = Account()
    account.instances.append(("i-2", "pending"))
    account.addresses.append({"AllocationId": "eip-2"})

    played = judged(account)

    assert played.doubled == ["2 instances: i-1, i-2", "2 elastic IPs: eip-1, eip-2"]
    assert played.lost == []


def test_what_is_missing_is_lost_and_the_terminated_does_not_count() -> None:
    account = Account()
    account.instances = [("i-1", "terminated"), ("i-2", "shutting-down")]
    account.addresses = [{"AllocationId": "eip-1"}]
    account.buckets = {"files": False}
    account.queues = []

    assert judged(account).lost == ["no instances", "no address associations", "no public access blocks", "no queues"]


def test_what_was_there_before_is_not_looked_at() -> None:
    before, after = Account(), Account()
    after.instances.append(("i-9", "running"))

    played = judged(after, before)

    assert played.doubled == []
    assert "no instances" not in played.lost
    assert "no buckets" in played.lost


def test_the_last_line_counts_every_round_once() -> None:
    fine, lost, doubled, both = (Round(name) for name in "abcd")
    lost.lost.append("no instances")
    doubled.doubled.append("2 instances")
    both.lost.append("no queues")
    both.doubled.append("2 instances")

    assert summary([fine, lost, doubled, both, fine]) == "survived 2 lost 1 doubled 2"
