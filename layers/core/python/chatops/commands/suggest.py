"""Suggestions while a command is typed."""

from collections.abc import Sequence

from chatops.blueprints import Catalogue
from chatops.commands.base import Choice, SuggestRequest
from chatops.domain.blueprints import suggest_variables
from chatops.errors import UserError


def blueprints(request: SuggestRequest) -> Sequence[Choice]:
    """Blueprints that fit the text."""
    return [Choice(label, value) for label, value in Catalogue.load().suggest(request.text)]


def variables(request: SuggestRequest) -> Sequence[Choice]:
    """The next variable of the blueprint that is filled in already."""
    try:
        blueprint = Catalogue.load().get(str(request.options.get("blueprint", "")))
    except UserError:
        return []
    return [Choice(label, value) for label, value in suggest_variables(request.text, blueprint)]


def deployments(request: SuggestRequest) -> Sequence[Choice]:
    """The guild's deployments."""
    typed = request.text.strip().lower()
    return [Choice(name, name) for name in request.deployment_names() if typed in name]


def sessions(request: SuggestRequest) -> Sequence[Choice]:
    """The person's own open sessions."""
    typed = request.text.strip().lower()
    found = [(session_id, max(left, 0) // 60) for session_id, left in request.sessions() if typed in session_id]
    return [Choice(f"{session_id} · ends in {minutes} min", session_id) for session_id, minutes in found]
