from collections.abc import Callable

import pytest

from chatops.discord.interactions import Interaction, InteractionType, Person, seal_context
from chatops.vault.envelope import EnvelopeError
from chatops.vault.sealed import (
    open_connection,
    open_credentials,
    open_option,
    seal_connection,
    seal_credentials,
    seal_option,
)
from tests.fakes.keys import InMemoryDataKeys

CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "canary"}


def option_context(interaction_id: str = "333", option: str = "credentials", user_id: str = "222") -> dict[str, str]:
    person = Person(user_id, "somebody")
    return seal_context(
        Interaction(interaction_id, InteractionType.COMMAND, "1", "token", person, guild_id="111"), option
    )


OPTION = option_context()


def test_a_run_gets_its_credentials_back(keys: InMemoryDataKeys) -> None:
    text = seal_credentials(keys, "111", "run-a", CREDENTIALS)

    assert open_credentials(keys, "111", "run-a", text) == CREDENTIALS
    assert "canary" not in text


def test_a_guild_gets_back_what_it_connected(keys: InMemoryDataKeys) -> None:
    text = seal_connection(keys, "111", "aws", CREDENTIALS)

    assert open_connection(keys, "111", "aws", text) == CREDENTIALS
    assert "canary" not in text


@pytest.mark.parametrize(
    "open_elsewhere",
    [
        lambda keys, text: open_connection(keys, "112", "aws", text),
        lambda keys, text: open_connection(keys, "111", "gcp", text),
        lambda keys, text: open_credentials(keys, "111", "aws", text),
    ],
    ids=["another guild", "another provider", "a run of that name"],
)
def test_what_a_guild_connected_opens_for_it_and_its_provider_only(
    keys: InMemoryDataKeys, open_elsewhere: Callable[[InMemoryDataKeys, str], object]
) -> None:
    text = seal_connection(keys, "111", "aws", CREDENTIALS)

    with pytest.raises(EnvelopeError, match="the sealed text does not open"):
        open_elsewhere(keys, text)


def test_an_option_comes_back_whatever_it_says(keys: InMemoryDataKeys) -> None:
    for option in ("", "ünï\x00 \U0001f512", '{"a": "b"}', "\ud800 alone"):
        assert open_option(keys, OPTION, seal_option(keys, OPTION, option)) == option


@pytest.mark.parametrize(
    "open_elsewhere",
    [
        lambda keys, text: open_credentials(keys, "111", "run-b", text),
        lambda keys, text: open_credentials(keys, "112", "run-a", text),
        lambda keys, text: open_credentials(keys, "run-a", "111", text),
    ],
    ids=["another run", "another guild", "guild and run exchanged"],
)
def test_credentials_open_for_their_run_only(
    keys: InMemoryDataKeys, open_elsewhere: Callable[[InMemoryDataKeys, str], object]
) -> None:
    text = seal_credentials(keys, "111", "run-a", CREDENTIALS)

    with pytest.raises(EnvelopeError, match="the sealed text does not open"):
        open_elsewhere(keys, text)


@pytest.mark.parametrize(
    "elsewhere", [option_context("334"), option_context(option="passphrase"), option_context(user_id="223")], ids=str
)
def test_an_option_opens_for_its_interaction_its_name_and_its_person_only(
    keys: InMemoryDataKeys, elsewhere: dict[str, str]
) -> None:
    text = seal_option(keys, OPTION, "secret")

    with pytest.raises(EnvelopeError):
        open_option(keys, elsewhere, text)


def test_an_option_does_not_open_as_credentials(keys: InMemoryDataKeys) -> None:
    text = seal_option(keys, OPTION, '{"a": "b"}')

    with pytest.raises(EnvelopeError):
        open_credentials(keys, "111", "333", text)


def test_the_same_context_does_not_make_credentials_an_option(keys: InMemoryDataKeys) -> None:
    text = seal_credentials(keys, "111", "run-a", CREDENTIALS)

    with pytest.raises(EnvelopeError):
        open_option(keys, {"app": "cloud-chatops", "v": "1", "guild": "111", "run": "run-a"}, text)


def test_the_contexts_are_those_the_key_policies_allow() -> None:
    seen: list[set[str]] = []

    class Watching(InMemoryDataKeys):
        def generate(self, context):
            seen.append(set(context))
            assert context["app"] == "cloud-chatops"
            return super().generate(context)

    seal_credentials(Watching(), "111", "run-a", {})
    seal_option(Watching(), OPTION, "")

    assert seen == [
        {"app", "v", "guild", "run"},
        {"app", "v", "purpose", "guild", "user", "interaction", "option"},
    ]
