"""/cloud-sessions: what the caller has open here, each with a button that ends it."""

from chatops.commands.base import Button, Call, Command
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply, ReplyButton
from chatops.discord.text import code
from chatops.domain.sessions import OpenSession
from chatops.errors import DeniedError, SessionError


def handle(call: Call, services: Services) -> Reply:
    """List the caller's own sessions in this server; nobody else's are ever looked at."""
    found = services.sessions.listed(call.guild_id, call.person.id)
    if not found:
        raise SessionError
    return Reply(
        title="🔐 Your open session" if len(found) == 1 else f"🔐 Your {len(found)} open sessions",
        text="\n".join(map(_line, found)),
        colour=Colour.BLUE,
        fields=(("After a crash", "`/cloud-recover-session` brings back a session and what was being done with it."),),
        footer="Only you see this. Close forgets the session and its recovery blob at once.",
        buttons=tuple(ReplyButton(f"Close {each.id}", f"v1:close:{each.id}") for each in found),
    )


def close(call: Call, services: Services) -> Reply:
    """End a session of the caller's: its blob is deleted. A run under way or in line keeps its own copy until it ends.

    Raises:
        SessionError: it is not open (any more).
        DeniedError: it is somebody else's.
    """
    check_theirs(call.argument, call, services)
    record(call, services, "close-session", note=f"session {call.argument}")
    if not services.sessions.close(call.argument, call.guild_id, call.person.id):
        raise SessionError
    return Reply(
        f"Session `{call.argument}` is closed, and its recovery blob is deleted. A run under way or in line keeps its "
        "own sealed copy until it ends; `/cloud-cancel` ends it."
    )


def check_theirs(session_id: str, call: Call, services: Services) -> None:
    """Refuse a session that is not the caller's in this server.

    Raises:
        SessionError: no such session is open.
        DeniedError: somebody else's is, or one in another server; in the same words, so that nobody learns of it.
    """
    owner = services.sessions.owner_of(session_id)
    if owner is None:
        raise SessionError
    if owner != (call.guild_id, call.person.id):
        raise DeniedError(str(SessionError()))


def _line(each: OpenSession) -> str:
    ends = f"ends <t:{int(each.expires_at)}:R>"
    if each.session is None:
        return f"🔒 `{each.id}` · locked with your passphrase · {ends}"
    where = f"{each.session.provider} {code(each.session.project_id)} in {code(each.session.region)}"
    lock = " · 🔑 with a passphrase" if each.passphrase else ""
    return f"`{each.id}` · {where} · {ends}{lock}"


COMMAND = Command(
    name="cloud-sessions",
    description="List your own open sessions, and close them",
    handle=handle,
    usage="/cloud-sessions",
)

CLOSE = Button("close", close, ephemeral=True)
