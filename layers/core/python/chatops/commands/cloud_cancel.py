"""/cloud-cancel: stop what is going on with a deployment, gracefully."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.decide import cancel
from chatops.commands.line import waiting
from chatops.commands.lookup import deployment_named
from chatops.commands.services import Services
from chatops.discord.replies import Reply
from chatops.domain.deployments import checked_name
from chatops.domain.runs import Run, Status
from chatops.errors import UserError


def handle(call: Call, services: Services) -> Reply:
    """Stop the deployment's run: at once where it waits, after the current resource where it works.

    Of several, the person's own goes, and the one that works before those that wait in line, unless it stops already.

    Raises:
        UserError: nothing is going on, or only a lock is left of it.
    """
    name = checked_name(call.text("name"))
    deployment = services.deployments.get(call.guild_id, name)
    waits = waiting(call.guild_id, services, name)
    lock = deployment.lock if deployment else None
    if lock is None and not waits:
        known = deployment or deployment_named(call, services)
        raise UserError(f"Nothing is going on with `{known.name}`, so there is nothing to cancel.")
    holder = _going_on(lock.run_id, services) if lock else None
    going = [holder, *(_going_on(each.run_id, services) for each in waits if each.user_id == call.person.id)]
    if own := [run for run in going if run and run.user_id == call.person.id]:
        return Reply(cancel(next(filter(_may_be_stopped, own), own[0]).id, call, services))
    if lock and holder is None:
        raise UserError(
            f"`{name}` is held by run `{lock.run_id}`, which is over or was never started. "
            f"`/cloud-unlock name:{name}` shows what is left of it, and frees it."
        )
    return Reply(cancel(holder.id if holder else waits[0].run_id, call, services))


def _going_on(run_id: str, services: Services) -> Run | None:
    run = services.runs.get(run_id)
    return run if run and not run.status.ended else None


def _may_be_stopped(run: Run) -> bool:
    """Whether asking would do something: nobody has yet, or it waits, and whoever was to end it may have died."""
    return not run.cancel_requested_by or run.status is Status.QUEUED


COMMAND = Command(
    name="cloud-cancel",
    description="Stop a running plan, apply or destroy gracefully",
    handle=handle,
    usage="/cloud-cancel name:shop",
    options=(Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),),
)
