"""The lines of `terraform|tofu ... -json` as typed messages; whatever is not one of them is a `TextLine`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from chatops.terraform.message_types import (
    ActionMessage,
    AnyJsonMessage,
    ApplyMessage,
    ChangeSummaryMessage,
    DiagnosticMessage,
    EphemeralMessage,
    JsonMessage,
    ListMessage,
    LogMessage,
    Message,
    OutputsMessage,
    PlannedChangeMessage,
    PolicyMessage,
    ProvisionMessage,
    RefreshMessage,
    Stage,
    SuiteMessage,
    TextLine,
    UnknownMessage,
    VersionMessage,
)

__all__ = [
    "HIGHEST_UI",
    "LONGEST_JSON_LINE",
    "LONGEST_TEXT_LINE",
    "ActionMessage",
    "AnyJsonMessage",
    "ApplyMessage",
    "ChangeSummaryMessage",
    "DiagnosticMessage",
    "EphemeralMessage",
    "JsonMessage",
    "ListMessage",
    "LogMessage",
    "Message",
    "OutputsMessage",
    "Payload",
    "PlannedChangeMessage",
    "PolicyMessage",
    "ProvisionMessage",
    "RefreshMessage",
    "Stage",
    "SuiteMessage",
    "TextLine",
    "UnknownMessage",
    "UnsupportedUiVersionError",
    "VersionMessage",
    "clean",
    "epoch_ms",
    "message_of",
    "parse_line",
    "read_payload",
]

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


_STAGES = {stage.value: stage for stage in Stage} | {"started": Stage.START}

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
    kind = _text(payload, "type")
    parser = _PARSERS.get(kind, _unknown)
    return parser(kind, _text(payload, "@message"), _text(payload, "@timestamp"), payload)


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


def _text(value: Payload, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _optional(value: Payload, name: str) -> str | None:
    return _text(value, name) or None


def _object(value: Payload, name: str) -> Payload:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: Payload, name: str) -> int:
    found = value.get(name)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found if isinstance(found, int) else 0


def _stage(kind: str) -> Stage:
    return _STAGES[kind.rpartition("_")[2]]


def _address(value: Payload) -> str:
    return _text(_object(value, "resource"), "addr")


def _unknown(kind: str, text: str, timestamp: str, _: Payload) -> AnyJsonMessage:
    return UnknownMessage(text, timestamp, kind)


def _version(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    ui = str(payload.get("ui", ""))
    major = ui.partition(".")[0]
    if major.isascii() and major.isdigit() and int(major[:9]) > HIGHEST_UI:
        raise UnsupportedUiVersionError(
            f"reading -json output: ui version {ui[:20]!r} is newer than {HIGHEST_UI}.x; update Cloud ChatOps"
        )
    tool = "tofu" if "tofu" in payload else "terraform"
    return VersionMessage(text, timestamp, tool, _text(payload, tool), ui)


def _diagnostic(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    diagnostic = _object(payload, "diagnostic")
    place = _object(diagnostic, "range")
    return DiagnosticMessage(
        text,
        timestamp,
        severity=_text(diagnostic, "severity") or _text(payload, "@level"),
        summary=_text(diagnostic, "summary") or text,
        detail=_text(diagnostic, "detail"),
        address=_optional(diagnostic, "address"),
        filename=_optional(place, "filename"),
        line=_number(_object(place, "start"), "line") or None,
        context=_optional(_object(diagnostic, "snippet"), "context"),
    )


def _change(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    change = _object(payload, "change")
    return PlannedChangeMessage(
        text,
        timestamp,
        address=_address(change),
        action=_text(change, "action"),
        reason=_optional(change, "reason"),
        previous_address=_optional(_object(change, "previous_resource"), "addr"),
        importing=bool(change.get("importing")),
        drift=kind == "resource_drift",
    )


def _summary(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    changes = _object(payload, "changes")
    names = ("add", "change", "remove", "import", "forget", "action_invocation")
    counts = (_number(changes, name) for name in names)
    return ChangeSummaryMessage(text, timestamp, _text(changes, "operation"), *counts)


def _outputs(_: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    outputs = _object(payload, "outputs")
    sensitive = {name: bool(_object(outputs, name).get("sensitive")) for name in outputs}
    return OutputsMessage(text, timestamp, sensitive)


def _apply(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    hook = _object(payload, "hook")
    elapsed = _number(hook, "elapsed_seconds") if "elapsed_seconds" in hook else None
    return ApplyMessage(
        text, timestamp, _stage(kind), _address(hook), _text(hook, "action"), _optional(hook, "id_value"), elapsed
    )


def _provision(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    hook = _object(payload, "hook")
    return ProvisionMessage(
        text, timestamp, _stage(kind), _address(hook), _text(hook, "provisioner"), _text(hook, "output")
    )


def _refresh(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    return RefreshMessage(text, timestamp, _stage(kind), _address(_object(payload, "hook")))


def _ephemeral(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    hook = _object(payload, "hook")
    return EphemeralMessage(text, timestamp, _stage(kind), _address(hook), _text(hook, "action"))


def _action(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    body = _object(payload, "hook") or _object(payload, "invocation")
    return ActionMessage(text, timestamp, kind, _text(_object(body, "action"), "addr"))


def _list(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    return ListMessage(text, timestamp, kind, _text(_object(payload, kind), "address"))


def _log(kind: str, text: str, timestamp: str, payload: Payload) -> AnyJsonMessage:
    return LogMessage(text, timestamp, kind, _text(payload, "message_code"))


def _test(kind: str, text: str, timestamp: str, _: Payload) -> AnyJsonMessage:
    return SuiteMessage(text, timestamp, kind)


def _policy(kind: str, text: str, timestamp: str, _: Payload) -> AnyJsonMessage:
    return PolicyMessage(text, timestamp, kind)


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
    "ephemeral_op_start": _ephemeral,
    "ephemeral_op_progress": _ephemeral,
    "ephemeral_op_complete": _ephemeral,
    "ephemeral_op_errored": _ephemeral,
    "ephemeral_action_started": _ephemeral,
    "ephemeral_action_complete": _ephemeral,
    "action_start": _action,
    "action_progress": _action,
    "action_complete": _action,
    "action_errored": _action,
    "planned_action_invocation": _action,
    "applied_action_invocation": _action,
    "list_start": _list,
    "list_resource_found": _list,
    "list_complete": _list,
    "test_abstract": _test,
    "test_file": _test,
    "test_run": _test,
    "test_plan": _test,
    "test_state": _test,
    "test_summary": _test,
    "test_cleanup": _test,
    "test_interrupt": _test,
    "test_status": _test,
    "test_retry": _test,
    "policy_result": _policy,
    "policy_info": _policy,
    "policy_diagnostic": _policy,
}
