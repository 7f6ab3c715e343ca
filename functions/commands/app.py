"""Does what a slash command or a button asks, then edits the deferred answer. Invoked by `interactions`."""

from typing import Any

from chatops import bootstrap
from chatops.commands.answer import answer
from chatops.observability import logger


def handler(event: dict[str, Any], context: object) -> None:
    """Answer one dispatched interaction."""
    answer(event, bootstrap.commands(), lambda message, fields: logger.error(message, extra=dict(fields)))
