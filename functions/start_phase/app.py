"""Lets one new build claim the bundle of a run's next phase. Called by the state machine."""

import time
from typing import Any

from chatops import bootstrap
from chatops.domain.runs import Phase
from chatops.runs.start_phase import start_phase


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Take {run_id, phase}; return {claim_token, final_phase}."""
    return start_phase(bootstrap.start_phase(), event["run_id"], Phase(event["phase"]), int(time.time()))
