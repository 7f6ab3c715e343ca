"""What a line of output means to the tracker, the same whether it came as JSON or as human text."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.domain.progress import OperationKind
from chatops.terraform.messages import (
    ApplyMessage,
    ChangeSummaryMessage,
    DiagnosticMessage,
    JsonMessage,
    OutputsMessage,
    PlannedChangeMessage,
    ProvisionMessage,
    RefreshMessage,
    Stage,
)

_KINDS = {kind.value: kind for kind in OperationKind} | {"remove": OperationKind.FORGET}
_FIRST_DETAIL_LINES = 3
_LONGEST_ERROR = 600


@dataclass(frozen=True, slots=True)
class OperationSeen:
    """One operation began, goes on, ended or failed; `elapsed` in seconds where the line says it."""

    address: str
    kind: OperationKind
    stage: Stage
    deposed: str | None = None
    object_id: str | None = None
    elapsed: int | None = None


@dataclass(frozen=True, slots=True)
class SilentPlanned:
    """A move, forget or import is planned: `-json` says no more of it until the whole apply is complete."""

    address: str
    kind: OperationKind


@dataclass(frozen=True, slots=True)
class Counts:
    """Terraform's five numbers, of a plan or of a finished apply."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    import_: int = 0
    forget: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan's counts; `weak` where a sentence without numbers says that there are none."""

    counts: Counts
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """The apply or destroy succeeded."""

    counts: Counts
    destroy: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning; `context` is a block as `resource "a" "b"`."""

    is_error: bool
    summary: str
    detail: str = ""
    address: str | None = None
    context: str | None = None

    @property
    def gist(self) -> tuple[object, ...]:
        """What stays the same when a wrapper repeats it."""
        return self.is_error, self.summary, self.address, self.context, self.detail.partition("\n")[0].strip()

    def describe(self) -> str:
        """For a person: `summary: first lines of detail (address)`, at most 600 characters."""
        lines = [line.strip() for line in self.detail.splitlines() if line.strip()]
        text = ": ".join(filter(None, (self.summary, " ".join(lines[:_FIRST_DETAIL_LINES]))))
        place = f" ({self.address})" if self.address else ""
        room = _LONGEST_ERROR - len(place)
        if room < _LONGEST_ERROR // 2:
            return f"{text}{place}"[: _LONGEST_ERROR - 1] + "…"
        return (text if len(text) <= room else text[: room - 1] + "…") + place


@dataclass(frozen=True, slots=True)
class Output:
    """One line of a provisioner's own words: never progress, whatever it says."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth showing that changes no number, such as a refresh."""

    text: str


Event = OperationSeen | SilentPlanned | Planned | Applied | Diagnostic | Output | Note


def event_of(message: JsonMessage) -> Event | None:
    """What a `-json` message means; None for those that change nothing a person sees."""
    match message:
        case ApplyMessage():
            return _operation(message)
        case ProvisionMessage(stage=Stage.PROGRESS):
            return Output(message.output)
        case RefreshMessage(stage=Stage.COMPLETE) | ProvisionMessage(stage=Stage.COMPLETE) | OutputsMessage():
            return None
        case PlannedChangeMessage():
            return _silent(message)
        case ChangeSummaryMessage():
            return _counts(message)
        case DiagnosticMessage():
            is_error = message.severity == "error"
            return Diagnostic(is_error, message.summary, message.detail, message.address, message.context)
        case _:
            return Note(message.text.strip()) if message.text.strip() else None


def _operation(message: ApplyMessage) -> Event | None:
    kind = _KINDS.get(message.action)
    if kind is None or not message.address:
        return None
    return OperationSeen(message.address, kind, message.stage, None, message.id, message.elapsed_seconds)


def _silent(message: PlannedChangeMessage) -> Event | None:
    if message.drift:
        return None
    if message.importing or message.action == "import":
        return SilentPlanned(message.address, OperationKind.IMPORT)
    if message.action in ("move", "remove", "forget"):
        return SilentPlanned(message.address, _KINDS[message.action])
    return None


def _counts(message: ChangeSummaryMessage) -> Event:
    counts = Counts(message.add, message.change, message.remove, message.import_, message.forget)
    if message.operation == "plan":
        return Planned(counts)
    return Applied(counts, destroy=message.operation == "destroy")
