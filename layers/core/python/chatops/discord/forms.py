"""Forms (Discord: modals): what Discord shows, and what comes back.

Shapes: discord-api-docs, components/reference (label, text input).
"""

from collections.abc import Mapping
from typing import Any, Final

from chatops.commands.base import Form, FormField
from chatops.errors import UserError

_TEXT_INPUT: Final = 4
_LABEL: Final = 18
_ONE_LINE: Final = 1

_CHANGED = "This form is not the one that we ask for now. Open it again, or run the command again."


def modal(form: Form, argument: str) -> dict[str, Any]:
    """The form as Discord takes it; its custom_id names the action and the argument."""
    return {
        "custom_id": f"v1:{form.action}:{argument}",
        "title": form.title,
        "components": [_part(field) for field in form.fields],
    }


def checked_fields(form: Form, fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the form's fields; Discord checks it in its client only.

    Raises:
        UserError: a field is unknown, missing, too short or too long; the text never holds what was typed.
    """
    if fields.keys() != {field.name for field in form.fields}:
        raise UserError(_CHANGED)
    for field in form.fields:
        if not field.min_length <= len(fields[field.name]) <= field.max_length:
            raise UserError(f"“{field.label}” takes {field.min_length} to {field.max_length} characters.")
    return {field.name: fields[field.name] for field in form.fields}


def _part(field: FormField) -> dict[str, Any]:
    text_input = {
        "type": _TEXT_INPUT,
        "custom_id": field.name,
        "style": _ONE_LINE,
        "required": True,
        "min_length": field.min_length,
        "max_length": field.max_length,
    }
    return {"type": _LABEL, "label": field.label, "description": field.hint, "component": text_input}
