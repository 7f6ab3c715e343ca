"""One emulated AWS for all integration tests, with nothing deployed."""

from collections.abc import Iterator

import pytest

from sandbox.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    # Its files go into pytest's folder: a whole sandbox runs in the same process later.
    started = Emulator(folder=tmp_path_factory.mktemp("emulator"))
    try:
        started.start()
        yield started
    finally:
        started.stop()
