"""What /cloud-deploy-v2, /cloud-destroy and the buttons Resume and Destroy share: a run with its live message."""

from collections.abc import Mapping

from chatops.commands.base import Call
from chatops.commands.identity import identity_for
from chatops.commands.lookup import view_of
from chatops.commands.reattach import reattach, reply_token
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.replies import Reply
from chatops.domain.blueprints import Value
from chatops.domain.deployments import Deployment
from chatops.domain.runs import Run, run_id_of
from chatops.errors import LockedError
from chatops.runs.start import Start


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

    `known` is the deployment as it is, if there is one; it stays in its project and its region. Where the person's own
    run holds it already, that run gets a fresh live message instead.

    Raises:
        UserError: no session that fits, or another run holds the deployment.
    """
    identity = identity_for(provider, call, services, known)
    now = int(services.clock())
    run = Run(
        id=run_id_of(call.interaction_id),
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
        region=(known.region if known else "") or (identity.region if identity else ""),
        project_id=identity.project_id if identity else "",
        session_id=identity.session_id if identity else "",
        locale=call.locale,
        token=reply_token(call, now),
    )
    start = Start(services.runs, services.deployments, services.artefacts, services.workflow, services.seal_credentials)
    try:
        credentials = identity.credentials if identity else {}
        start(run, credentials, lambda started: _announce(started, _where_it_was_left(known, services), call, services))
    except LockedError as locked:
        _already_running(locked, run, call, services)


def _where_it_was_left(known: Deployment | None, services: Services) -> str:
    """How far the last run got, if it did not get through."""
    run = services.runs.get(known.last_run_id) if known and known.last_run_id else None
    if run is None or not run.unfinished:
        return ""
    got = render.reached(run, view_of(run, services))
    return f"Continuing where we left off: run `{run.id}` was cut short ({run.status.value}), {got}.\n"


def _announce(run: Run, left_off: str, call: Call, services: Services) -> None:
    """The order matters: the first message after a deferral would replace the answer instead of following it."""
    word = "Destroying" if run.destroy else "Deploying"
    saved = f"First the kept state of run `{run.unsaved_run_id}` is saved.\n" if run.unsaved_run_id else ""
    answer = Reply(
        f"{left_off}{saved}{word} `{run.deployment}`: run `{run.id}`. First the plan; then you decide, in the message "
        f"below.\nThis note stays as it is. Should that message fall silent: `/cloud-status name:{run.deployment}`."
    )
    services.chat.edit_original(call.application_id, call.token, answer.payload())
    if run.message is None:
        live = services.chat.follow_up(call.application_id, call.token, render.started(run).payload(), ephemeral=False)
        services.runs.keep_message(run.id, live)


def _already_running(locked: LockedError, wanted: Run, call: Call, services: Services) -> None:
    """The person's own run for the same end goes on: show it again. Everything else is told who holds the lock."""
    run = services.runs.get(locked.run_id) if locked.run_id else None
    if run is None or run.status.ended or (run.user_id, run.destroy) != (wanted.user_id, wanted.destroy):
        raise locked
    told = Reply(f"{locked}\nContinuing where we left off: its message follows, fresh.")
    services.chat.edit_original(call.application_id, call.token, told.payload())
    reattach(run, call, services)
