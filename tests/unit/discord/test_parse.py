import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.discord.interactions import (
    FILE_LIMIT,
    Interaction,
    InteractionType,
    InvalidInteraction,
    from_payload,
    to_payload,
)
from chatops.discord.parse import parse_interaction
from tests.unit.discord.sender import CHANNEL, GUILD, TOKEN, USER, button, command, interaction, text


def parse(payload: Any) -> Interaction:
    return parse_interaction(json.dumps(payload).encode())


def test_a_command_in_a_guild_is_read() -> None:
    read = parse(command("cloud-status", text("name", "shop"), {"name": "count", "type": 4, "value": 3}))

    assert (read.type, read.command, read.guild_id, read.channel_id) == (
        InteractionType.COMMAND,
        "cloud-status",
        GUILD,
        CHANNEL,
    )
    assert read.options == {"name": "shop", "count": 3}
    assert read.option_types == {"name": 3, "count": 4}
    assert read.person is not None
    assert (read.person.id, read.person.name, read.person.roles) == (USER, "Ada", ("1100000000000000009",))
    assert read.person.permissions == 9007199254740993


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        (52_428_800, 52_428_800),
        (1, 1),
        (0, FILE_LIMIT),
        (-1, FILE_LIMIT),
        (True, FILE_LIMIT),
        ("9", FILE_LIMIT),
        (1.5, FILE_LIMIT),
        (None, FILE_LIMIT),
    ],
)
def test_how_large_a_file_may_be_is_discords_word_where_it_is_a_number(said: Any, limit: int) -> None:
    read = parse({**command("cloud-logs"), "attachment_size_limit": said})

    assert read.file_limit == limit and from_payload(to_payload(read)).file_limit == limit


def test_without_a_word_a_file_may_be_as_large_as_everywhere() -> None:
    read = parse({name: value for name, value in command("x").items() if name != "attachment_size_limit"})
    payload = to_payload(read)
    del payload["interaction"]["file_limit"]  # of a function that was deployed before

    assert (read.file_limit, from_payload(payload).file_limit) == (FILE_LIMIT, FILE_LIMIT)


def test_a_ping_needs_nothing_but_its_type_and_may_bring_anything() -> None:
    assert parse({"type": 1}).type is InteractionType.PING
    assert parse({"type": 1, "data": [], "member": 5, "new": {"a": [1.5]}}).type is InteractionType.PING


@pytest.mark.parametrize("kind", [0, 6, 99, -1, True, 1.0, "1", None, [1]])
def test_an_unknown_type_is_refused(kind: Any) -> None:
    with pytest.raises(InvalidInteraction):
        parse({**command("x"), "type": kind})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"type":1}',
        b'{"type":1,"x":"\xff"}',
        b'{"type":1,"type":1}',
        b'{"type":1,"x":{"a":1,"a":2}}',
        b'{"type":1,"x":NaN}',
        b'{"type":1,"x":-Infinity}',
        b'{"type":1,"x":1e999}',
        b'{"type":1} x',
        b'{"type":1,"x":' + b"9" * 5000 + b"}",
        b'{"type":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"type":1,"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b"[" * 1_000_000,
    ],
)
def test_what_is_not_an_object_of_clean_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInteraction):
        parse_interaction(body)


@pytest.mark.parametrize(
    "payload",
    [
        interaction(2, None),
        {**command("x"), "data": []},
        {**command("x"), "data": "x"},
        interaction(2, {"type": 1}),
        interaction(4, {"type": 1}),
        interaction(2, {"name": 5}),
        interaction(2, {"name": "x", "options": {"name": "a"}}),
        interaction(2, {"name": "x", "options": ["a"]}),
        command("x", {"type": 3, "value": "a"}),
        command("x", text("a", "1"), text("a", "2")),
        command("x", text("a", "half a pair \ud800")),
        command("x", member=None),
        command("x", member={"user": {}}),
        command("x", member={"user": {"id": 5}}),
        command("x", member=[]),
        command("x", guild_id=5),
        command("x", token={"a": 1}),
        button(5),
    ],
)
def test_an_interaction_of_a_shape_discord_never_sends_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteraction) as caught:
        parse(payload)

    assert TOKEN not in str(caught.value)


def test_missing_null_and_empty_options_are_no_options() -> None:
    for data in ({"name": "x"}, {"name": "x", "options": None}, {"name": "x", "options": []}):
        assert parse(interaction(2, data)).options == {}


def test_an_option_without_a_plain_value_is_known_by_its_type_alone() -> None:
    read = parse(command("x", {"name": "sub", "type": 1, "options": []}, text("list", [1]), text("null", None)))

    assert read.options == {}
    assert read.option_types == {"sub": 1, "list": 3, "null": 3}


def test_outside_a_guild_the_user_is_the_person_without_rights() -> None:
    read = parse(command("x", member=None, guild_id=None, user={"id": USER, "username": "ada"}))

    assert read.guild_id is None
    assert read.person is not None
    assert (read.person.id, read.person.name, read.person.permissions) == (USER, "ada", 0)


@pytest.mark.parametrize("permissions", [None, 8, "", "-8", "0x8", "8 ", "٨", "9" * 5000, []])
def test_permissions_that_cannot_be_read_give_no_right(permissions: Any) -> None:
    read = parse(command("x", member={"user": {"id": USER}, "permissions": permissions, "roles": None}))

    assert read.person is not None
    assert not read.person.manages_guild
    assert read.person.permissions == 0


def test_an_app_that_only_a_user_installed_is_in_no_guild() -> None:
    assert parse(command("x", authorizing_integration_owners={"1": USER})).guild_id is None
    assert parse(command("x", authorizing_integration_owners={"0": GUILD, "1": USER})).guild_id == GUILD
    assert parse(command("x", authorizing_integration_owners=None)).guild_id == GUILD


def test_exactly_one_option_is_in_focus_or_none() -> None:
    one, two = text("a", "x", focused=True), text("b", "y", focused=True)

    assert parse(command("x", one, text("b", "y"))).focused == "a"
    assert parse(command("x", one, two)).focused is None
    assert parse(command("x", text("a", "x", focused="yes"))).focused is None


def test_a_button_press_names_its_message() -> None:
    read = parse(button("v1:approve:run-1"))

    assert (read.custom_id, read.message_id) == ("v1:approve:run-1", "1100000000000000006")


@pytest.mark.parametrize(
    "components",
    [
        [{"type": 1, "components": [{"type": 4, "custom_id": "passphrase", "value": "hush"}]}],
        [{"type": 18, "component": {"type": 4, "custom_id": "passphrase", "value": "hush"}}],
        [{"component": {"component_type": 4, "custom_id": "passphrase", "value": "hush"}}, {"type": 10}],
        [{"type": 9, "components": [{"component": {"custom_id": "passphrase", "values": ["hush"]}}]}],
    ],
)
def test_a_forms_fields_are_found_in_any_nesting(components: list[Any]) -> None:
    read = parse(interaction(5, {"custom_id": "v1:unlock:x", "components": components}))

    assert read.fields == {"passphrase": "hush"}


def test_what_a_form_holds_besides_text_is_read_as_text() -> None:
    parts = [
        {"custom_id": "many", "values": ["a", "b"]},
        {"custom_id": "none", "values": []},
        {"custom_id": "tick", "value": True},
        {"custom_id": "unset", "value": None},
    ]
    read = parse(interaction(5, {"custom_id": "v1:unlock:x", "components": parts}))

    assert read.fields == {"many": "a,b", "none": "", "tick": "true"}


def test_a_form_nested_as_deep_as_json_allows_is_read() -> None:
    part: dict[str, Any] = {"custom_id": "deep", "value": "x"}
    for _ in range(150):
        part = {"component": part}

    assert parse(interaction(5, {"custom_id": "v1:unlock:x", "components": [part]})).fields == {"deep": "x"}


def test_a_repr_shows_neither_token_nor_values() -> None:
    read = repr(parse(command("x", text("credentials", "hush"))))

    assert TOKEN not in read
    assert "hush" not in read


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "type",
    "data",
    "member",
    "user",
    "guild_id",
    "message",
    "channel_id",
    "authorizing_integration_owners",
    "token",
]
DATA_KEYS = ["name", "options", "components", "custom_id", "resolved"]


@given(
    st.integers(1, 5),
    st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3),
    st.dictionaries(st.sampled_from(DATA_KEYS), json_values, max_size=3),
)
def test_any_json_is_read_or_refused(kind: int, changes: dict[str, Any], data: dict[str, Any]) -> None:
    payload = {**interaction(kind, {"name": "x", **data}), **changes}
    try:
        parsed = parse(payload)
    except InvalidInteraction:
        return

    assert isinstance(parsed, Interaction)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parse_interaction(body)
    except InvalidInteraction:
        return
