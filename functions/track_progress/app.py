"""Keeps the live message true: by the builds' log lines, by the phases of CodeBuild, and when the watchdog asks."""

from collections.abc import Callable
from typing import Any

from chatops import bootstrap
from chatops.errors import OutsideError
from chatops.observability import logger
from chatops.runs.batch import read_log_event
from chatops.runs.build_events import read_build_event


def handler(event: Any, context: object) -> None:
    """Take in a batch of lines, a phase of a build, or {"look": run id}; what is none of them would not be later on."""
    match event:
        case {"look": str(run_id)}:
            _show(run_id, lambda: bootstrap.track().look(run_id))
        case {"build": _} if phase := read_build_event(event):
            _show(phase.run_id, lambda: bootstrap.track().build(phase.run_id, phase.step))
        case {"awslogs": _} if (batch := read_log_event(event)) is not None:
            if batch.lines:
                told = {"build_id": batch.build_id, "lines": len(batch.lines)}
                logger.info("log batch", extra=told | {"result": bootstrap.track()(batch.build_id, batch.lines)})
        case _:
            logger.warning("unreadable event")


def _show(run_id: str, what: Callable[[], str]) -> None:
    """What is seen the next minute is not worth a second try, nor a dead letter with a claim token in it."""
    try:
        logger.info("looked", extra={"run_id": run_id, "result": what()})
    except OutsideError:
        logger.exception("not looked", extra={"run_id": run_id})
