"""/cloud-status: what there is, and what is going on."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.lookup import deployment_named, view_of
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.deployments import Deployment


def handle(call: Call, services: Services) -> Reply:
    """One deployment in full, or all of them in a line each."""
    return _one(deployment_named(call, services), services) if call.text("name") else _all(call, services)


def _one(deployment: Deployment, services: Services) -> Reply:
    run = services.runs.get(deployment.last_run_id) if deployment.last_run_id else None
    view = view_of(run, services) if run and run.build and not run.status.ended else None
    return render.status(deployment, run, view)


def _all(call: Call, services: Services) -> Reply:
    found = services.deployments.of_guild(call.guild_id)
    if not found:
        return Reply("Nothing is deployed in this server yet. `/cloud-init`, then `/cloud-deploy-v2`, make a start.")
    lines = [_line(deployment) for deployment in found[:40]]
    if len(found) > len(lines):
        lines.append(f"… and {len(found) - len(lines)} more; `/cloud-status name:…` shows any of them.")
    return Reply(
        title=f"☁️ {len(found)} deployments" if len(found) > 1 else "☁️ 1 deployment",
        text="\n".join(lines),
        colour=Colour.BLUE,
    )


def _line(deployment: Deployment) -> str:
    busy = f" · 🔒 <@{deployment.lock.user_id}> since <t:{deployment.lock.since}:R>" if deployment.lock else ""
    return f"**{deployment.name}** · {code(deployment.blueprint)} · {deployment.status}{busy}"


COMMAND = Command(
    name="cloud-status",
    description="Show this server's deployments and what is going on",
    handle=handle,
    usage="/cloud-status name:shop",
    options=(Option("name", "One deployment (default: all)", max_length=31, suggest=suggest.deployments),),
)
