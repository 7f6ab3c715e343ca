"""What a process remembers of what it read; what is stored is in test_store_fakes.py and integration/test_stores.py."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chatops.adapters.dynamodb import Table
from chatops.adapters.timing_store import CACHED_GUILDS, FRESH_SECONDS, DynamoTimings
from chatops.errors import OutsideError
from tests.fakes.outside import FakeClock
from tests.fakes.runs import GUILD, NOW

TIMES = {"aws_instance:create": [31, 35]}


class FakeClient:
    """DynamoDB with items that a test sets, and the keys that were read."""

    def __init__(self, **seconds: Mapping[str, list[int]]) -> None:
        self.seconds = dict(seconds)
        self.read: list[str] = []
        self.throttled = False

    def get_item(self, Key: Mapping[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        guild, _, rest = Key["guild_id"]["S"].partition("#")
        assert rest == "durations"
        self.read.append(guild)
        if self.throttled:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")
        known = self.seconds.get(guild)
        return {"Item": {**Key, "seconds": {"S": json.dumps(known)}}} if known is not None else {}


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(**{GUILD: TIMES})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def timings(client: FakeClient, clock: FakeClock) -> DynamoTimings:
    return DynamoTimings(Table(client, "guilds"), clock)


def test_what_was_read_is_believed_for_some_minutes(
    timings: DynamoTimings, client: FakeClient, clock: FakeClock
) -> None:
    assert timings.of(GUILD) == TIMES
    client.seconds[GUILD] = {}
    clock.sleep(FRESH_SECONDS - 1)
    assert timings.of(GUILD) == TIMES
    assert client.read == [GUILD]

    clock.sleep(1)

    assert timings.of(GUILD) == {}
    assert client.read == [GUILD, GUILD]


def test_that_nothing_is_known_is_remembered_too(timings: DynamoTimings, client: FakeClient) -> None:
    assert [timings.of("quiet"), timings.of("quiet")] == [{}, {}]
    assert client.read == ["quiet"]


def test_a_process_that_serves_very_many_servers_does_not_remember_all_of_them(
    timings: DynamoTimings, client: FakeClient
) -> None:
    for number in range(3 * CACHED_GUILDS):
        timings.of(f"guild-{number}")

    assert len(timings._cache) <= CACHED_GUILDS
    assert len(client.read) == 3 * CACHED_GUILDS
    timings.of(f"guild-{3 * CACHED_GUILDS - 1}")
    assert len(client.read) == 3 * CACHED_GUILDS


def test_a_failure_to_read_is_not_remembered(timings: DynamoTimings, client: FakeClient) -> None:
    client.throttled = True
    with pytest.raises(OutsideError):
        timings.of(GUILD)

    client.throttled = False
    assert timings.of(GUILD) == TIMES
