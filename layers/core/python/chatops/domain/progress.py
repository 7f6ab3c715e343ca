"""Progress of a run as sets of numbers, so that replayed, late or reordered log lines change nothing."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

KEY_BITS = 40
OFFSET_BITS = 22
LONGEST_OFFSET = (1 << OFFSET_BITS) - 1
"""Seconds after the start of a run that still fit: about 48 days."""


HEARD_SECONDS = 10
"""How exactly it is remembered when a build was last heard of; Terraform says that it works on every ten seconds."""


class Step(IntEnum):
    """How far a build has come, before Terraform works on resources; a higher one is always the later one."""

    QUEUED = 1
    PROVISIONING = 2
    BOOTING = 3
    INIT = 4
    PROVIDERS = 5
    READING = 6
    WORKING = 7


class OperationKind(StrEnum):
    """What Terraform does to one object; a replace is a delete and a create."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"
    MOVE = "move"
    FORGET = "forget"


COUNTED = frozenset({OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE, OperationKind.IMPORT})
"""The kinds a progress bar counts; reads are not in Terraform's plan totals, moves and forgets take no time."""

SILENT = frozenset({OperationKind.IMPORT, OperationKind.MOVE, OperationKind.FORGET})
"""The kinds of which `-json` output says nothing while it applies them."""

_KIND_MASK = 0b111
_KINDS = tuple(OperationKind)
_CODES = {kind: code for code, kind in enumerate(_KINDS)}

APPLIED_KEY = _KIND_MASK
"""In `done`: Terraform said that the whole apply is complete, so the silent operations are too."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One planned or observed operation; `deposed` names an old object left behind by a replacement."""

    address: str
    kind: OperationKind
    deposed: str | None = None

    @property
    def key(self) -> int:
        """A 40-bit number for the three fields; its low three bits are the kind, readable without an index."""
        return _key(self.address, self.kind, self.deposed)

    @property
    def log_key(self) -> int:
        """The key a log line gives this operation: `-json` lines never carry the deposed id."""
        return _key(self.address, self.kind, None)


def _key(address: str, kind: OperationKind, deposed: str | None) -> int:
    text = f"{address}\0{deposed or ''}".encode("utf-8", "surrogatepass")
    digest = blake2b(text, digest_size=KEY_BITS // 8, person=kind.encode()).digest()
    return int.from_bytes(digest, "big") & ~_KIND_MASK | _CODES[kind]


def kind_of(key: int) -> OperationKind | None:
    """The kind inside a key, or None for a key that no operation has."""
    code = key & _KIND_MASK
    return _KINDS[code] if code < len(_KINDS) else None


def pack(key: int, offset_seconds: int) -> int:
    """One number for a key and the seconds since the run began; offsets are held within 0 and LONGEST_OFFSET."""
    return key << OFFSET_BITS | min(max(offset_seconds, 0), LONGEST_OFFSET)


def unpack(number: int) -> tuple[int, int]:
    """The key and the offset in seconds that `pack` put together."""
    return number >> OFFSET_BITS, number & LONGEST_OFFSET


@dataclass(frozen=True)
class ProgressIndex:
    """The planned operations of a run, in plan order: gives the numbers their names back."""

    operations: tuple[Operation, ...]

    def to_bytes(self) -> bytes:
        """Gzipped JSON, the same bytes for the same operations."""
        rows = [_row(operation) for operation in self.operations]
        text = json.dumps({"v": 1, "operations": rows}, separators=(",", ":"))
        return gzip.compress(text.encode(), mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> ProgressIndex:
        """Read what `to_bytes` wrote; raises ValueError for anything else."""
        try:
            document = json.loads(gzip.decompress(data))
            if document["v"] != 1:
                raise ValueError(f"version {document['v']!r} is unknown")
            return cls(tuple(Operation(row[0], OperationKind(row[1]), *row[2:]) for row in document["operations"]))
        except (OSError, EOFError, zlib.error, ValueError, TypeError, LookupError) as error:
            raise ValueError(f"reading a progress index: {error}") from error

    def get(self, key: int) -> Operation | None:
        """The first operation with this key, whether it came from a plan or from a log line."""
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> Mapping[int, Operation]:
        last_wins = reversed(self.operations)
        return {key: operation for operation in last_wins for key in (operation.log_key, operation.key)}

    @cached_property
    def by_log_key(self) -> Mapping[int, Sequence[Operation]]:
        """The operations that a log cannot tell apart, together; nearly always one."""
        groups: dict[int, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            groups[operation.log_key].append(operation)
        return groups


def _row(operation: Operation) -> list[str]:
    row = [operation.address, operation.kind.value]
    return row if operation.deposed is None else [*row, operation.deposed]


@dataclass(frozen=True, slots=True)
class ProgressDelta:
    """What a batch of log lines adds to a run, as sets that may be united in any order, any number of times.

    `started`, `done` and `failed` hold packed numbers of operations, `errors` texts, `steps` the Steps seen, and
    `heard` the marks of when lines came (`heard_mark`).
    """

    started: frozenset[int] = frozenset()
    done: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    errors: tuple[str, ...] = ()
    steps: frozenset[int] = frozenset()
    heard: frozenset[int] = frozenset()

    def __or__(self, other: ProgressDelta) -> ProgressDelta:
        return ProgressDelta(
            self.started | other.started,
            self.done | other.done,
            self.failed | other.failed,
            tuple(dict.fromkeys(self.errors + other.errors)),
            self.steps | other.steps,
            self.heard | other.heard,
        )

    def __bool__(self) -> bool:
        return bool(self.started or self.done or self.failed or self.errors or self.steps or self.heard)

    @property
    def step(self) -> Step | None:
        """The furthest step seen."""
        return max(map(Step, self.steps), default=None)

    @property
    def last_heard(self) -> int:
        """Seconds after the start when something was last heard, to within HEARD_SECONDS; 0 for never."""
        return max(self.heard, default=0) * HEARD_SECONDS


def heard_mark(offset_seconds: int) -> int:
    """The mark of a line that came so many seconds after the start; what was said before it counts as its beginning."""
    return min(max(offset_seconds, 0), LONGEST_OFFSET) // HEARD_SECONDS


class InFlight(NamedTuple):
    """An operation under way and for how many seconds."""

    address: str
    kind: OperationKind
    elapsed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run computed from its sets; `total` is None without an index, then only counts are known."""

    total: int | None
    completed: int
    failed_count: int
    failed: tuple[Operation, ...] = ()
    done: tuple[Operation, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    never_started: tuple[Operation, ...] = ()

    @classmethod
    def of(cls, sets: ProgressDelta, index: ProgressIndex | None, now: int) -> Progress:
        """Compute the view at `now` seconds after the run began; keys missing from the index are ignored."""
        return _without_index(sets) if index is None else _with_index(sets, index, now)

    @property
    def percent(self) -> float | None:
        """Completed of total, 0 to 100; None where the bar has to be indeterminate."""
        return self.completed / self.total * 100 if self.total else None


def _offsets(numbers: Iterable[int]) -> Mapping[int, list[int]]:
    by_key: dict[int, list[int]] = defaultdict(list)
    for number in sorted(numbers):
        key, offset = unpack(number)
        by_key[key].append(offset)
    return by_key


def _without_index(sets: ProgressDelta) -> Progress:
    done = {unpack(number)[0] for number in sets.done}
    failed = {unpack(number)[0] for number in sets.failed} - done
    return Progress(None, sum(kind_of(key) in COUNTED for key in done), len(failed))


class _Split(NamedTuple):
    """How many of the operations behind one key are done, failed and under way, and when these began."""

    done: int
    failed: int
    starts: list[int]


def _with_index(sets: ProgressDelta, index: ProgressIndex, now: int) -> Progress:
    completed = total = 0
    failed: list[Operation] = []
    done: list[Operation] = []
    waiting: list[Operation] = []
    in_flight: list[InFlight] = []
    for operations, split in _splits(sets, index):
        counted = operations[0].kind in COUNTED
        completed += split.done * counted
        total += len(operations) * counted
        done += operations[: split.done] if counted else []
        rest = operations[split.done :]
        failed += rest[: split.failed]
        running = rest[split.failed : split.failed + len(split.starts)]
        in_flight += _in_flight(running, split.starts, now)
        waiting += rest[split.failed + len(running) :] if counted else []
    in_flight.sort(key=lambda each: -each.elapsed)
    return Progress(total, completed, len(failed), tuple(failed), tuple(done), tuple(in_flight), tuple(waiting))


def _in_flight(operations: Sequence[Operation], starts: list[int], now: int) -> list[InFlight]:
    pairs = zip(operations, starts, strict=True)
    return [InFlight(operation.address, operation.kind, max(0, now - start)) for operation, start in pairs]


def _splits(sets: ProgressDelta, index: ProgressIndex) -> Iterator[tuple[Sequence[Operation], _Split]]:
    started, done, failed = _offsets(sets.started), _offsets(sets.done), _offsets(sets.failed)
    for key, operations in index.by_log_key.items():
        size = len(operations)
        finished = min(size, len(done.get(key, ())))
        if operations[0].kind in SILENT and (APPLIED_KEY in done or _overtaken(operations[0], started, done)):
            finished = size
        broken = min(size - finished, len(failed.get(key, ())))
        # Each end belongs to the oldest start: what is left over is still running.
        starts = started.get(key, [])[finished + broken : size]
        yield operations, _Split(finished, broken, starts)


def _overtaken(operation: Operation, *seen: Mapping[int, list[int]]) -> bool:
    """Whether an import must be over because its object is already being changed."""
    if operation.kind is not OperationKind.IMPORT:
        return False
    later = (OperationKind.UPDATE, OperationKind.DELETE, OperationKind.CREATE)
    return any(_key(operation.address, kind, None) in keys for kind in later for keys in seen)
