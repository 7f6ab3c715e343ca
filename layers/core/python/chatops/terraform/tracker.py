"""The combat tracker: follows one run line by line, and turns delivered batches into sets of numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from chatops.domain.progress import APPLIED_KEY, Operation, OperationKind, ProgressDelta, pack
from chatops.terraform.diagnostics import DiagnosticReader
from chatops.terraform.events import Applied, Counts, Diagnostic, Event, Note, OperationSeen, Output, Planned, event_of
from chatops.terraform.messages import (
    JsonMessage,
    Stage,
    TextLine,
    UnsupportedUiVersionError,
    epoch_ms,
    parse_line,
)
from chatops.terraform.record import RunRecord
from chatops.terraform.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_DOING = {
    OperationKind.CREATE: ("Creating", "Created"),
    OperationKind.UPDATE: ("Modifying", "Modified"),
    OperationKind.DELETE: ("Destroying", "Destroyed"),
    OperationKind.READ: ("Reading", "Read"),
    OperationKind.IMPORT: ("Importing", "Imported"),
    OperationKind.MOVE: ("Moving", "Moved"),
    OperationKind.FORGET: ("Forgetting", "Forgot"),
}


def progress_bar(completed: int, total: int | None, width: int = 10) -> str:
    """`[▓▓▓▓░░░░░░] 43%`; without a total a bar that promises nothing: `[▒▒▒▒▒▒▒▒▒▒]`."""
    if not total:
        return f"[{'▒' * width}]"
    done = min(completed, total)
    filled = done * width // total
    return f"[{'▓' * filled}{'░' * (width - filled)}] {done / total * 100:.0f}%"


class TerraformProgressTracker:
    """Progress of one run from its output, `-json` lines and human text alike."""

    def __init__(self) -> None:
        self.total_resources = 0
        self.completed_resources = 0
        self.current_action = "Initializing..."
        self.record = RunRecord()
        self.refused: UnsupportedUiVersionError | None = None
        self._readers: dict[str, DiagnosticReader] = defaultdict(DiagnosticReader)
        self._shown: dict[bool, Counter[object]] = {False: Counter(), True: Counter()}

    def parse_plan_output(self, plan_output: str) -> int:
        """The number of operations a plan's output announces; unchanged where it announces none."""
        for line in plan_output.split("\n"):
            event = read_event(line)
            if isinstance(event, Planned):
                self._observe(event)
        return self.total_resources

    def update_from_line(self, line: str, channel: str = "") -> bool:
        """Read one line; True where something that a person sees has changed.

        Where several writers share a log, `channel` tells them apart; an error that is shown both in a named channel
        and in the nameless one was repeated by a wrapper.
        """
        before = (self.total_resources, self.completed_resources, self.current_action)
        if self.refused is None:
            self._update(line, channel)
        return before != (self.total_resources, self.completed_resources, self.current_action)

    def get_progress_bar(self, width: int = 10) -> str:
        """The bar alone; indeterminate while the total is unknown or nothing is to be done."""
        return progress_bar(self.completed_resources, self.total_resources, width)

    def get_status_message(self) -> str:
        """Bar, current action and count, on three lines."""
        total = self.total_resources if self.total_resources or self.record.planned else "?"
        count = f"({self.completed_resources}/{total} resources)"
        return f"{self.get_progress_bar()}\n{self.current_action}\n{count}"

    def finish(self) -> RunRecord:
        """Call after the last line: closes an error that was still being printed, and gives all that was read."""
        for channel in self._readers:
            self._take_diagnostics(channel, everything=True)
        return self.record

    def _update(self, line: str, channel: str) -> None:
        try:
            message = parse_line(line)
        except UnsupportedUiVersionError as error:
            self.refused, self.current_action = error, str(error)
            return
        if isinstance(message, TextLine):
            self._update_from_text(clean(message.text), channel)
        else:
            self._observe(event_of(message))

    def _update_from_text(self, text: str, channel: str) -> None:
        reader = self._readers[channel]
        taken = reader.feed(text)
        self._take_diagnostics(channel)
        if not taken:
            event = read_text(text)
            if isinstance(event, Output):
                reader.saw_output(event.text)
            self._observe(event)
        elif reader.current:
            self.current_action = f"Error: {reader.current}"

    def _take_diagnostics(self, channel: str, *, everything: bool = False) -> None:
        shown, elsewhere = self._shown[bool(channel)], self._shown[not channel]
        for diagnostic in self._readers[channel].take(everything=everything):
            shown[diagnostic.gist] += 1
            if shown[diagnostic.gist] > elsewhere[diagnostic.gist]:
                self._observe(diagnostic)

    def _observe(self, event: Event | None) -> None:
        if event is None:
            return
        self.record.apply(event)
        self.current_action = self._describe(event)
        if self.record.planned:
            self.total_resources = total_of(self.record.planned)
        self.completed_resources = self.record.completed
        if self.total_resources:
            self.completed_resources = min(self.completed_resources, self.total_resources)

    def _describe(self, event: Event) -> str:
        match event:
            case OperationSeen():
                return self._describe_operation(event)
            case Planned(counts):
                return f"Planned: {counts.add} to add, {counts.change} to change, {counts.destroy} to destroy"
            case Applied(counts, destroy):
                if counts == Counts():
                    return "Nothing had to be changed"
                return f"All resources {'destroyed' if destroy else 'deployed'} successfully"
            case Diagnostic(is_error=True):
                return f"Error: {event.describe()}"
            case Note(text):
                return text.partition("\n")[0][:300]
            case _:
                return self.current_action

    def _describe_operation(self, event: OperationSeen) -> str:
        doing, done = _DOING[event.kind]
        if event.stage is Stage.ERRORED:
            return f"{doing} {event.address} failed"
        if event.stage is Stage.COMPLETE:
            longest = next(iter(self.record.running), None)
            return f"{_DOING[longest.kind][0]} {longest.address}..." if longest else f"{done} {event.address}"
        waited = f" ({event.elapsed} s)" if event.stage is Stage.PROGRESS and event.elapsed else ""
        return f"{doing} {event.address}...{waited}"


def clean(text: str) -> str:
    """A line without colours, carriage return and trailing blanks."""
    return _ANSI.sub("", text).rstrip() if "\x1b" in text else text.rstrip()


def total_of(counts: Counts) -> int:
    """The operations the bar counts: add, change, destroy and import."""
    return counts.add + counts.change + counts.destroy + counts.import_


def read_event(line: str) -> Event | None:
    """What a single line means by itself; raises UnsupportedUiVersionError."""
    message = parse_line(line)
    return event_of(message) if isinstance(message, JsonMessage) else read_text(clean(message.text))


def read_batch(lines: Iterable[tuple[int, str]], started_at_ms: int) -> ProgressDelta:
    """What delivered log lines, each with its time in ms, add to the run that began at `started_at_ms`.

    A `-json` line's own time wins over the time of its delivery, so that the same line always gives the same number.
    Reads leave no number: the plan does not count them.
    """
    batch = _Batch(started_at_ms)
    for timestamp, line in lines:
        try:
            batch.add(timestamp, line)
        except UnsupportedUiVersionError as error:
            batch.errors.append(str(error))
            break
    return batch.delta()


class _Batch:
    def __init__(self, started_at_ms: int) -> None:
        self.errors: list[str] = []
        self._started_at_ms = started_at_ms
        self._sets: dict[Stage, set[int]] = {stage: set() for stage in Stage}
        self._diagnostics = DiagnosticReader()
        self._now: str | None = None

    def add(self, timestamp: int, line: str) -> None:
        message = parse_line(line)
        if isinstance(message, JsonMessage):
            self._take(event_of(message), timestamp, message.timestamp)
            return
        text = clean(message.text)
        if not self._diagnostics.feed(text):
            self._take(read_text(text), timestamp)

    def _take(self, event: Event | None, delivered_at: int, written_at: str = "") -> None:
        match event:
            case OperationSeen(stage=Stage.PROGRESS):
                pass
            case OperationSeen(address, kind, stage):
                if kind is not OperationKind.READ:
                    self._put(stage, Operation(address, kind).key, epoch_ms(written_at) or delivered_at)
                if stage is Stage.START:
                    self._now = f"{_DOING[kind][0]} {address}..."
            case Applied():
                self._put(Stage.COMPLETE, APPLIED_KEY, epoch_ms(written_at) or delivered_at)
            case Diagnostic(is_error=True):
                self.errors.append(event.describe())
            case Output(text):
                self._diagnostics.saw_output(text)
            case _:
                pass

    def _put(self, stage: Stage, key: int, at_ms: int) -> None:
        self._sets[stage].add(pack(key, (at_ms - self._started_at_ms) // 1000))

    def delta(self) -> ProgressDelta:
        read_as_text = [each.describe() for each in self._diagnostics.take(everything=True) if each.is_error]
        return ProgressDelta(
            frozenset(self._sets[Stage.START]),
            frozenset(self._sets[Stage.COMPLETE]),
            frozenset(self._sets[Stage.ERRORED]),
            tuple(dict.fromkeys(self.errors + read_as_text)),
            self._now,
        )
