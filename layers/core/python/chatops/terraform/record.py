"""What a log says so far: the plan, each object's operations and how they ended, errors and warnings."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from chatops.domain.progress import COUNTED, OperationKind
from chatops.terraform.blame import blamed
from chatops.terraform.events import Applied, Counts, Diagnostic, Event, OperationSeen, Planned, SilentPlanned
from chatops.terraform.messages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """How an operation stands at the end of what was read."""

    IN_PROGRESS = "in-progress"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class ObservedOperation:
    """One operation as the log showed it; `began` is its place in the order of events."""

    unit: str
    address: str
    kind: OperationKind
    began: int
    object_id: str | None = None
    state: State = State.IN_PROGRESS


class ObservedDiagnostic(NamedTuple):
    """An error or a warning, and when and by which unit it was printed."""

    clock: int
    unit: str
    diagnostic: Diagnostic


class RunRecord:
    """Folds events in log order; `completed` counts the finished operations of the latest plan, as the bar does.

    Several units may write to one log, each with configuration and state of its own: equal addresses in two units are
    two objects, and the counts are the sums of each unit's latest.
    """

    def __init__(self) -> None:
        self.planned: Counts | None = None
        self.summary: Counts | None = None
        self.operations: list[ObservedOperation] = []
        self.diagnostics: list[ObservedDiagnostic] = []
        self.clock = 0
        self.running: dict[ObservedOperation, None] = {}
        self._plans: dict[str, Counts] = {}
        self._summaries: dict[str, Counts] = {}
        self._completed: Counter[str] = Counter()
        self._silent: dict[tuple[str, str], dict[OperationKind, None]] = {}
        self._by_object: dict[tuple[str, str, OperationKind], list[ObservedOperation]] = {}

    @property
    def completed(self) -> int:
        """The finished operations of the latest plans."""
        return self._completed.total()

    def apply(self, event: Event, unit: str = "") -> None:
        """Take one event of a unit into account."""
        self.clock += 1
        match event:
            case OperationSeen():
                self._operation(event, unit)
            case SilentPlanned(address, kind):
                self._silent.setdefault((unit, address), {})[kind] = None
            case Planned(counts):
                self.planned = _sum_with(counts, self.planned, self._plans.get(unit))
                self._plans[unit], self._completed[unit] = counts, 0
            case Applied(counts):
                self.summary = _sum_with(counts, self.summary, self._summaries.get(unit))
                self._summaries[unit] = counts
                for each in [each for each in self._silent if each[0] == unit]:
                    self._silently_done(*each)
            case Diagnostic():
                self.diagnostics.append(ObservedDiagnostic(self.clock, unit, event))
            case _:
                pass

    def _operation(self, event: OperationSeen, unit: str) -> None:
        if event.kind is OperationKind.IMPORT:
            self._silent.pop((unit, event.address), None)
        elif event.kind is not OperationKind.READ:
            self._silently_done(unit, event.address)
        seen = self._by_object.get((unit, event.address, event.kind), ())
        open_one = next((each for each in reversed(seen) if each.state is State.IN_PROGRESS), None)
        if event.stage is Stage.START or open_one is None:
            if event.stage is Stage.PROGRESS and seen:
                return  # a tick that came after the end
            open_one = self._begin(unit, event.address, event.kind)
        open_one.object_id = open_one.object_id or event.object_id  # ticks shorten it
        if event.stage is Stage.COMPLETE:
            self._finish(open_one)
        elif event.stage is Stage.ERRORED:
            open_one.state = State.FAILED
            self.running.pop(open_one, None)

    def _begin(self, unit: str, address: str, kind: OperationKind) -> ObservedOperation:
        operation = ObservedOperation(unit, address, kind, self.clock)
        self.operations.append(operation)
        self.running[operation] = None
        self._by_object.setdefault((unit, address, kind), []).append(operation)
        return operation

    def _silently_done(self, unit: str, address: str) -> None:
        for kind in self._silent.pop((unit, address), ()):
            self._finish(self._begin(unit, address, kind))

    def _finish(self, operation: ObservedOperation) -> None:
        operation.state = State.DONE
        self.running.pop(operation, None)
        self._completed[operation.unit] += operation.kind in COUNTED

    def states(self) -> Mapping[ObservedOperation, State]:
        """Every operation's state, those that an error explains as failed."""
        reported = (each for each in self.operations if each.state is State.FAILED)
        errors = (each for each in self.diagnostics if each.diagnostic.is_error)
        return {each: each.state for each in self.operations} | dict.fromkeys(
            blamed(self.running, reported, errors), State.FAILED
        )


def _sum_with(new: Counts, total: Counts | None, old: Counts | None) -> Counts:
    """The sum after one unit's counts have taken the place of its old ones."""
    rows = zip(astuple(total or Counts()), astuple(old or Counts()), astuple(new), strict=True)
    return Counts(*(whole - before + after for whole, before, after in rows))
