"""What is asked of the guild's account, against botocore's own models; tests/integration asks an emulated one."""

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import ANY, Stubber

from chatops import bootstrap
from chatops.adapters.inventory import MANNERS, PATIENCE_SECONDS, READERS, AwsInventory
from chatops.domain.adoption import IDS, CloudObject, Owner
from chatops.errors import OutsideError

OWNER = Owner("123456789012345678", "shop")
TAGS = OWNER.tags | {"Resource": "x.y"}
BORN = datetime(2026, 1, 2, tzinfo=UTC)
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]
MINE = [
    {"Name": "tag:ManagedBy", "Values": ["cloud-chatops"]},
    {"Name": "tag:Deployment", "Values": ["shop"]},
    {"Name": "tag:Guild", "Values": ["123456789012345678"]},
]
URL = "https://sqs.eu-west-1.amazonaws.com/222222222222/shop-123456789012345678-jobs"
BUCKET = "shop-123456789012345678-76eb17a8"


class Account:
    """Stubbed clients, and what the inventory said."""

    def __init__(self) -> None:
        make: Any = boto3.client
        self.clients = {
            service: make(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
            for service in ("ec2", "s3", "sqs")
        }
        self.stubs = {service: Stubber(client) for service, client in self.clients.items()}
        self.opened: list[tuple[str, str, Mapping[str, Any]]] = []
        self.said: list[str] = []

    def client(self, service: str, region: str, credentials: Mapping[str, Any]) -> Any:
        self.opened.append((service, region, credentials))
        return self.clients[service]

    def find(self, *kinds: str, patience: float = PATIENCE_SECONDS) -> list[CloudObject]:
        inventory = AwsInventory(self.client, self.said.append, patience)
        return inventory(OWNER, frozenset(kinds), "eu-west-1", {"aws_access_key_id": "key"})


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    for stub in account.stubs.values():
        stub.activate()
    yield account
    for service, stub in account.stubs.items():
        stub.assert_no_pending_responses()
        account.clients[service].close()


def test_every_type_that_can_be_adopted_has_a_reader() -> None:
    assert READERS.keys() == IDS.keys()


def test_living_instances_are_asked_for_by_tag_and_told_with_their_age(account: Account) -> None:
    instance = {"InstanceId": "i-1", "LaunchTime": BORN, "Tags": PAIRS}
    living = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    account.stubs["ec2"].add_response(
        "describe_instances",
        {"Reservations": [{"Instances": [instance]}], "NextToken": "more"},
        {"Filters": [*MINE, living]},
    )
    account.stubs["ec2"].add_response(
        "describe_instances",
        {"Reservations": [{"Instances": [instance | {"InstanceId": "i-2"}]}]},
        {"Filters": [*MINE, living], "NextToken": "more"},
    )

    found = account.find("aws_instance")

    assert found == [CloudObject("aws_instance", id, TAGS, BORN.timestamp()) for id in ("i-1", "i-2")]
    assert account.opened == [("ec2", "eu-west-1", {"aws_access_key_id": "key"})]


def test_volumes_groups_and_addresses_are_asked_for_by_tag(account: Account) -> None:
    ec2 = account.stubs["ec2"]
    volume = {"VolumeId": "vol-1", "CreateTime": BORN, "Tags": PAIRS}
    living = {"Name": "status", "Values": ["creating", "available", "in-use"]}
    ec2.add_response("describe_volumes", {"Volumes": [volume]}, {"Filters": [*MINE, living]})
    assert account.find("aws_ebs_volume") == [CloudObject("aws_ebs_volume", "vol-1", TAGS, BORN.timestamp())]

    group = {"GroupId": "sg-1", "GroupName": "web", "Tags": PAIRS}
    ec2.add_response("describe_security_groups", {"SecurityGroups": [group]}, {"Filters": MINE})
    assert account.find("aws_security_group") == [CloudObject("aws_security_group", "sg-1", TAGS)]

    addresses = [{"AllocationId": "eipalloc-1", "Tags": PAIRS}, {"PublicIp": "192.0.2.1"}]
    ec2.add_response("describe_addresses", {"Addresses": addresses}, {"Filters": MINE})
    assert account.find("aws_eip") == [CloudObject("aws_eip", "eipalloc-1", TAGS)]


def test_buckets_are_asked_for_by_name_and_may_have_no_tags_yet(account: Account) -> None:
    s3 = account.stubs["s3"]
    names = [BUCKET, f"{BUCKET}-2", f"{BUCKET}-3"]
    buckets = [{"Name": name, "CreationDate": BORN} for name in names]
    s3.add_response("list_buckets", {"Buckets": buckets}, {"Prefix": "shop-123456789012345678-"})
    s3.add_response("get_bucket_tagging", {"TagSet": PAIRS}, {"Bucket": names[0]})
    s3.add_client_error("get_bucket_tagging", "NoSuchTagSet", expected_params={"Bucket": names[1]})
    s3.add_client_error("get_bucket_tagging", "NoSuchBucket", expected_params={"Bucket": names[2]})

    assert account.find("aws_s3_bucket") == [
        CloudObject("aws_s3_bucket", names[0], TAGS, BORN.timestamp()),
        CloudObject("aws_s3_bucket", names[1], {}, BORN.timestamp()),
    ]


def test_queues_are_asked_for_by_name(account: Account) -> None:
    sqs = account.stubs["sqs"]
    prefix = {"QueueNamePrefix": "shop-123456789012345678-"}
    sqs.add_response("list_queues", {"QueueUrls": [URL, f"{URL}-gone"]}, prefix)
    sqs.add_response("list_queue_tags", {"Tags": TAGS}, {"QueueUrl": URL})
    sqs.add_client_error("list_queue_tags", "QueueDoesNotExist", expected_params={"QueueUrl": f"{URL}-gone"})
    assert account.find("aws_sqs_queue") == [CloudObject("aws_sqs_queue", URL, TAGS)]

    sqs.add_response("list_queues", {}, prefix)
    assert account.find("aws_sqs_queue") == []


def test_only_services_of_the_blueprint_are_spoken_to(account: Account) -> None:
    assert account.find() == []
    assert account.opened == []


def test_what_may_not_be_seen_is_said_and_the_rest_is_found(account: Account) -> None:
    account.stubs["ec2"].add_client_error("describe_addresses", "UnauthorizedOperation", "secret words of AWS")
    account.stubs["sqs"].add_response("list_queues", {"QueueUrls": [URL]}, {"QueueNamePrefix": ANY})
    account.stubs["sqs"].add_response("list_queue_tags", {"Tags": TAGS}, {"QueueUrl": URL})

    assert [each.id for each in account.find("aws_eip", "aws_sqs_queue")] == [URL]
    assert account.said == ["aws_eip was not looked for: asking the guild's account: UnauthorizedOperation"]


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Unavailable", "InternalError"])
def test_a_service_that_is_not_well_is_an_error(account: Account, code: str) -> None:
    account.stubs["ec2"].add_client_error("describe_addresses", code, "secret words of AWS", 503)

    with pytest.raises(OutsideError, match=code) as error:
        account.find("aws_eip")
    assert "secret" not in str(error.value)


def test_a_service_that_does_not_answer_in_time_is_an_error(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(account.clients["ec2"], "describe_addresses", lambda **_: release.wait(30))
    begun = time.monotonic()

    with pytest.raises(OutsideError, match="aws_eip: no answer within 1 s"):
        account.find("aws_eip", patience=1)
    waited = time.monotonic() - begun
    release.set()

    assert 1 <= waited < 5


def test_the_build_gets_its_bundle_within_the_functions_time() -> None:
    """A claim does more than this: it signs addresses, lends a role, packs the bundle."""
    assert PATIENCE_SECONDS <= 8
    assert MANNERS.connect_timeout + MANNERS.read_timeout <= PATIENCE_SECONDS


def test_the_guild_is_asked_with_its_own_credentials_and_never_with_the_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OF-THE-FUNCTION")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the function")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the function")
    seen: list[str] = []
    values = {"aws_access_key_id": "AKIAOFTHEGUILD000001", "aws_secret_access_key": "of the guild"}

    client = bootstrap.guild_client("sqs", "eu-west-1", values)
    client.meta.events.register("before-send.sqs", lambda request, **_: seen.append(str(request.headers)))
    client.meta.events.register("before-send.sqs", lambda request, **_: AWSResponse(request.url, 200, {}, _Body(b"{}")))
    client.list_queues()
    client.close()

    (headers,) = seen
    assert "Credential=AKIAOFTHEGUILD000001/" in headers
    assert "eu-west-1/sqs" in headers
    assert "x-amz-security-token" not in headers.lower()
    with pytest.raises(KeyError):
        bootstrap.guild_client("sqs", "eu-west-1", {})


class _Body:
    """As much of a urllib3 response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content
