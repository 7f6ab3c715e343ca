"""How far a build is before it has a log: CodeBuild's phase events, as BuildPhasesRule of template.yaml passes them on.

CodeBuild sends "CodeBuild Build Phase Change" for each phase that a build has behind it, on a best-effort basis. Of its
`detail` the rule passes on (AWS CodeBuild User Guide, "Build notifications input format reference")

    "completed-phase": "SUBMITTED"
    "additional-information": {"environment": {"environment-variables": [
        {"name": "RUN_ID", "type": "PLAINTEXT", "value": "0123456789abcdef"}, …]}}

as {"build": {"completed": …, "variables": …}}. The variables that the build was started with are among them, the claim
token too: such an event is never logged.
"""

from dataclasses import dataclass
from typing import Any

from chatops.domain.progress import Step
from chatops.domain.runs import is_run_id

_NEXT = {"SUBMITTED": Step.QUEUED, "QUEUED": Step.PROVISIONING, "PROVISIONING": Step.BOOTING}
"""What a build does when it has a phase behind it."""


@dataclass(frozen=True)
class BuildPhase:
    """What the build of a run does now."""

    run_id: str
    step: Step


def read_build_event(event: Any) -> BuildPhase | None:
    """What an event tells, or None where it is none of these, or of a build that was not started for one run."""
    try:
        told = event["build"]
        (run_id,) = (each["value"] for each in told["variables"] if each["name"] == "RUN_ID")
        return BuildPhase(run_id, _NEXT[told["completed"]]) if is_run_id(run_id) else None
    except (KeyError, TypeError, ValueError):
        return None
