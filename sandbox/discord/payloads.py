"""Interaction payloads as Discord sends them (docs: interactions/receiving-and-responding)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord.protocol import Component, InteractionType, JsonObject
from sandbox.discord.world import JOINED_AT

if TYPE_CHECKING:
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.messages import Message
    from sandbox.discord.state import State

APP_PERMISSIONS = 562_949_953_601_536
ATTACHMENT_LIMIT = 10 * 1024 * 1024


def ping(state: State, interaction: Interaction) -> JsonObject:
    """A PING, as the developer portal sends it."""
    return {
        "app_permissions": str(APP_PERMISSIONS),
        "application_id": state.settings.application_id,
        "attachment_size_limit": ATTACHMENT_LIMIT,
        "authorizing_integration_owners": {},
        "entitlements": [],
        "id": interaction.id,
        "token": interaction.token,
        "type": int(InteractionType.PING),
        "user": state.world.owner.as_json(),
        "version": 1,
    }


def act(state: State, interaction: Interaction, data: JsonObject, message: Message | None = None) -> JsonObject:
    """Any other interaction: `data` says what, the rest says who and where."""
    payload = ping(state, interaction) | {
        "channel": interaction.channel.as_json(state.world.permissions(interaction.user, interaction.channel)),
        "channel_id": interaction.channel.id,
        "data": data,
        "entitlement_sku_ids": [],
        "locale": "en-US",
        "type": int(interaction.kind),
    }
    del payload["user"]
    payload |= _in_guild(state, interaction) if interaction.channel.guild else _in_private(interaction)
    return payload | ({"message": message.body} if message else {})


def _in_private(interaction: Interaction) -> JsonObject:
    return {
        "authorizing_integration_owners": {"0": "0"},
        "context": 1,
        "user": interaction.user.as_json(),
    }


def _in_guild(state: State, interaction: Interaction) -> JsonObject:
    guild = interaction.channel.guild
    assert guild is not None  # noqa: S101 – the only caller asked
    permissions = state.world.permissions(interaction.user, interaction.channel)
    member: JsonObject = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "deaf": False,
        "flags": 0,
        "joined_at": JOINED_AT,
        "mute": False,
        "nick": None,
        "pending": False,
        "permissions": str(permissions),
        "premium_since": None,
        "roles": state.world.roles(interaction.user, guild),
        "unusual_dm_activity_until": None,
        "user": interaction.user.as_json(),
    }
    return {
        "authorizing_integration_owners": {"0": guild.id},
        "context": 0,
        "guild": {"features": [], "id": guild.id, "locale": "en-US"},
        "guild_id": guild.id,
        "guild_locale": "en-US",
        "member": member,
    }


def modal_data(modal: JsonObject, values: dict[str, str | list[str]]) -> JsonObject:
    """The `data` of a modal submit: the shown parts in order, each with what the person filled in."""
    parts = [_submitted(part, values) for part in modal["components"]]
    return {"custom_id": modal["custom_id"], "components": parts, "resolved": {}}


def _submitted(part: JsonObject, values: dict[str, str | list[str]]) -> JsonObject:
    own = {"type": part["type"]} | ({"id": part["id"]} if "id" in part else {})
    if part["type"] == Component.LABEL:
        return own | {"component": _submitted(part["component"], values)}
    if part["type"] == Component.ACTION_ROW:
        return own | {"components": [_submitted(child, values) for child in part["components"]]}
    if "custom_id" not in part:
        return own
    if part["type"] == Component.TEXT_INPUT:
        return own | {"custom_id": part["custom_id"], "value": values.get(part["custom_id"], part.get("value") or "")}
    chosen = values.get(part["custom_id"], [])
    return own | {"custom_id": part["custom_id"], "values": [chosen] if isinstance(chosen, str) else chosen}
