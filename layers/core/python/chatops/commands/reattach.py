"""Give a run that goes on a fresh live message: the old one's interaction token dies after fifteen minutes."""

from contextlib import suppress

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord import render
from chatops.domain.runs import TOKEN_SECONDS, Phase, ReplyToken, Run
from chatops.errors import OutsideError
from chatops.runs.live import edit_unless_busy
from chatops.runs.view import progress_view


def reply_token(call: Call, now: int) -> ReplyToken:
    """The call's token; half a minute is kept back, so that no edit is started that ends too late."""
    return ReplyToken(call.application_id, call.token, now + TOKEN_SECONDS - 30)


def reattach(run: Run, call: Call, services: Services) -> None:
    """Post the run's state as a new public message, which the tracker keeps true from now on; the old one points to it.

    The call must have been answered before: the first message after a deferral replaces the answer.
    """
    now = int(services.clock())
    phase = run.build.phase if run.build else Phase.PLAN
    view = progress_view(services.runs, services.artefacts, run, phase, now * 1000) if run.build else None
    payload = render.live(run, view).payload()
    message = services.chat.follow_up(call.application_id, call.token, payload, ephemeral=False)
    services.runs.keep_message(run.id, message, reply_token(call, now))
    old = run.message
    if old is None:
        return
    moved = render.moved(run).payload()
    with suppress(OutsideError):  # an old message that still shows the run harms nobody
        edit_unless_busy(services.runs, run.id, phase, now, lambda: services.chat.edit(old, run.token, now, moved))
