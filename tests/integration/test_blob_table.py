"""One contract for the table, made from template.yaml, and its fake."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from chatops.adapters.blob_table import DynamoBlobTable
from chatops.errors import ConflictError, OutsideError
from chatops.ports import BlobRow, BlobTable
from sandbox.emulator import Emulator
from tests.fakes.blob_table import InMemoryBlobTable
from tests.infrastructure import template

CREATED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
ROW = BlobRow("abcdefgh", "222", "111", "UkIx", "ACTIVE", 1_800_000_000.25, 1_800_001_800)


@pytest.fixture
def emulated(emulator: Emulator) -> Iterator[tuple[Any, str]]:
    """A client and the name of a new table."""
    client, name = emulator.client("dynamodb"), f"recovery_blobs-{uuid.uuid4()}"
    properties = template.resource("RecoveryBlobsTable")
    client.create_table(TableName=name, **{key: properties[key] for key in CREATED if key in properties})
    yield client, name
    client.delete_table(TableName=name)
    client.close()


@pytest.fixture(params=["fake", "dynamodb"])
def table(request: pytest.FixtureRequest) -> BlobTable:
    if request.param == "fake":
        return InMemoryBlobTable()
    return DynamoBlobTable(*request.getfixturevalue("emulated"))


def test_a_row_comes_back_as_it_went_in(table: BlobTable) -> None:
    locked = replace(ROW, session_id="locked22", passphrase=True)
    table.put(ROW)
    table.put(locked)

    assert table.get("abcdefgh") == ROW
    assert table.get("locked22") == locked
    assert table.get("aaaaaaaa") is None


def test_a_taken_id_is_a_conflict(table: BlobTable) -> None:
    table.put(ROW)

    with pytest.raises(ConflictError):
        table.put(replace(ROW, user_id="223"))
    assert table.get("abcdefgh") == ROW


def test_a_changed_status_is_read_and_makes_no_row(table: BlobTable) -> None:
    table.put(ROW)

    assert table.set_status("abcdefgh", "LOCKED")

    assert table.get("abcdefgh") == replace(ROW, deployment_status="LOCKED")
    assert not table.set_status("aaaaaaaa", "LOCKED")
    assert table.get("aaaaaaaa") is None


def test_a_deleted_row_is_gone_and_can_be_deleted_again(table: BlobTable) -> None:
    table.put(ROW)

    for _ in range(2):
        table.delete("abcdefgh")

    assert table.get("abcdefgh") is None


def test_a_users_rows_come_newest_first(table: BlobTable) -> None:
    for session_id, user_id, age in (("a", "222", 2), ("b", "222", 0.5), ("c", "222", 1), ("d", "223", 0)):
        table.put(replace(ROW, session_id=session_id, user_id=user_id, created_at=ROW.created_at - age))

    assert [row.session_id for row in table.of_user("222")] == ["b", "c", "a"]
    assert table.of_user("222")[0].encrypted_blob == "UkIx"
    assert table.of_user("224") == []


def test_expired_rows_are_named_from_the_very_second(table: BlobTable) -> None:
    table.put(ROW)
    table.put(replace(ROW, session_id="longer", expires_at=ROW.expires_at + 1))

    assert list(table.expired(ROW.expires_at - 1)) == []
    assert list(table.expired(ROW.expires_at - 0.5)) == []
    assert list(table.expired(ROW.expires_at)) == ["abcdefgh"]
    assert sorted(table.expired(ROW.expires_at + 1.5)) == ["abcdefgh", "longer"]


def at_once(many: int, work: Callable[[int], object]) -> list[object]:
    """What each of many threads got, or None where it lost."""
    barrier = Barrier(many)

    def one(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except ConflictError:
            return None

    with ThreadPoolExecutor(many) as threads:
        return list(threads.map(one, range(many)))


def test_of_new_rows_of_one_id_at_once_one_wins(table: BlobTable) -> None:
    def put(number: int) -> str:
        table.put(replace(ROW, encrypted_blob=str(number)))
        return str(number)

    (winner,) = filter(None, at_once(4, put))

    row = table.get("abcdefgh")
    assert row and row.encrypted_blob == winner


def test_tries_are_counted_up_to_a_limit(table: BlobTable) -> None:
    table.put(ROW)

    assert [table.count_attempt("abcdefgh", 3) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ConflictError):
        table.count_attempt("abcdefgh", 3)

    assert table.get("abcdefgh") == replace(ROW, attempts=3)


def test_of_tries_at_once_no_more_than_the_limit_are_counted(table: BlobTable) -> None:
    table.put(ROW)

    counted = [each for each in at_once(20, lambda number: table.count_attempt("abcdefgh", 5)) if each is not None]

    assert sorted(counted) == [1, 2, 3, 4, 5]
    assert table.get("abcdefgh") == replace(ROW, attempts=5)


def test_tries_are_forgotten(table: BlobTable) -> None:
    table.put(ROW)
    table.count_attempt("abcdefgh", 2)
    table.count_attempt("abcdefgh", 2)

    table.forget_attempts("abcdefgh")

    assert table.get("abcdefgh") == ROW
    assert table.count_attempt("abcdefgh", 2) == 1


def test_tries_that_could_not_be_made_are_returned_and_no_more_than_were_counted(table: BlobTable) -> None:
    table.put(ROW)
    for _ in range(4):
        table.count_attempt("abcdefgh", 5)

    at_once(3, lambda number: table.return_attempt("abcdefgh"))
    assert table.get("abcdefgh") == replace(ROW, attempts=1)

    for _ in range(2):
        table.return_attempt("abcdefgh")
    assert table.get("abcdefgh") == ROW


def test_where_there_is_no_active_row_no_try_is_counted_and_none_is_made(table: BlobTable) -> None:
    table.put(ROW)
    table.set_status("abcdefgh", "LOCKED")

    for session_id in ("abcdefgh", "aaaaaaaa"):
        with pytest.raises(ConflictError):
            table.count_attempt(session_id, 5)
    table.forget_attempts("aaaaaaaa")
    table.return_attempt("aaaaaaaa")
    assert table.get("aaaaaaaa") is None
    assert table.get("abcdefgh") == replace(ROW, deployment_status="LOCKED")


def test_a_row_somebody_has_mangled_reads_as_one_that_is_over(emulated: tuple[Any, str]) -> None:
    client, name = emulated
    client.put_item(TableName=name, Item={"session_id": {"S": "mangled"}, "expires_at": {"S": "never"}})

    table = DynamoBlobTable(client, name)

    assert table.get("mangled") == BlobRow("mangled", "", "", "", "", 0, 0)
    with pytest.raises(ConflictError):
        table.count_attempt("mangled", 5)


def test_a_table_that_is_not_there_is_an_outside_error(emulated: tuple[Any, str]) -> None:
    table = DynamoBlobTable(emulated[0], "missing")

    for use in (
        lambda: table.put(ROW),
        lambda: table.get("a"),
        lambda: table.of_user("a"),
        lambda: list(table.expired(1)),
        lambda: table.count_attempt("a", 5),
        lambda: table.forget_attempts("a"),
        lambda: table.return_attempt("a"),
    ):
        with pytest.raises(OutsideError):
            use()


def test_the_rows_of_a_guild_are_found_whosever_they_are(table: BlobTable) -> None:
    others = replace(ROW, session_id="bbbbbbbb", user_id="223", passphrase=True)
    for row in (ROW, others, replace(ROW, session_id="cccccccc", guild_id="112")):
        table.put(row)

    assert sorted(table.of_guild("111"), key=lambda row: row.session_id) == [ROW, others]
    assert list(table.of_guild("11")) == []


def test_all_rows_of_a_user_are_found_in_every_guild(table: BlobTable) -> None:
    elsewhere = replace(ROW, session_id="bbbbbbbb", guild_id="112")
    for row in (ROW, elsewhere, replace(ROW, session_id="cccccccc", user_id=f"{ROW.user_id}0")):
        table.put(row)

    assert sorted(table.all_of_user(ROW.user_id), key=lambda row: row.session_id) == [ROW, elsewhere]
