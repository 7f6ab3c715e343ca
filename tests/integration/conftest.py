"""One emulated AWS for all integration tests, with nothing deployed."""

from collections.abc import Iterator

import pytest

from sandbox import emulator as emulation
from sandbox.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as patch:
        # Its files go into pytest's folder: a whole sandbox may run in the same process.
        patch.setattr(emulation, "RUN", tmp_path_factory.mktemp("emulator"))
        started = Emulator()
        try:
            started.start()
            yield started
        finally:
            started.stop()
