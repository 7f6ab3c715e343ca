"""/cloud-recover-session: the way back after a crash, to a session and to what was being done with it."""

from collections.abc import Sequence

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.cloud_sessions import check_theirs
from chatops.commands.lookup import view_of
from chatops.commands.reattach import reattach
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.runs import Run
from chatops.domain.sessions import SESSION_SECONDS, Session
from chatops.runs.view import ProgressView

MOST_RUNS = 3
"""A session lasts half an hour: more deployments than this in it are found by /cloud-status."""


def handle(call: Call, services: Services) -> None:
    """Restore the session; then show each of its runs as it is: one that goes on in a fresh live message for everybody,
    one that has ended by its result and the ways on, for the caller alone.

    Raises:
        SessionError: no such session of the caller's, for every reason alike.
        DeniedError: it is somebody else's; in the same words.
    """
    check_theirs(call.text("session_id"), call, services)
    session = services.sessions.get(call.text("session_id"), call.guild_id, call.person.id)
    record(call, services, "recover-session", note=f"session {session.id}")
    runs = _latest_runs(session, services)
    views = {run.id: view_of(run, services) for run in runs}
    answer = _recovered(session, [_what_happened(run, views[run.id]) for run in runs], int(services.clock()))
    services.chat.edit_original(call.application_id, call.token, answer.payload())
    for run in runs:
        if not run.status.ended:
            reattach(run, call, services)
        else:
            payload = render.final(run, views[run.id]).payload()
            services.chat.follow_up(call.application_id, call.token, payload, ephemeral=True)


def _latest_runs(session: Session, services: Services) -> Sequence[Run]:
    """The newest run of each deployment that the session was used for, newest first."""
    opened_at = session.expires_at - SESSION_SECONDS
    latest: dict[str, Run] = {}
    for run in services.runs.of_session(session.guild_id, session.id, opened_at):
        latest.setdefault(run.deployment, run)
    return list(latest.values())[:MOST_RUNS]


def _recovered(session: Session, happened: Sequence[str], now: int) -> Reply:
    minutes = max(session.expires_at - now, 0) // 60
    left = f"{minutes} minutes" if minutes != 1 else "1 minute"
    safe = "Your project ID and credentials were safely recovered."
    nothing = "No run was under way."
    return Reply(
        title="✅ Session Recovered Successfully!",
        text=f"⏰ Time Remaining: {left if minutes else 'less than a minute'}\n"
        + "\n".join(f"💡 {each}" for each in [*(happened or [nothing]), safe]),
        colour=Colour.GREEN,
        fields=(
            ("Session", f"`{session.id}` for {session.provider} {code(session.project_id)} in {code(session.region)}"),
            ("Next", "`/cloud-deploy-v2` goes on from here; `/cloud-sessions` lists and closes sessions."),
        ),
    )


def _what_happened(run: Run, view: ProgressView) -> str:
    name = code(run.deployment)
    if not run.status.ended:
        return f"The run of {name} is {run.status.value}. Its message follows, fresh."
    if run.unfinished:
        got = render.reached(run, view)
        return f"The run of {name} was cut short ({run.status.value}): {got}. **Resume** finishes it."
    return f"The run of {name} has ended: {run.status.value}."


COMMAND = Command(
    name="cloud-recover-session",
    description="After a crash: get your session back, and what was being done with it",
    handle=handle,
    usage="/cloud-recover-session session_id:abcd2345",
    options=(Option("session_id", "Which of your sessions", required=True, max_length=20, suggest=suggest.sessions),),
)
