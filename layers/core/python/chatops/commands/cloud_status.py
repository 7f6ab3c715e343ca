"""/cloud-status: what there is, and what is going on."""

from collections.abc import Sequence
from dataclasses import replace

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.line import queue_of, waiting
from chatops.commands.lookup import deployment_named, view_of
from chatops.commands.services import Services
from chatops.discord import line_card, render
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.deployments import Deployment, checked_name
from chatops.domain.queues import Place


def handle(call: Call, services: Services) -> Reply:
    """One deployment in full, or all of them in a line each; and who waits."""
    return _one(call, services) if call.text("name") else _all(call, services)


def _one(call: Call, services: Services) -> Reply:
    name = checked_name(call.text("name"))
    waits = waiting(call.guild_id, services, name)
    deployment = services.deployments.get(call.guild_id, name)
    if deployment is None and waits and (first := services.runs.get(waits[0].run_id)):
        return line_card.waiting(first, queue_of(services).stands(first))
    deployment = deployment or deployment_named(call, services)
    run = services.runs.get(deployment.last_run_id) if deployment.last_run_id else None
    view = view_of(run, services) if run and run.build and not run.status.ended else None
    return _with_line(render.status(deployment, run, view), waits)


def _all(call: Call, services: Services) -> Reply:
    found = services.deployments.of_guild(call.guild_id)
    waits = waiting(call.guild_id, services)
    if not found and not waits:
        return Reply("Nothing is deployed in this server yet. `/cloud-init`, then `/cloud-deploy-v2`, make a start.")
    lines = [_line(deployment) for deployment in found[:40]]
    if len(found) > len(lines):
        lines.append(f"… and {len(found) - len(lines)} more; `/cloud-status name:…` shows any of them.")
    reply = Reply(
        title="☁️ 1 deployment" if len(found) == 1 else f"☁️ {len(found)} deployments",
        text="\n".join(lines),
        colour=Colour.BLUE,
    )
    return _with_line(reply, waits)


def _with_line(reply: Reply, waits: Sequence[Place]) -> Reply:
    if not waits:
        return reply
    return replace(reply, fields=(*reply.fields, (f"⏳ In line ({len(waits)})", line_card.queue(waits))))


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
