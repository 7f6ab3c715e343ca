"""What a delivered batch adds to a run: the quick reader against the plain one, steps, signs of life, hostile lines."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench import model
from chatops.domain.progress import (
    APPLIED_KEY,
    HEARD_SECONDS,
    Operation,
    OperationKind,
    ProgressDelta,
    Step,
    heard_mark,
    pack,
)
from chatops.terraform.batch import read_batch
from chatops.terraform.diagnostics import DiagnosticReader
from chatops.terraform.events import Applied, Diagnostic, OperationSeen, Output, event_of
from chatops.terraform.messages import JsonMessage, Stage, UnsupportedUiVersionError, clean, epoch_ms, parse_line
from chatops.terraform.text import read_text

VECTORS = Path(__file__).parents[2] / "vectors" / "terraform"
STARTED = 1_800_000_000_000
CREATE = OperationKind.CREATE


def at(seconds: float) -> int:
    return STARTED + int(seconds * 1000)


def batch(*lines: str, seconds: float = 1) -> ProgressDelta:
    return read_batch([(at(seconds), line) for line in lines], STARTED)


def message(kind: str, text: str = "…", seconds: float | None = None, **payload: Any) -> str:
    """A line as the tools write it: sorted keys, no blanks."""
    body: dict[str, Any] = {"@level": "info", "@message": text, "@module": "terraform.ui", **payload, "type": kind}
    if seconds is not None:
        body["@timestamp"] = datetime.fromtimestamp(at(seconds) / 1000, UTC).isoformat()
    return json.dumps(body, separators=(",", ":"), sort_keys=True)


def hook(action: str = "create", address: str = "aws_x.y") -> dict[str, Any]:
    return {"resource": {"addr": address}, "action": action}


def plainly(lines: list[tuple[int, str]], started_at_ms: int) -> tuple[Any, ...]:
    """Every line parsed and made an event, whatever it costs: what the quick reader has to agree with."""
    sets: dict[Stage, set[int]] = {stage: set() for stage in Stage}
    errors: list[str] = []
    reader = DiagnosticReader()
    for delivered_at, line in lines:
        try:
            told = parse_line(line)
        except UnsupportedUiVersionError as error:
            errors.append(str(error))
            break
        written_at = delivered_at
        if isinstance(told, JsonMessage):
            event = event_of(told)
            written_at = epoch_ms(told.timestamp) or delivered_at
        else:
            text = clean(told.text)
            event = None if text.startswith("chatops: ") or reader.feed(text) else read_text(text)
        offset = (written_at - started_at_ms) // 1000
        match event:
            case OperationSeen(address, kind, stage) if kind is not OperationKind.READ:
                sets[stage].add(pack(Operation(address, kind).key, offset))
            case Applied():
                sets[Stage.COMPLETE].add(pack(APPLIED_KEY, offset))
            case Diagnostic(is_error=True):
                errors.append(event.describe())
            case Output(words):
                reader.saw_output(words)
    errors += [each.describe() for each in reader.take(everything=True) if each.is_error]
    return sets[Stage.START], sets[Stage.COMPLETE], sets[Stage.ERRORED], tuple(dict.fromkeys(errors))


def numbers(delta: ProgressDelta) -> tuple[Any, ...]:
    return delta.started, delta.done, delta.failed, delta.errors


def spelled_otherwise(line: str) -> str:
    """The same message with blanks and another order, so that nothing is known before it is parsed."""
    try:
        body = json.loads(line)
    except ValueError:
        return line
    return json.dumps(dict(reversed(body.items()))) if isinstance(body, dict) else line


@pytest.mark.parametrize(
    "path", sorted(VECTORS.glob("*.jsonl")) + sorted(VECTORS.glob("*.txt")), ids=lambda path: path.name
)
def test_real_logs_are_read_as_the_plain_reader_reads_them(path: Path) -> None:
    lines = [(at(second), line) for second, line in enumerate(path.read_text().split("\n"))]

    told = read_batch(lines, STARTED)

    assert numbers(told) == plainly(lines, STARTED)
    assert told == read_batch([(when, line + "\r\n") for when, line in lines], STARTED)
    assert told == read_batch([(when, spelled_otherwise(line)) for when, line in lines], STARTED)


@pytest.mark.parametrize("form", [model.json_lines, model.text_lines, model.plan_json_lines, model.plan_text_lines])
def test_a_large_run_is_read_as_the_plain_reader_reads_it(form: Any) -> None:
    work = model.run(Random(4), 200, 20_000, failing=0.1)  # noqa: S311 - a model's chance, no secret
    lines = [tuple(line) for line in form(work, STARTED)]

    assert numbers(read_batch(lines, STARTED)) == plainly(lines, STARTED)


LINES = r"""
╷
╵
│ Error: boom
│
│   with aws_x.y,
│   on main.tf line 3, in resource "aws_x" "y":
│ because
Error: plain
Warning: careful
Warnings:
- beware
Error applying plan:
  with aws_x.y,
prose

Error: The operation was canceled.
+ terraform state list
motd = <<EOT
EOT
Action action.a.b (triggered by aws_x.y):
Action complete: action.a.b (triggered by aws_x.y)
aws_x.y (net/y): Creating...
aws_x.y (net/y): Still creating... [10s elapsed]
aws_x.y (net/y): Creation complete after 2s
1 error(s) occurred:
* aws_x.y: broken: it is
aws_x.y: Creating...
aws_x.y: Modifying... [id=1]
aws_x.y: Still creating... [10s elapsed]
aws_x.y: Still modifying... [id=x (a): b, 00m10s elapsed]
aws_x.y: Creation complete after 3s [id=a: b]
aws_x.y: Destruction complete after 1m2s
aws_x.y (deposed object 0123abcd): Destroying... [id=1]
aws_x.y: Creation errored after 4s
aws_x.y: Importing from ID "a"...
aws_x.y: Import complete [id=1]
aws_x.y: Import prepared!
aws_x.y["): "]: Still creating... [10s elapsed]
aws_x.y["a: Still b"]: Creating...
aws_x.y: Reading...
data.a.b: Read complete after 0s
aws_x.y: Refreshing state... [id=1]
aws_x.y (local-exec): aws_x.z: Creating...
aws_x.y (local-exec): aws_x.z: Still creating... [10s elapsed]
aws_x.y (local-exec): aws_x.z: Refreshing state...
aws_x.y (remote-exec):
aws_x.y (local-exec): prose
aws_x.z: Creating...
aws_x.z: Still creating... [10s elapsed]
Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
Destroy complete! Resources: 3 destroyed.
Apply complete! no numbers
Plan: 1 to add, 0 to change, 0 to destroy.
No changes. Nothing.
  # aws_x.y will no longer be managed by Terraform, but will not be destroyed
chatops: step apply
chatops: Error: no
{
 {
}
[]
{}
null
{"type":"apply_progress"}
"type":"apply_progress"}
{"a":{"type":"apply_progress"}
{"type":"version","ui":"2.0"}
{"type":"version","ui":"1.2"}
{"type":"log","@module":"provider"}
aws_x.y["a: Refreshing state... b"]: Creating...
aws_x.y: Creation complete after 1s [id=a: Still b]
aws_x.y[": Still"].c: Creating...
"""

JSON_PIECES = [
    message("apply_start", seconds=2, hook=hook()),
    message("apply_start", hook=hook("read")),
    message("apply_start", hook=hook(address="")),
    message("apply_start"),
    message("apply_progress", hook=hook()),
    message("apply_complete", seconds=3, hook=hook("delete")),
    message("apply_complete", hook=hook("noop")),
    message("apply_complete", hook=[1]),
    message("apply_complete", hook={"resource": "aws_x.y", "action": "create"}),
    message("apply_complete", hook={"resource": {"addr": ["x"]}, "action": "create"}),
    message("apply_complete", hook={"resource": {"addr": 5}, "action": "create"}),
    message("apply_complete", hook={"resource": {"addr": "a.b"}, "action": ["create"]}),
    message("apply_errored", hook=hook("update")),
    message("diagnostic", diagnostic={"severity": "error", "summary": "no"}),
    message("diagnostic", diagnostic={"severity": "warning", "summary": "hm"}),
    message("brand_new"),
    message("log", "Error: not one"),
    message("refresh_start", hook=hook()),
    message("planned_change", change=hook()),
    message("change_summary", changes={"operation": "plan", "add": 1}),
    message("change_summary", seconds=9, changes={"operation": "apply", "add": 1}),
    message("provision_progress", hook={**hook(), "output": "aws_x.z: Creating..."}),
    message("outputs", outputs={"a": {"value": {"type": "apply_complete"}}}),
]
SPOILT = (" {}", "\ufeff{}", "{} x", "x {}", "{}\u00a0", "\x1b[1m{}\x1b[0m", "{}\r\n", "  {}  ")
PIECES = [*LINES.split("\n"), *JSON_PIECES]


@st.composite
def log_lines(draw: st.DrawFn) -> str:
    """A line of a log: one that some tool wrote, perhaps spoilt on its way, or anything."""
    line = draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)))
    return draw(st.sampled_from(SPOILT)).replace("{}", line) if draw(st.integers(0, 4)) == 0 else line


@settings(max_examples=500)
@given(st.lists(log_lines(), max_size=25))
@example(["Error: plain", "aws_x.y: Still creating... [10s elapsed]", "more"])
@example(["aws_x.y (local-exec): aws_x.z: Still creating...", "Error: x", "aws_x.z: Still creating...", "more"])
def test_whatever_the_lines_are_the_quick_reader_agrees_with_the_plain_one(lines: list[str]) -> None:
    delivered = [(at(second), line) for second, line in enumerate(lines)]

    assert numbers(read_batch(delivered, STARTED)) == plainly(delivered, STARTED)


class TestSteps:
    @pytest.mark.parametrize(
        ("line", "step"),
        [
            ("chatops: plan phase of run 1", Step.INIT),
            ("chatops: step init", Step.INIT),
            ("chatops: step plan", Step.READING),
            ("chatops: step adopt", Step.READING),
            ("chatops: step recover", Step.READING),
            ("chatops: step apply", Step.WORKING),
            ("chatops: step apply\r\n", Step.WORKING),
            ("chatops: step applied", Step.INIT),
            ("Initializing provider plugins...", Step.PROVIDERS),
            ("- Finding latest version of hashicorp/null...", Step.PROVIDERS),
            ("- Installing hashicorp/aws v5.0.0...", Step.PROVIDERS),
            ("\x1b[0m\x1b[1mInitializing provider plugins...\x1b[0m", Step.PROVIDERS),
            (message("init_output", "?", message_code="initializing_provider_plugin_message"), Step.PROVIDERS),
            (
                message("init_output", "?", message_code="initializing_provider_plugin_from_state_message"),
                Step.PROVIDERS,
            ),
            (message("init_output", "Initializing provider plugins..."), Step.PROVIDERS),
            (message("log", "Installing provider version: hashicorp/null v3.2.4..."), Step.PROVIDERS),
            (message("log", "Finding matching versions for provider: hashicorp/null"), Step.PROVIDERS),
            (message("refresh_start", hook=hook()), Step.READING),
            (message("refresh_complete", hook=hook()), Step.READING),
            (message("planned_change", change=hook()), Step.READING),
            (message("resource_drift", change=hook()), Step.READING),
            (message("apply_start", hook=hook("read")), Step.READING),
            ("aws_x.y: Refreshing state... [id=1]", Step.READING),
            ("data.a.b: Reading...", Step.READING),
            (message("apply_start", hook=hook()), Step.WORKING),
            (message("apply_complete", hook=hook("delete")), Step.WORKING),
            ("aws_x.y: Creating...", Step.WORKING),
            ("aws_x.y: Destruction complete after 3s", Step.WORKING),
        ],
    )
    def test_a_line_tells_how_far_the_build_is(self, line: str, step: Step) -> None:
        assert batch(line).steps == {step}

    @pytest.mark.parametrize(
        "line",
        [
            "Initializing the backend...",
            message("init_output", "Initializing the backend...", message_code="initializing_backend_message"),
            message("log", "hello"),
            message("version", terraform="1.15.5", ui="1.3"),
            message("apply_progress", hook=hook()),
            "  chatops: step apply",
            "aws_x.y (local-exec): chatops: step apply",
            "prose",
        ],
    )
    def test_other_lines_tell_nothing_of_it(self, line: str) -> None:
        assert batch(line).steps == frozenset()

    def test_each_step_that_was_reached_is_told_once(self) -> None:
        line = message("refresh_start", hook=hook())

        assert batch(line, "chatops: x", line, "chatops: y").steps == {Step.INIT, Step.READING}

    def test_the_runners_own_line_is_no_part_of_an_error_that_is_being_printed(self) -> None:
        assert batch("Error: boom", "chatops: apply failed", "", "because").errors == ("boom: because",)


class TestHeard:
    @given(st.lists(st.integers(-(10**7), 10**10), min_size=1))
    def test_every_lines_delivery_is_a_sign_of_life(self, offsets: list[int]) -> None:
        lines = [(STARTED + offset, "") for offset in offsets]

        assert read_batch(lines, STARTED).heard == {heard_mark(offset // 1000) for offset in offsets}

    def test_the_time_inside_a_line_is_the_tools_word_and_no_sign_of_life(self) -> None:
        delta = batch(message("apply_start", seconds=500, hook=hook()), seconds=30)

        assert delta.heard == {30 // HEARD_SECONDS}
        assert delta.started == {pack(Operation("aws_x.y", CREATE).key, 500)}

    @pytest.mark.parametrize(
        "line", [message("apply_progress", hook=hook()), "", "\x00", '{"type":"version","ui":"9.0"}']
    )
    def test_a_line_that_adds_nothing_is_heard_too(self, line: str) -> None:
        assert batch(line, message("apply_progress", hook=hook()), seconds=25).heard == {2}

    def test_no_line_no_sign(self) -> None:
        assert not read_batch([], STARTED)


HOSTILE = {
    "short lines": "x",
    "long JSON": '{"a":"' + "x" * 999_000 + '"}',
    "nesting": '{"type":' + "[" * 5000,
    "escapes": '{"type":"' + '\\"' * 4000,
    "prose with a colon": "it is: so",
    "open keys": 'a.b["' + '\\"' * 4000,
    "quotes": '"' * 8000,
    "colours": "\x1b[1m\x1b[0m" * 1000,
    "words of a provisioner": "a.b (local-exec): word",
    "unknown types": '{"type":"news","@message":"x"}',
    "modules": "module.a." * 900,
    "digits": '{"type":"apply_start","@timestamp":' + "9" * 4000 + "}",
    "an end of a type": '"type":"' * 1000,
}
TIMES = 10
"""As much dearer than an ordinary megabyte may a hostile one be; measured: at most 2."""
ENVELOPE = 64  # what a line's id, time and quotes take in a delivered batch


def megabyte(line: str, first: str = "") -> list[tuple[int, str]]:
    return [(STARTED, each) for each in [*first.split("\n"), *[line] * ((1 << 20) // (len(line) + ENVELOPE) + 1)]]


def cost(lines: list[tuple[int, str]]) -> float:
    """Seconds of the processor, the better of two: the collector may pass by in one."""
    costs = []
    for _ in range(2):
        begun = time.process_time()
        read_batch(lines, STARTED)
        costs.append(time.process_time() - begun)
    return min(costs)


@cache
def ordinary() -> float:
    return max(cost(megabyte(message("apply_start", hook=hook()))), cost(megabyte("a.b: Creating...")))


@pytest.mark.parametrize("first", ["", "Error: open", "╷", "Warnings:", "Error: a list\n1 error(s) occurred:"])
@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_hostile_lines_costs_what_a_megabyte_of_others_does(first: str, line: str) -> None:
    lines = megabyte(line, first)

    assert cost(lines) < TIMES * ordinary()

    delta = read_batch(lines, STARTED)
    assert not delta.started and all(len(error) <= 600 for error in delta.errors)


def test_many_operations_and_errors_are_read_in_a_moment() -> None:
    lines = [message("apply_complete", hook=hook(address=f"aws_x.y[{number}]")) for number in range(5000)]
    lines += [line for number in range(20_000) for line in ("╷", f"│ Error: number {number}", "╵")]
    begun = time.process_time()

    delta = batch(*lines)

    assert time.process_time() - begun < 4
    assert len(delta.done) == 5000 and len(delta.errors) == 20_000


@given(st.lists(st.tuples(st.integers(-(10**15), 10**15), st.text(max_size=60))), st.integers(-(10**15), 10**15))
def test_any_garbage_survives(lines: list[tuple[int, str]], started: int) -> None:
    read_batch(lines, started)
