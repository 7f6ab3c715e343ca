"""Run the handler that an interaction names; where its session is locked, keep the interaction and ask.

What was kept is done later by a form's handler, with the form's person, rights and token: a form is answered in its own
interaction, and its id is what a run is named after.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatops.commands.base import Call
from chatops.discord.interactions import (
    Interaction,
    InteractionType,
    InvalidInteraction,
    button_target,
    from_payload,
    held_payload,
    is_snowflake,
    unsealed,
)
from chatops.discord.replies import ButtonStyle, Reply, ReplyButton
from chatops.errors import DeniedError, SessionLocked, UserError

if TYPE_CHECKING:
    from chatops.commands.services import Services

UNLOCK = "unlock"
"""The action of the form that takes a session's passphrase."""

_GONE = "This form is no longer in use. Please run the command again."


@dataclass(frozen=True)
class Held:
    """What waits for a form: the interaction, its options still sealed, and the session if that is what is locked."""

    interaction: Interaction
    session_id: str


def perform(interaction: Interaction, services: "Services", now: Call | None = None) -> Reply | None:
    """Do what the interaction asks; `now` is the form's call, where the interaction was held meanwhile.

    Raises:
        UserError: the person can mend it, or the handler is gone.
    """
    handle, argument = _handler(interaction)
    call = _call(unsealed(interaction, services.open_option), argument)
    if now:
        call = replace(now, options=call.options, argument=argument)
    try:
        return handle(call, services)
    except SessionLocked as locked:
        payload = held_payload(interaction, UNLOCK, locked.session_id)
        services.interactions.hold(call.interaction_id, payload, int(services.clock()))
        button = ReplyButton("Unlock", f"v1:{UNLOCK}:{call.interaction_id}", ButtonStyle.SUCCESS)
        return Reply(f"🔒 {locked} Press **Unlock**, type it, and this goes on by itself.", buttons=(button,))


def held_for(form: str, call: Call, services: "Services") -> Held:
    """What waits for this form; its custom_id proves nothing, so it must be of the same person, guild and form.

    Raises:
        UserError: nothing waits for it (any more), or it was sent before.
        DeniedError: what waits is somebody else's, or waits for another form.
    """
    payload = services.interactions.held(call.argument, call.interaction_id, int(services.clock()))
    if payload is None:
        raise UserError(_GONE)
    held = from_payload(payload)
    whose = (payload["form"], held.guild_id, held.person and held.person.id)
    if whose != (form, call.guild_id, call.person.id):
        raise DeniedError(_GONE)  # in the same words: nobody learns that it is there
    return Held(held, payload["session_id"])


def take(call: Call, services: "Services") -> None:
    """Let this sending of the form, and no other, do what waited; called when nothing is left to be typed again.

    It is not deleted: who dies before the answer stands is tried again by Lambda, and must find it.

    Raises:
        UserError: the form was sent twice, and the other one was first.
    """
    if not services.interactions.take(call.argument, call.interaction_id):
        raise UserError(_GONE)


def is_silent(interaction: Interaction) -> bool:
    """Whether it was acknowledged without a message: a press of a button whose own message changes."""
    from chatops.commands import BUTTONS

    action, _ = button_target(interaction.custom_id) or ("", "")
    return interaction.type is InteractionType.COMPONENT and not (action in BUTTONS and BUTTONS[action].ephemeral)


def _handler(interaction: Interaction) -> tuple[Callable[[Call, "Services"], Reply | None], str]:
    from chatops.commands import BUTTONS, COMMANDS, FORMS  # these registries hold handlers that call us

    action, argument = button_target(interaction.custom_id) or ("", "")
    match interaction.type:
        case InteractionType.COMMAND if interaction.command in COMMANDS:
            return COMMANDS[interaction.command].handle, ""
        case InteractionType.COMPONENT if action in BUTTONS and (handle := BUTTONS[action].handle):
            return handle, argument
        case InteractionType.MODAL if action in FORMS:
            return FORMS[action].handle, argument
    gone = UserError if interaction.type is InteractionType.COMMAND else DeniedError  # none of ours has such an id
    raise gone("That is no longer in use. `/cloud-help` shows what is.")


def _call(interaction: Interaction, argument: str) -> Call:
    if interaction.person is None or interaction.guild_id is None or not is_snowflake(interaction.guild_id):
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
        file_limit=interaction.file_limit,
    )
