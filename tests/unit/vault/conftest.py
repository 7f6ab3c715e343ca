import itertools
from collections.abc import Callable

import pytest

from chatops.domain.sessions import session_id_of
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


Start = Callable[[], Sessions]

_interactions = itertools.count(1100000000000001000)


def new_session_id() -> str:
    """The id of the session that one more interaction opens."""
    return session_id_of(str(next(_interactions)))


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.25)


@pytest.fixture
def keys() -> InMemoryDataKeys:
    return InMemoryDataKeys()


@pytest.fixture
def table() -> InMemoryBlobTable:
    return InMemoryBlobTable()


@pytest.fixture
def start(table: InMemoryBlobTable, keys: InMemoryDataKeys, clock: Clock) -> Start:
    """Starts one more process over the same table and key."""
    return lambda: Sessions(EphemeralVault(keys, clock), RecoveryBlobs(table, clock), clock)
