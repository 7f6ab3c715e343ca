"""Do what a dispatched interaction asks, once, and answer it whatever happens."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from chatops.commands import BUTTONS, COMMANDS
from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord.interactions import (
    Interaction,
    InteractionType,
    InvalidInteraction,
    button_target,
    from_payload,
    unsealed,
)
from chatops.discord.replies import Reply
from chatops.errors import ChatOpsError, UserError

Log = Callable[[str, Mapping[str, Any]], None]


def answer(payload: Mapping[str, Any], services: Services, log: Log) -> None:
    """Claim the interaction, run its handler and edit the deferred answer.

    An interaction that somebody else has claimed or answered is left alone: asynchronous invokes come at least once.
    """
    interaction = from_payload(payload)
    if not services.interactions.claim(interaction.id, int(services.clock())):
        return
    try:
        _reply(interaction, _handled(interaction, services, log), services)
    except ChatOpsError as error:
        log("the answer did not reach Discord", {"interaction_id": interaction.id, "error": str(error)})
    services.interactions.done(interaction.id)


def _handled(interaction: Interaction, services: Services, log: Log) -> Reply | None:
    try:
        interaction = unsealed(interaction, services.open_option)
        handle, argument = _handler(interaction)
        return handle(_call(interaction, argument), services)
    except UserError as error:
        return Reply(str(error))
    except Exception as error:
        error_id = os.urandom(4).hex()
        fields = {"interaction_id": interaction.id, "error_id": error_id, "error_type": type(error).__name__}
        log("a command did not work", fields | ({"error": str(error)} if isinstance(error, ChatOpsError) else {}))
        return Reply(
            f"Something went wrong on our side; nothing was left half-done without a note. Try again, and if it stays, "
            f"tell an administrator this error id: `{error_id}`"
        )


def _handler(interaction: Interaction) -> tuple[Callable[[Call, Services], Reply | None], str]:
    if interaction.type is InteractionType.COMMAND and interaction.command in COMMANDS:
        return COMMANDS[interaction.command].handle, ""
    action, argument = button_target(interaction.custom_id) or ("", "")
    if interaction.type is InteractionType.COMPONENT and action in BUTTONS:
        return BUTTONS[action].handle, argument
    raise UserError("That is no longer in use. `/cloud-help` shows what is.")


def _call(interaction: Interaction, argument: str) -> Call:
    if interaction.person is None or not interaction.guild_id:
        raise InvalidInteraction("an interaction without a person or a guild was dispatched")
    return Call(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        token=interaction.token,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or "",
        person=interaction.person,
        options=interaction.options,
        argument=argument,
        message_id=interaction.message_id,
        locale=interaction.locale,
    )


def _reply(interaction: Interaction, reply: Reply | None, services: Services) -> None:
    """A command's answer replaces "thinking…"; a button's is a private note, since its message lives on."""
    if reply is None:
        return
    application_id, token = interaction.application_id, interaction.token
    action, _ = button_target(interaction.custom_id) or ("", "")
    if interaction.type is InteractionType.COMPONENT and not (action in BUTTONS and BUTTONS[action].ephemeral):
        services.chat.follow_up(application_id, token, reply.payload(), ephemeral=True)
    else:
        services.chat.edit_original(application_id, token, reply.payload())
