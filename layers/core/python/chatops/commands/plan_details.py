"""The button Details: everything that was computed of a plan, for whoever in the guild wants to look."""

import gzip
import json
from collections.abc import Mapping
from typing import Any

from chatops.commands.base import Button, Call
from chatops.commands.lookup import run_here
from chatops.commands.services import Services
from chatops.discord import story_details
from chatops.discord.replies import Reply
from chatops.domain.runs import FILES_KEPT_DAYS, Run
from chatops.errors import UserError
from chatops.runs.explain import STORY


def details(call: Call, services: Services) -> Reply:
    """The plan's components, risks and alternatives; the plan itself is in the channel for all to see.

    Raises:
        UserError: no such run, or its details are gone.
        DeniedError: it is another server's.
    """
    run = run_here(call.argument, call, services)
    packed = services.artefacts.get(run.artefact(STORY))
    if packed is None:
        raise UserError(f"The details of run `{run.id}` are gone: they are kept for {FILES_KEPT_DAYS} days.")
    return story_details.reply(run, _read(packed, run))


def _read(packed: bytes, run: Run) -> Mapping[str, Any]:
    try:
        found = json.loads(gzip.decompress(packed))
    except (OSError, EOFError, ValueError, RecursionError) as error:
        raise UserError(f"The details of run `{run.id}` cannot be read.") from error
    return found if isinstance(found, dict) else {}


DETAILS = Button("story", details, ephemeral=True)
