import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.discord.interactions import (
    Interaction,
    InteractionType,
    InvalidInteraction,
    Person,
    button_target,
    created_at,
    from_payload,
    held_payload,
    is_snowflake,
    seal_context,
    to_payload,
)
from events.sign import snowflake
from tests.unit.discord.sender import GUILD, NOW, USER

PERSON = Person(USER, "Ada", 1 << 53 | 1, ("1100000000000000009",))


def interaction(**changes: Any) -> Interaction:
    values: dict[str, Any] = {
        "id": snowflake(NOW),
        "type": InteractionType.COMMAND,
        "application_id": "1",
        "token": "t",
    }
    return Interaction(**{**values, "person": PERSON, "guild_id": GUILD, **changes})


@given(
    st.dictionaries(st.text(max_size=10), st.text() | st.booleans() | st.integers(-(2**53), 2**53)),
    st.integers(0, 2**64),
    st.none() | st.text(max_size=20),
)
def test_what_goes_over_the_wire_comes_back_the_same(options: Any, permissions: int, channel_id: str | None) -> None:
    sent = interaction(options=options, person=Person(USER, "Ä", permissions), channel_id=channel_id)

    assert from_payload(json.loads(json.dumps(to_payload(sent)))) == sent


def test_sealed_options_and_a_missing_person_survive_the_wire() -> None:
    sent = interaction(sealed={"credentials": "c2VhbGVk"}, person=None, type=InteractionType.COMPONENT, message_id="5")

    assert from_payload(json.loads(json.dumps(to_payload(sent)))) == sent


def test_what_is_held_for_a_form_is_all_but_the_token_and_can_be_read_again() -> None:
    sent = interaction(options={"region": "eu-west-1"}, sealed={"credentials": "c2VhbGVk"}, token="secret-token")

    held = json.loads(json.dumps(held_payload(sent, "unlock", "abcd2345")))

    assert "secret-token" not in json.dumps(held)
    assert from_payload(held) == replace(sent, token="")
    assert (held["form"], held["session_id"]) == ("unlock", "abcd2345")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"v": 2, "interaction": {}},
        {"v": 1},
        {"v": 1, "interaction": None},
        {"v": 1, "interaction": {}},
        {"v": 1, "interaction": {**to_payload(interaction())["interaction"], "type": 9}},
        {"v": 1, "interaction": {**to_payload(interaction())["interaction"], "surprise": 1}},
        {"v": 1, "interaction": {**to_payload(interaction())["interaction"], "options": None}},
        {"v": 1, "interaction": {**to_payload(interaction())["interaction"], "options": {"a": {"open": "x"}}}},
        {"v": 1, "interaction": {**to_payload(interaction())["interaction"], "person": {"id": "1"}}},
    ],
)
def test_another_payload_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteraction):
        from_payload(payload)


def test_a_seal_is_bound_to_person_guild_interaction_and_option() -> None:
    base = seal_context(interaction(), "credentials")
    others = [
        seal_context(interaction(), "passphrase"),
        seal_context(interaction(guild_id="1100000000000000099"), "credentials"),
        seal_context(interaction(id="1100000000000000099"), "credentials"),
        seal_context(interaction(person=Person("1100000000000000099", "Ada")), "credentials"),
    ]

    assert base not in others


def test_the_age_of_an_interaction_is_in_its_id() -> None:
    assert created_at("175928847299117063") == pytest.approx(1462015105.796)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("1" * 15, True),
        ("1" * 20, True),
        ("1" * 14, False),
        ("1" * 21, False),
        ("１" * 18, False),
        ("", False),
        (None, False),
    ],
)
def test_a_snowflake_is_15_to_20_ascii_digits(text: str | None, valid: bool) -> None:
    assert is_snowflake(text) is valid


def test_a_custom_id_names_an_action_and_an_argument() -> None:
    assert button_target("v1:approve:run-1") == ("approve", "run-1")
    assert button_target("v1:approve:run-1\n") is None


@pytest.mark.parametrize(("permissions", "manages"), [(0, False), (1 << 5, True), (1 << 3, True), (1 << 4, False)])
def test_manage_server_and_administrator_manage_a_guild(permissions: int, manages: bool) -> None:
    assert Person(USER, "Ada", permissions).manages_guild is manages
