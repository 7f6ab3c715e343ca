"""What /cloud-deploy-v2 and /cloud-destroy share: a run with its live message."""

from collections.abc import Mapping

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.replies import Reply
from chatops.domain.blueprints import Value
from chatops.domain.deployments import Deployment
from chatops.domain.runs import TOKEN_SECONDS, ReplyToken, Run, new_run_id
from chatops.domain.sessions import Session
from chatops.errors import UserError
from chatops.runs.start import Start


def reply_token(call: Call, now: int) -> ReplyToken:
    """The call's token; half a minute is kept back, so that no edit is started that ends too late."""
    return ReplyToken(call.application_id, call.token, now + TOKEN_SECONDS - 30)


def _session_for(provider: str, call: Call, services: Services, known: Deployment | None) -> Session | None:
    """The session whose credentials a blueprint of this provider needs; None where it needs none.

    Raises:
        UserError: there is no open session, or it is for another provider, or for another project than the one where
            the deployment exists: there Terraform would find nothing, and forget what it cannot find.
    """
    if provider == "none":
        return None
    session = services.sessions.current(call.guild_id, call.person.id)
    if session.provider != provider:
        raise UserError(
            f"This needs credentials for `{provider}`, and your open session is for `{session.provider}`. "
            f"Open one with `/cloud-init provider:{provider}`."
        )
    if known and known.project_id and known.project_id != session.project_id:
        raise UserError(
            f"`{known.name}` exists in project `{known.project_id}`, and your open session is for "
            f"`{session.project_id}`. Open one with `/cloud-init project_id:{known.project_id}`."
        )
    return session


def launch(
    call: Call,
    services: Services,
    *,
    deployment: str,
    blueprint: str,
    provider: str,
    destroy: bool,
    variables: Mapping[str, Value],
    known: Deployment | None,
) -> None:
    """Start a run: the private answer first, then the public live message that everybody can follow.

    `known` is the deployment as it is, if there is one; it stays in its project and its region.

    Raises:
        UserError: no session that fits, or another run holds the deployment.
    """
    session = _session_for(provider, call, services, known)
    now = int(services.clock())
    run = Run(
        id=new_run_id(),
        guild_id=call.guild_id,
        deployment=deployment,
        blueprint=blueprint,
        destroy=destroy,
        user_id=call.person.id,
        created_at=now,
        interaction_id=call.interaction_id,
        fence=0,
        variables=variables,
        provider=provider,
        region=(known.region if known else "") or (session.region if session else ""),
        project_id=session.project_id if session else "",
        token=reply_token(call, now),
    )
    start = Start(services.runs, services.deployments, services.artefacts, services.workflow, services.seal_credentials)
    start(run, session.credentials if session else {}, lambda started: _announce(started, call, services))


def _announce(run: Run, call: Call, services: Services) -> None:
    """The order matters: the first message after a deferral would replace the answer instead of following it."""
    word = "Destroying" if run.destroy else "Deploying"
    answer = Reply(f"{word} `{run.deployment}`: run `{run.id}`. First the plan; then you decide, in the message below.")
    services.chat.edit_original(call.application_id, call.token, answer.payload())
    message = services.chat.follow_up(call.application_id, call.token, render.started(run).payload(), ephemeral=False)
    services.runs.keep_message(run.id, message)
