"""The Lambda that Discord POSTs to: event in, one decision, response out.

A missing or bad DISCORD_PUBLIC_KEY fails the import, and so the function's init, never a request.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from chatops.commands import BUTTONS, COMMANDS, FORMS
from chatops.config import InteractionsConfig
from chatops.discord.front_door import FrontDoor
from chatops.discord.http import read_request, write_response
from chatops.discord.verify import Verifier

if TYPE_CHECKING:
    from chatops.discord.front_door import Outside

_config = InteractionsConfig.from_env(os.environ)


@cache
def _outside() -> "Outside":
    # Imported only here: it brings boto3, which a PING, a refusal or a plain suggestion never needs.
    from chatops.bootstrap import front_door_outside

    return front_door_outside()


_door = FrontDoor(Verifier(_config.public_key), COMMANDS, BUTTONS, FORMS, _outside, _config.application_id)


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request."""
    return write_response(event, _door.answer(read_request(event)))
