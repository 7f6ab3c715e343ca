"""Slash command options as Discord's client builds them: typed, checked, nested under subcommands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord.cdn import Attachment
from sandbox.discord.protocol import JsonObject, OptionType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.discord.world import World

Plain = str | int | float | bool
OptionValue = Plain | Attachment
SAFE_INTEGER = 2**53
STRING_LIMIT = 6000
UNREGISTERED_ID = "1061000000000000800"


class ClientRefusalError(ValueError):
    """Something that Discord's own client would not let a person send."""


def command_data(
    name: str,
    options: Mapping[str, OptionValue],
    commands: Mapping[str, JsonObject] | None,
    world: World,
    focused: str | None,
) -> JsonObject:
    """The `data` of a command or, with a `focused` option, of an autocomplete interaction.

    `commands` are those registered here, by name; None, when the app registered none anywhere: Python types decide.
    """
    first, *subcommands = name.removeprefix("/").split() or [""]
    if not first:
        raise ClientRefusalError("the command needs a name")
    if commands is None:
        built = [_option(key, _inferred(value), value, key == focused) for key, value in options.items()]
        data = {"id": UNREGISTERED_ID, "name": first, "type": 1, "options": _nested(subcommands, built)}
        return data | _resolved(built, options, world)
    command = commands.get(first)
    if command is None:
        raise ClientRefusalError(
            f"there is no command /{first}; registered here: {', '.join(sorted(commands)) or 'none'}"
        )
    specs = _find_specs(command, subcommands)
    built = _typed_options(specs, options, world, focused)
    nested = _nested_by_spec(command, subcommands, built)
    scope = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    data = {"id": command["id"], "name": first, "type": 1, "options": nested} | scope
    return data | _resolved(built, options, world)


def _option(name: str, kind: OptionType, value: OptionValue, focused: bool) -> JsonObject:
    sent = value.id if isinstance(value, Attachment) else value
    option: JsonObject = {"name": name, "type": int(kind), "value": sent}
    return option | ({"focused": True} if focused else {})


def _inferred(value: OptionValue) -> OptionType:
    match value:
        case bool():
            return OptionType.BOOLEAN
        case int():
            return OptionType.INTEGER
        case float():
            return OptionType.NUMBER
        case Attachment():
            return OptionType.ATTACHMENT
        case _:
            return OptionType.STRING


def _nested(subcommands: list[str], built: list[JsonObject]) -> list[JsonObject]:
    for depth, name in enumerate(reversed(subcommands)):
        kind = OptionType.SUB_COMMAND if depth == 0 else OptionType.SUB_COMMAND_GROUP
        built = [{"name": name, "type": int(kind), "options": built}]
    return built


def _nested_by_spec(command: JsonObject, subcommands: list[str], built: list[JsonObject]) -> list[JsonObject]:
    wants_subcommand = any(option["type"] in (1, 2) for option in command["options"])
    if wants_subcommand and not subcommands:
        raise ClientRefusalError(f"/{command['name']} needs a subcommand")
    return _nested(subcommands, built)


def _find_specs(command: JsonObject, subcommands: list[str]) -> list[JsonObject]:
    specs: list[JsonObject] = command["options"]
    for name in subcommands:
        found = next((s for s in specs if s["name"] == name and s["type"] in (1, 2)), None)
        if found is None:
            raise ClientRefusalError(f"/{command['name']} has no subcommand {name!r}")
        specs = found.get("options") or []
    return specs


def _typed_options(
    specs: list[JsonObject], options: Mapping[str, OptionValue], world: World, focused: str | None
) -> list[JsonObject]:
    by_name = {spec["name"]: spec for spec in specs}
    unknown = [name for name in options if name not in by_name]
    if unknown:
        known = ", ".join(by_name) or "none"
        raise ClientRefusalError(f"the command has no option {unknown[0]!r}; it has: {known}")
    missing = [name for name, spec in by_name.items() if spec.get("required") and name not in options]
    if missing and focused is None:
        raise ClientRefusalError(f"the option {missing[0]!r} is required")
    built = []
    for name, value in options.items():
        spec, kind = by_name[name], OptionType(by_name[name]["type"])
        if name == focused and not spec.get("autocomplete"):
            raise ClientRefusalError(f"the option {name!r} has no autocomplete")
        if name == focused:  # half typed: always a string, and no rule holds yet
            built.append(_option(name, kind, str(value), True))
            continue
        if isinstance(value, Attachment) and kind is OptionType.ATTACHMENT:
            built.append(_option(name, kind, value, False))
            continue
        typed = _converted(spec, kind, value, world)
        _check_bounds(spec, typed)
        built.append(_option(name, kind, typed, False))
    return built


def _converted(spec: JsonObject, kind: OptionType, value: OptionValue, world: World) -> Plain:
    if isinstance(value, Attachment):
        raise ClientRefusalError(f"option {spec['name']!r} takes no file")
    convert = _CONVERTERS.get(kind)
    if convert is None:
        raise ClientRefusalError(
            f"option {spec['name']!r}: the sandbox cannot send options of type {kind.name.lower()}"
        )
    try:
        return convert(value, world)
    except (ValueError, LookupError) as error:
        raise ClientRefusalError(f"option {spec['name']!r}: {error}") from None


def _string(value: Plain, world: World) -> Plain:
    text = str(value)
    if len(text) > STRING_LIMIT:
        raise ValueError(f"a text of {len(text)} characters is longer than {STRING_LIMIT}")
    return text


def _integer(value: Plain, world: World) -> Plain:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"{value!r} is not a whole number")
    try:
        number = int(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number") from None
    if abs(number) > SAFE_INTEGER:
        raise ValueError(f"{number} is beyond 2^53")
    return number


def _number(value: Plain, world: World) -> Plain:
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None
    if not abs(number) <= SAFE_INTEGER:
        raise ValueError(f"{value} is beyond 2^53")
    return number


def _boolean(value: Plain, world: World) -> Plain:
    chosen = {"true": True, "false": False}.get(str(value).lower())
    if chosen is None:
        raise ValueError(f"{value!r} is neither true nor false")
    return chosen


def _user_id(value: Plain, world: World) -> Plain:
    return world.user(str(value)).id


def _role_id(value: Plain, world: World) -> Plain:
    return world.role(str(value)).id


def _no_file(value: Plain, world: World) -> Plain:
    raise ValueError("this takes a file")


_CONVERTERS: dict[OptionType, Callable[[Plain, World], Plain]] = {
    OptionType.STRING: _string,
    OptionType.INTEGER: _integer,
    OptionType.NUMBER: _number,
    OptionType.BOOLEAN: _boolean,
    OptionType.USER: _user_id,
    OptionType.ROLE: _role_id,
    OptionType.ATTACHMENT: _no_file,
}


def _check_bounds(spec: JsonObject, value: Plain) -> None:
    choices = [choice["value"] for choice in spec.get("choices") or ()]
    if choices and value not in choices:
        allowed = ", ".join(map(repr, choices))
        raise ClientRefusalError(f"option {spec['name']!r}: {value!r} is not one of the choices {allowed}")
    size, low_key, high_key = (
        (len(value), "min_length", "max_length")
        if isinstance(value, str)
        else (
            value,
            "min_value",
            "max_value",
        )
    )
    low, high = spec.get(low_key), spec.get(high_key)
    if (low is not None and size < low) or (high is not None and size > high):
        raise ClientRefusalError(f"option {spec['name']!r}: {low_key} is {low}, {high_key} is {high}, this is {size}")


def _resolved(built: list[JsonObject], options: Mapping[str, OptionValue], world: World) -> JsonObject:
    """What Discord tells of the users, roles and files that the options name by id; nothing where there are none."""
    ids: dict[Any, list[str]] = {kind: [each["value"] for each in built if each["type"] == kind] for kind in OptionType}
    files = [value for value in options.values() if isinstance(value, Attachment)]
    found = {
        "users": {each: world.user(each).as_json() for each in ids[OptionType.USER]},
        "roles": {each: world.role(each).as_json() for each in ids[OptionType.ROLE]},
        "attachments": {each.id: each.as_json() for each in files},
    }
    resolved = {name: objects for name, objects in found.items() if objects}
    return {"resolved": resolved} if resolved else {}
