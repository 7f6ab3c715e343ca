"""How the tests share two processes (`make test`: pytest -n 2)."""

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.running import Sandbox

_TOGETHER = {
    "e2e": "sandbox",
    "isolation": "sandbox",
    "privileges": "sandbox",
    "integration": "emulator",
}
_BUILDERS = "layers.py"
"""How the infrastructure tests end that build the layers, in the folder that the sandbox builds in too."""


class Scheduling(LoadScopeScheduling):
    """Tests that use what exists once, a sandbox or the folder that it builds in, stay in one process, the rest flows.

    pytest-xdist's own groups are lost with pytest 9.2: they hide in the ids of tests, which cannot be changed any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "sandbox" if file.endswith(_BUILDERS) else _TOGETHER.get(file.split("/")[1], nodeid)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their place: gzip notes the time, and every process must know a test by the same name."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """Called in the process that hands the tests out."""
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def sandbox() -> "Iterator[Sandbox]":
    """One sandbox for all tests that need one."""
    from sandbox.running import Sandbox

    with Sandbox() as running:
        yield running
