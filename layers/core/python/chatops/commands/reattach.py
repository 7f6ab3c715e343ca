"""Give a run that goes on a fresh live message: the old one's interaction token dies after fifteen minutes."""

from contextlib import suppress

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.replies import Reply
from chatops.domain.runs import TOKEN_SECONDS, Phase, ReplyToken, Run
from chatops.errors import ConflictError, OutsideError
from chatops.runs.live import edit_unless_busy
from chatops.runs.view import progress_view


def reply_token(call: Call, now: int) -> ReplyToken:
    """The call's token; half a minute is kept back, so that no edit is started that ends too late."""
    return ReplyToken(call.application_id, call.token, now + TOKEN_SECONDS - 30)


def reattach(run: Run, call: Call, services: Services) -> None:
    """Post the run's state as a new public message, which is kept true from now on; the old one points to it.

    The call must have been answered before: the first message after a deferral replaces the answer.
    """
    now = int(services.clock())
    token = reply_token(call, now)
    message = services.chat.follow_up(call.application_id, call.token, _shown(run, services).payload(), ephemeral=False)
    with suppress(ConflictError):  # its final message stands, in the old place
        services.runs.keep_message(run.id, message, token)
    current = services.runs.get(run.id) or run
    with suppress(OutsideError):  # an old message that still shows the run harms nobody
        if current.status is not run.status:  # whoever changed it may not have known of the new message
            services.chat.edit(message, token, now, _shown(current, services).payload())
        elif run.message:
            _point_on(run, services)


def _shown(run: Run, services: Services) -> Reply:
    phase = run.build.phase if run.build else Phase.PLAN
    view = progress_view(services.runs, services.artefacts, run, phase, int(services.clock() * 1000))
    return render.live(run, view)


def _point_on(run: Run, services: Services) -> None:
    """Make the old message a pointer, unless the tracker is just editing it."""
    phase, now, moved = run.build.phase if run.build else Phase.PLAN, services.clock(), render.moved(run).payload()
    if old := run.message:
        edit_unless_busy(services.runs, run.id, phase, now, lambda: services.chat.edit(old, run.token, int(now), moved))
