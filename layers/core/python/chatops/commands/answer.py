"""Do what a dispatched interaction asks, once, and answer it whatever happens."""

import os
from collections.abc import Mapping
from typing import Any

from chatops.commands.perform import is_silent, perform
from chatops.commands.record import record_refusal
from chatops.commands.services import Services
from chatops.discord.interactions import Interaction, from_payload
from chatops.discord.replies import Reply
from chatops.errors import ChatOpsError, DeniedError, LastTryFailed, OutsideError, UserError
from chatops.ports import Log

_NO_FILE = "Discord did not take the file. Please try again in a minute."


def answer(payload: Mapping[str, Any], services: Services, log: Log) -> None:
    """Claim the interaction, run its handler and edit the deferred answer.

    An interaction that was answered is left alone: asynchronous invokes come at least once.

    Raises:
        BusyError: somebody works on it, or died half-way; so that Lambda invokes us again when that is known.
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
        return perform(interaction, services)
    except (DeniedError, LastTryFailed) as error:
        record_refusal(interaction, services, log)
        return Reply(str(error))
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


def _reply(interaction: Interaction, reply: Reply | None, services: Services) -> None:
    """A command's answer replaces "thinking…"; a button's is a private note, since its message lives on."""
    if reply is None:
        return
    application_id, token = interaction.application_id, interaction.token
    if is_silent(interaction):
        services.chat.follow_up(application_id, token, reply.payload(), ephemeral=True)
        return
    try:
        services.chat.edit_original(application_id, token, reply.payload(), reply.file)
    except OutsideError:
        if reply.file is None:
            raise
        services.chat.edit_original(application_id, token, Reply(_NO_FILE).payload())
