"""/cloud-cancel: stop what is going on with a deployment, gracefully."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.decide import cancel
from chatops.commands.line import waiting
from chatops.commands.lookup import deployment_named
from chatops.commands.services import Services
from chatops.discord.replies import Reply
from chatops.domain.deployments import checked_name
from chatops.errors import UserError


def handle(call: Call, services: Services) -> Reply:
    """Stop the deployment's run: at once where it waits, after the current resource where it works.

    Of several, the person's own goes, and the one that works before those that wait in line.
    """
    name = checked_name(call.text("name"))
    deployment = services.deployments.get(call.guild_id, name)
    waits = waiting(call.guild_id, services, name)
    lock = deployment.lock if deployment else None
    if lock is None and not waits:
        known = deployment or deployment_named(call, services)
        raise UserError(f"Nothing is going on with `{known.name}`, so there is nothing to cancel.")
    going = [*([(lock.run_id, lock.user_id)] if lock else []), *((each.run_id, each.user_id) for each in waits)]
    own = [run_id for run_id, user_id in going if user_id == call.person.id]
    return Reply(cancel((own or [run_id for run_id, _ in going])[0], call, services))


COMMAND = Command(
    name="cloud-cancel",
    description="Stop a running plan, apply or destroy gracefully",
    handle=handle,
    usage="/cloud-cancel name:shop",
    options=(Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),),
)
