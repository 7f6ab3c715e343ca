"""A guild's line of runs, as the commands see it."""

from chatops.commands.services import Services
from chatops.domain.queues import Place
from chatops.domain.runs import Run
from chatops.runs.queue import Queue


def queue_of(services: Services) -> Queue:
    """The line, with the services that it needs."""
    return Queue(
        lines=services.lines,
        runs=services.runs,
        deployments=services.deployments,
        settings=services.settings,
        connections=services.connections,
        workflow=services.workflow,
        chat=services.chat,
        limits=services.limits,
        clock=services.clock,
        sleep=services.sleep,
    )


def waiting(guild_id: str, services: Services, deployment: str = "") -> list[Place]:
    """Those who wait in the guild's line, or for one of its deployments, first come first."""
    return [each for each in services.lines.get(guild_id).waiting if deployment in ("", each.deployment)]


def waiting_runs(guild_id: str, services: Services, deployment: str) -> list[Run]:
    """The runs that wait for a deployment, first come first."""
    found = (services.runs.get(each.run_id) for each in waiting(guild_id, services, deployment))
    return [run for run in found if run and not run.status.ended]
