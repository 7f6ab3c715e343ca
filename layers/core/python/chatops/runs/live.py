"""The right to edit a run's live message."""

from collections.abc import Callable
from contextlib import suppress

from chatops.discord import render
from chatops.discord.replies import Reply
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import Run
from chatops.errors import TryLater
from chatops.ports import Chat, RunStore

EDIT_SECONDS = 2
"""At most one edit in so many seconds: Discord allows about five in two seconds, which buttons' replies share."""
LEASE_SECONDS = 30
"""Longer than one edit may take (discord_http): the last word stays the last."""
LAST_EDITS_SECONDS = 90
"""So long before a token ends, an edit may be the last one that it allows: a build is silent for a minute at times."""


def take_over(runs: RunStore, run_id: str, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Wait until the tracker has let go of the live message, so that its last edit cannot come after ours.

    The caller has changed the run's status before: a tracker that looks again stops by itself.
    """
    for _ in range(LEASE_SECONDS * 2):
        if runs.lease_edit(run_id, clock(), LEASE_SECONDS):
            return
        sleep(0.5)


def edit_or_leave_a_note(runs: RunStore, run: Run, now: float, edit: Callable[[], object]) -> None:
    """Edit the live message, or, while somebody else does, see to it that they look at the run once more."""
    for _ in range(2):
        if runs.lease_edit(run.id, now, LEASE_SECONDS):
            try:
                edit()
            finally:
                runs.extend_edit(run.id, now, EDIT_SECONDS)
            return
        runs.add_progress(run.id, run.phase.value, ProgressDelta())  # who edited may have looked just before: once more


def show(chat: Chat, run: Run, reply: Reply, now: int, until: int = 0) -> bool:
    """Edit the live message; False when it cannot be edited (any more).

    Where the token may end before the next edit (`until`, unix seconds; by default in a minute and a half), the message
    moves to the bot, if the bot may edit it. Else the message says that it will fall silent, and where to look.

    Raises:
        TryLater: Discord asks to wait.
        OutsideError: Discord did not take the edit.
    """
    if run.message is None:
        return False
    if run.token and now < run.token.expires_at < max(until, now + LAST_EDITS_SECONDS):
        with suppress(TryLater):  # the interaction's token is still good
            if chat.edit(run.message, None, now, reply.payload()):
                return True
        reply = render.falling_silent(reply, run)
    return chat.edit(run.message, run.token, now, reply.payload())
