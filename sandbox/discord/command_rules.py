"""Rules of command registration that Discord's OpenAPI file does not hold."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from sandbox.discord import schema
from sandbox.discord.protocol import FieldError, JsonObject, OptionType, invalid_form

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT_INPUT = 1
COMMANDS_PER_TYPE = {1: 100, 2: 15, 3: 15}
COMMAND_TEXT_LIMIT = 8000

Path = tuple[str | int, ...]


def checked_commands(payload: object, *, in_guild: bool) -> list[JsonObject]:
    """The commands of a bulk overwrite, or `ApiError` 50035 with every wrong field."""
    if not isinstance(payload, list):
        raise invalid_form(FieldError((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))
    errors = [
        FieldError((index, *error.path), error.code, error.message)
        for index, command in enumerate(payload)
        for error in schema.check("ApplicationCommandUpdateRequest", _with_numeric_permissions(command))
    ]
    if not errors:
        errors = [*_list_errors(payload)]
        for index, command in enumerate(payload):
            errors += _command_errors(command, (index,), in_guild=in_guild)
    if errors:
        raise invalid_form(*errors)
    return payload


def _with_numeric_permissions(command: Any) -> Any:
    """The file types the bit set as a number; the documentation and every client send it as a string."""
    bits = command.get("default_member_permissions") if isinstance(command, dict) else None
    if isinstance(bits, str) and bits.isdecimal() and len(bits) <= 20:
        return command | {"default_member_permissions": int(bits)}
    return command


def _list_errors(commands: list[JsonObject]) -> Iterator[FieldError]:
    keys = [(command.get("type") or CHAT_INPUT, command["name"]) for command in commands]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            text = "Application command names must be unique"
            yield FieldError((index, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
    for kind, limit in COMMANDS_PER_TYPE.items():
        if sum(key[0] == kind for key in keys) > limit:
            yield FieldError((), "BASE_TYPE_BAD_LENGTH", f"At most {limit} commands of type {kind}")


def _command_errors(command: JsonObject, path: Path, *, in_guild: bool) -> Iterator[FieldError]:
    if in_guild:
        for key in ("contexts", "integration_types", "dm_permission"):
            if command.get(key) is not None:
                yield FieldError(
                    (*path, key), "APPLICATION_COMMAND_GUILD_FIELD", "Only global commands have this field"
                )
    if (command.get("type") or CHAT_INPUT) != CHAT_INPUT:
        return
    yield from _name_errors(command, path)
    if not (command.get("description") or "").strip():
        yield FieldError((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    options = command.get("options") or []
    yield from _options_errors(options, (*path, "options"))
    if _text_length(command) > COMMAND_TEXT_LIMIT:
        text = f"Command exceeds maximum size ({COMMAND_TEXT_LIMIT})"
        yield FieldError(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _name_errors(node: JsonObject, path: Path) -> Iterator[FieldError]:
    name = node["name"]
    letters = all(
        c in "-_'" or unicodedata.category(c)[0] in "LN" or unicodedata.category(c) in ("Mn", "Mc") for c in name
    )
    if not letters or name != name.lower():
        text = "String value did not match validation regex: lower-case letters, digits, '-' and '_' only."
        yield FieldError((*path, "name"), "STRING_TYPE_REGEX", text)


def _options_errors(options: list[JsonObject], path: Path) -> Iterator[FieldError]:
    names = [option["name"] for option in options]
    optional_seen = False
    nested = [option["type"] in (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP) for option in options]
    if any(nested) and not all(nested):
        text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield FieldError(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    for index, option in enumerate(options):
        here = (*path, index)
        yield from _name_errors(option, here)
        if names[index] in names[:index]:
            yield FieldError((*here, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Names must be unique")
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            yield FieldError(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
        yield from _value_errors(option, here)
        yield from _options_errors(option.get("options") or [], (*here, "options"))


def _value_errors(option: JsonObject, path: Path) -> Iterator[FieldError]:
    choices = option.get("choices") or []
    if option.get("autocomplete") and choices:
        text = "autocomplete and choices exclude each other"
        yield FieldError((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", text)
    for key in ("name", "value"):
        seen = [choice[key] for choice in choices]
        for index, value in enumerate(seen):
            if value in seen[:index]:
                text = f"choice {key}s must be unique"
                yield FieldError((*path, "choices", index, key), "APPLICATION_COMMAND_OPTIONS_CHOICE_DUPLICATED", text)
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if option.get(low) is not None and option.get(high) is not None and option[low] > option[high]:
            yield FieldError((*path, low), "NUMBER_TYPE_MAX", f"{low} is above {high}")


def _text_length(node: JsonObject) -> int:
    own = len(node.get("name") or "") + len(node.get("description") or "") + len(str(node.get("value") or ""))
    return own + sum(_text_length(child) for key in ("options", "choices") for child in node.get(key) or [])
