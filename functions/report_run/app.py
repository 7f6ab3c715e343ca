"""Ends a run, however it ended.

Called by the state machine, by the watchdog, and by EventBridge for executions that ended without reporting.
"""

import json
from typing import Any

from chatops import bootstrap
from chatops.domain.runs import Status

_STOPPED = "The execution was stopped in the Step Functions console."
_OUTCOMES = {
    "ABORTED": (Status.INTERRUPTED, _STOPPED),
    "TIMED_OUT": (Status.FAILED, "The run took longer than it may."),
}


def handler(event: dict[str, Any], context: object) -> None:
    """Take {run_id, outcome, cause?}, or Step Functions' status-change event."""
    if detail := event.get("detail"):
        outcome, cause = _OUTCOMES.get(detail["status"], (Status.FAILED, ""))
        bootstrap.report()(json.loads(detail["input"])["run_id"], outcome, cause)
    else:
        bootstrap.report()(event["run_id"], Status(event["outcome"]), event.get("cause", ""))
