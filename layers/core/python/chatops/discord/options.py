"""The options of a command, checked against the registry.

Discord checks them only in its client, and against what was registered last: nothing here is taken for granted.
"""

from collections.abc import Mapping
from typing import Final

from chatops.commands.base import Command, Option, OptionType
from chatops.discord.interactions import Interaction, OptionValue, is_snowflake
from chatops.errors import UserError

# discord-api-docs, interactions/application-commands: option types
MAX_STRING: Final = 6000
MAX_INTEGER: Final = 2**53

_WANTED: Final[Mapping[OptionType, str]] = {
    OptionType.STRING: "text",
    OptionType.INTEGER: "a whole number",
    OptionType.BOOLEAN: "true or false",
    OptionType.ROLE: "a role of this server",
    OptionType.NUMBER: "a number",
    OptionType.ATTACHMENT: "an attached file",
}


def checked_options(command: Command, interaction: Interaction) -> dict[str, OptionValue]:
    """The options that were given; an attached file becomes its address.

    `max_length` counts characters of a text and bytes of a file.

    Raises:
        UserError: an option is unknown, missing or wrong; the text names it and never holds its value.
    """
    known = {option.name for option in command.options}
    unknown = [name for name in interaction.option_types if name not in known]
    if unknown:
        raise UserError(
            f"`/{command.name}` has no option `{shown(unknown[0])}`. Reload Discord (Ctrl+R) to see its options."
        )
    given = {option.name: _value(command, option, interaction) for option in command.options}
    return {name: value for name, value in given.items() if value is not None}


def shown(text: str) -> str:
    """The text as it may be repeated between back-ticks: short, printable, without back-ticks."""
    return "".join(letter for letter in text if letter.isprintable() and letter != "`")[:32] or "?"


def _value(command: Command, option: Option, interaction: Interaction) -> OptionValue | None:
    label = f"Option `{option.name}` of `/{command.name}`"
    value = interaction.options.get(option.name)
    if option.name not in interaction.option_types or (isinstance(value, str) and not value.strip()):
        if option.required:
            raise UserError(f"{label} is required.")
        return None
    if interaction.option_types[option.name] != option.type or not _is_of_type(value, option.type):
        raise UserError(f"{label} must be {_WANTED[option.type]}.")
    if option.type is OptionType.ATTACHMENT:
        return _address(label, option, interaction.resolved_attachments.get(str(value), {}))
    if isinstance(value, str):
        _check_text(label, option, value)
    return value


def _is_of_type(value: OptionValue | None, kind: OptionType) -> bool:
    match kind:
        case OptionType.STRING | OptionType.ATTACHMENT:
            return isinstance(value, str)
        case OptionType.BOOLEAN:
            return isinstance(value, bool)
        case OptionType.ROLE:
            return isinstance(value, str) and is_snowflake(value)
        case OptionType.INTEGER:
            return type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER
        case OptionType.NUMBER:
            return isinstance(value, int | float) and type(value) is not bool and -MAX_INTEGER <= value <= MAX_INTEGER


def _check_text(label: str, option: Option, value: str) -> None:
    limit = option.max_length or MAX_STRING
    if len(value) > limit:
        raise UserError(f"{label} is {len(value)} characters long; at most {limit} are allowed.")
    if option.choices and value not in option.choices:
        raise UserError(f"{label} must be one of: {', '.join(option.choices)}.")


def _address(label: str, option: Option, attachment: Mapping[str, object]) -> str:
    address, size = attachment.get("url"), attachment.get("size")
    if not isinstance(address, str) or not address or type(size) is not int:
        raise UserError(f"{label}: the file did not arrive. Attach it again.")
    if option.max_length is not None and size > option.max_length:
        raise UserError(f"{label} is a file of {size} bytes; at most {option.max_length} are allowed.")
    return address
