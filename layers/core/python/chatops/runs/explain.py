"""Read a run's plan and keep what it would do, what that means, and whether the guild's budgets allow it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from chatops.domain.runs import Run
from chatops.errors import ChatOpsError, OutsideError
from chatops.ports import Artefacts, DeploymentStore, GuildSettings, Log, RunStore
from chatops.runs.budget import budget_verdict
from chatops.runs.bundle import PLAN_FILES
from chatops.story.facts import plan_facts
from chatops.terraform.plan import index_from_plan, read_plan

INDEX = "index.json.gz"
STORY = "story.json.gz"
"""Everything that was computed of a plan; the run's row has a summary."""


class PlanMissing(ChatOpsError):
    """The build ended well and left no plan."""


@dataclass(frozen=True)
class Telling:
    """A plan's story: what is kept with the run and shown on its card, and the file behind the button Details."""

    summary: Mapping[str, Any]
    details: bytes


@dataclass(frozen=True)
class Explain:
    """What explaining a plan needs; `tell` gives the story of a run's plan by its hash, or None, and never raises."""

    runs: RunStore
    artefacts: Artefacts
    deployments: DeploymentStore
    settings: GuildSettings
    tell: Callable[[Run, Mapping[str, Any], str, Log], Telling | None]

    def __call__(self, run_id: str, log: Log) -> dict[str, bool]:
        """Record the plan's facts, story and hash, write the index of its operations, and say how the run goes on.

        `changes` is whether there is anything to do, `blocked` whether the guild's budgets forbid it. The hash is taken
        here, from the stored file, after the plan's build has ended: it is what the approval is bound to.

        Raises:
            PlanMissing: there is no such run, or the build left no plan.
            PlanFormatError: the file is not a plan.
        """
        run = self.runs.get(run_id)
        saved = self.artefacts.get(run.artefact(PLAN_FILES["plan"])) if run else None
        shown = self.artefacts.get(run.artefact(PLAN_FILES["plan_json"])) if run else None
        if run is None or saved is None or shown is None:
            raise PlanMissing(f"explaining run {run_id!r}: the build left no plan")
        plan = json.loads(shown)
        facts, plan_sha256 = read_plan(plan), hashlib.sha256(saved).hexdigest()
        self.artefacts.put(run.artefact(INDEX), index_from_plan(plan).to_bytes())
        story = self._story(run, plan, plan_sha256, log)
        verdict = budget_verdict(run, story.get("cost", {}), self.settings, self.deployments, self.runs)
        meaning = {"story": story, "budget": asdict(verdict) if verdict.over else {}}
        self.runs.record_plan(run_id, plan_facts(facts) | meaning, plan_sha256)
        return {"changes": facts.has_changes, "blocked": facts.has_changes and verdict.blocked}

    def _story(self, run: Run, plan: Mapping[str, Any], plan_sha256: str, log: Log) -> Mapping[str, Any]:
        """The story as it is kept with the run; empty where it could not be told."""
        told = self.tell(run, plan, plan_sha256, log)
        if told is None:
            return {}
        with suppress(OutsideError):  # the card stands without its details
            self.artefacts.put(run.artefact(STORY), told.details)
        return told.summary
