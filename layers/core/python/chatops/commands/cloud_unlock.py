"""/cloud-unlock: who holds a deployment, whether that still lives, and who waits; frees what is dead."""

from dataclasses import dataclass

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.line import waiting
from chatops.commands.lookup import deployment_named
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord import line_card
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import duration
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.runs import Run
from chatops.runs.lock import ORPHAN_SECONDS, protects_nothing
from chatops.runs.sweep import Finding, find_lost, stop


@dataclass(frozen=True)
class _Looked:
    """What was seen: words about the run, whether nothing protects anything any more, and what a lost run is to get."""

    told: str
    dead: bool = False
    lost: Finding | None = None


def handle(call: Call, services: Services) -> Reply:
    """Show the lock, and give it back if whoever took it is gone.

    Raises:
        UserError: there is no such deployment.
    """
    deployment = deployment_named(call, services)
    lock = deployment.lock
    if lock is None:
        return _reply(deployment, f"`{deployment.name}` is not locked.", Colour.GREEN, services)
    run = services.runs.get(lock.run_id)
    looked = _look(lock, run, services)
    held = f"Locked by <@{lock.user_id}> since <t:{lock.since}:R>, by run `{lock.run_id}`.\n{looked.told}"
    if not looked.dead and looked.lost is None:
        return _reply(deployment, f"{held}\n{_instead(lock, call, deployment)}", Colour.BLUE, services)
    if not _may_free(lock, call):
        told = f"Only <@{lock.user_id}> or a member with Manage Server may free it by hand."
        return _reply(deployment, f"{held}\n{told}", Colour.AMBER, services)
    record(call, services, "unlock", deployment=deployment.name, run=run, note=f"lock of run {lock.run_id}")
    if run and looked.lost:
        stop(run, looked.lost, services.runs, services.workflow, int(services.clock()))
    freed = _free(deployment, lock, looked, services)
    return _reply(deployment, f"{held}\n{freed}", Colour.GREEN, services)


def _look(lock: Lock, run: Run | None, services: Services) -> _Looked:
    now = int(services.clock())
    if protects_nothing(lock, run, now):
        told = (
            f"That run has ended ({run.status.value}), and its last message stands."
            if run
            else "There is no such run: a command died half-way."
        )
        return _Looked(f"🔓 {told}", dead=True)
    if run is None:
        rest = ORPHAN_SECONDS - (now - lock.since)
        return _Looked(
            f"⏳ A command is just starting that run. If it died, the lock can be freed in {duration(rest)}."
        )
    lost = find_lost(run, now, services.workflow, services.builds)
    if lost is None:
        return _Looked(f"💓 It lives: {run.status.value}. {_build(run, now, services)}")
    why = lost.cause or f"It has ended ({run.status.value}), and has not told yet."
    return _Looked(f"🔓 {why}", lost=lost)


def _build(run: Run, now: int, services: Services) -> str:
    """Whether its build lives, in words; never which build it is."""
    build = run.build
    if not run.status.at_work or build is None:
        return "It needs no build right now."
    if not build.build_id:
        return f"Its build has {duration(max(build.claim_until - now, 0))} left to come."
    beat = f"its last sign of life came {duration(max(now - build.heartbeat_at, 0))} ago"
    status = services.builds.status(build.build_id)
    if status == "IN_PROGRESS":
        return f"Its build works, and {beat}."
    if status is None:
        return f"CodeBuild does not know its build, which never counts as ended; {beat}."
    return f"Its build has ended ({status.lower().replace('_', ' ')}), and {beat}; the run may still tell by itself."


def _instead(lock: Lock, call: Call, deployment: Deployment) -> str:
    if _may_free(lock, call):
        return (
            f"A living run is not unlocked: `/cloud-cancel name:{deployment.name}` stops it, and gives the lock back."
        )
    return f"A living run is not unlocked. Wait for it, or ask <@{lock.user_id}> or a member with Manage Server."


def _may_free(lock: Lock, call: Call) -> bool:
    return call.person.id == lock.user_id or call.person.manages_guild


def _free(deployment: Deployment, lock: Lock, looked: _Looked, services: Services) -> str:
    if lost := looked.lost:
        services.report(
            {"source": "commands", "run_id": lost.run_id, "outcome": lost.outcome.value, "cause": lost.cause}
        )
        return "It is being ended properly now; its message tells when the lock is free."
    services.deployments.release(deployment.guild_id, deployment.name, lock.run_id)
    services.report({"source": "commands", "turn": deployment.guild_id})
    return f"The lock is free. `/cloud-deploy-v2` works again for `{deployment.name}`."


def _reply(deployment: Deployment, text: str, colour: Colour, services: Services) -> Reply:
    waits = waiting(deployment.guild_id, services, deployment.name)
    fields = ((f"⏳ In line ({len(waits)})", line_card.queue(waits)),) if waits else ()
    return Reply(text, f"🔒 {deployment.name}", colour, fields)


COMMAND = Command(
    name="cloud-unlock",
    description="Show who holds a deployment, and free a lock whose run is dead",
    handle=handle,
    usage="/cloud-unlock name:shop",
    options=(Option("name", "Which deployment", required=True, max_length=31, suggest=suggest.deployments),),
)
