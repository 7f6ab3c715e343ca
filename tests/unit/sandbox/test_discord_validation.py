from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.discord import Settings, reply_rules, schema
from sandbox.discord.clock import Clock, Snowflakes
from sandbox.discord.command_rules import checked_commands
from sandbox.discord.messages import MessageBook
from sandbox.discord.protocol import ApiError, Flag, InteractionType, error_tree
from sandbox.discord.transcript import Transcript
from sandbox.discord.world import World
from tests.fakes.discord_app import Pair, button, quiet, reply, row, running

if TYPE_CHECKING:
    from collections.abc import Iterator

EDIT = "IncomingWebhookUpdateRequestPartial"
V2 = int(Flag.COMPONENTS_V2)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running(Settings(rate_limit=None)) as pair:
        pair.app.answer = lambda interaction: reply({"type": 5})
        yield pair


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def select(count: int, **fields: Any) -> dict[str, Any]:
    options = [{"label": str(n), "value": str(n)} for n in range(count)]
    return {"type": 3, "custom_id": "choose", "options": options, **fields}


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("content", {"content": "x" * 2001}),
    ("content", {"content": 5}),
    ("embeds", {"embeds": [{"title": "t"}] * 11}),
    ("embeds", {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}),
    ("embeds.0.title", {"embeds": [{"title": "x" * 257}]}),
    ("embeds.0.fields", {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}),
    ("embeds.0.fields.0.value", {"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]}),
    ("embeds.0.fields.0.value", {"embeds": [{"fields": [{"name": "n", "value": " "}]}]}),
    ("embeds.0.fields.0.name", {"embeds": [{"fields": [{"name": "", "value": "v"}]}]}),
    ("embeds.0.description", {"embeds": [{"color": 1}]}),
    ("embeds.0.color", {"embeds": [{"title": "t", "color": 0x1000000}]}),
    ("embeds.0.timestamp", {"embeds": [{"title": "t", "timestamp": "yesterday"}]}),
    ("embeds.0.url", {"embeds": [{"title": "t", "url": "example.com"}]}),
    ("embeds.0.url", {"embeds": [{"title": "t", "url": "attachment://x.png"}]}),
    ("embeds.0.footer.text", {"embeds": [{"footer": {"text": "x" * 2049}}]}),
    ("components", {"components": [row(button(str(n))) for n in range(6)]}),
    ("components.0.type", {"components": [button("b")]}),
    ("components.0.type", {"components": [text("v2 without its flag")]}),
    ("components.0.components", {"components": [row()]}),
    ("components.0.components", {"components": [row(*(button(str(n)) for n in range(6)))]}),
    ("components.0.components", {"components": [row(select(2), button("b"))]}),
    ("components.0.components.1.custom_id", {"components": [row(button("same"), button("same"))]}),
    ("components.1.components.0.custom_id", {"components": [row(button("same")), row(button("same"))]}),
    ("components.0.components.0.custom_id", {"components": [row(button("x" * 101))]}),
    ("components.0.components.0.custom_id", {"components": [row({"type": 2, "style": 1, "label": "none"})]}),
    ("components.0.components.0.label", {"components": [row(button("b", "x" * 81))]}),
    ("components.0.components.0.label", {"components": [row(button("b", ""))]}),
    ("components.0.components.0.style", {"components": [row(button("b", style=9))]}),
    ("components.0.components.0.custom_id", {"components": [row(button("b", style=5, url="https://x.example"))]}),
    ("components.0.components.0.url", {"components": [row({"type": 2, "style": 5, "label": "l"})]}),
    ("components.0.components.0.url", {"components": [row(button("b", url="https://x.example"))]}),
    ("components.0.components.0.url", {"components": [row({"type": 2, "style": 5, "label": "l", "url": "nope"})]}),
    ("components.0.components.0.options", {"components": [row(select(26))]}),
    ("components.0.components.0.options", {"components": [row(select(0))]}),
    ("components.0.components.0.max_values", {"components": [row(select(2, max_values=3))]}),
    ("components.0.components.0.max_values", {"components": [row(select(2, min_values=2))]}),
    ("allowed_mentions", {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}),
    ("allowed_mentions.parse.0", {"content": "x", "allowed_mentions": {"parse": ["all"]}}),
    ("flags", {"content": "x", "flags": "64"}),
    ("flags", {"content": "x", "flags": 64.0}),
    ("content", {"content": "x", "flags": V2, "components": [text("t")]}),
    ("components", {"flags": V2, "components": [text("x" * 2001), text("x" * 2000)]}),
    ("components", {"flags": V2, "components": [{"type": 17, "components": [text("t")] * 40}]}),
]


@pytest.mark.parametrize(("field", "payload"), REFUSED)
def test_a_broken_rule_is_50035_and_names_the_field(pair: Pair, field: str, payload: dict[str, Any]) -> None:
    before = len(pair.discord.problems)
    answer = pair.calls.hook("PATCH", pair.discord.slash("x").token, "@original", quiet() | payload)

    assert (answer.status_code, answer.json()["code"]) == (400, 50035)
    node = answer.json()["errors"]
    for part in field.split("."):
        node = node[part]
    assert node["_errors"][0]["message"]
    assert [problem.code for problem in pair.discord.problems[before:]] == [50035]


ACCEPTED: list[dict[str, Any]] = [
    {"content": "😀" * 2000},
    {
        "content": None,
        "embeds": [{"title": "t", "url": "https://x.example/a?b#c", "timestamp": "2026-01-01T00:00:00Z"}],
    },
    {"embeds": [{"description": "x" * 4096}, {"description": "x" * 1904}]},
    {"embeds": [{"image": {"url": "attachment://map.png"}}]},
    {"components": [row(*(button(str(n)) for n in range(5))), row(select(25, min_values=0, max_values=25))]},
    {"content": "x", "components": [row({"type": 2, "style": 5, "label": "console", "url": "https://x.example"})]},
    {"content": "x", "components": [row({"type": 2, "style": 1, "custom_id": "e", "emoji": {"name": "✅"}})]},
    {"flags": V2, "components": [{"type": 17, "components": [text("a"), {"type": 14}, row(button("b"))]}]},
    {"flags": V2, "components": [{"type": 9, "components": [text("a")], "accessory": button("c")}]},
    {"content": "x", "allowed_mentions": {"parse": [], "users": ["1061000000000000200"]}},
]


@pytest.mark.parametrize("payload", ACCEPTED)
def test_a_good_message_is_accepted_and_the_answer_fits_discords_schema(pair: Pair, payload: dict[str, Any]) -> None:
    before = len(pair.discord.problems)
    answer = pair.calls.hook("PATCH", pair.discord.slash("x").token, "@original", quiet() | payload)

    assert answer.status_code == 200, answer.text
    assert schema.check("MessageResponse", answer.json()) == ()
    assert pair.discord.problems[before:] == []


def test_the_v2_flag_stays_and_too_many_bytes_are_a_500(pair: Pair) -> None:
    token = pair.discord.slash("x").token
    assert pair.calls.hook("PATCH", token, "@original", quiet(flags=V2, components=[text("t")])).status_code == 200
    back = pair.calls.hook("PATCH", token, "@original", quiet(content="legacy", components=[]))
    assert back.json()["code"] == 50035
    heavy = pair.calls.hook("PATCH", token, "@original", quiet(components=[text("▓" * 3390)]))
    assert heavy.status_code == 500


def test_the_application_object_fits_discords_schema(pair: Pair) -> None:
    answer = pair.calls.bot("GET", "/applications/@me")

    wrong = schema.check("PrivateApplicationResponse", answer.json())
    assert {error.code for error in wrong} <= {"BASE_TYPE_REQUIRED"}  # the fields that are there are right
    assert answer.json()["verify_key"] == pair.discord.public_key_hex


def test_an_error_tree_is_nested_by_path() -> None:
    errors = schema.check(EDIT, {"embeds": [{"title": "x" * 257}]})

    assert error_tree(errors) == {
        "embeds": {
            "0": {
                "title": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}]}
            }
        }
    }


INPUT = {"type": 4, "custom_id": "a", "style": 1}
LABEL = {"type": 18, "label": "l", "component": INPUT}


@pytest.mark.parametrize(
    ("field", "modal"),
    [
        ("title", {"title": "x" * 46}),
        ("custom_id", {"custom_id": ""}),
        ("components", {"components": []}),
        ("components", {"components": [{"type": 10, "content": "t"}] * 6}),
        ("components.0.component", {"components": [{"type": 18, "label": "l"}]}),
        ("components.0.label", {"components": [LABEL | {"label": "x" * 46}]}),
        ("components.0.components.0.label", {"components": [row(INPUT)]}),
        ("components.1.component.custom_id", {"components": [LABEL] * 2}),
    ],
)
def test_a_wrong_modal_is_refused(field: str, modal: dict[str, Any]) -> None:
    payload = {"type": 9, "data": {"custom_id": "m", "title": "t", "components": [LABEL]} | modal}
    with pytest.raises(ApiError) as refused:
        reply_rules.checked_callback(InteractionType.COMMAND, payload)

    assert [".".join(map(str, error.path)) for error in refused.value.errors] == [f"data.{field}"]


KEYS = (
    *(
        "type",
        "data",
        "components",
        "component",
        "accessory",
        "embeds",
        "fields",
        "flags",
        "options",
        "choices",
        "name",
    ),
    *("value", "custom_id", "style", "label", "title", "content", "url", "attachments", "allowed_mentions", "parse"),
    *("description", "id", "min_values", "default_member_permissions"),
)
numbers = st.sampled_from([1, 2, 3, 4, 5, 8, 9, 10, 17, 18, 64, V2])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner | numbers, max_size=5),
    max_leaves=12,
)
objects = st.dictionaries(
    st.sampled_from(["content", "embeds", "components", "flags", "attachments", "poll"]), json_values
)


@settings(max_examples=120, deadline=None)
@given(payload=json_values, kind=st.sampled_from(list(InteractionType)))
def test_any_reply_is_accepted_or_refused_in_discords_words(payload: Any, kind: InteractionType) -> None:
    try:
        reply_rules.checked_callback(kind, payload)
    except ApiError as error:
        assert json.dumps(error.body())
        assert error.errors


@settings(max_examples=120, deadline=None)
@given(payload=st.lists(json_values, max_size=3) | json_values)
def test_any_command_list_is_accepted_or_refused_in_discords_words(payload: Any) -> None:
    try:
        assert checked_commands(payload, in_guild=True) is payload
    except ApiError as error:
        assert error.code == 50035


@settings(max_examples=120, deadline=None)
@given(payload=objects)
def test_any_schema_valid_message_is_kept_or_refused_in_discords_words(payload: dict[str, Any]) -> None:
    clock, world = Clock(), World()
    book = MessageBook(clock, Snowflakes(clock), world, Transcript(clock), {"id": "1", "username": "app"})
    if schema.check(EDIT, payload):
        return
    try:
        message = book.create(world.channel, payload)
        assert message.text is not None
        book.edit(message.id, payload)
    except ApiError as error:
        assert error.code in (50035, 50006, 0)
