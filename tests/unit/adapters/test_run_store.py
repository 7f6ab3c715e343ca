"""How much DynamoRunStore reads; what it answers is in the stores' contract."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from chatops.adapters.dynamodb import Item, Table
from chatops.adapters.run_store import DynamoRunStore
from tests.fakes.runs import GUILD, NOW, a_run

NEWEST, SHOP, OLD_SHOP, OLDEST = (f"{number:016x}" for number in range(4))


class CountedTable:
    """Items by run id, in the order in which they were put; notes which of them are read."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.read: list[str] = []

    def put(self, item: Item, when: str) -> None:
        self.items[item["run_id"]] = item

    def get(self, key: Item) -> Item | None:
        self.read.append(key["run_id"])
        return self.items.get(key["run_id"])

    def query(self, name: str, value: str, **_: Any) -> Iterator[Item]:
        return (item for item in self.items.values() if item[name] == value)


@pytest.fixture
def table() -> CountedTable:
    table = CountedTable()
    runs = DynamoRunStore(cast("Table", table))
    for age, (run_id, name) in enumerate([(NEWEST, "blog"), (SHOP, "shop"), (OLD_SHOP, "shop"), (OLDEST, "blog")]):
        runs.create(a_run(id=run_id, deployment=name, created_at=NOW - age, message=None))
    return table


def test_the_last_run_of_a_deployment_is_the_last_that_is_read(table: CountedTable) -> None:
    found = DynamoRunStore(cast("Table", table)).last_of_deployment(GUILD, "shop", NOW - 9)

    assert found and found.id == SHOP
    assert table.read == [NEWEST, SHOP]


def test_runs_that_are_too_old_are_not_read(table: CountedTable) -> None:
    assert DynamoRunStore(cast("Table", table)).last_of_deployment(GUILD, "shop", NOW) is None
    assert table.read == [NEWEST]
