"""Ends a run, however it ended, and starts whose turn it is then.

Called by the state machine, by the watchdog and the commands, and by EventBridge for executions that ended without
reporting.
"""

import json
from typing import Any

from chatops import bootstrap
from chatops.domain.runs import Status
from chatops.runs.report import BuildStillRunning

_STOPPED = "The execution was stopped in the Step Functions console."
_OUTCOMES = {
    "ABORTED": (Status.INTERRUPTED, _STOPPED),
    "TIMED_OUT": (Status.FAILED, "The run took longer than it may."),
}


def handler(event: dict[str, Any], context: object) -> None:
    """Take {run_id, outcome, cause}, or Step Functions' status-change event, or {turn: guild id} for the line alone."""
    if guild_id := event.get("turn"):
        bootstrap.report().turn(guild_id)
        return
    try:
        bootstrap.report()(*_asked(event))
    except BuildStillRunning:
        if "source" not in event:
            raise  # the state machine asks again; for the others the watchdog comes back every minute


def _asked(event: dict[str, Any]) -> tuple[str, Status, str]:
    detail = event.get("detail")
    if detail is None:
        return event["run_id"], Status(event["outcome"]), event.get("cause", "")
    return json.loads(detail["input"])["run_id"], *_OUTCOMES.get(detail["status"], (Status.FAILED, ""))
