"""/cloud-cancel: stop what is going on with a deployment, gracefully."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.decide import cancel
from chatops.commands.lookup import deployment_named
from chatops.commands.services import Services
from chatops.discord.replies import Reply
from chatops.errors import UserError


def handle(call: Call, services: Services) -> Reply:
    """Stop the deployment's run: at once where it waits, after the current resource where it works."""
    deployment = deployment_named(call, services)
    if deployment.lock is None:
        raise UserError(f"Nothing is going on with `{deployment.name}`, so there is nothing to cancel.")
    return Reply(cancel(deployment.lock.run_id, call, services))


COMMAND = Command(
    name="cloud-cancel",
    description="Stop a running plan, apply or destroy gracefully",
    handle=handle,
    usage="/cloud-cancel name:shop",
    options=(Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),),
)
