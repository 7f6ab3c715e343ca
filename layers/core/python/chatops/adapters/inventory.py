"""What a deployment owns in its guild's own AWS account, asked with the guild's own credentials."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code
from chatops.domain.adoption import CloudObject, Owner
from chatops.errors import OutsideError

PATIENCE_SECONDS = 7.0
"""For all answers together: a build waits for its bundle meanwhile, and the function has 30 s."""
MANNERS = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})

REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
"""What AWS calls keys that may not do something, or are none; Terraform tells of the latter better than we could."""

Reader = Callable[[Any, Owner], Iterator[CloudObject]]


class AwsInventory:
    """`Inventory` over EC2, S3 and SQS; `client_for` makes a client of a service in a region for credentials."""

    def __init__(
        self,
        client_for: Callable[[str, str, Mapping[str, Any]], Any],
        say: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._client_for = client_for
        self._say = say
        self._patience = patience

    def __call__(
        self, owner: Owner, kinds: frozenset[str], region: str, credentials: Mapping[str, Any]
    ) -> list[CloudObject]:
        """The objects of these kinds that are, or may be, the owner's; what the keys may not see is said and left out.

        Raises:
            OutsideError: a service did not answer, or not in time.
        """
        readers = {kind: READERS[kind] for kind in sorted(kinds & READERS.keys())}
        services = {service for service, _ in readers.values()}
        clients = {service: self._client_for(service, region, credentials) for service in sorted(services)}
        pool = ThreadPoolExecutor(max_workers=len(READERS))
        asked = {
            pool.submit(_all, reader, clients[service], owner): kind for kind, (service, reader) in readers.items()
        }
        done, late = wait(asked, self._patience)
        pool.shutdown(wait=False, cancel_futures=True)
        for client in clients.values():
            client.close()
        if late:
            missing = ", ".join(sorted(asked[future] for future in late))
            raise OutsideError(f"looking for {missing}: no answer within {self._patience:.0f} s")
        return [each for future in done for each in self._answer(asked[future], future)]

    def _answer(self, kind: str, future: Future[list[CloudObject]]) -> list[CloudObject]:
        try:
            return future.result()
        except OutsideError as error:
            if not isinstance(error.__cause__, ClientError) or error_code(error.__cause__) not in REFUSALS:
                raise
            # A key that may not look at such things has hardly made one.
            self._say(f"{kind} was not looked for: {error}")
            return []


def _all(reader: Reader, client: Any, owner: Owner) -> list[CloudObject]:
    with aws_call("asking the guild's account"):
        return list(reader(client, owner))


def _instances(ec2: Any, owner: Owner) -> Iterator[CloudObject]:
    living = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    for page in ec2.get_paginator("describe_instances").paginate(Filters=[*_tagged(owner), living]):
        for reservation in page["Reservations"]:
            for each in reservation["Instances"]:
                yield CloudObject(
                    "aws_instance", each["InstanceId"], _tags(each.get("Tags")), each["LaunchTime"].timestamp()
                )


def _security_groups(ec2: Any, owner: Owner) -> Iterator[CloudObject]:
    for page in ec2.get_paginator("describe_security_groups").paginate(Filters=_tagged(owner)):
        for each in page["SecurityGroups"]:
            yield CloudObject("aws_security_group", each["GroupId"], _tags(each.get("Tags")))


def _addresses(ec2: Any, owner: Owner) -> Iterator[CloudObject]:
    for each in ec2.describe_addresses(Filters=_tagged(owner))["Addresses"]:
        if "AllocationId" in each:  # one outside any VPC has none, and is older than every blueprint
            yield CloudObject("aws_eip", each["AllocationId"], _tags(each.get("Tags")))


def _volumes(ec2: Any, owner: Owner) -> Iterator[CloudObject]:
    living = {"Name": "status", "Values": ["creating", "available", "in-use"]}
    for page in ec2.get_paginator("describe_volumes").paginate(Filters=[*_tagged(owner), living]):
        for each in page["Volumes"]:
            yield CloudObject(
                "aws_ebs_volume", each["VolumeId"], _tags(each.get("Tags")), each["CreateTime"].timestamp()
            )


def _buckets(s3: Any, owner: Owner) -> Iterator[CloudObject]:
    for each in s3.list_buckets(Prefix=owner.prefix)["Buckets"]:
        try:
            tags = _tags(s3.get_bucket_tagging(Bucket=each["Name"])["TagSet"])
        except ClientError as exc:
            if error_code(exc) == "NoSuchBucket":  # deleted meanwhile
                continue
            if error_code(exc) != "NoSuchTagSet":
                raise
            tags = {}
        yield CloudObject("aws_s3_bucket", each["Name"], tags, each["CreationDate"].timestamp())


def _queues(sqs: Any, owner: Owner) -> Iterator[CloudObject]:
    for url in sqs.list_queues(QueueNamePrefix=owner.prefix).get("QueueUrls", []):
        try:
            tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        except sqs.exceptions.QueueDoesNotExist:  # deleted queues stay in the list for a while
            continue
        yield CloudObject("aws_sqs_queue", url, tags)


READERS: Mapping[str, tuple[str, Reader]] = {
    "aws_ebs_volume": ("ec2", _volumes),
    "aws_eip": ("ec2", _addresses),
    "aws_instance": ("ec2", _instances),
    "aws_s3_bucket": ("s3", _buckets),
    "aws_security_group": ("ec2", _security_groups),
    "aws_sqs_queue": ("sqs", _queues),
}
"""For each type of resource its service, and who asks it."""


def _tagged(owner: Owner) -> list[dict[str, Any]]:
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in owner.tags.items()]


def _tags(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs or ()}
