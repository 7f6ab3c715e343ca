"""/cloud-help: what one can do here."""

from chatops.blueprints import Catalogue
from chatops.commands.base import Call, Command
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply


def handle(call: Call, services: Services) -> Reply:
    """The registry, told."""
    from chatops.commands import COMMANDS  # the registry holds this very command

    fields = [
        (f"/{command.name}", f"{command.description}.\n`{command.usage or '/' + command.name}`")
        for command in COMMANDS.values()
    ]
    return Reply(
        title="☁️ Cloud ChatOps",
        text="Deploy cloud infrastructure from this channel: open a session, plan, look, approve, watch.\n"
        f"Blueprints: {_listed(services.catalogue)}.",
        colour=Colour.BLUE,
        fields=tuple(fields[:24]),
        footer="Nothing changes before somebody presses Approve.",
    )


def _listed(catalogue: Catalogue) -> str:
    return ", ".join(f"`{blueprint_id}`" for blueprint_id in catalogue.ids()[:40])


COMMAND = Command(
    name="cloud-help", description="What you can do here, with examples", handle=handle, usage="/cloud-help"
)
