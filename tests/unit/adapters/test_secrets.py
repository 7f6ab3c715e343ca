from typing import Any

import pytest
from botocore.exceptions import ClientError

from chatops.adapters.secrets import KEPT_SECONDS, SecretsManager
from chatops.errors import OutsideError
from tests.fakes.outside import FakeClock


class Client:
    """Secrets Manager, as boto3 shows it; an exception among the values is raised."""

    def __init__(self, *values: str | Exception) -> None:
        self.values = list(values)
        self.asked: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803 – boto3's name
        self.asked.append(SecretId)
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return {"SecretString": value}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "GetSecretValue")


def test_a_secret_is_asked_for_once_in_a_minute() -> None:
    client, clock = Client("old", "new"), FakeClock()
    secrets = SecretsManager(client, clock)

    assert [secrets.get("bot"), secrets.get("bot")] == ["old", "old"]
    clock.now += KEPT_SECONDS - 1
    assert secrets.get("bot") == "old"
    assert client.asked == ["bot"]

    clock.now += 1
    assert secrets.get("bot") == "new"


def test_two_secrets_are_two() -> None:
    client = Client("first", "second")
    secrets = SecretsManager(client, FakeClock())

    assert [secrets.get("a"), secrets.get("b"), secrets.get("a")] == ["first", "second", "first"]


@pytest.mark.parametrize("nothing", ["", " \n", refusal("ResourceNotFoundException")])
def test_a_secret_that_is_not_there_is_none_and_is_looked_for_again(nothing: str | Exception) -> None:
    client, clock = Client(nothing, "there"), FakeClock()
    secrets = SecretsManager(client, clock)

    assert [secrets.get("bot"), secrets.get("bot")] == [None, None]
    assert client.asked == ["bot"]
    clock.now += KEPT_SECONDS
    assert secrets.get("bot") == "there"


def test_white_space_around_a_secret_is_none_of_it() -> None:
    assert SecretsManager(Client("value\n"), FakeClock()).get("bot") == "value"


def test_a_failure_is_an_error_and_not_kept() -> None:
    secrets = SecretsManager(Client(refusal("AccessDeniedException"), "value"), FakeClock())

    with pytest.raises(OutsideError, match="'bot': AccessDeniedException"):
        secrets.get("bot")
    assert secrets.get("bot") == "value"


def test_a_clock_that_was_put_back_keeps_nothing_for_long() -> None:
    client, clock = Client("old", "new"), FakeClock()
    secrets = SecretsManager(client, clock)
    secrets.get("bot")
    clock.now -= 3600

    assert secrets.get("bot") == "new"
