"""What an accepted answer does: post a message, defer one, edit one, open a modal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord import reply_rules
from sandbox.discord.protocol import CallbackType, Flag, InteractionType, JsonObject

if TYPE_CHECKING:
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.messages import Message
    from sandbox.discord.state import State


def answer(state: State, interaction: Interaction, payload: JsonObject, where: str) -> CallbackType:
    """Check the app's first answer to an interaction and apply it; raises `ApiError`."""
    from_message = interaction.source_message_id is not None
    with interaction.lock:
        state.interactions.check_unanswered(interaction)
        callback = reply_rules.checked_callback(interaction.kind, payload, from_message=from_message)
        _apply(state, interaction, callback, payload.get("data") or {})
        interaction.callback = callback
    for habit in reply_rules.habits(callback, payload):
        state.problem(where, habit)
    interaction.answered.set()
    return callback


def _apply(state: State, interaction: Interaction, callback: CallbackType, data: JsonObject) -> None:
    match callback:
        case CallbackType.MESSAGE:
            interaction.original_id = post(state, interaction, data, deferred=False).id
        case CallbackType.DEFERRED_MESSAGE:
            interaction.original_id = post(state, interaction, data, deferred=True).id
        case CallbackType.DEFERRED_UPDATE:
            interaction.original_id = interaction.source_message_id
        case CallbackType.UPDATE_MESSAGE:
            interaction.original_id = interaction.source_message_id
            if interaction.source_message_id and state.messages.get(interaction.source_message_id):
                state.messages.edit(interaction.source_message_id, data)
        case CallbackType.MODAL:
            interaction.modal = data
        case _:
            return


def post(state: State, interaction: Interaction, data: JsonObject, *, deferred: bool = False) -> Message:
    """Post an answer or a follow-up into the interaction's channel; raises `ApiError`."""
    ephemeral = bool((data.get("flags") or 0) & Flag.EPHEMERAL)
    extra: JsonObject = {
        "type": 20 if interaction.kind is InteractionType.COMMAND else 0,
        "webhook_id": state.settings.application_id,
        "application_id": state.settings.application_id,
        "interaction_metadata": _metadata(interaction),
    }
    if deferred:
        extra["flags"] = int(Flag.LOADING)
        data = {"flags": data.get("flags")}
    only_for = interaction.user.id if ephemeral else None
    return state.messages.create(interaction.channel, data, only_for=only_for, extra=extra)


def _metadata(interaction: Interaction) -> JsonObject:
    metadata: JsonObject = {
        "id": interaction.id,
        "type": int(interaction.kind),
        "user": interaction.user.as_json(),
        "authorizing_integration_owners": interaction.payload["authorizing_integration_owners"],
    }
    if interaction.source_message_id:
        metadata["interacted_message_id"] = interaction.source_message_id
    return metadata
