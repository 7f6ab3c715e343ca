"""Delivered log lines as sets of numbers: what one batch adds to a run, at little more than the price of its JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
from chatops.terraform.diagnostics import DiagnosticReader
from chatops.terraform.events import Applied, Diagnostic, Output, event_of
from chatops.terraform.messages import (
    LONGEST_TEXT_LINE,
    JsonMessage,
    LogMessage,
    PlannedChangeMessage,
    RefreshMessage,
    Stage,
    UnsupportedUiVersionError,
    clean,
    epoch_ms,
    message_of,
    read_payload,
)
from chatops.terraform.text import read_operation, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatops.terraform.events import Event
    from chatops.terraform.messages import Payload

_KINDS = {kind.value: kind for kind in OperationKind}
_STAGES = {
    "apply_start": Stage.START,
    "apply_complete": Stage.COMPLETE,
    "apply_errored": Stage.ERRORED,
}
_ADD_NOTHING = tuple(
    f'"type":"{kind}"}}'
    for kind in (
        "apply_progress",  # the first ones are the most frequent
        "provision_complete",
        "provision_errored",
        "provision_start",
        "outputs",
        *(f"ephemeral_op_{stage}" for stage in Stage),
        *(f"action_{stage}" for stage in Stage),
    )
)
_TELL_OF_READING = tuple(
    f'"type":"{kind}"}}' for kind in ("refresh_start", "refresh_complete", "planned_change", "resource_drift")
)
_LONGEST_END = 64  # room for blanks after the longest of these

_JSON_OPENINGS = "{ \ufeff"
_RUNNER = "chatops: "  # so the runner begins the lines of its own
_RUNNER_STEPS = {
    "step init": Step.INIT,
    "step plan": Step.READING,
    "step adopt": Step.READING,
    "step recover": Step.READING,
    "step apply": Step.WORKING,
}
_PROVIDERS = ("Initializing provider plugins", "Finding ", "Installing ", "- Finding ", "- Installing ")
# Only with these begins what the reader of diagnostics takes, and only so ends what an output's value follows.
_DIAGNOSTICS = ("Error", "Warning", "╷", "╵", "│", "Action ")
_VALUE = "EOT"
# Few lines begin with one of these, and only they are looked at more closely.
_TELLING = frozenset(beginning[0] for beginning in (_RUNNER, *_PROVIDERS, *_DIAGNOSTICS))
# Most lines of a log for people are one of these: an address, of which only its end matters, and no number to store.
_REFRESHING = "Refreshing state..."
_TOLD_QUICKLY = re.compile(r'(?:[^":]++|"(?:[^"\\]|\\.)*+")*+: (Still |Refreshing state\.\.\.)')
_ENDS = ("Apply complete! ", "Destroy complete! ")


def read_batch(lines: Sequence[tuple[int, str]], started_at_ms: int) -> ProgressDelta:
    """What delivered log lines, each with its time in ms, add to the run that began at `started_at_ms`.

    A `-json` line's own time wins over the time of its delivery, so that the same line always gives the same number.
    Reads leave no number: the plan does not count them. When something was heard, and how far the build has come, goes
    by the time of delivery.
    """
    batch = _Batch(started_at_ms)
    for at_ms, line in lines:
        try:
            batch.add(at_ms, line)
        except UnsupportedUiVersionError as error:
            batch.errors.append(str(error))
            break
    spans = {(at_ms - started_at_ms) // (HEARD_SECONDS * 1000) for at_ms, _ in lines}
    return batch.delta(frozenset(heard_mark(span * HEARD_SECONDS) for span in spans))


class _Keys(dict[tuple[str, str], int | None]):
    """The operations' keys by address and action, None for a read; each is made once.

    Asked for what is no operation, it raises LookupError or TypeError.
    """

    def __missing__(self, told: tuple[str, str]) -> int | None:
        address, kind = told[0], _KINDS[told[1]]
        if not address or not isinstance(address, str):
            raise LookupError(told)
        key = self[told] = None if kind is OperationKind.READ else Operation(address, kind).key
        return key


class _Batch:
    """The sets as they grow, line by line."""

    def __init__(self, started_at_ms: int) -> None:
        self.errors: list[str] = []
        self._started_at_ms = started_at_ms
        self._sets: dict[Stage, set[int]] = {stage: set() for stage in Stage}
        self._keys = _Keys()
        self._steps: set[int] = set()
        self._diagnostics = DiagnosticReader()

    def add(self, at_ms: int, line: str) -> None:
        """Read one line; raises UnsupportedUiVersionError."""
        if line[:1] not in _JSON_OPENINGS:
            self._add_text(at_ms, line)
            return
        # Unparsed, since nothing can get lost: both tools sort a message's keys, so this is its type (in a text its
        # quotes would be escaped), and who else writes a line that ends so could have left it out as well.
        end = line[-_LONGEST_END:].rstrip(" \r\n")
        of_reading = end.endswith(_TELL_OF_READING)
        if of_reading:
            self._steps.add(Step.READING)
        if (of_reading or end.endswith(_ADD_NOTHING)) and not self._diagnostics.open:
            return
        payload = read_payload(line)
        if payload is None:
            self._add_text(at_ms, line)
        elif (stage := _STAGES.get(str(payload["type"]))) is not None:
            self._add_operation(stage, payload, at_ms)
        else:
            self._add_message(message_of(payload), at_ms)

    def delta(self, heard: frozenset[int]) -> ProgressDelta:
        """All that was read; an error that was still being printed ends here."""
        read_as_text = [each.describe() for each in self._diagnostics.take(everything=True) if each.is_error]
        if any(self._sets.values()):
            self._steps.add(Step.WORKING)
        return ProgressDelta(
            frozenset(self._sets[Stage.START]),
            frozenset(self._sets[Stage.COMPLETE]),
            frozenset(self._sets[Stage.ERRORED]),
            tuple(dict.fromkeys(self.errors + read_as_text)),
            frozenset(self._steps),
            heard,
        )

    def _add_operation(self, stage: Stage, payload: Payload, at_ms: int) -> None:
        """The same as for a message of this type, without the price of one."""
        try:
            hook: Any = payload["hook"]
            key = self._keys[hook["resource"]["addr"], hook["action"]]
        except (LookupError, TypeError):
            return
        self._operation(stage, key, epoch_ms(str(payload.get("@timestamp"))) or at_ms)

    def _add_message(self, message: JsonMessage, at_ms: int) -> None:
        if isinstance(message, LogMessage) and ("provider" in message.code or message.text.startswith(_PROVIDERS)):
            self._steps.add(Step.PROVIDERS)
        elif isinstance(message, RefreshMessage | PlannedChangeMessage):
            self._steps.add(Step.READING)
        self._take(event_of(message), epoch_ms(message.timestamp) or at_ms)

    def _add_text(self, at_ms: int, line: str) -> None:
        text = clean(line[:LONGEST_TEXT_LINE])
        telling = text[:1] in _TELLING
        if telling and text.startswith(_RUNNER):
            self._steps.add(_RUNNER_STEPS.get(text.removeprefix(_RUNNER), Step.INIT))
            return
        if telling and text.startswith(_PROVIDERS):
            self._steps.add(Step.PROVIDERS)
        if self._diagnostics.open or (telling and text.startswith(_DIAGNOSTICS)) or text[-3:] == _VALUE:
            if self._diagnostics.feed(text):
                return
        else:
            self._diagnostics.after_blank = not text
        if ": " in text:
            self._add_progress(at_ms, text)

    def _add_progress(self, at_ms: int, text: str) -> None:
        if (": Still " in text or ": Refreshing " in text) and (told := _TOLD_QUICKLY.match(text)):
            if told[1] == _REFRESHING:
                self._steps.add(Step.READING)
        elif (seen := read_operation(text)) is not None:
            address, kind, stage = seen
            self._operation(stage, self._keys[address, kind], at_ms)
        elif "): " in text or text.startswith(_ENDS):
            self._take(read_text(text), at_ms)  # a provisioner's words, which an error may repeat; or the end

    def _take(self, event: Event | None, written_at: int) -> None:
        match event:
            case Applied():
                self._sets[Stage.COMPLETE].add(pack(APPLIED_KEY, self._offset(written_at)))
            case Diagnostic(is_error=True):
                self.errors.append(event.describe())
            case Output(text):
                self._diagnostics.saw_output(text)
            case _:
                pass

    def _operation(self, stage: Stage, key: int | None, written_at: int) -> None:
        if key is None:
            self._steps.add(Step.READING)
        else:
            self._sets[stage].add(pack(key, self._offset(written_at)))

    def _offset(self, at_ms: int) -> int:
        return (at_ms - self._started_at_ms) // 1000
