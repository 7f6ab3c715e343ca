from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chatops.commands.base import Call, Choice, Command, Option, OptionType, SuggestRequest
from chatops.commands.services import Services
from chatops.commands.spec import SpecError, problems, registration
from chatops.discord.replies import Reply


def never(call: Call, services: Services) -> Reply:
    raise AssertionError("registering runs no command")


def suggest(request: SuggestRequest) -> Sequence[Choice]:
    return []


def command(*options: Option, **changes: Any) -> Command:
    return replace(Command("cloud-x", "Does x", never, options), **changes)


def option(**changes: Any) -> Option:
    return replace(Option("name", "A name"), **changes)


def told(*commands: Command) -> str:
    return "\n".join(problems({each.name: each for each in commands}))


def test_a_command_becomes_discords_json() -> None:
    registered = command(
        option(required=True, suggest=suggest, max_length=31),
        Option("provider", "Whose", choices=("aws", "gcp")),
        Option("file", "Key", OptionType.ATTACHMENT, secret=True, max_length=4096),
    )

    assert registration({"cloud-x": registered}, in_one_guild=True) == [
        {
            "type": 1,
            "name": "cloud-x",
            "description": "Does x",
            "options": [
                {
                    "type": 3,
                    "name": "name",
                    "description": "A name",
                    "required": True,
                    "autocomplete": True,
                    "max_length": 31,
                },
                {
                    "type": 3,
                    "name": "provider",
                    "description": "Whose",
                    "required": False,
                    "choices": [{"name": "aws", "value": "aws"}, {"name": "gcp", "value": "gcp"}],
                },
                {"type": 11, "name": "file", "description": "Key", "required": False},
            ],
        }
    ]


def test_a_global_command_says_that_it_works_in_guilds_only() -> None:
    [body] = registration({"cloud-x": command()}, in_one_guild=False)

    assert (body["contexts"], body["integration_types"]) == ([0], [0])


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (command(name="Cloud"), "'Cloud'"),
        (command(name="x" * 33), "1 to 32"),
        (command(description=""), "0 characters"),
        (command(description="x" * 101), "101 characters"),
        (command(*(option(name=f"o{n}") for n in range(26))), "26 options"),
        (command(option(), option()), "two options"),
        (command(option(), option(name="b", required=True)), "required option after"),
        (command(option(name="Name")), "'Name'"),
        (command(option(choices=("a",), suggest=suggest)), "both choices and suggestions"),
        (command(option(choices=("a", "a"))), "same choice twice"),
        (command(option(choices=("",))), "1 to 100"),
        (command(option(choices=tuple(f"c{n}" for n in range(26)))), "26 choices"),
        (command(option(type=OptionType.INTEGER, choices=("1",))), "is no text"),
        (command(option(type=OptionType.BOOLEAN, suggest=suggest)), "neither"),
        (command(option(max_length=6001)), "6001"),
        (command(option(max_length=0)), "max_length of 0"),
        (command(option(type=OptionType.INTEGER, max_length=5)), "no text and no file"),
        (command(option(type=OptionType.INTEGER, secret=True)), "secret"),
        (command(*(option(name=f"o{n}", choices=tuple(f"{m:050}" for m in range(25))) for n in range(4))), "8000"),
    ],
)
def test_what_discord_would_refuse_is_named(wrong: Command, problem: str) -> None:
    assert problem in told(wrong)


def test_a_registry_with_problems_is_not_sent() -> None:
    with pytest.raises(SpecError, match="description"):
        registration({"cloud-x": command(description="")}, in_one_guild=True)


def test_a_command_under_another_name_is_named() -> None:
    assert "'cloud-x'" in "\n".join(problems({"cloud-y": command()}))


def test_a_hundred_commands_fit_and_one_more_does_not() -> None:
    hundred = [command(name=f"cloud-{number}") for number in range(100)]

    assert told(*hundred) == ""
    assert "101 commands" in told(*hundred, command())


def test_a_role_is_registered_as_one_and_is_never_a_secret() -> None:
    (registered,) = registration({"cloud-x": command(option(type=OptionType.ROLE))}, in_one_guild=True)

    assert registered["options"] == [{"type": 8, "name": "name", "description": "A name", "required": False}]
    assert "secret" in told(command(option(type=OptionType.ROLE, secret=True)))
