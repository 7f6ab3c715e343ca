"""Whose credentials a run takes: the person's own open session, or the cloud that the guild has connected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord.text import code
from chatops.domain.connections import Connection
from chatops.domain.deployments import Deployment
from chatops.domain.runs import Run
from chatops.domain.sessions import Session
from chatops.errors import DeniedError, SessionError, SessionLocked
from chatops.providers import PROVIDERS


@dataclass(frozen=True)
class Identity:
    """Credentials for one provider's project; `session_id` is empty where they are the guild's own."""

    credentials: Mapping[str, Any] = field(repr=False)
    project_id: str
    region: str
    session_id: str = ""

    @property
    def whose(self) -> str:
        """For the audit: which session's, or the guild's."""
        return f"session {self.session_id}" if self.session_id else "the server's own"


@dataclass(frozen=True)
class _Wanted:
    """What a run needs: a provider, and where its deployment exists already, that project and no other.

    In another one Terraform would find nothing, and forget what it cannot find.
    """

    provider: str
    project_id: str

    def fits(self, found: Session | Connection) -> bool:
        return found.provider == self.provider and self.project_id in ("", found.project_id)


def identity_for(provider: str, call: Call, services: Services, known: Deployment | None) -> Identity | None:
    """The credentials that a blueprint of this provider needs; None where it needs none.

    The person's own session goes first. One that is locked with a passphrase may be the one that fits, so it is asked
    for before the guild's own cloud is used in its place.

    Raises:
        SessionLocked: no open session fits, and a locked one might.
        SessionError: nothing fits; says what there is instead, and what to type.
    """
    if provider == "none":
        return None
    wanted = _Wanted(provider, known.project_id if known else "")
    session = _session(wanted, call, services)
    if session and wanted.fits(session):
        return Identity(session.credentials, session.project_id, session.region, session.id)
    found = services.connections.get(call.guild_id, provider)
    if found and wanted.fits(found) and _trusted(call, found):
        credentials = services.open_connection(call.guild_id, provider, found.sealed)
        return Identity(credentials, found.project_id, found.region)
    told = (_needed(wanted, known), _of_session(session), _of_guild(wanted, found), _next(wanted, found))
    raise SessionError(" ".join(told))


def check_may_apply(run: Run, call: Call, services: Services) -> None:
    """Refuse to apply with the guild's cloud where it is disconnected, or for whom it does not trust by now.

    The run has its own copy of the credentials since it was asked for; whoever presses may be somebody else.

    Raises:
        DeniedError: says which of the two it is. The run goes on waiting.
    """
    if not run.uses_connection:
        return
    found, cloud = services.connections.get(run.guild_id, run.provider), PROVIDERS[run.provider].title
    if found is None or found.project_id != run.project_id:
        raise DeniedError(
            f"Not approved: project {code(run.project_id)} of {cloud}, which this plan was made for, is not connected "
            "to this server any more. Reject the plan, and deploy again with credentials."
        )
    if not _trusted(call, found):
        raise DeniedError(
            f"Not approved: this plan uses the {cloud} that this server has connected, and that is for "
            f"{who_may_use(found)}. One of them can approve it who may decide about this run, or you can reject it."
        )


def who_may_use(connection: Connection) -> str:
    """The members whom a guild trusts with its cloud."""
    if connection.for_everybody:
        return "everybody in this server"
    role = f"<@&{connection.role_id}> or " if connection.role_id else ""
    return f"members with {role}Manage Server"


def _session(wanted: _Wanted, call: Call, services: Services) -> Session | None:
    try:
        return services.sessions.current(call.guild_id, call.person.id, wanted.provider, wanted.project_id)
    except SessionLocked:
        raise
    except SessionError:
        return None


def _trusted(call: Call, connection: Connection) -> bool:
    return connection.may_be_used(call.person.roles, call.person.manages_guild)


def _needed(wanted: _Wanted, known: Deployment | None) -> str:
    cloud = PROVIDERS[wanted.provider].title
    if known and wanted.project_id:
        return f"`{known.name}` exists in project {code(wanted.project_id)} of {cloud}: it needs credentials for that."
    return f"This needs credentials for `{wanted.provider}` ({cloud})."


def _of_session(session: Session | None) -> str:
    if session is None:
        return "You have no open session here (a session lasts 30 minutes)."
    return f"Your open session is for `{session.provider}`, project {code(session.project_id)}."


def _of_guild(wanted: _Wanted, found: Connection | None) -> str:
    if found is None:
        return "This server has connected no cloud for it."
    connected = f"This server has connected project {code(found.project_id)}"
    return f"{connected}, for {who_may_use(found)}." if wanted.fits(found) else f"{connected}."


def _next(wanted: _Wanted, found: Connection | None) -> str:
    option = f"project_id:{wanted.project_id}" if wanted.project_id else f"provider:{wanted.provider}"
    own = f"Open a session of your own with `/cloud-init {option}`"
    if found and wanted.fits(found):
        return f"{own}, or ask to become one of them."
    return f"{own}; a member with Manage Server can connect a cloud with `/cloud-connect provider:{wanted.provider}`."
