"""Read the JSON of `terraform show -json PLAN`: a claim of untrusted code, checked before it is believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatops.domain.progress import Operation, OperationKind, ProgressIndex

HIGHEST_FORMAT = 1
"""The highest major `format_version` that is understood."""


class PlanFormatError(ValueError):
    """The document is not a Terraform plan, or one that cannot be read without leaving something out."""


_KINDS_OF_ACTION = {
    "no-op": (),
    "create": (OperationKind.CREATE,),
    "read": (OperationKind.READ,),
    "update": (OperationKind.UPDATE,),
    "delete": (OperationKind.DELETE,),
    "forget": (OperationKind.FORGET,),
}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a plan will do, counted as Terraform counts: a replacement is one add and one destroy."""

    add: int
    change: int
    destroy: int
    import_: int
    forget: int
    move: int
    has_changes: bool
    operations: tuple[Operation, ...]
    destroyed: tuple[str, ...]
    replaced: tuple[str, ...]
    outputs_changed: tuple[str, ...]

    @property
    def total(self) -> int:
        """The operations a progress bar counts."""
        return self.add + self.change + self.destroy + self.import_


@dataclass(frozen=True, slots=True)
class _Change:
    address: str
    operations: tuple[Operation, ...]

    @property
    def kinds(self) -> frozenset[OperationKind]:
        return frozenset(operation.kind for operation in self.operations)


def read_plan(plan: Mapping[str, object]) -> PlanFacts:
    """The facts of a plan document; raises PlanFormatError naming what is wrong with it."""
    _check_format(plan)
    changes = [_change(entry, place) for place, entry in enumerate(_list(plan, "resource_changes"))]
    operations = tuple(operation for change in changes for operation in change.operations)
    outputs = tuple(sorted(_changed_outputs(plan)))
    count = Counter(operation.kind for operation in operations)
    return PlanFacts(
        add=count[OperationKind.CREATE],
        change=count[OperationKind.UPDATE],
        destroy=count[OperationKind.DELETE],
        import_=count[OperationKind.IMPORT],
        forget=count[OperationKind.FORGET],
        move=count[OperationKind.MOVE],
        has_changes=bool(operations or outputs) or plan.get("applyable") is True,
        operations=operations,
        destroyed=tuple(change.address for change in changes if OperationKind.DELETE in change.kinds),
        replaced=tuple(
            change.address for change in changes if change.kinds >= {OperationKind.CREATE, OperationKind.DELETE}
        ),
        outputs_changed=outputs,
    )


def index_from_plan(plan: Mapping[str, object]) -> ProgressIndex:
    """The planned operations in the order of the plan; raises PlanFormatError."""
    return ProgressIndex(read_plan(plan).operations)


def _check_format(plan: object) -> None:
    if not isinstance(plan, Mapping):
        raise PlanFormatError("plan JSON: expected an object, as `terraform show -json PLANFILE` prints it")
    version = plan.get("format_version")
    if not isinstance(version, str) or not ("resource_changes" in plan or "planned_values" in plan):
        raise PlanFormatError("plan JSON: no format_version or no planned changes; is this a state, not a plan?")
    major = version.partition(".")[0]
    if not (major.isascii() and major.isdigit() and len(major) < 4 and int(major) <= HIGHEST_FORMAT):
        raise PlanFormatError(f"plan JSON: format_version {version[:20]!r} is newer than {HIGHEST_FORMAT}.x")


def _list(document: Mapping[str, object], name: str) -> Sequence[object]:
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise PlanFormatError(f"plan JSON: {name} is not a list")
    return value


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise PlanFormatError(f"plan JSON: {where} is not an object")
    return value


def _change(entry: object, place: int) -> _Change:
    where = f"resource_changes[{place}]"
    resource = _object(entry, where)
    address = resource.get("address")
    if not isinstance(address, str) or not address:
        raise PlanFormatError(f"plan JSON: {where} has no address")
    change = _object(resource.get("change"), f"{where}.change")
    deposed = resource.get("deposed")
    kinds = _silent_kinds(resource, change, address) + _action_kinds(change, where)
    named = deposed if isinstance(deposed, str) and deposed else None
    return _Change(address, tuple(Operation(address, kind, named) for kind in kinds))


def _silent_kinds(
    resource: Mapping[str, object], change: Mapping[str, object], address: str
) -> tuple[OperationKind, ...]:
    previous = resource.get("previous_address")
    moved = (OperationKind.MOVE,) if isinstance(previous, str) and previous not in ("", address) else ()
    imported = (OperationKind.IMPORT,) if change.get("importing") else ()
    return moved + imported


def _action_kinds(change: Mapping[str, object], where: str) -> tuple[OperationKind, ...]:
    kinds: list[OperationKind] = []
    if "actions" not in change:
        raise PlanFormatError(f"plan JSON: {where} has no actions")
    for action in _list(change, "actions"):
        if not isinstance(action, str) or action not in _KINDS_OF_ACTION:
            # Skipping it could hide a destroy from the person who approves.
            raise PlanFormatError(f"plan JSON: {where} has the unknown action {str(action)[:40]!r}")
        kinds.extend(_KINDS_OF_ACTION[action])
    return tuple(kinds)


def _changed_outputs(plan: Mapping[str, object]) -> Iterator[str]:
    for name, value in _object(plan.get("output_changes") or {}, "output_changes").items():
        if list(_list(_object(value, f"output_changes[{name[:80]!r}]"), "actions")) != ["no-op"]:
            yield name
