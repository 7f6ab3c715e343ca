"""Give a run that goes on a fresh live message: the old one's interaction token dies after fifteen minutes."""

from contextlib import suppress

from chatops.commands.base import Call
from chatops.commands.line import queue_of
from chatops.commands.lookup import view_of
from chatops.commands.services import Services
from chatops.discord import line_card, render
from chatops.discord.replies import Reply
from chatops.domain.runs import TOKEN_SECONDS, ReplyToken, Run, Status
from chatops.errors import ConflictError, OutsideError
from chatops.runs.live import take_over


def reply_token(call: Call, now: int) -> ReplyToken:
    """The call's token; half a minute is kept back, so that no edit is started that ends too late."""
    return ReplyToken(call.application_id, call.token, now + TOKEN_SECONDS - 30)


def reattach(run: Run, call: Call, services: Services) -> None:
    """Post the run's state as a new public message, which is kept true from now on; the old one points to it.

    The call must have been answered before: the first message after a deferral replaces the answer. One that is still
    being put in line gets its first message from whoever puts it there, once its credentials are sealed.
    """
    if run.status is Status.QUEUED and run.message is None:
        return
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
    if run.status is Status.QUEUED:
        return line_card.waiting(run, queue_of(services).stands(run))
    return render.live(run, view_of(run, services))


def _point_on(run: Run, services: Services) -> None:
    """Make the old message a pointer, once the tracker has let go of it: from then on it edits the new one."""
    if run.message is None:
        return
    take_over(services.runs, run.id, services.clock, services.sleep)
    try:
        services.chat.edit(run.message, run.token, int(services.clock()), render.moved(run).payload())
    finally:
        services.runs.release_edit(run.id, services.clock())
