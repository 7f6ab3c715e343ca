"""Endpoints that an interaction token opens: the callback, follow-ups, and edits of the app's own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord import schema
from sandbox.discord.answers import answer, post
from sandbox.discord.attachments import merged_attachments
from sandbox.discord.faults import too_many_old_edits
from sandbox.discord.protocol import ApiError, Flag, JsonObject, invalid_form, unknown_message, unknown_webhook
from sandbox.discord.state import OLD_MESSAGE_SECONDS

if TYPE_CHECKING:
    from sandbox.discord.incoming import Request, Response
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.messages import Message
    from sandbox.discord.state import State


def checked(
    state: State, request: Request, schema_name: str, channel_id: str, old: Message | None = None
) -> JsonObject:
    """The body of a create, or of an edit of `old`: schema-valid, with broken habits recorded."""
    payload, uploads = request.form()
    errors = schema.check(schema_name, payload)
    if errors:
        raise invalid_form(*errors)
    if payload.get("allowed_mentions") is None:
        state.problem(request.where, "sends no allowed_mentions, so text may ping people")
    for ignored in schema.ignored_fields(schema_name, payload):
        state.problem(request.where, str(ignored))
    if uploads or payload.get("attachments"):
        kept = old.body["attachments"] if old else []
        payload["attachments"] = merged_attachments(kept, payload, uploads, channel_id, state.store)
    return payload


def create_callback(state: State, request: Request) -> Response:
    """POST /interactions/{id}/{token}/callback."""
    interaction = state.interactions.get(request.arguments["interaction_id"])
    if interaction is None or interaction.token != request.arguments["token"]:
        raise ApiError(404, 10062, "Unknown interaction")
    callback = answer(state, interaction, request.json_object(), request.where)
    if request.query.get("with_response") != "true":
        return 204, None
    details = {"id": interaction.id, "type": int(interaction.kind), "response_message_id": interaction.original_id}
    message = state.messages.get(interaction.original_id)
    resource = {"type": int(callback), "message": message.body} if message else {"type": int(callback)}
    return 200, {"interaction": {key: value for key, value in details.items() if value}, "resource": resource}


def create_followup(state: State, request: Request) -> Response:
    """POST /webhooks/{app}/{token}: always answers with the message, `wait` or not."""
    interaction = _interaction(state, request)
    payload = checked(state, request, "IncomingWebhookRequestPartial", interaction.channel.id)
    original = state.messages.get(interaction.original_id)
    if original and original.thinking:
        state.problem(
            request.where, "the first follow-up after a deferral edits @original (deprecated): PATCH it instead"
        )
        return 200, state.messages.edit(original.id, payload).body
    message = post(state, interaction, payload)
    return 200, message.body


def read_message(state: State, request: Request) -> Response:
    """GET .../messages/{id or @original}."""
    return 200, _own_message(state, request).body


def edit_message(state: State, request: Request) -> Response:
    """PATCH .../messages/{id or @original}."""
    message = _own_message(state, request)
    payload = checked(state, request, "IncomingWebhookUpdateRequestPartial", message.channel_id, message)
    return 200, edited(state, request, message, payload).body


def delete_message(state: State, request: Request) -> Response:
    """DELETE .../messages/{id or @original}."""
    _delete(state, _own_message(state, request))
    return 204, None


def edited(state: State, request: Request, message: Message, payload: JsonObject) -> Message:
    """Apply an edit, slowly for messages older than an hour; raises `ApiError`."""
    if (payload.get("flags") or 0) & Flag.EPHEMERAL and not message.ephemeral:
        state.problem(request.where, "an edit cannot make a message ephemeral; Discord ignores the flag")
    if state.clock.now() - message.created_at > OLD_MESSAGE_SECONDS:
        _, refused, _ = state.old_edits.take(message.channel_id)
        if refused:
            raise too_many_old_edits()
    try:
        return state.messages.edit(message.id, payload)
    except KeyError:
        raise unknown_message() from None


def _delete(state: State, message: Message) -> None:
    try:
        state.messages.delete(message.id)
    except KeyError:
        raise unknown_message() from None


def _interaction(state: State, request: Request) -> Interaction:
    if request.arguments["application_id"] != state.settings.application_id:
        raise unknown_webhook()
    found = state.interactions.by_webhook(request.arguments["token"])
    if found.channel.guild and found.channel.guild.id not in state.world.guild_ids:
        raise unknown_webhook()  # its guild has thrown the app out
    return found


def _own_message(state: State, request: Request) -> Message:
    """The message, if this token may touch it: its own answers, or the message whose button was pressed."""
    interaction = _interaction(state, request)
    wanted = request.arguments.get("message_id") or interaction.original_id
    message = state.messages.get(wanted)
    if message is None:
        raise unknown_message()
    from_here = (message.body.get("interaction_metadata") or {}).get("id") == interaction.id
    if not from_here and message.id not in (interaction.original_id, interaction.source_message_id):
        raise unknown_message()
    return message
