"""How the tests share two processes (`make test`: pytest -n 2 --dist loadgroup)."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
_GROUPS = {"e2e": "sandbox", "infrastructure": "sandbox", "integration": "emulator"}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that use what exists once, a sandbox or the folder that it builds in, stay in one process."""
    for item in items:
        if group := _GROUPS.get(item.path.relative_to(TESTS).parts[0]):
            item.add_marker(pytest.mark.xdist_group(group))
