"""/cloud-deploy-v2: plan a deployment, and apply it once somebody approves."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.launch import launch
from chatops.commands.services import Services
from chatops.domain.blueprints import parse_variables, typed_names
from chatops.domain.deployments import checked_name
from chatops.errors import UserError


def handle(call: Call, services: Services) -> None:
    """Check everything that can be checked before anything is locked; then start the run."""
    blueprint = services.catalogue.get(call.text("blueprint"))
    name = checked_name(call.text("name") or blueprint.id.rpartition("/")[2])
    known = services.deployments.get(call.guild_id, name)
    if known and known.blueprint != blueprint.id:
        raise UserError(
            f"`{name}` is a deployment of `{known.blueprint}` already. "
            f"Give another `name:`, or `/cloud-destroy name:{name}` first."
        )
    launch(
        call,
        services,
        deployment=name,
        blueprint=blueprint.id,
        provider=blueprint.provider,
        destroy=False,
        variables=parse_variables(call.text("variables"), blueprint, known.variables if known else None),
        typed=typed_names(call.text("variables"), blueprint),
        known=known,
    )


COMMAND = Command(
    name="cloud-deploy-v2",
    description="Plan a deployment, see what it would do, and approve it",
    handle=handle,
    usage="/cloud-deploy-v2 blueprint:aws/web-app name:shop variables:instance_type=t3.micro",
    options=(
        Option("blueprint", "What to deploy", required=True, max_length=60, suggest=suggest.blueprints),
        Option("name", "The deployment's name (default: the blueprint's)", max_length=31),
        Option("variables", "name=value, name=value (default: as before)", max_length=2000, suggest=suggest.variables),
    ),
)
