"""The lines of `terraform|tofu ... -json` as typed messages; whatever is not one of them is a `TextLine`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

HIGHEST_UI = 1
"""The highest major version of the machine-readable UI that is understood."""

LONGEST_JSON_LINE = 1 << 20
LONGEST_TEXT_LINE = 8192

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_JSON = json.JSONDecoder()
_BEFORE_JSON = "\ufeff "
_AFTER_JSON = " \t\r\n"


class UnsupportedUiVersionError(ValueError):
    """The tool speaks a newer major version of its `-json` output, whose meaning is unknown."""


class Stage(StrEnum):
    """Where in its life an operation is."""

    START = "start"
    PROGRESS = "progress"
    COMPLETE = "complete"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that is no `-json` message: human output, a crash, a wrapper's words; long ones are cut."""

    text: str


@dataclass(frozen=True, slots=True)
class JsonMessage:
    """What every message has: the human text, and the time it was written (RFC 3339)."""

    text: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class UnknownMessage(JsonMessage):
    """A type of which the text alone is of use, or which is newer than this reader; show its text."""

    type: str


@dataclass(frozen=True, slots=True)
class LogMessage(JsonMessage):
    """Free text, such as the answer to an interrupt; that of `init` may have a `code`."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class DiagnosticMessage(JsonMessage):
    """An error or a warning; `context` is the enclosing block, as `resource "a" "b"`."""

    severity: str
    summary: str
    detail: str
    address: str | None
    context: str | None


@dataclass(frozen=True, slots=True)
class PlannedChangeMessage(JsonMessage):
    """One planned change, or with `drift` one that happened outside Terraform; a replace is one message."""

    address: str
    action: str
    importing: bool
    drift: bool


@dataclass(frozen=True, slots=True)
class ChangeSummaryMessage(JsonMessage):
    """The counts of a plan, or of an apply or destroy that succeeded."""

    operation: str
    add: int
    change: int
    remove: int
    import_: int
    forget: int


@dataclass(frozen=True, slots=True)
class OutputsMessage(JsonMessage):
    """The outputs, whose values may be secret: nothing of them is kept or shown."""


@dataclass(frozen=True, slots=True)
class ApplyMessage(JsonMessage):
    """One step in the life of a create, update, delete or read."""

    stage: Stage
    address: str
    action: str
    id: str | None
    elapsed_seconds: int | None


@dataclass(frozen=True, slots=True)
class ProvisionMessage(JsonMessage):
    """A step of a provisioner; `output` is one line of its own words."""

    stage: Stage
    output: str


@dataclass(frozen=True, slots=True)
class RefreshMessage(JsonMessage):
    """Reading an object's state while planning; not work."""

    stage: Stage


AnyJsonMessage = (
    UnknownMessage
    | LogMessage
    | DiagnosticMessage
    | PlannedChangeMessage
    | ChangeSummaryMessage
    | OutputsMessage
    | ApplyMessage
    | ProvisionMessage
    | RefreshMessage
)
Message = TextLine | AnyJsonMessage

Payload = Mapping[str, object]
_Parser = Callable[[str, str, str, Payload], AnyJsonMessage]


def parse_line(line: str) -> Message:
    """One line of output as a message; raises UnsupportedUiVersionError and nothing else, whatever the line holds."""
    payload = read_payload(line)
    return TextLine(line[:LONGEST_TEXT_LINE].rstrip("\r\n")) if payload is None else message_of(payload)


def read_payload(line: str) -> Payload | None:
    """The object that a `-json` line holds, with a text as its type; None for every other line."""
    text = line if line[:1] == "{" else line[:LONGEST_JSON_LINE].lstrip(_BEFORE_JSON)
    # Most lines that are no JSON are told by this: to let the parser fail costs ten times as much.
    if text[:1] != "{" or len(line) > LONGEST_JSON_LINE:
        return None
    try:
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or text[end:].strip(_AFTER_JSON):
        return None
    # Log lines of Terraform's own modules and of providers have another name here.
    module = value.get("@module", ".ui")
    return value if isinstance(module, str) and module.endswith(".ui") else None


def message_of(payload: Payload) -> AnyJsonMessage:
    """What a `-json` line's object says; raises UnsupportedUiVersionError."""
    kind = text_of(payload, "type")
    parser = _PARSERS.get(kind, _unknown)
    return parser(kind, text_of(payload, "@message"), text_of(payload, "@timestamp"), payload)


def clean(text: str) -> str:
    """A line without colours, carriage return and trailing blanks."""
    return _ANSI.sub("", text).rstrip() if "\x1b" in text else text.rstrip()


def epoch_ms(timestamp: str) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 time, or None where it is no time."""
    try:
        moment = datetime.fromisoformat(timestamp)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def text_of(value: Payload, name: str) -> str:
    """The text of this name, empty for anything else."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _optional(value: Payload, name: str) -> str | None:
    return text_of(value, name) or None


def object_of(value: Payload, name: str) -> Payload:
    """The object of this name, empty for anything else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: Payload, name: str) -> int:
    found = value.get(name)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found if isinstance(found, int) else 0


def _stage(kind: str) -> Stage:
    return Stage(kind.rpartition("_")[2])


def _address(value: Payload) -> str:
    return text_of(object_of(value, "resource"), "addr")


def _unknown(kind: str, text: str, timestamp: str, _: Payload) -> AnyJsonMessage:
    return UnknownMessage(text, timestamp, kind)


def _version(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    ui = str(payload.get("ui", ""))
    major = ui.partition(".")[0]
    if major.isascii() and major.isdigit() and int(major[:9]) > HIGHEST_UI:
        raise UnsupportedUiVersionError(
            f"reading -json output: ui version {ui[:20]!r} is newer than {HIGHEST_UI}.x; update Cloud ChatOps"
        )
    return UnknownMessage(text, timestamp, kind)


def _diagnostic(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    diagnostic = object_of(payload, "diagnostic")
    return DiagnosticMessage(
        text,
        timestamp,
        severity=text_of(diagnostic, "severity") or text_of(payload, "@level"),
        summary=text_of(diagnostic, "summary") or text,
        detail=text_of(diagnostic, "detail"),
        address=_optional(diagnostic, "address"),
        context=_optional(object_of(diagnostic, "snippet"), "context"),
    )


def _change(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    change = object_of(payload, "change")
    return PlannedChangeMessage(
        text,
        timestamp,
        address=_address(change),
        action=text_of(change, "action"),
        importing=bool(change.get("importing")),
        drift=kind == "resource_drift",
    )


def _summary(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    changes = object_of(payload, "changes")
    counts = (_number(changes, name) for name in ("add", "change", "remove", "import", "forget"))
    return ChangeSummaryMessage(text, timestamp, text_of(changes, "operation"), *counts)


def _outputs(_: str, text: str, timestamp: str, __: Payload) -> AnyJsonMessage:
    return OutputsMessage(text, timestamp)


def _apply(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    hook = object_of(payload, "hook")
    elapsed = _number(hook, "elapsed_seconds") if "elapsed_seconds" in hook else None
    return ApplyMessage(
        text, timestamp, _stage(kind), _address(hook), text_of(hook, "action"), _optional(hook, "id_value"), elapsed
    )


def _provision(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    return ProvisionMessage(text, timestamp, _stage(kind), text_of(object_of(payload, "hook"), "output"))


def _refresh(kind: str, text: str, timestamp: str, _: Payload) -> AnyJsonMessage:
    return RefreshMessage(text, timestamp, _stage(kind))


def _log(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    return LogMessage(text, timestamp, text_of(payload, "message_code"))


_PARSERS: Mapping[str, _Parser] = {
    "version": _version,
    "log": _log,
    "init_output": _log,
    "diagnostic": _diagnostic,
    "planned_change": _change,
    "resource_drift": _change,
    "change_summary": _summary,
    "outputs": _outputs,
    "apply_start": _apply,
    "apply_progress": _apply,
    "apply_complete": _apply,
    "apply_errored": _apply,
    "provision_start": _provision,
    "provision_progress": _provision,
    "provision_complete": _provision,
    "provision_errored": _provision,
    "refresh_start": _refresh,
    "refresh_complete": _refresh,
}
