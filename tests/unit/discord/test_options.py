import json
from typing import Any

import pytest

from chatops.commands.base import Command, Option, OptionType
from chatops.discord.options import checked_options
from chatops.discord.parse import parse_interaction
from chatops.errors import UserError
from tests.unit.discord.sender import interaction, text

URL = "https://cdn.discordapp.com/ephemeral-attachments/1/2/key.json?ex=1"
COMMAND = Command(
    "cloud-init",
    "Open",
    lambda call, services: None,
    (
        Option("file", "Key", OptionType.ATTACHMENT, max_length=1000),
        Option("force", "Really", OptionType.BOOLEAN),
        Option("note", "Words"),
        Option("amount", "Money", OptionType.NUMBER),
        Option("role", "Whose", OptionType.ROLE),
    ),
)


def check(*options: dict[str, Any], attachments: Any = None) -> dict[str, Any]:
    data = {"name": "cloud-init", "options": list(options), "resolved": {"attachments": attachments}}
    return dict(checked_options(COMMAND, parse_interaction(json.dumps(interaction(2, data)).encode())))


def attached(value: Any = "77") -> dict[str, Any]:
    return {"name": "file", "type": 11, "value": value}


def test_an_attached_file_becomes_its_address() -> None:
    assert check(attached(), attachments={"77": {"url": URL, "size": 1000}}) == {"file": URL}


@pytest.mark.parametrize(
    ("option", "attachments", "told"),
    [
        (attached(), None, "did not arrive"),
        (attached(), {"78": {"url": URL, "size": 1}}, "did not arrive"),
        (attached(), {"77": "x"}, "did not arrive"),
        (attached(), {"77": {"url": None, "size": 1}}, "did not arrive"),
        (attached(), {"77": {"url": URL, "size": "1"}}, "did not arrive"),
        (attached(), {"77": {"url": URL, "size": 1001}}, "at most 1000"),
        (attached(77), {"77": {"url": URL, "size": 1}}, "attached file"),
        (text("file", "77"), {"77": {"url": URL, "size": 1}}, "attached file"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(option: dict[str, Any], attachments: Any, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        check(option, attachments=attachments)

    assert "`file`" in str(caught.value)


@pytest.mark.parametrize("value", ["true", 1, 0, None])
def test_only_true_and_false_are_a_boolean(value: Any) -> None:
    with pytest.raises(UserError, match="true or false"):
        check({"name": "force", "type": 5, "value": value})


@pytest.mark.parametrize("value", [0, 25, 25.5, -1.5, 2**53])
def test_a_number_may_be_whole_or_not(value: Any) -> None:
    assert check({"name": "amount", "type": 10, "value": value}) == {"amount": value}


@pytest.mark.parametrize("value", ["25", True, None, 2**53 + 2, -(10**300), 10**400], ids=range(6))
def test_nothing_else_is_a_number(value: Any) -> None:
    with pytest.raises(UserError, match="a number"):
        check({"name": "amount", "type": 10, "value": value})


@pytest.mark.parametrize("kind", [3, 4])
def test_a_number_of_another_type_is_of_another_command(kind: int) -> None:
    with pytest.raises(UserError, match="a number"):
        check({"name": "amount", "type": kind, "value": 7 if kind == 4 else "7"})


def test_false_is_a_value_and_an_empty_text_is_none() -> None:
    assert check({"name": "force", "type": 5, "value": False}, text("note", " ")) == {"force": False}


def test_a_text_without_a_limit_of_its_own_has_discords() -> None:
    assert check(text("note", "x" * 6000)) == {"note": "x" * 6000}
    with pytest.raises(UserError, match="6001"):
        check(text("note", "x" * 6001))


def test_a_role_is_its_id() -> None:
    role = "1061000000000000401"

    assert check({"name": "role", "type": 8, "value": role}) == {"role": role}


@pytest.mark.parametrize(
    "value", [1061000000000000401, "deployers", "<@&1061000000000000401>", "1" * 21, "١" * 18, None]
)
def test_nothing_else_is_a_role(value: Any) -> None:
    with pytest.raises(UserError, match="a role of this server"):
        check({"name": "role", "type": 8, "value": value})


@pytest.mark.parametrize("kind", [6, 9])
def test_a_person_is_no_role(kind: int) -> None:
    with pytest.raises(UserError, match="a role of this server"):
        check({"name": "role", "type": kind, "value": "1061000000000000401"})
