import pytest

from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.25)


@pytest.fixture
def keys() -> InMemoryDataKeys:
    return InMemoryDataKeys()


@pytest.fixture
def table() -> InMemoryBlobTable:
    return InMemoryBlobTable()
