"""Shows the plan and waits for a person: keeps the state machine's task token with the run."""

import time
from typing import Any

from chatops import bootstrap
from chatops.runs.approve import request_approval


def handler(event: dict[str, Any], context: object) -> None:
    """Take {run_id, task_token}."""
    runs, chat, wake = bootstrap.request_approval()
    request_approval(runs, chat, wake, event["run_id"], event["task_token"], time.time, time.sleep)
