"""Hold a run's plan against the budgets of its guild, with everything else that the guild has deployed."""

from collections.abc import Iterator

from chatops.domain.deployments import Deployment
from chatops.domain.money import Cost, Verdict, amount, judge
from chatops.domain.runs import Run, Status
from chatops.ports import DeploymentStore, GuildSettings, RunStore


def budget_verdict(
    run: Run, planned: Cost, settings: GuildSettings, deployments: DeploymentStore, runs: RunStore
) -> Verdict:
    """What the budgets say to this plan, here and now; `planned` is its story's cost."""
    budgets = settings.of(run.guild_id)
    if budgets.deployment is None and budgets.guild is None:
        return Verdict()
    return judge(planned, _others(run, deployments, runs) if budgets.guild is not None else (), budgets)


def _others(run: Run, deployments: DeploymentStore, runs: RunStore) -> Iterator[Cost]:
    for each in deployments.of_guild(run.guild_id):
        if each.name != run.deployment and (cost := _cost(each, runs)) is not None:
            yield cost


def _cost(deployment: Deployment, runs: RunStore) -> Cost | None:
    """What it costs, or will when the plan is carried out that was approved for it; None where nothing of it is."""
    holder = runs.get(deployment.lock.run_id) if deployment.lock else None
    if holder is not None and holder.status is Status.APPLYING:
        planned = dict(holder.plan.get("story", {}).get("cost", {}))
        dearer = max(amount(planned.get("after")), amount(deployment.cost.get("monthly")))
        return planned | {"monthly": dearer}
    return None if deployment.status == "new" else deployment.cost
