"""Resume and Destroy: what a person may do about a run that did not get through."""

from chatops.commands.base import Button, Call
from chatops.commands.launch import launch
from chatops.commands.lookup import run_of_this_guild
from chatops.commands.services import Services
from chatops.domain.deployments import Deployment
from chatops.domain.runs import Run, run_id_of
from chatops.errors import UserError


def resume(call: Call, services: Services) -> None:
    """Plan what is missing of the run, with the variables that it had; apply it once somebody approves."""
    run = _left_off(call, services)
    _again(run, run.destroy, "resume", call, services)


def destroy(call: Call, services: Services) -> None:
    """Plan the destruction of what the run made; carry it out once somebody approves."""
    _again(_left_off(call, services), True, "destroy", call, services)


def _left_off(call: Call, services: Services) -> Run:
    """The run, if it is the deployment's last word, and this person may decide about it.

    Raises:
        UserError: it got through, or something newer has happened.
        DeniedError: it is somebody else's.
    """
    run = run_of_this_guild(call.argument, call, services)
    if not run.unfinished or _overtaken(run, call, services):
        raise UserError(
            f"Something newer has happened to `{run.deployment}`: `/cloud-status name:{run.deployment}` shows it."
        )
    return run


def _overtaken(run: Run, call: Call, services: Services) -> bool:
    """Whether another run has worked on the deployment since, or somebody destroyed it.

    This very press may have begun a run already, in a process that died; and a run that was never kept is none.
    """
    deployment = services.deployments.get(run.guild_id, run.deployment)
    if deployment is None:
        return run.got_to_work
    if deployment.last_run_id in (run.id, run_id_of(call.interaction_id)):
        return False
    return services.runs.get(deployment.last_run_id) is not None


def _again(run: Run, destroys: bool, action: str, call: Call, services: Services) -> None:
    blueprint = services.catalogue.get(run.blueprint)
    # A first plan that was cut off left no deployment, but its run knows where it was going.
    planned = Deployment(
        run.guild_id, run.deployment, run.blueprint, provider=run.provider, project_id=run.project_id, region=run.region
    )
    launch(
        call,
        services,
        deployment=run.deployment,
        blueprint=blueprint.id,
        provider=blueprint.provider,
        destroy=destroys,
        variables=run.variables,
        typed=run.typed,
        known=services.deployments.get(run.guild_id, run.deployment) or planned,
        action=action,
    )


RESUME = Button("resume", resume, ephemeral=True)
DESTROY = Button("destroy", destroy, ephemeral=True)
