"""What /cloud-deploy-v2, /cloud-destroy and the buttons Resume and Destroy share: a run with its live message."""

from collections.abc import Collection, Mapping
from contextlib import suppress

from chatops.commands.base import Call
from chatops.commands.identity import Identity, identity_for
from chatops.commands.line import queue_of
from chatops.commands.lookup import view_of
from chatops.commands.reattach import reattach, reply_token
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord import line_card, render
from chatops.discord.replies import Reply
from chatops.domain.blueprints import Value
from chatops.domain.deployments import Deployment
from chatops.domain.queues import Standing
from chatops.domain.runs import Run, Status, run_id_of
from chatops.errors import OutsideError
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
    typed: Collection[str] = (),
    known: Deployment | None,
    action: str = "",
) -> None:
    """Start a run: the private answer first, then the public live message that everybody can follow.

    `typed` are those of the variables that the person chose: if the run has to wait, the others become what the
    deployment has when its turn comes. `known` is the deployment as it is, if there is one; it stays in its project and
    its region. `action` is the audit's word for it, by default what the run does. While others have to go first, the
    run waits in the guild's line. Where the person's own run is to bring the same end already, that run gets a fresh
    live message instead.

    Raises:
        UserError: no credentials that fit, or the guild's limits allow no more runs.
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
        typed=tuple(typed),
        provider=provider,
        region=(known.region if known else "") or (identity.region if identity else ""),
        project_id=identity.project_id if identity else "",
        session_id=identity.session_id if identity else "",
        locale=call.locale,
        token=reply_token(call, now),
    )
    if own := _own_for_the_same(run, known, services):
        _show_again(own, call, services)
        return
    queue = queue_of(services)
    parts = (services.runs, services.deployments, services.artefacts, services.workflow)
    start = Start(*parts, queue, services.seal_credentials)

    def announce(run: Run, stands: Standing) -> None:
        _record(run, action, identity, call, services)
        _announce(run, stands, _where_it_was_left(known, services), call, services)

    start(run, identity.credentials if identity else {}, announce)


def _own_for_the_same(wanted: Run, known: Deployment | None, services: Services) -> Run | None:
    """The person's own newest run that works or waits for this deployment, if it is to bring the same end."""
    line = services.lines.get(wanted.guild_id)
    named = [
        each.run_id for each in line.places if (each.deployment, each.user_id) == (wanted.deployment, wanted.user_id)
    ]
    if not named and known and known.lock and known.lock.user_id == wanted.user_id:
        named = [known.lock.run_id]
    run = services.runs.get(named[-1]) if named else None
    if run is None or run.status.ended or run.id == wanted.id or not _brings_about(run, wanted):
        return None
    return run


def _brings_about(run: Run, wanted: Run) -> bool:
    """Whether the run, which goes on, ends as the wanted one would.

    One that waits may never begin before it has a message, and of its variables only those typed for it will stay.
    """
    if (run.destroy, run.blueprint) != (wanted.destroy, wanted.blueprint):
        return False
    if run.status is Status.QUEUED and run.message is None:
        return False
    stay = run.typed if run.never_began else run.variables.keys()
    return run.destroy or all(name in stay and run.variables[name] == wanted.variables[name] for name in wanted.typed)


def _show_again(run: Run, call: Call, services: Services) -> None:
    """It goes on: nothing is started twice."""
    told = Reply(
        f"Your run `{run.id}` of `{run.deployment}` is {run.status.value} already. "
        "Continuing where we left off: its message follows, fresh."
    )
    services.chat.edit_original(call.application_id, call.token, told.payload())
    reattach(run, call, services)


def _record(run: Run, action: str, identity: Identity | None, call: Call, services: Services) -> None:
    note = f"with {identity.whose}" if identity else ""
    record(call, services, action or ("destroy" if run.destroy else "deploy"), run=run, note=note)
    if run.status is Status.QUEUED:
        record(call, services, "queued", run=run)


def _where_it_was_left(known: Deployment | None, services: Services) -> str:
    """How far the last run got, if it did not get through."""
    run = services.runs.get(known.last_run_id) if known and known.last_run_id else None
    if run is None or not run.unfinished:
        return ""
    got = render.reached(run, view_of(run, services))
    return f"Continuing where we left off: run `{run.id}` was cut short ({run.status.value}), {got}.\n"


def _announce(run: Run, stands: Standing, left_off: str, call: Call, services: Services) -> None:
    """The order matters: the first message after a deferral would replace the answer instead of following it."""
    waits = run.status is Status.QUEUED
    told = _waiting(run, stands, services) if waits else f"{left_off}{_starting(run)}"
    answer = Reply(
        f"{told}\nThis note stays as it is. Should that message fall silent: `/cloud-status name:{run.deployment}`."
    )
    services.chat.edit_original(call.application_id, call.token, answer.payload())
    if run.message is None:
        card = line_card.waiting(run, stands) if waits else render.started(run)
        live = services.chat.follow_up(call.application_id, call.token, card.payload(), ephemeral=False)
        services.runs.keep_message(run.id, live)


def _starting(run: Run) -> str:
    word = "Destroying" if run.destroy else "Deploying"
    saved = f"First the kept state of run `{run.unsaved_run_id}` is saved.\n" if run.unsaved_run_id else ""
    return f"{saved}{word} `{run.deployment}`: run `{run.id}`. First the plan; then you decide, in the message below."


def _waiting(run: Run, stands: Standing, services: Services) -> str:
    ahead = None
    with suppress(OutsideError):  # one that cannot be read is no reason not to wait behind it
        ahead = services.runs.get(stands.behind.run_id) if stands.behind else None
    kept = "" if run.destroy else " Variables that you did not type stay as those before you leave them."
    return (
        f"Your run `{run.id}` is {line_card.words(run, stands, ahead)}\nIt begins by itself, in the message below; "
        f"there you can cancel it too.{kept}"
    )
