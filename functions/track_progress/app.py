"""Reads the builds' log lines and keeps the live message true. Subscribed to the builds' log group."""

from typing import Any

from chatops import bootstrap
from chatops.observability import logger
from chatops.runs.batch import read_log_event


def handler(event: dict[str, Any], context: object) -> None:
    """Take in one delivered batch; one that cannot be read is logged and left, since it would not read better again."""
    batch = read_log_event(event)
    if batch is None:
        logger.warning("unreadable log batch")
        return
    if batch.lines:
        result = bootstrap.track()(batch.build_id, batch.lines)
        logger.info("log batch", extra={"build_id": batch.build_id, "lines": len(batch.lines), "result": result})
