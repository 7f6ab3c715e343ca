"""The Cloud Dungeon Master: reads a run's plan and keeps what it means. Called by the state machine."""

from typing import Any

from chatops import bootstrap
from chatops.runs.explain import explain


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """Take {run_id}; return {changes}."""
    runs, artefacts = bootstrap.advise()
    return {"changes": explain(runs, artefacts, event["run_id"])}
