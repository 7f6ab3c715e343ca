"""Discord's JSON, read once and strictly into an `Interaction`.

Runs only after the signature was verified. What Discord leaves out is tolerated; what it would never send is refused.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

from chatops.discord.interactions import (
    FILE_LIMIT,
    Interaction,
    InteractionType,
    InvalidInteraction,
    OptionValue,
    Person,
)

Json = Mapping[str, Any]

_KINDS: Final = {int(kind): kind for kind in InteractionType}
_PERMISSIONS: Final = re.compile("[0-9]{1,40}")


def parse_interaction(body: bytes) -> Interaction:
    """Read a verified request body.

    Raises:
        InvalidInteraction: not JSON, or not an interaction that Discord sends; the text quotes nothing of the body.
    """
    try:
        payload = json.loads(
            body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite_float
        )
        return _interaction(payload)
    except (ValueError, RecursionError):
        # Not chained: the cause would quote the body, which holds the token.
        raise InvalidInteraction("the body is not JSON that Discord sends") from None


def _interaction(payload: Any) -> Interaction:
    if not isinstance(payload, dict):
        raise InvalidInteraction("the body is not a JSON object")
    kind = _kind(payload)
    if kind is InteractionType.PING:
        return Interaction(
            id=_text(payload, "id"), type=kind, application_id=_text(payload, "application_id"), token=""
        )
    data = _object(payload, "data")
    if data is None:
        raise InvalidInteraction("the interaction has no data")
    options = _options(data)
    return Interaction(
        id=_text(payload, "id"),
        type=kind,
        application_id=_text(payload, "application_id"),
        token=_text(payload, "token"),
        person=_person(payload),
        guild_id=_guild_id(payload),
        channel_id=_text(payload, "channel_id") or None,
        locale=_text(payload, "locale") or "en-US",
        command=_command_name(kind, data),
        options={option["name"]: option["value"] for option in options if _is_plain(option.get("value"))},
        option_types={option["name"]: _option_type(option) for option in options},
        focused=_focused(options),
        custom_id=_text(data, "custom_id"),
        message_id=_text(_object(payload, "message") or {}, "id") or None,
        fields=dict(_fields(data)),
        resolved_attachments=_attachments(data),
        file_limit=_file_limit(payload),
    )


def _file_limit(payload: Json) -> int:
    """How large an answer's file may be; a server with boosts takes more than the others."""
    limit = payload.get("attachment_size_limit")
    return limit if type(limit) is int and limit > 0 else FILE_LIMIT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise InvalidInteraction("an object has the same key twice")
    return mapping


def _no_constant(_: str) -> NoReturn:
    raise InvalidInteraction("a number is not finite")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_constant(text)
    return number


def _kind(payload: Json) -> InteractionType:
    kind = payload.get("type")
    if type(kind) is int and kind in _KINDS:
        return _KINDS[kind]
    raise InvalidInteraction("the interaction is of an unknown type")


def _text(mapping: Json, key: str) -> str:
    """The text under `key`, empty if there is none."""
    value = mapping.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInteraction(f"`{key}` is not text")
    value.encode()  # JSON can carry half a surrogate pair, which nothing after this could write down
    return value


def _object(mapping: Json, key: str) -> Json | None:
    value = mapping.get(key)
    if value is not None and not isinstance(value, dict):
        raise InvalidInteraction(f"`{key}` is not an object")
    return value


def _objects(mapping: Json, key: str) -> Sequence[Json]:
    value = mapping.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidInteraction(f"`{key}` is not a list of objects")
    return value


def _person(payload: Json) -> Person:
    member = _object(payload, "member") or {}
    user = _object(member, "user") or _object(payload, "user") or {}
    person_id = _text(user, "id")
    if not person_id:
        raise InvalidInteraction("the interaction has neither a member nor a user")
    name = _text(member, "nick") or _text(user, "global_name") or _text(user, "username")
    roles = member.get("roles")
    return Person(
        id=person_id,
        name=name,
        permissions=_permissions(member.get("permissions")),
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
    )


def _permissions(value: Any) -> int:
    """Discord's bit set; what cannot be read gives no right."""
    return int(value) if isinstance(value, str) and _PERMISSIONS.fullmatch(value) else 0


def _guild_id(payload: Json) -> str | None:
    """The guild, unless the app was only installed for a user: then the guild's owners never let us in."""
    owners = _object(payload, "authorizing_integration_owners") or {}
    if "1" in owners and "0" not in owners:
        return None
    return _text(payload, "guild_id") or None


def _command_name(kind: InteractionType, data: Json) -> str:
    name = _text(data, "name")
    if not name and kind in (InteractionType.COMMAND, InteractionType.AUTOCOMPLETE):
        raise InvalidInteraction("the command has no name")
    return name


def _options(data: Json) -> Sequence[Json]:
    options = _objects(data, "options")
    names = [_text(option, "name") for option in options]
    if "" in names or len(set(names)) != len(names):
        raise InvalidInteraction("an option has no name, or comes twice")
    for option in options:
        if isinstance(option.get("value"), str):
            _text(option, "value")
    return options


def _is_plain(value: Any) -> bool:
    return isinstance(value, OptionValue)


def _option_type(option: Json) -> int:
    kind = option.get("type")
    return kind if type(kind) is int else 0


def _focused(options: Sequence[Json]) -> str | None:
    focused = [option["name"] for option in options if option.get("focused") is True]
    return focused[0] if len(focused) == 1 else None


def _fields(data: Json) -> Iterator[tuple[str, str]]:
    """What was typed into a form, wherever it sits: in action rows (old) or in labels (new)."""
    waiting = list(_objects(data, "components"))
    while waiting:
        part = waiting.pop()
        waiting.extend(_objects(part, "components"))
        waiting.extend(inner for inner in [_object(part, "component")] if inner is not None)
        value = _field_value(part)
        if value is not None and _text(part, "custom_id"):
            yield _text(part, "custom_id"), value


def _field_value(part: Json) -> str | None:
    """The part's text; several chosen values are joined by commas."""
    values = part.get("values")
    if isinstance(values, list):
        return ",".join(value for value in values if isinstance(value, str))
    value = part.get("value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(part, "value") if value is not None else None


def _attachments(data: Json) -> Mapping[str, Json]:
    resolved = _object(_object(data, "resolved") or {}, "attachments") or {}
    return {key: value for key, value in resolved.items() if isinstance(value, dict)}
