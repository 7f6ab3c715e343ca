"""The combat tracker: follows one run line by line."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from chatops.domain.progress import OperationKind
from chatops.terraform.diagnostics import DiagnosticReader
from chatops.terraform.events import Applied, Counts, Diagnostic, Event, Note, OperationSeen, Output, Planned, event_of
from chatops.terraform.messages import (
    JsonMessage,
    Stage,
    TextLine,
    UnsupportedUiVersionError,
    clean,
    parse_line,
)
from chatops.terraform.record import RunRecord
from chatops.terraform.text import read_text

_SPACE = re.compile(r"\s++")
_DOING = {
    OperationKind.CREATE: ("Creating", "Created"),
    OperationKind.UPDATE: ("Modifying", "Modified"),
    OperationKind.DELETE: ("Destroying", "Destroyed"),
    OperationKind.READ: ("Reading", "Read"),
    OperationKind.IMPORT: ("Importing", "Imported"),
    OperationKind.MOVE: ("Moving", "Moved"),
    OperationKind.FORGET: ("Forgetting", "Forgot"),
}


class TerraformProgressTracker:
    """Progress of one run from its output, `-json` lines and human text alike."""

    def __init__(self) -> None:
        self.total_resources = 0
        self.completed_resources = 0
        self.current_action = "Initializing..."
        self.record = RunRecord()
        self.refused: UnsupportedUiVersionError | None = None
        self._readers: dict[tuple[str, str], DiagnosticReader] = defaultdict(DiagnosticReader)
        self._shown: Counter[tuple[str, object]] = Counter()
        self._shown_below: Counter[tuple[str, object]] = Counter()

    def parse_plan_output(self, plan_output: str) -> int:
        """The number of operations a plan's output announces; unchanged where it announces none."""
        for line in plan_output.split("\n"):
            event = read_event(line)
            if isinstance(event, Planned):
                self._observe(event)
        return self.total_resources

    def update_from_line(self, line: str, channel: str = "", unit: str = "") -> bool:
        """Read one line; True where something that a person sees has changed.

        Where several writers share a log, `channel` tells them apart; an error that is shown in a channel and in one
        whose name goes on from there was repeated by a wrapper. A `unit` has a configuration and state of its own.
        """
        before = (self.total_resources, self.completed_resources, self.current_action)
        if self.refused is None:
            self._update(line, channel, unit)
        return before != (self.total_resources, self.completed_resources, self.current_action)

    def get_progress_bar(self, width: int = 10) -> str:
        """`[▓▓▓▓░░░░░░] 43%`; `[▒▒▒▒▒▒▒▒▒▒]` promises nothing, while the total is unknown or nothing is to be done."""
        total = self.total_resources
        if not total:
            return f"[{'▒' * width}]"
        done = min(self.completed_resources, total)
        filled = done * width // total
        return f"[{'▓' * filled}{'░' * (width - filled)}] {done / total * 100:.0f}%"

    def get_status_message(self) -> str:
        """Bar, current action and count, on three lines."""
        total = self.total_resources if self.total_resources or self.record.planned else "?"
        count = f"({self.completed_resources}/{total} resources)"
        return f"{self.get_progress_bar()}\n{self.current_action}\n{count}"

    def finish(self) -> RunRecord:
        """Call after the last line: closes an error that was still being printed, and gives all that was read."""
        for channel, unit in self._readers:
            self._take_diagnostics(channel, unit, everything=True)
        return self.record

    def _update(self, line: str, channel: str, unit: str) -> None:
        try:
            message = parse_line(line)
        except UnsupportedUiVersionError as error:
            self.refused, self.current_action = error, str(error)
            return
        if isinstance(message, TextLine):
            self._update_from_text(clean(message.text), channel, unit)
        else:
            self._observe(event_of(message), unit)

    def _update_from_text(self, text: str, channel: str, unit: str) -> None:
        reader = self._readers[channel, unit]
        taken = reader.feed(text)
        self._take_diagnostics(channel, unit)
        if not taken:
            event = read_text(text)
            if isinstance(event, Output):
                reader.saw_output(event.text)
            self._observe(event, unit)
        elif reader.current:
            self.current_action = f"Error: {reader.current}"

    def _take_diagnostics(self, channel: str, unit: str, *, everything: bool = False) -> None:
        for diagnostic in self._readers[channel, unit].take(everything=everything):
            if not self._repeated(channel, diagnostic.gist):
                self._observe(diagnostic, unit)

    def _repeated(self, channel: str, gist: object) -> bool:
        """Count one more showing; a wrapper without a prefix of its own may repeat an error any number of times."""
        wider = [channel[: found.start()] for found in _SPACE.finditer(channel)] + [""] * bool(channel)
        self._shown[channel, gist] += 1
        self._shown_below.update((each, gist) for each in wider)
        if self._shown_below[channel, gist]:
            return True
        return self._shown[channel, gist] <= sum(self._shown[each, gist] for each in wider)

    def _observe(self, event: Event | None, unit: str = "") -> None:
        if event is None:
            return
        self.record.apply(event, unit)
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


def total_of(counts: Counts) -> int:
    """The operations the bar counts: add, change, destroy and import."""
    return counts.add + counts.change + counts.destroy + counts.import_


def read_event(line: str) -> Event | None:
    """What a single line means by itself; raises UnsupportedUiVersionError."""
    message = parse_line(line)
    return event_of(message) if isinstance(message, JsonMessage) else read_text(clean(message.text))
