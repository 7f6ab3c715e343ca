"""Who else knows of an attempt: the audit trail of AWS, or the log of the function that refused."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sandbox import trail
from sandbox.isolation.attempts import Outcome
from sandbox.isolation.stage import Stage

TRAIL, KERNEL, RESULT, NOBODY = "audit trail", "nobody: the kernel refuses without a word", "the run's own end", ""
_LOGS = {"bundles": "HandOverLogs", "heartbeats": "HandOverLogs", "orders": "InteractionsLogs"}
_SAID = ("request refused", "bundle claimed twice", "signed request refused")
_WITHIN_MS = 30_000
_ON_THE_MACHINE = ("runner", "process", "build's files")


def with_records(stage: Stage, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes, and where each was recorded by somebody else than the attacker."""
    answered = {call.request_id: call for call in trail.read(stage.sandbox.emulator.trail) if call.status >= 400}
    said = {group: sorted(_said(stage, group)) for group in set(_LOGS.values())}
    return [replace(each, recorded=each.recorded or _recorded(each, answered, said)) for each in outcomes]


def _recorded(outcome: Outcome, answered: dict[str, trail.Call], said: dict[str, list[int]]) -> str:
    if any(word in outcome.target for word in _ON_THE_MACHINE):
        return KERNEL
    if group := _LOGS.get(outcome.target):
        return _in_log(outcome, group, said[group])
    return TRAIL if outcome.request_id in answered else NOBODY


def _in_log(outcome: Outcome, group: str, times: list[int]) -> str:
    """Each line of the log stands for one attempt."""
    at = int(outcome.at * 1000)
    for time in times:
        if at - 1000 <= time <= at + _WITHIN_MS:
            times.remove(time)
            return f"log of {group.removesuffix('Logs')}"
    return NOBODY


def _said(stage: Stage, group: str) -> Iterator[int]:
    """When the function refused something, in milliseconds."""
    pages = stage.sandbox.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=stage.resources[group]):
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue  # Lambda's own lines
            if isinstance(line, dict) and line.get("message") in _SAID:
                yield int(event["timestamp"])


def unrecorded(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The attempts that nobody else would know of."""
    return [each for each in outcomes if not each.recorded]
