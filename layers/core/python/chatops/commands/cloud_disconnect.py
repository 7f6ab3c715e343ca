"""/cloud-disconnect: forget a cloud that the server has connected."""

from chatops.commands.base import Call, Command, Option
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.connections import CLOUDS, ROLE
from chatops.errors import DeniedError, UserError
from chatops.providers import PROVIDERS


def handle(call: Call, services: Services) -> Reply:
    """Delete the server's credentials for one cloud at once.

    Raises:
        DeniedError: the person has no Manage Server.
        UserError: nothing of this cloud is connected.
    """
    if not call.person.manages_guild:
        raise DeniedError("Only a member with Manage Server may disconnect a cloud of this server.")
    provider = PROVIDERS[call.text("provider")]
    found = services.connections.get(call.guild_id, provider.name)
    if found is None:
        raise UserError(f"This server has not connected {provider.title}. `/cloud-connect` shows what it has.")
    record(call, services, "disconnect", note=f"{provider.name} {found.project_id}")
    services.connections.delete(call.guild_id, provider.name)
    project = f"{provider.title} project {code(found.project_id)}"
    shut = "delete the role in your account" if found.kind == ROLE else "delete the key in your cloud"
    return Reply(
        title="🔌 Cloud disconnected",
        text=f"The credentials of {project} are deleted here.",
        colour=Colour.GREY,
        fields=(
            ("What goes on", "A build at work keeps its own sealed copy until it ends: `/cloud-cancel` ends one. A "
             "plan that was made with it cannot be approved any more, and what waits in line ends at its turn."),
            ("What stays", "Everything deployed. To change or destroy it somebody must bring credentials again, with "
             "`/cloud-init` or `/cloud-connect`."),
            ("To be quite sure", f"Also {shut}: then nobody can use it any more, wherever it is."),
        ),
    )  # fmt: skip


COMMAND = Command(
    name="cloud-disconnect",
    description="Forget this server's credentials for a cloud (Manage Server)",
    handle=handle,
    usage="/cloud-disconnect provider:aws",
    options=(Option("provider", "Whose cloud", required=True, choices=CLOUDS),),
)
