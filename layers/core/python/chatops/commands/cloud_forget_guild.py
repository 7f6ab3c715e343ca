"""/cloud-forget-guild: what is kept of this server goes, and its runs end; what its people still need is named."""

from collections.abc import Sequence

from chatops.commands.base import Call, Command, Option
from chatops.commands.cloud_forget_me import WORD, confirmed, counted
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.audit import AUDIT_KEPT_DAYS
from chatops.domain.deployments import Deployment
from chatops.domain.runs import FILES_KEPT_DAYS, RUN_KEPT_SECONDS
from chatops.errors import DeniedError
from chatops.runs.leaving import Forgotten, Leaving, under_way

MOST_NAMED = 12

_RUN_DAYS = RUN_KEPT_SECONDS // (24 * 3600)


def handle(call: Call, services: Services) -> Reply:
    """Say what would go and what stays; with the word, let it go.

    Raises:
        DeniedError: the person has no Manage Server.
        UserError: another word was typed.
    """
    if not call.person.manages_guild:
        raise DeniedError("Only a member with Manage Server may have this server forgotten. /cloud-forget-me is yours.")
    if not confirmed(call):
        return _asked(call, services)
    record(call, services, "forget-guild")
    forgotten = _leaving(services).forget(call.guild_id, call.person.id, "This server had itself forgotten.")
    return _told(forgotten, services.deployments.of_guild(call.guild_id), call.guild_id)


def _leaving(services: Services) -> Leaving:
    return Leaving(
        runs=services.runs,
        artefacts=services.artefacts,
        connections=services.connections,
        settings=services.settings,
        timings=services.timings,
        lines=services.lines,
        interactions=services.interactions,
        forget_sessions=lambda guild_id: services.sessions.forget(guild_id=guild_id),
        report=services.report,
        clock=services.clock,
    )


def _asked(call: Call, services: Services) -> Reply:
    runs = len(tuple(under_way(services.runs, guild_id=call.guild_id)))
    ended = f"{counted(runs, 'run that is', 'runs that are')} under way or in line, " if runs else ""
    return Reply(
        title="🧹 Forget this server?",
        text=f"This ends {ended}all sessions of everybody here, and deletes their credentials, the connected clouds "
        "with this server's external id, the settings and the durations of earlier runs. It cannot be undone, and it "
        f"destroys nothing in a cloud.\n`/cloud-forget-guild confirm:{WORD}`",
        colour=Colour.AMBER,
        fields=(_deployed(services.deployments.of_guild(call.guild_id)), _stays(call.guild_id)),
    )


def _told(forgotten: Forgotten, deployments: Sequence[Deployment], guild_id: str) -> Reply:
    gone = [
        counted(forgotten.clouds, "connected cloud", "connected clouds"),
        counted(forgotten.sessions, "session", "sessions"),
        "the settings and the durations of earlier runs",
    ]
    ended = f"\nAsked to stop: {', '.join(code(run.deployment) for run in forgotten.runs)}." if forgotten.runs else ""
    return Reply(
        title="🧹 This server is forgotten",
        text=f"Deleted: {', '.join(gone)}.{ended}",
        colour=Colour.GREEN,
        fields=(_deployed(deployments), _stays(guild_id)),
        footer="Now the bot can be removed, in Server Settings, Integrations. Whoever runs a command starts anew.",
    )


def _deployed(deployments: Sequence[Deployment]) -> tuple[str, str]:
    """What exists in a cloud and goes on costing; a deployment that was never applied is none of it."""
    made = [each for each in deployments if each.status != "new"]
    if not made:
        return ("In your clouds", "Nothing that was deployed from here is known to exist.")
    lines = [f"`/cloud-destroy name:{each.name}`" for each in made[:MOST_NAMED]]
    more = [f"and {len(made) - MOST_NAMED} more: `/cloud-status`"] if len(made) > MOST_NAMED else []
    exist = counted(len(made), "deployment exists", "deployments exist")
    told = f"{exist} and may cost money. To destroy, with a session:"
    return ("In your clouds", "\n".join([told, *lines, *more]))


def _stays(guild_id: str) -> tuple[str, str]:
    return (
        "What stays",
        f"• the rows of deployments, and their Terraform states under `{guild_id}/` in the state bucket: without them "
        "nothing could be destroyed. An administrator of the AWS account that runs this bot removes them "
        f"(`aws s3 rm --recursive s3://<state bucket>/{guild_id}/`, then the versions).\n"
        f"• the history ({AUDIT_KEPT_DAYS} days), the rows of runs ({_RUN_DAYS} days), logs and plans "
        f"({FILES_KEPT_DAYS} days)\n• the number of runs, for an hour\n• messages here, until you delete them",
    )


COMMAND = Command(
    name="cloud-forget-guild",
    description="Delete what is kept of this server, and end its runs (Manage Server)",
    handle=handle,
    usage=f"/cloud-forget-guild confirm:{WORD}",
    options=(Option("confirm", f"Type {WORD} to go on; without it you see what would be deleted", max_length=20),),
)
