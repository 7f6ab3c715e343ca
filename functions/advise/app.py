"""The Cloud Dungeon Master: reads a run's plan and keeps what it means. Called by the state machine."""

from typing import Any

from chatops import bootstrap
from chatops.observability import logger


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """Take {run_id}; return {changes, blocked}."""
    explain = bootstrap.advise()
    answer: dict[str, bool] = explain(
        event["run_id"], lambda message, fields: logger.warning(message, extra=dict(fields))
    )
    return answer
