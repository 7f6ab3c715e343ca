"""A deployment's lock, as a run takes it."""

from dataclasses import replace

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.runs import Run
from chatops.errors import ConflictError
from chatops.ports import DeploymentStore, RunStore

ORPHAN_SECONDS = 120
"""How old a lock without a run must be before it counts as left behind by a command that died half-way."""


def take_lock(run: Run, deployments: DeploymentStore, runs: RunStore, now: int) -> tuple[Lock, bool] | None:
    """The run's lock, and whether this call took it; None where another run holds the deployment."""
    deployment = Deployment(
        run.guild_id,
        run.deployment,
        run.blueprint,
        provider=run.provider,
        project_id=run.project_id,
        region=run.region,
    )
    for _ in range(2):
        try:
            return deployments.acquire(deployment, run.id, run.user_id, now), True
        except ConflictError:
            found = deployments.get(run.guild_id, run.deployment)
            held = found.lock if found else None
        if held and held.run_id == run.id:
            return held, False
        if held and protects_nothing(held, holder := runs.get(held.run_id), now):
            deployments.release(run.guild_id, run.deployment, held.run_id, began=began(holder))
    return None


def protects_nothing(lock: Lock, holder: Run | None, now: int) -> bool:
    """Whether its run is over and told of, or was never kept: a command died half-way."""
    return holder.reported if holder else now - lock.since > ORPHAN_SECONDS


def began(holder: Run | None) -> bool:
    """Whether a lock's run may have done something under it; of one that is not there nobody knows."""
    return holder is None or not holder.never_began


def up_to_date(run: Run, known: Deployment | None) -> Run:
    """The run with the deployment's variables as they are now, but for those that a person typed for it.

    While it waited, other runs may have changed them, and nobody asked it to undo that.
    """
    if known is None or not known.variables:
        return run
    if run.destroy:
        return replace(run, variables=known.variables)
    newer = {name: value for name, value in known.variables.items() if name in run.variables and name not in run.typed}
    return replace(run, variables={**run.variables, **newer})


def under(lock: Lock, run: Run) -> Run:
    """The run with what its lock says of it."""
    return replace(run, fence=lock.fence, previous_run_id=lock.previous_run_id, unsaved_run_id=lock.unsaved_run_id)
