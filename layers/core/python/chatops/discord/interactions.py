"""Inbound interactions, and the form in which the front door hands them to the commands function.

Shapes: discord-api-docs, interactions/receiving-and-responding. `parse.py` reads Discord's JSON into these types, and
nothing after it handles a raw payload.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final

from chatops.errors import ChatOpsError

OptionValue = str | int | float | bool

MANAGE_GUILD = 1 << 5
ADMINISTRATOR = 1 << 3

PAYLOAD_VERSION: Final = 1

FILE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that every Discord server takes (discord-api-docs, reference: uploading files)."""

_EPOCH_MS: Final = 1_420_070_400_000
_SNOWFLAKE: Final = re.compile("[0-9]{15,20}")
_CUSTOM_ID: Final = re.compile("v1:([a-z-]{2,20}):([a-z0-9-]{1,60})")


class InvalidInteraction(ChatOpsError):
    """A signed body that is not an interaction we know; answered 400."""


class InteractionType(IntEnum):
    """Discord's interaction types."""

    PING = 1
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(frozen=True)
class Person:
    """Who acts, with the rights Discord states in this very interaction."""

    id: str
    name: str
    permissions: int = 0
    roles: tuple[str, ...] = ()

    @property
    def manages_guild(self) -> bool:
        """Whether the person has Manage Server (or is an administrator) here and now."""
        return bool(self.permissions & (MANAGE_GUILD | ADMINISTRATOR))


@dataclass(frozen=True)
class Interaction:
    """One interaction; `repr` leaves the token and the option values out.

    `option_types` holds Discord's type of every option that was sent, also of one whose value is no plain value and
    therefore is not in `options`. `sealed` holds the options that travel encrypted between our functions.
    """

    id: str
    type: InteractionType
    application_id: str
    token: str = field(repr=False)
    person: Person | None = None
    guild_id: str | None = None
    channel_id: str | None = None
    locale: str = "en-US"
    command: str = ""
    options: Mapping[str, OptionValue] = field(default_factory=dict, repr=False)
    option_types: Mapping[str, int] = field(default_factory=dict)
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    focused: str | None = None
    custom_id: str = ""
    message_id: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    resolved_attachments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    file_limit: int = FILE_LIMIT


def is_snowflake(text: str | None) -> bool:
    """Whether the text is one of Discord's ids: 15 to 20 ASCII digits."""
    return text is not None and _SNOWFLAKE.fullmatch(text) is not None


def created_at(snowflake: str) -> float:
    """When Discord made the id, in Unix seconds (discord-api-docs, reference: snowflakes)."""
    return ((int(snowflake) >> 22) + _EPOCH_MS) / 1000


def button_target(custom_id: str) -> tuple[str, str] | None:
    """The action and the argument that the custom_id of a button or a form names, or None if it is not one of ours."""
    found = _CUSTOM_ID.fullmatch(custom_id)
    return (found[1], found[2]) if found else None


def seal_context(interaction: Interaction, option: str) -> dict[str, str]:
    """What a secret option, or a form's field, is bound to: both functions build it from the signed interaction."""
    return {
        "app": "cloud-chatops",
        "v": str(PAYLOAD_VERSION),
        "purpose": "option",
        "guild": interaction.guild_id or "",
        "user": interaction.person.id if interaction.person else "",
        "interaction": interaction.id,
        "option": option,
    }


def to_payload(interaction: Interaction) -> dict[str, Any]:
    """The JSON object that goes to the commands function; the type names of Discord end here."""
    person = interaction.person
    return {
        "v": PAYLOAD_VERSION,
        "interaction": {
            "id": interaction.id,
            "type": int(interaction.type),
            "application_id": interaction.application_id,
            "token": interaction.token,
            "guild_id": interaction.guild_id,
            "channel_id": interaction.channel_id,
            "locale": interaction.locale,
            "person": person and _person_payload(person),
            "command": interaction.command,
            "options": {**interaction.options, **{name: {"sealed": text} for name, text in interaction.sealed.items()}},
            "custom_id": interaction.custom_id,
            "message_id": interaction.message_id,
            "file_limit": interaction.file_limit,
        },
    }


def held_payload(interaction: Interaction, form: str, session_id: str = "") -> dict[str, Any]:
    """What is kept of an interaction while a form is open, and for which: all of it but its token."""
    return {**to_payload(replace(interaction, token="")), "form": form, "session_id": session_id}


def from_payload(payload: Mapping[str, Any]) -> Interaction:
    """Read what `to_payload` wrote; secret options stay in `sealed` until `unsealed` opens them.

    Raises:
        InvalidInteraction: not a payload of this version, as after a deployment that changed it.
    """
    if payload.get("v") != PAYLOAD_VERSION:
        raise InvalidInteraction(f"payload version is not {PAYLOAD_VERSION}: invoke the function by the front door")
    try:
        return _from_fields(dict(payload["interaction"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        # Not chained: the cause would quote the payload, which holds the token.
        raise InvalidInteraction("payload lacks a field, or has one of the wrong type") from None


def unsealed(interaction: Interaction, unseal: Callable[[str, Mapping[str, str]], str]) -> Interaction:
    """The interaction with its secret options opened."""
    opened = {name: unseal(text, seal_context(interaction, name)) for name, text in interaction.sealed.items()}
    return replace(interaction, options={**interaction.options, **opened}, sealed={})


def _person_payload(person: Person) -> dict[str, Any]:
    # Permissions are a bit set beyond 2**53: as text they survive every JSON reader.
    return {
        "id": person.id,
        "name": person.name,
        "permissions": str(person.permissions),
        "roles": list(person.roles),
    }


def _from_fields(fields: dict[str, Any]) -> Interaction:
    options = fields.pop("options")
    return Interaction(
        **{
            **fields,
            "type": InteractionType(fields["type"]),
            "person": fields["person"] and _person(fields["person"]),
            "options": {name: value for name, value in options.items() if not isinstance(value, Mapping)},
            "sealed": {name: value["sealed"] for name, value in options.items() if isinstance(value, Mapping)},
        }
    )


def _person(fields: Mapping[str, Any]) -> Person:
    return Person(
        id=fields["id"],
        name=fields["name"],
        permissions=int(fields["permissions"]),
        roles=tuple(fields["roles"]),
    )
