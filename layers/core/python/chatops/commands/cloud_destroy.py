"""/cloud-destroy: plan the end of a deployment, and carry it out once somebody approves."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.launch import launch
from chatops.commands.lookup import deployment_named
from chatops.commands.services import Services


def handle(call: Call, services: Services) -> None:
    """Start a run that plans a destruction; nothing goes before it is approved."""
    deployment = deployment_named(call, services)
    launch(
        call,
        services,
        deployment=deployment.name,
        blueprint=deployment.blueprint,
        provider=deployment.provider,
        destroy=True,
        variables=deployment.variables,
        known=deployment,
    )


COMMAND = Command(
    name="cloud-destroy",
    description="Plan the destruction of a deployment, and approve it",
    handle=handle,
    usage="/cloud-destroy name:shop",
    options=(Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),),
)
