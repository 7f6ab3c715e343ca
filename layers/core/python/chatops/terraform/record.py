"""What a log says so far: the plan, each object's operations and how they ended, errors and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chatops.domain.progress import COUNTED, OperationKind
from chatops.terraform.addresses import in_configuration, normal_form
from chatops.terraform.events import Applied, Counts, Diagnostic, Event, OperationSeen, Planned, SilentPlanned
from chatops.terraform.messages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SHORTEST_ID = 6
_NOT_ABOUT_A_RESOURCE = frozenset({"execution halted", "operation canceled", "Operation cancelled"})


class State(StrEnum):
    """How an operation stands at the end of what was read."""

    IN_PROGRESS = "in-progress"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class ObservedOperation:
    """One operation as the log showed it; `began` is its place in the order of events."""

    address: str
    kind: OperationKind
    began: int
    object_id: str | None = None
    state: State = State.IN_PROGRESS


class RunRecord:
    """Folds events in log order; `completed` counts the finished operations of the latest plan, as the bar does."""

    def __init__(self) -> None:
        self.planned: Counts | None = None
        self.summary: Counts | None = None
        self.operations: list[ObservedOperation] = []
        self.diagnostics: list[tuple[int, Diagnostic]] = []
        self.clock = 0
        self.completed = 0
        self.running: dict[ObservedOperation, None] = {}
        self._silent: dict[str, dict[OperationKind, None]] = {}
        self._by_object: dict[tuple[str, OperationKind], list[ObservedOperation]] = {}

    def apply(self, event: Event) -> None:
        """Take one event into account."""
        self.clock += 1
        match event:
            case OperationSeen():
                self._operation(event)
            case SilentPlanned(address, kind):
                self._silent.setdefault(address, {})[kind] = None
            case Planned(counts, weak):
                if not weak or self.planned is None:
                    self.planned, self.completed = counts, 0
            case Applied(counts):
                self.summary = counts
                for address in list(self._silent):
                    self._silently_done(address)
            case Diagnostic():
                self.diagnostics.append((self.clock, event))
            case _:
                pass

    def _operation(self, event: OperationSeen) -> None:
        if event.kind is OperationKind.IMPORT:
            self._silent.pop(event.address, None)
        elif event.kind is not OperationKind.READ:
            self._silently_done(event.address)
        open_one = self._latest_open(event)
        if event.stage is Stage.START or open_one is None:
            if event.stage is Stage.PROGRESS and self._seen(event):
                return  # a tick that came after the end
            open_one = self._begin(event.address, event.kind)
        open_one.object_id = event.object_id or open_one.object_id
        if event.stage is Stage.COMPLETE:
            self._finish(open_one)
        elif event.stage is Stage.ERRORED:
            open_one.state = State.FAILED
            self.running.pop(open_one, None)

    def _seen(self, event: OperationSeen) -> Sequence[ObservedOperation]:
        return self._by_object.get((event.address, event.kind), ())

    def _latest_open(self, event: OperationSeen) -> ObservedOperation | None:
        return next((each for each in reversed(self._seen(event)) if each.state is State.IN_PROGRESS), None)

    def _begin(self, address: str, kind: OperationKind) -> ObservedOperation:
        operation = ObservedOperation(address, kind, self.clock)
        self.operations.append(operation)
        self.running[operation] = None
        self._by_object.setdefault((address, kind), []).append(operation)
        return operation

    def _silently_done(self, address: str) -> None:
        for kind in self._silent.pop(address, ()):
            self._finish(self._begin(address, kind))

    def _finish(self, operation: ObservedOperation) -> None:
        operation.state = State.DONE
        self.running.pop(operation, None)
        self.completed += operation.kind in COUNTED

    def states(self) -> Mapping[ObservedOperation, State]:
        """Every operation's state, those that an error explains as failed."""
        return {each: each.state for each in self.operations} | dict.fromkeys(self._explained(), State.FAILED)

    def _explained(self) -> set[ObservedOperation]:
        """The unfinished operations that the errors are about."""
        suspects = list(self.running)
        failed: set[ObservedOperation] = set()
        unlinked: list[int] = []
        for clock, error in self._errors():
            told = self._told(error, clock)
            rest = [each for each in suspects if each not in failed and (each.began < clock or not told)]
            linked = next(_culprits(error, clock, rest), None)
            if linked:
                failed.add(linked)
            elif not _names_a_resource(error) and error.summary not in _NOT_ABOUT_A_RESOURCE:
                unlinked.append(clock)
        # Terraform prints errors when everything has ended: what none of them names cannot be running any more.
        last = max(unlinked, default=0)
        return failed | {each for each in suspects if each.began < last}

    def _told(self, error: Diagnostic, clock: int) -> bool:
        """Whether the log had already reported the object of this error as failed, so that a later try is another."""
        if error.address is None:
            return False
        name = normal_form(error.address)
        earlier = (each for each in self.operations if each.began < clock and each.state is State.FAILED)
        return any(normal_form(each.address) == name for each in earlier)

    def _errors(self) -> Iterator[tuple[int, Diagnostic]]:
        errors = [(clock, each) for clock, each in self.diagnostics if each.is_error]
        yield from sorted(errors, key=lambda pair: pair[1].address is None)  # the certain ones first


def _names_a_resource(error: Diagnostic) -> bool:
    return error.address is not None or (error.context or "").startswith(("resource ", "data "))


def _culprits(error: Diagnostic, clock: int, suspects: Sequence[ObservedOperation]) -> Iterator[ObservedOperation]:
    """The suspects that an error fits, the best first; those begun before it before those begun after."""
    newest_first = sorted(suspects, key=lambda each: (each.began > clock, -each.began))
    oldest_first = sorted(suspects, key=lambda each: (each.began > clock, each.began))
    if error.address:
        name = normal_form(error.address)
        yield from (each for each in newest_first if normal_form(each.address) == name)
        yield from (each for each in newest_first if normal_form(each.address).endswith(f".{name}"))
        return
    text = f"{error.summary}\n{error.detail}"
    yield from (each for each in newest_first if _contains(text, each.address))
    if error.context:
        block = error.context.replace("resource ", "").replace("data ", "data.").replace('" "', ".").replace('"', "")
        yield from (each for each in oldest_first if in_configuration(each.address) == block)
    yield from (each for each in newest_first if _mentions(text, each.object_id))


def _contains(text: str, address: str) -> bool:
    place = text.find(address)
    following = text[place + len(address) : place + len(address) + 1]
    return place >= 0 and not (following.isalnum() or following in ("_", "-", "[", "."))


def _mentions(text: str, object_id: str | None) -> bool:
    return object_id is not None and len(object_id) >= _SHORTEST_ID and object_id in text
