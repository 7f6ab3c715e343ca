"""The form that unlocks a session; what waited for that is done at once, in the process that now holds it open."""

from chatops.commands.base import Call, Form, FormField
from chatops.commands.perform import UNLOCK, held_for, is_silent, perform, take
from chatops.commands.services import Services
from chatops.discord.replies import Reply, ReplyButton
from chatops.domain.passphrases import MAX_LENGTH, MIN_LENGTH
from chatops.domain.sessions import MAX_TRIES
from chatops.errors import WrongPassphrase


def unlock(call: Call, services: Services) -> Reply | None:
    """Open the session with what was typed, then do what waited; after a wrong one it goes on waiting.

    Raises:
        UserError: nothing of theirs waits for this form, or what waited cannot be done.
        SessionError: the session is locked for good, or over.
    """
    held = held_for(UNLOCK, call, services)
    try:
        services.sessions.unlock(held.session_id, call.guild_id, call.person.id, str(call.options["passphrase"]))
    except WrongPassphrase as wrong:
        return try_again(str(wrong), UNLOCK, call)
    take(call, services)
    reply = perform(held.interaction, services, now=call)
    return Reply("🔓 Unlocked, and done.") if reply is None and is_silent(held.interaction) else reply


def try_again(text: str, form: str, call: Call) -> Reply:
    """Say what was wrong, with a button that opens the form once more; what waits for it is not lost."""
    return Reply(text, buttons=(ReplyButton("Try again", f"v1:{form}:{call.argument}"),))


FORM = Form(
    action=UNLOCK,
    title="Unlock your session",
    handle=unlock,
    fields=(
        FormField(
            "passphrase",
            "Passphrase",
            f"The one you chose with /cloud-init. {MAX_TRIES} wrong ones lock the session for good.",
            MIN_LENGTH,
            MAX_LENGTH,
        ),
    ),
)
