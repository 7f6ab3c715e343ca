"""Keeps the live message true: by the builds' log lines, by the phases of CodeBuild, and when the watchdog asks."""

from collections.abc import Callable
from typing import Any

from chatops import bootstrap
from chatops.observability import logger
from chatops.runs.batch import UNREADABLE, read_log_event
from chatops.runs.build_events import read_build_event


def handler(event: Any, context: object) -> None:
    """Take in a batch of lines, a phase of a build, or {"look": run id}; what is none of them would not be later on."""
    match event:
        case {"awslogs": _}:
            _take_in(event)
        case {"look": str(run_id)}:
            _show(run_id, lambda: bootstrap.track().look(run_id))
        case {"build": _} if phase := read_build_event(event):
            _show(phase.run_id, lambda: bootstrap.track().build(phase.run_id, phase.step))
        case _:
            logger.warning("unreadable event")


def _take_in(event: Any) -> None:
    """What fails here is raised: Lambda comes back with the batch, and at last keeps it as a dead letter."""
    batch = read_log_event(event)
    if batch is None:
        logger.warning(UNREADABLE)
    elif batch.lines:
        told = {"build_id": batch.build_id, "lines": len(batch.lines)}
        logger.info("log batch", extra=told | {"result": bootstrap.track()(batch.build_id, batch.lines)})


def _show(run_id: str, what: Callable[[], str]) -> None:
    """What fails here is logged and no more: the next minute shows it, and a build's event holds its claim token.

    Only a process that dies or runs out of time leaves such an event to Lambda, and so to the dead letters.
    """
    try:
        logger.info("looked", extra={"run_id": run_id, "result": what()})
    except Exception:  # also what nobody thought of: `what` has never seen the event, so the log may tell all of it
        logger.exception("not looked", extra={"run_id": run_id})
