"""Finding what a command or a button is about."""

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.domain.approvals import may_decide
from chatops.domain.deployments import Deployment, checked_name
from chatops.domain.runs import Run, is_run_id
from chatops.errors import DeniedError, UserError
from chatops.runs.view import ProgressView, progress_view

_NO_SUCH_RUN = "That run does not exist (any more). `/cloud-status` shows what there is."


def deployment_named(call: Call, services: Services) -> Deployment:
    """The guild's deployment that the option `name` names.

    Raises:
        UserError: there is none; says which there are.
    """
    name = checked_name(call.text("name"))
    found = services.deployments.get(call.guild_id, name)
    if found:
        return found
    names = [deployment.name for deployment in services.deployments.of_guild(call.guild_id)]
    known = ", ".join(f"`{each}`" for each in names[:20]) or "none yet; `/cloud-deploy-v2` makes one"
    raise UserError(f"There is no deployment `{name}` in this server. There are: {known}.")


def view_of(run: Run, services: Services) -> ProgressView:
    """How far the run is, or got."""
    return progress_view(services.runs, services.artefacts, run, services.clock())


def run_to_decide(run_id: str, call: Call, services: Services) -> Run:
    """The run, if this person may decide about it in this guild, here and now.

    Raises:
        UserError: no such run, or it has ended.
        DeniedError: it is somebody else's, and the person does not manage the server; or it is another server's.
    """
    run = run_of_this_guild(run_id, call, services)
    if run.status.ended:
        raise UserError(f"That run has ended already ({run.status.value}).")
    return run


def run_of_this_guild(run_id: str, call: Call, services: Services) -> Run:
    """The run, ended or not, if this person may decide about it.

    Raises:
        UserError: there is no such run.
        DeniedError: it is somebody else's, and the person does not manage the server; or it is another server's.
    """
    run = run_here(run_id, call, services)
    check_may(run, call, "decide this")
    return run


def run_here(run_id: str, call: Call, services: Services) -> Run:
    """The run, ended or not, if it is one of this guild's.

    Raises:
        UserError: there is no such run.
        DeniedError: it is another server's; in the same words, since nobody here may learn that it is there.
    """
    run = services.runs.get(run_id) if is_run_id(run_id) else None
    if run is None or run.guild_id != call.guild_id:
        raise (UserError if run is None else DeniedError)(_NO_SUCH_RUN)
    return run


def check_may(run: Run, call: Call, what: str) -> None:
    """Refuse what only those may do who may decide about the run.

    Raises:
        DeniedError: the run is somebody else's, and the person does not manage the server.
    """
    if not may_decide(run, call.person.id, call.guild_id, call.person.manages_guild):
        raise DeniedError(f"Only <@{run.user_id}>, who started this run, or a member with Manage Server may {what}.")
