from collections.abc import Callable

import pytest

from chatops.vault.envelope import EnvelopeError
from chatops.vault.sealed import open_credentials, open_option, seal_credentials, seal_option
from tests.fakes.keys import InMemoryDataKeys

CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "canary"}


def test_a_run_gets_its_credentials_back(keys: InMemoryDataKeys) -> None:
    text = seal_credentials(keys, "111", "run-a", CREDENTIALS)

    assert open_credentials(keys, "111", "run-a", text) == CREDENTIALS
    assert "canary" not in text


def test_an_option_comes_back_whatever_it_says(keys: InMemoryDataKeys) -> None:
    for option in ("", "ünï\x00 \U0001f512", '{"a": "b"}', "\ud800 alone"):
        assert open_option(keys, "333", seal_option(keys, "333", option)) == option


@pytest.mark.parametrize(
    "open_elsewhere",
    [
        lambda keys, text: open_credentials(keys, "111", "run-b", text),
        lambda keys, text: open_credentials(keys, "112", "run-a", text),
        lambda keys, text: open_credentials(keys, "run-a", "111", text),
        lambda keys, text: open_option(keys, "run-a", text),
    ],
    ids=["another run", "another guild", "guild and run exchanged", "as an option"],
)
def test_credentials_open_for_their_run_only(
    keys: InMemoryDataKeys, open_elsewhere: Callable[[InMemoryDataKeys, str], object]
) -> None:
    text = seal_credentials(keys, "111", "run-a", CREDENTIALS)

    with pytest.raises(EnvelopeError, match="the sealed text does not open"):
        open_elsewhere(keys, text)


def test_an_option_opens_for_its_interaction_only(keys: InMemoryDataKeys) -> None:
    text = seal_option(keys, "333", "secret")

    with pytest.raises(EnvelopeError):
        open_option(keys, "334", text)
    with pytest.raises(EnvelopeError):
        open_credentials(keys, "333", "333", text)


def test_the_contexts_are_those_the_key_policies_allow() -> None:
    seen: list[set[str]] = []

    class Watching(InMemoryDataKeys):
        def generate(self, context):
            seen.append(set(context))
            assert context["app"] == "cloud-chatops"
            return super().generate(context)

    seal_credentials(Watching(), "111", "run-a", {})
    seal_option(Watching(), "333", "")

    assert seen == [{"app", "v", "guild", "run"}, {"app", "v", "purpose", "interaction"}]
