"""Seeded runs of Terraform for the benchmarks: what is done when, and the lines that are printed about it."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chatops.domain.progress import Operation, OperationKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

PARALLELISM = 10  # Terraform's default
TICK_SECONDS = 10
_TYPES = (
    "aws_subnet",
    "aws_iam_role_policy_attachment",
    "aws_route53_record",
    "aws_security_group_rule",
    "aws_instance",
)
_KINDS = (OperationKind.CREATE,) * 6 + (OperationKind.UPDATE,) * 2 + (OperationKind.DELETE,) * 2
_WORDS = {
    OperationKind.CREATE: ("Creating", "Creation"),
    OperationKind.UPDATE: ("Modifying", "Modifications"),
    OperationKind.DELETE: ("Destroying", "Destruction"),
}


class Line(NamedTuple):
    """One printed line and when, in milliseconds since 1970."""

    at_ms: int
    text: str


@dataclass(frozen=True)
class Work:
    """One operation of a run: from `start` to `end`, in milliseconds after the run's start."""

    operation: Operation
    start: int
    end: int
    fails: bool = False


def run(
    random: Random, operations: int, mean_ms: float, failing: float = 0.0, parallelism: int = PARALLELISM
) -> list[Work]:
    """What a run does: so many at a time, most things quick, a few slow; after a failure the rest goes on."""
    free = [0] * parallelism
    done = []
    for number in range(operations):
        start = heapq.heappop(free) + random.randrange(50)
        end = start + max(200, int(random.expovariate(1 / mean_ms)))
        heapq.heappush(free, end)
        operation = Operation(_address(random, number), random.choice(_KINDS))
        done.append(Work(operation, start, end, random.random() < failing))
    return done


def json_lines(work: Sequence[Work], started_at_ms: int) -> list[Line]:
    """What `apply -json` prints, in order."""
    summary = {"add": len(work), "change": 0, "import": 0, "remove": 0, "operation": "apply"}
    lines = [
        Line(at, _apply_line(at, each, stage, elapsed)) for at, each, stage, elapsed in _events(work, started_at_ms)
    ]
    if work and not any(each.fails for each in work):
        at = lines[-1].at_ms
        lines.append(Line(at, _message(at, "Apply complete!", "change_summary", changes=summary)))
    return lines


def text_lines(work: Sequence[Work], started_at_ms: int) -> list[Line]:
    """The same run as Terraform 1.12 and later tells it to a person; it says nothing when something fails."""
    lines = []
    for at, each, stage, elapsed in _events(work, started_at_ms):
        doing, done = _WORDS[each.operation.kind]
        waited = f"{elapsed // 60:02}m{elapsed % 60:02}s"
        words = {
            "start": f"{doing}...",
            "progress": f"Still {doing.lower()}... [id=i-0{at % 10**9:x}, {waited} elapsed]",
            "complete": f"{done} complete after {elapsed}s [id=i-0{at % 10**9:x}]",
        }
        if stage in words:
            lines.append(Line(at, f"{each.operation.address}: {words[stage]}"))
    if work and not any(each.fails for each in work):
        lines.append(Line(lines[-1].at_ms, f"Apply complete! Resources: {len(work)} added, 0 changed, 0 destroyed."))
    return lines


def plan_json_lines(work: Sequence[Work], started_at_ms: int) -> list[Line]:
    """What `plan -json` prints: everything is read, then everything that changes is named."""
    lines = []
    for number, each in enumerate(work):
        at = started_at_ms + number * 3
        resource = _resource(each.operation.address)
        for stage in ("start", "complete"):
            hook = {"resource": resource, "id_key": "id", "id_value": f"i-0{number:x}"}
            text = f"{each.operation.address}: Refreshing state... [id=i-0{number:x}]"
            lines.append(Line(at, _message(at, text, f"refresh_{stage}", hook=hook)))
    for each in work:
        action = each.operation.kind.value
        change = {"resource": _resource(each.operation.address), "action": action}
        lines.append(
            Line(at, _message(at, f"{each.operation.address}: Plan to {action}", "planned_change", change=change))
        )
    return lines


def plan_text_lines(work: Sequence[Work], started_at_ms: int) -> list[Line]:
    """What `plan` prints for a person: mostly attributes."""
    lines = [f"{each.operation.address}: Refreshing state... [id=i-0{number:x}]" for number, each in enumerate(work)]
    for each in work:
        lines += [
            f"  # {each.operation.address} will be created",
            f'  + resource "{_TYPES[0]}" "this" {{',
            "      + arn                 = (known after apply)",
            '      + cidr_block          = "10.0.1.0/24"',
            "      + tags                = {",
            '          + "Name: of it" = "a ... b"',
            "        }",
            "    }",
            "",
        ]
    return [Line(started_at_ms + number, text) for number, text in enumerate(lines)]


def _events(work: Sequence[Work], started_at_ms: int) -> Iterator[tuple[int, Work, str, int]]:
    """Starts, ticks and ends with their elapsed seconds, in the order of time."""
    events = []
    for each in work:
        spans = range(TICK_SECONDS * 1000, each.end - each.start, TICK_SECONDS * 1000)
        last = "errored" if each.fails else "complete"
        events.append((each.start, each, "start", 0))
        events += [(each.start + span, each, "progress", span // 1000) for span in spans]
        events.append((each.end, each, last, (each.end - each.start) // 1000))
    for at, each, stage, elapsed in sorted(events, key=lambda event: event[0]):
        yield started_at_ms + at, each, stage, elapsed


def _apply_line(at_ms: int, work: Work, stage: str, elapsed: int) -> str:
    address, action = work.operation.address, work.operation.kind.value
    hook: dict[str, Any] = {"resource": _resource(address), "action": action}
    if stage == "complete":
        hook |= {"id_key": "id", "id_value": f"i-0{at_ms % 10**9:x}"}
    if stage != "start":
        hook |= {"elapsed_seconds": elapsed}
    return _message(at_ms, f"{address}: {_WORDS[work.operation.kind][0]}... [{elapsed}s]", f"apply_{stage}", hook=hook)


def _message(at_ms: int, text: str, kind: str, **payload: Mapping[str, Any]) -> str:
    """A line as both tools write it: their keys are sorted."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = {"@level": "info", "@message": text, "@module": "terraform.ui", "@timestamp": moment}
    return json.dumps({**head, **payload, "type": kind}, separators=(",", ":"))


def _resource(address: str) -> dict[str, Any]:
    module, _, resource = address.rpartition("].")
    kind, _, rest = resource.partition(".")
    name, _, key = rest.partition("[")
    return {
        "addr": address,
        "module": f"{module}]" if module else "",
        "resource": resource,
        "implied_provider": "aws",
        "resource_type": kind,
        "resource_name": name,
        "resource_key": key.rstrip("]").strip('"') or None,
    }


def _address(random: Random, number: int) -> str:
    kind = random.choice(_TYPES)
    return random.choice(
        (
            f"{kind}.this[{number}]",
            f'module.network["eu-west-{number % 3}"].{kind}.private[{number}]',
            f'{kind}.by_name["team/{number}: a.b"]',
        )
    )
