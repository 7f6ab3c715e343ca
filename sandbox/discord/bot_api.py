"""Endpoints that need the bot token: messages of a channel, command registration, the application itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord.command_rules import checked_commands
from sandbox.discord.protocol import ApiError, FieldError, JsonObject, invalid_form, unknown_message
from sandbox.discord.sending import verify_endpoint
from sandbox.discord.webhook_api import checked, edited

if TYPE_CHECKING:
    from sandbox.discord.incoming import Request, Response
    from sandbox.discord.messages import Message
    from sandbox.discord.state import State
    from sandbox.discord.world import Channel

INVALID_URL = "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID"


def create_message(state: State, request: Request) -> Response:
    """POST /channels/{id}/messages."""
    channel = _channel(state, request)
    payload = checked(state, request, "MessageCreateRequest", channel.id)
    _refuse_long_content(payload)
    return 200, state.messages.create(channel, payload).body


def read_message(state: State, request: Request) -> Response:
    """GET /channels/{id}/messages/{id}."""
    return 200, _message(state, request).body


def edit_message(state: State, request: Request) -> Response:
    """PATCH /channels/{id}/messages/{id}; ephemeral messages do not exist here."""
    message = _message(state, request)
    payload = checked(state, request, "MessageEditRequestPartial", message.channel_id, message)
    _refuse_long_content(payload)
    return 200, edited(state, request, message, payload).body


def delete_message(state: State, request: Request) -> Response:
    """DELETE /channels/{id}/messages/{id}."""
    message = _message(state, request)
    try:
        state.messages.delete(message.id)
    except KeyError:
        raise unknown_message() from None
    return 204, None


def read_commands(state: State, request: Request) -> Response:
    """GET the commands of a scope."""
    return 200, state.commands.get(_scope(state, request), [])


def replace_commands(state: State, request: Request) -> Response:
    """PUT the commands of a scope: a bulk overwrite of all types."""
    guild_id = _scope(state, request)
    commands = checked_commands(request.json(), in_guild=guild_id is not None)
    known = {(c["type"], c["name"]): c["id"] for c in state.commands.get(guild_id, [])}
    state.commands[guild_id] = [_registered(state, command, guild_id, known) for command in commands]
    return 200, state.commands[guild_id]


def _registered(
    state: State, command: JsonObject, guild_id: str | None, known: dict[tuple[int, str], str]
) -> JsonObject:
    kind = command.get("type") or 1
    permissions = command.get("default_member_permissions")
    details = {
        "id": known.get((kind, command["name"])) or state.ids.next(),
        "application_id": state.settings.application_id,
        "version": state.ids.next(),
        "type": kind,
        "description": command.get("description") or "",
        "default_member_permissions": None if permissions is None else str(permissions),
        "options": command.get("options") or [],
    }
    return command | details | ({"guild_id": guild_id} if guild_id else {})


def read_application(state: State, request: Request) -> Response:
    """GET /applications/@me."""
    return 200, {
        "id": state.settings.application_id,
        "name": "Cloud ChatOps",
        "icon": None,
        "description": "",
        "type": None,
        "verify_key": state.keys.public_key_hex,
        "flags": 0,
        "flags_new": "0",
        "bot": state.bot_user(),
        "redirect_uris": [],
        "interactions_endpoint_url": state.interactions_url,
        "role_connections_verification_url": None,
        "owner": state.world.owner.as_json(),
        "approximate_guild_count": 1,
    }


def edit_application(state: State, request: Request) -> Response:
    """PATCH /applications/@me: setting `interactions_endpoint_url` makes Discord probe the address first."""
    payload = request.json_object()
    if "interactions_endpoint_url" in payload:
        url = payload["interactions_endpoint_url"]
        if url is not None:
            problem = verify_endpoint(state, str(url))
            if problem:
                text = f"The specified interactions endpoint URL could not be verified: {problem}"
                raise invalid_form(FieldError(("interactions_endpoint_url",), INVALID_URL, text))
        state.interactions_url = url
    return read_application(state, request)


def _refuse_long_content(payload: JsonObject) -> None:
    """The file allows 4000 here, which only paying users have; apps have 2000."""
    if len(payload.get("content") or "") > 2000:
        raise invalid_form(FieldError(("content",), "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length."))


def _channel(state: State, request: Request) -> Channel:
    channel = state.world.channel_by_id(request.arguments["channel_id"])
    if channel is None:
        raise ApiError(404, 10003, "Unknown Channel")
    if channel.guild and channel.guild.id not in state.world.guild_ids:
        raise ApiError(403, 50001, "Missing Access")
    return channel


def _message(state: State, request: Request) -> Message:
    channel = _channel(state, request)
    message = state.messages.get(request.arguments["message_id"])
    if message is None or message.channel_id != channel.id or message.ephemeral:
        raise unknown_message()
    return message


def _scope(state: State, request: Request) -> str | None:
    if request.arguments["application_id"] != state.settings.application_id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    guild_id = request.arguments.get("guild_id")
    if guild_id is not None and guild_id not in state.world.guild_ids:
        raise ApiError(403, 50001, "Missing Access")
    return guild_id
