"""The Cloud Dungeon Master: tells what a run's plan means, for the state machine, and answers /cloud-advise."""

from collections.abc import Mapping
from typing import Any

from chatops import bootstrap
from chatops.observability import logger


def handler(event: dict[str, Any], context: object) -> dict[str, bool]:
    """Take {run_id} and return {changes, blocked}, or take {advise} and edit the deferred answer."""
    match event:
        case {"advise": dict(asked)}:
            bootstrap.advisor()(asked, _warn)
            return {}
        case _:
            answer: dict[str, bool] = bootstrap.advise()(event["run_id"], _warn)
            return answer


def _warn(message: str, fields: Mapping[str, Any]) -> None:
    logger.warning(message, extra=dict(fields))
