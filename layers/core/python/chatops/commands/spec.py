"""The registry as the JSON that Discord registers, checked against Discord's limits.

Limits: discord-api-docs, interactions/application-commands.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chatops.commands.base import Command, Option, OptionType
from chatops.errors import ChatOpsError

MAX_COMMANDS: Final = 100
MAX_OPTIONS: Final = 25
MAX_CHOICES: Final = 25
MAX_TEXT: Final = 100
MAX_COMMAND_CHARACTERS: Final = 8000
MAX_STRING: Final = 6000

_NAME: Final = re.compile("[a-z0-9_-]{1,32}")
_CHAT_INPUT: Final = 1
_GUILD: Final = 0


class SpecError(ChatOpsError):
    """The registry holds what Discord would refuse; the text lists all of it, one problem a line."""


def registration(commands: Mapping[str, Command], in_one_guild: bool) -> list[dict[str, Any]]:
    """The body that replaces all commands of the application, or of one guild.

    Raises:
        SpecError: Discord would refuse it.
    """
    found = list(problems(commands))
    if found:
        raise SpecError("\n".join(found))
    # Where a command may be used, and how the app is installed, can be said of global commands only.
    scope = {} if in_one_guild else {"contexts": [_GUILD], "integration_types": [_GUILD]}
    return [{**_command(command), **scope} for command in commands.values()]


def problems(commands: Mapping[str, Command]) -> Iterator[str]:
    """What Discord, or our own front door, would not accept."""
    if len(commands) > MAX_COMMANDS:
        yield f"{len(commands)} commands are registered; Discord allows {MAX_COMMANDS}"
    for key, command in commands.items():
        for problem in _command_problems(key, command):
            yield f"/{key}: {problem}"


def _command(command: Command) -> dict[str, Any]:
    return {
        "type": _CHAT_INPUT,
        "name": command.name,
        "description": command.description,
        "options": [_option(option) for option in command.options],
    }


def _option(option: Option) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": int(option.type),
        "name": option.name,
        "description": option.description,
        "required": option.required,
    }
    if option.choices:
        body["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
    if option.suggest:
        body["autocomplete"] = True
    if option.max_length is not None and option.type is OptionType.STRING:
        body["max_length"] = option.max_length
    return body


def _command_problems(key: str, command: Command) -> Iterator[str]:
    if command.name != key:
        yield f"is named {command.name!r} in its own file"
    yield from _label_problems("the command", command.name, command.description)
    if len(command.options) > MAX_OPTIONS:
        yield f"has {len(command.options)} options; Discord allows {MAX_OPTIONS}"
    names = [option.name for option in command.options]
    if len(set(names)) != len(names):
        yield "has two options of one name"
    required = [option.required for option in command.options]
    if required != sorted(required, reverse=True):
        yield "has a required option after an optional one"
    for option in command.options:
        yield from _option_problems(option)
    if _characters(command) > MAX_COMMAND_CHARACTERS:
        yield f"has {_characters(command)} characters in all; Discord allows {MAX_COMMAND_CHARACTERS}"


def _option_problems(option: Option) -> Iterator[str]:
    label = f"option {option.name!r}"
    yield from _label_problems(label, option.name, option.description)
    yield from (f"{label} {problem}" for problem in _choice_problems(option))
    if option.max_length is not None and option.type not in (OptionType.STRING, OptionType.ATTACHMENT):
        yield f"{label} limits the length of what is no text and no file"
    if option.max_length is not None and option.max_length < 1:
        yield f"{label} has a max_length of {option.max_length}"
    if option.max_length is not None and option.type is OptionType.STRING and option.max_length > MAX_STRING:
        yield f"{label} allows {option.max_length} characters; Discord allows {MAX_STRING}"
    if option.secret and option.type not in (OptionType.STRING, OptionType.ATTACHMENT):
        yield f"{label} is secret, which only a text or a file can be"


def _choice_problems(option: Option) -> Iterator[str]:
    if not option.choices and not option.suggest:
        return
    if option.choices and option.suggest:
        yield "has both choices and suggestions"
    if option.choices and option.type is not OptionType.STRING:
        yield "has choices but is no text"
    if option.suggest and option.type not in (OptionType.STRING, OptionType.INTEGER):
        yield "has suggestions but is neither a text nor a number"
    if len(option.choices) > MAX_CHOICES:
        yield f"has {len(option.choices)} choices; Discord allows {MAX_CHOICES}"
    if len(set(option.choices)) != len(option.choices):
        yield "has the same choice twice"
    if not all(1 <= len(choice) <= MAX_TEXT for choice in option.choices):
        yield f"has a choice that is not 1 to {MAX_TEXT} characters long"


def _label_problems(label: str, name: str, description: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"{label} is named {name!r}; Discord takes 1 to 32 of a-z, 0-9, _ and -"
    if not 1 <= len(description) <= MAX_TEXT:
        yield f"{label} has a description of {len(description)} characters; Discord takes 1 to {MAX_TEXT}"


def _characters(command: Command) -> int:
    """What Discord counts: names, descriptions and values of the command, its options and their choices."""
    own = len(command.name) + len(command.description)
    options = sum(len(option.name) + len(option.description) for option in command.options)
    return own + options + sum(2 * len(choice) for option in command.options for choice in option.choices)
