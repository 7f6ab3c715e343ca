"""The decision: what Discord is answered, and what the commands function is asked to do.

Nothing here knows AWS. Refused before or at verification: one same 401. Signed but unusable: 400. All else is 200, also
our own failures: any other status shows the person only "The application did not respond".
"""

import difflib
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import time
from typing import Any, Final, Protocol

from chatops.commands.base import Button, Command, Form
from chatops.discord.forms import checked_fields, modal
from chatops.discord.http import Request, Response
from chatops.discord.interactions import (
    Interaction,
    InteractionType,
    InvalidInteraction,
    button_target,
    created_at,
    held_payload,
    is_snowflake,
    seal_context,
    to_payload,
)
from chatops.discord.options import checked_options, shown
from chatops.discord.parse import parse_interaction
from chatops.discord.replies import EPHEMERAL, Reply
from chatops.discord.suggest import Names, suggestions
from chatops.discord.verify import Verifier
from chatops.errors import ChatOpsError, UserError

# Discord's callback types (discord-api-docs, interactions/receiving-and-responding)
PONG: Final = 1
MESSAGE: Final = 4
DEFERRED_MESSAGE: Final = 5
DEFERRED_UPDATE: Final = 6
AUTOCOMPLETE_RESULT: Final = 8
MODAL: Final = 9

# Discord gives an answer this long; then it tells the person that the command failed and voids the token.
ANSWER_SECONDS: Final = 3.0

_UNAUTHORISED: Final = Response(401, {"error": "invalid request signature"})
_UNUSABLE: Final = Response(400, {"error": "not an interaction that this application handles"})
_WRONG_METHOD: Final = Response(405, {"error": "method not allowed"}, {"allow": "POST"})

_ONLY_IN_SERVERS = "Cloud ChatOps works in a server where it is installed, not in direct messages or private channels."
_TOO_LATE = "This took too long, so Discord gave up waiting and nothing was started. Please try again."
_OLD_BUTTON = "This button is no longer in use. Use `/cloud-status` to get a fresh message."
_UNKNOWN_FORM = "This form is no longer in use. Please run the command again."


class Outside(Names, Protocol):
    """What the front door needs from AWS; built only when the first interaction needs it."""

    def dispatch(self, payload: Mapping[str, Any]) -> None:
        """Hand the payload to the commands function, without waiting for it."""
        ...

    def seal(self, value: str, context: Mapping[str, str]) -> str:
        """Encrypt a secret option so that only the commands function can read it, given the same context."""
        ...

    def hold(self, interaction_id: str, payload: Mapping[str, Any]) -> None:
        """Keep what an interaction asked until its form comes back; returns when it is kept."""
        ...


@dataclass(frozen=True)
class FrontDoor:
    """Answers requests. `application_id` is empty where it is not configured, and then not compared."""

    verifier: Verifier
    commands: Mapping[str, Command]
    buttons: Mapping[str, Button]
    forms: Mapping[str, Form]
    outside: Callable[[], Outside]
    application_id: str = ""
    clock: Callable[[], float] = time

    def answer(self, request: Request) -> Response:
        """The response to one request; never raises."""
        if request.method != "POST":
            return _WRONG_METHOD
        signature = request.headers.get("x-signature-ed25519")
        timestamp = request.headers.get("x-signature-timestamp")
        refusal = self.verifier.refusal(signature, timestamp, request.body, self.clock())
        if refusal or request.body is None:
            _log("WARNING", "request refused", reason=str(refusal))
            return _UNAUTHORISED
        try:
            interaction = parse_interaction(request.body)
            self._check_application(interaction)
            return Response(200, self._reply(interaction))
        except InvalidInteraction as error:
            _log("WARNING", "signed request refused", reason=str(error))
            return _UNUSABLE

    def _check_application(self, interaction: Interaction) -> None:
        ours, theirs = self.application_id, interaction.application_id
        if ours and theirs and ours != theirs:
            raise InvalidInteraction("the application id is not DISCORD_APPLICATION_ID: another application calls us")

    def _reply(self, interaction: Interaction) -> dict[str, Any]:
        if interaction.type is InteractionType.PING:
            return {"type": PONG}
        if interaction.type is InteractionType.AUTOCOMPLETE:
            return {"type": AUTOCOMPLETE_RESULT, "data": {"choices": self._choices(interaction)}}
        try:
            return self._act(interaction)
        except UserError as error:
            return _note(str(error))
        except InvalidInteraction:
            raise
        except Exception as error:  # the person must hear of it, whatever it is
            error_id = os.urandom(4).hex()
            _log("ERROR", "interaction failed", error_id=error_id, interaction_id=interaction.id, **_cause(error))
            return _note(f"Something went wrong on our side. Please try again. Error id: `{error_id}`")

    def _choices(self, interaction: Interaction) -> list[dict[str, Any]]:
        try:
            return suggestions(self.commands, interaction, self.outside)
        except Exception as error:  # no suggestion is better than Discord's "loading options failed"
            _log("WARNING", "no suggestions", command=shown(interaction.command), **_cause(error))
            return []

    def _act(self, interaction: Interaction) -> dict[str, Any]:
        match interaction.type:
            case InteractionType.COMMAND:
                return self._command(interaction)
            case InteractionType.COMPONENT:
                return self._button(interaction)
            case _:  # only a form is left: the others were answered before
                return self._form(interaction)

    def _command(self, interaction: Interaction) -> dict[str, Any]:
        command = self.commands.get(interaction.command)
        if command is None:
            raise UserError(self._unknown_command(interaction.command))
        _require_guild(interaction)
        options = checked_options(command, interaction)
        secret = {option.name for option in command.options if option.secret}
        plain = {name: value for name, value in options.items() if name not in secret}
        secrets = {name: str(value) for name, value in options.items() if name in secret}
        interaction = replace(interaction, options=plain)
        form = command.form(plain) if command.form else None
        if form is None:
            self._dispatch(interaction, secrets)
            return _deferred(command.ephemeral)
        sealed = self._sealed(interaction, secrets)
        self.outside().hold(interaction.id, held_payload(sealed, form.action))
        return _modal(form, interaction.id)

    def _unknown_command(self, name: str) -> str:
        near = difflib.get_close_matches(name[:32], self.commands, n=1)
        instead = f"Did you mean `/{near[0]}`?" if near else "Type `/cloud` to see the commands that exist."
        return f"The command `/{shown(name)}` does not exist (any more). {instead}"

    def _button(self, interaction: Interaction) -> dict[str, Any]:
        action, argument = button_target(interaction.custom_id) or ("", "")
        button = self.buttons.get(action)
        if button is None:
            raise UserError(_OLD_BUTTON)
        _require_guild(interaction)
        if button.form:
            return _modal(button.form, argument)
        self._dispatch(interaction, {})
        return _deferred(ephemeral=True) if button.ephemeral else {"type": DEFERRED_UPDATE}

    def _form(self, interaction: Interaction) -> dict[str, Any]:
        action, _ = button_target(interaction.custom_id) or ("", "")
        form = self.forms.get(action)
        if form is None:
            raise UserError(_UNKNOWN_FORM)
        _require_guild(interaction)
        self._dispatch(interaction, checked_fields(form, interaction.fields))
        return _deferred(ephemeral=True)

    def _dispatch(self, interaction: Interaction, secrets: Mapping[str, str]) -> None:
        sealed = self._sealed(interaction, secrets)
        self.outside().dispatch(to_payload(sealed))

    def _sealed(self, interaction: Interaction, secrets: Mapping[str, str]) -> Interaction:
        """The interaction as it may leave us: answerable, in time, its secrets sealed."""
        _require_answerable(interaction)
        self._require_time(interaction)
        outside = self.outside()
        sealed = {name: outside.seal(value, seal_context(interaction, name)) for name, value in secrets.items()}
        # Once more: a cold start's first calls may have used up the time, and what Discord called failed must not run.
        self._require_time(interaction)
        return replace(interaction, sealed=sealed)

    def _require_time(self, interaction: Interaction) -> None:
        if self.clock() - created_at(interaction.id) > ANSWER_SECONDS:
            _log("WARNING", "interaction too old", interaction_id=interaction.id)
            raise UserError(_TOO_LATE)


def _require_guild(interaction: Interaction) -> None:
    if not is_snowflake(interaction.guild_id):
        raise UserError(_ONLY_IN_SERVERS)


def _require_answerable(interaction: Interaction) -> None:
    ids = (interaction.id, interaction.person.id if interaction.person else None)
    if not all(is_snowflake(each) for each in ids) or not interaction.application_id or not interaction.token:
        raise InvalidInteraction("the interaction lacks an id, a token or its application's id")


def _note(text: str) -> dict[str, Any]:
    return {"type": MESSAGE, "data": {**Reply(text).payload(), "flags": EPHEMERAL}}


def _deferred(ephemeral: bool) -> dict[str, Any]:
    return {"type": DEFERRED_MESSAGE, "data": {"flags": EPHEMERAL}} if ephemeral else {"type": DEFERRED_MESSAGE}


def _modal(form: Form, argument: str) -> dict[str, Any]:
    return {"type": MODAL, "data": modal(form, argument)}


def _cause(error: BaseException) -> dict[str, str]:
    """What may be logged of an error: only our own messages are known to hold no values."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    cause = {"error": type(error).__name__, "where": f"{place.filename.rpartition('/')[2]}:{place.lineno}"}
    if error.__cause__:
        cause["caused_by"] = type(error.__cause__).__name__
    return {**cause, "reason": str(error)} if isinstance(error, ChatOpsError) else cause


def _log(level: str, message: str, **fields: str) -> None:
    sys.stdout.write(json.dumps({"level": level, "service": "interactions", "message": message, **fields}) + "\n")
    sys.stdout.flush()
