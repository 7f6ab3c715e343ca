"""The lines of `terraform|tofu ... -json` as typed messages; whatever is not one of them is a `TextLine`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from chatops.terraform.message_types import (
    ActionMessage,
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
    "ApplyMessage",
    "ChangeSummaryMessage",
    "DiagnosticMessage",
    "EphemeralMessage",
    "JsonMessage",
    "ListMessage",
    "LogMessage",
    "Message",
    "OutputsMessage",
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
    "epoch_ms",
    "parse_line",
]

HIGHEST_UI = 1
"""The highest major version of the machine-readable UI that is understood."""

LONGEST_JSON_LINE = 1 << 20
LONGEST_TEXT_LINE = 8192


class UnsupportedUiVersionError(ValueError):
    """The tool speaks a newer major version of its `-json` output, whose meaning is unknown."""


_STAGES = {stage.value: stage for stage in Stage} | {"started": Stage.START}

_Payload = Mapping[str, object]
_Parser = Callable[[str, str, str, _Payload], Message]


def parse_line(line: str) -> Message:
    """One line of output as a message; raises UnsupportedUiVersionError and nothing else, whatever the line holds."""
    payload = _payload(line)
    if payload is None:
        return TextLine(line[:LONGEST_TEXT_LINE].rstrip("\r\n"))
    kind = _text(payload, "type")
    parser = _PARSERS.get(kind, _unknown)
    return parser(kind, _text(payload, "@message"), _text(payload, "@timestamp"), payload)


def epoch_ms(timestamp: str) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 time, or None where it is no time."""
    try:
        moment = datetime.fromisoformat(timestamp)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _payload(line: str) -> _Payload | None:
    if not line.startswith(("{", "\ufeff{", " ")) or len(line) > LONGEST_JSON_LINE:
        return None
    try:
        value = json.loads(line.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    # Log lines of Terraform's own modules and of providers have another name here.
    module = value.get("@module", ".ui")
    return value if isinstance(module, str) and module.endswith(".ui") else None


def _text(value: _Payload, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _optional(value: _Payload, name: str) -> str | None:
    return _text(value, name) or None


def _object(value: _Payload, name: str) -> _Payload:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: _Payload, name: str) -> int:
    found = value.get(name)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found if isinstance(found, int) else 0


def _stage(kind: str) -> Stage:
    return _STAGES[kind.rpartition("_")[2]]


def _address(value: _Payload) -> str:
    return _text(_object(value, "resource"), "addr")


def _unknown(kind: str, text: str, timestamp: str, _: _Payload) -> Message:
    return UnknownMessage(text, timestamp, kind)


def _version(_: str, text: str, timestamp: str, payload: _Payload) -> Message:
    ui = str(payload.get("ui", ""))
    major = ui.partition(".")[0]
    if major.isascii() and major.isdigit() and int(major[:9]) > HIGHEST_UI:
        raise UnsupportedUiVersionError(
            f"reading -json output: ui version {ui[:20]!r} is newer than {HIGHEST_UI}.x; update Cloud ChatOps"
        )
    tool = "tofu" if "tofu" in payload else "terraform"
    return VersionMessage(text, timestamp, tool, _text(payload, tool), ui)


def _diagnostic(_: str, text: str, timestamp: str, payload: _Payload) -> Message:
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


def _change(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
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


def _summary(_: str, text: str, timestamp: str, payload: _Payload) -> Message:
    changes = _object(payload, "changes")
    names = ("add", "change", "remove", "import", "forget", "action_invocation")
    counts = (_number(changes, name) for name in names)
    return ChangeSummaryMessage(text, timestamp, _text(changes, "operation"), *counts)


def _outputs(_: str, text: str, timestamp: str, payload: _Payload) -> Message:
    outputs = _object(payload, "outputs")
    sensitive = {name: bool(_object(outputs, name).get("sensitive")) for name in outputs}
    return OutputsMessage(text, timestamp, sensitive)


def _apply(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    hook = _object(payload, "hook")
    elapsed = _number(hook, "elapsed_seconds") if "elapsed_seconds" in hook else None
    return ApplyMessage(
        text, timestamp, _stage(kind), _address(hook), _text(hook, "action"), _optional(hook, "id_value"), elapsed
    )


def _provision(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    hook = _object(payload, "hook")
    return ProvisionMessage(
        text, timestamp, _stage(kind), _address(hook), _text(hook, "provisioner"), _text(hook, "output")
    )


def _refresh(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    return RefreshMessage(text, timestamp, _stage(kind), _address(_object(payload, "hook")))


def _ephemeral(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    hook = _object(payload, "hook")
    return EphemeralMessage(text, timestamp, _stage(kind), _address(hook), _text(hook, "action"))


def _action(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    body = _object(payload, "hook") or _object(payload, "invocation")
    return ActionMessage(text, timestamp, kind, _text(_object(body, "action"), "addr"))


def _list(kind: str, text: str, timestamp: str, payload: _Payload) -> Message:
    return ListMessage(text, timestamp, kind, _text(_object(payload, kind), "address"))


def _log(kind: str, text: str, timestamp: str, _: _Payload) -> Message:
    return LogMessage(text, timestamp, kind)


def _test(kind: str, text: str, timestamp: str, _: _Payload) -> Message:
    return SuiteMessage(text, timestamp, kind)


def _policy(kind: str, text: str, timestamp: str, _: _Payload) -> Message:
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
