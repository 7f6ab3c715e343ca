"""Read a run's plan and keep what it would do."""

import hashlib
import json

from chatops.errors import ChatOpsError
from chatops.ports import Artefacts, RunStore
from chatops.runs.bundle import PLAN_FILES
from chatops.story.facts import plan_facts
from chatops.terraform.plan import index_from_plan, read_plan

INDEX = "index.json.gz"


class PlanMissing(ChatOpsError):
    """The build ended well and left no plan."""


def explain(runs: RunStore, artefacts: Artefacts, run_id: str) -> bool:
    """Record the plan's facts and hash, write the index of its operations, and return whether it changes anything.

    The hash is taken here, from the stored file, after the plan's build has ended: it is what the approval is bound to.

    Raises:
        PlanMissing: there is no such run, or the build left no plan.
        PlanFormatError: the file is not a plan.
    """
    run = runs.get(run_id)
    saved = artefacts.get(run.artefact(PLAN_FILES["plan"])) if run else None
    shown = artefacts.get(run.artefact(PLAN_FILES["plan_json"])) if run else None
    if run is None or saved is None or shown is None:
        raise PlanMissing(f"explaining run {run_id!r}: the build left no plan")
    plan = json.loads(shown)
    facts = read_plan(plan)
    artefacts.put(run.artefact(INDEX), index_from_plan(plan).to_bytes())
    runs.record_plan(run_id, plan_facts(facts), hashlib.sha256(saved).hexdigest())
    return facts.has_changes
