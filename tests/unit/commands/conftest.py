import pytest

from tests.unit.commands.bot import Bot


@pytest.fixture
def bot() -> Bot:
    return Bot()
