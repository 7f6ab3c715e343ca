"""Whose credentials a run takes: the person's own open session, or the cloud that the guild has connected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.domain.deployments import Deployment
from chatops.errors import UserError


@dataclass(frozen=True)
class Identity:
    """Credentials for one provider's project; `session_id` is empty where they are the guild's own."""

    credentials: Mapping[str, Any] = field(repr=False)
    project_id: str
    region: str
    session_id: str = ""


def identity_for(provider: str, call: Call, services: Services, known: Deployment | None) -> Identity | None:
    """The credentials that a blueprint of this provider needs; None where it needs none.

    Raises:
        UserError: there is no open session, or it is for another provider, or for another project than the one where
            the deployment exists: there Terraform would find nothing, and forget what it cannot find.
    """
    if provider == "none":
        return None
    project_id = known.project_id if known else ""
    session = services.sessions.current(call.guild_id, call.person.id, provider, project_id)
    if session.provider != provider:
        raise UserError(
            f"This needs credentials for `{provider}`, and your open session is for `{session.provider}`. "
            f"Open one with `/cloud-init provider:{provider}`."
        )
    if known and project_id and project_id != session.project_id:
        raise UserError(
            f"`{known.name}` exists in project `{project_id}`, and your open session is for "
            f"`{session.project_id}`. Open one with `/cloud-init project_id:{project_id}`."
        )
    return Identity(session.credentials, session.project_id, session.region, session.id)
