"""The messages of Terraform's and OpenTofu's machine-readable UI: a closed set, with a door for what is newer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """A type that is newer than this reader; show its text."""

    type: str


@dataclass(frozen=True, slots=True)
class VersionMessage(JsonMessage):
    """The first line of a stream."""

    tool: str
    version: str
    ui: str


@dataclass(frozen=True, slots=True)
class LogMessage(JsonMessage):
    """Free text, such as the answer to an interrupt; `type` is log or init_output, which may have a `code`."""

    type: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class DiagnosticMessage(JsonMessage):
    """An error or a warning; `context` is the enclosing block, as `resource "a" "b"`."""

    severity: str
    summary: str
    detail: str
    address: str | None
    filename: str | None
    line: int | None
    context: str | None


@dataclass(frozen=True, slots=True)
class PlannedChangeMessage(JsonMessage):
    """One planned change, or with `drift` one that happened outside Terraform; a replace is one message."""

    address: str
    action: str
    reason: str | None
    previous_address: str | None
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
    action_invocation: int


@dataclass(frozen=True, slots=True)
class OutputsMessage(JsonMessage):
    """The names of the outputs and whether each is sensitive."""

    sensitive: Mapping[str, bool]


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
    address: str
    provisioner: str
    output: str


@dataclass(frozen=True, slots=True)
class RefreshMessage(JsonMessage):
    """Reading an object's state while planning; not work."""

    stage: Stage
    address: str


@dataclass(frozen=True, slots=True)
class EphemeralMessage(JsonMessage):
    """Opening, renewing or closing an ephemeral resource."""

    stage: Stage
    address: str
    action: str


@dataclass(frozen=True, slots=True)
class ActionMessage(JsonMessage):
    """A step of an `action` block of Terraform 1.14; `type` tells planned and applied ones apart."""

    type: str
    address: str


@dataclass(frozen=True, slots=True)
class ListMessage(JsonMessage):
    """`terraform query`."""

    type: str
    address: str


@dataclass(frozen=True, slots=True)
class SuiteMessage(JsonMessage):
    """`terraform test`."""

    type: str


@dataclass(frozen=True, slots=True)
class PolicyMessage(JsonMessage):
    """The policy results of Terraform 1.16."""

    type: str


AnyJsonMessage = (
    UnknownMessage
    | VersionMessage
    | LogMessage
    | DiagnosticMessage
    | PlannedChangeMessage
    | ChangeSummaryMessage
    | OutputsMessage
    | ApplyMessage
    | ProvisionMessage
    | RefreshMessage
    | EphemeralMessage
    | ActionMessage
    | ListMessage
    | SuiteMessage
    | PolicyMessage
)

Message = TextLine | AnyJsonMessage
