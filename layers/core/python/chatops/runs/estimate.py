"""How much longer a run takes: a range, from how long the same kinds of operations took in a guild's earlier runs.

Which operation waits for which is not known here, so the range says what is known: how long each one may take, how many
are under way at once, and that Terraform has at most ten of them. bench/estimate.py measures how often it is right.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chatops.domain.progress import InFlight, Operation, OperationKind, Progress, ProgressDelta, ProgressIndex, unpack
from chatops.domain.timings import Timed
from chatops.terraform.addresses import in_configuration

SAMPLES_OF_A_RUN = 3
"""The quickest, the middle and the slowest: a run with two hundred instances tells of one day, not of two hundred."""

PARALLELISM = 10
"""How many operations Terraform carries out at once; the runner leaves it at that."""
FEW_SAMPLES, MARGIN = 10, 1.25
"""Below so many samples, what was seen does not yet show how far times spread: by so much more both ways."""
TAIL = 0.1
"""The share of the samples that is left out at either end."""
OVERDUE_SECONDS = 10

_TIMED = frozenset({OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE})  # of imports a log says nothing


class _Rest(NamedTuple):
    """Seconds that an operation still takes when it goes quickly, and when it goes slowly."""

    quick: float
    slow: float


def estimate(progress: Progress, timings: Timed) -> tuple[int, int] | None:
    """The seconds that are left, from and to; None where that is not known.

    It is not known of a kind of operation that never ran before, while nothing is under way (then nothing shows how
    much is done at once), of an operation that takes much longer than any before, and after a failure: what depends on
    the failed one never starts.
    """
    to_come = _names(progress.never_started)
    running = [each for each in progress.in_flight if each.kind in _TIMED]
    under_way = _all_known(_rest(timings.get(_name(each), ()), each.elapsed) for each in running)
    coming = _all_known(_rest(timings.get(name, ()), 0) for name in to_come)
    if progress.failed_count or not under_way or coming is None:
        return None
    work = sum(sum(timings[name]) / len(timings[name]) * number for name, number in to_come.items())
    low, high = _earliest(under_way, coming, work), _latest(under_way, coming, work)
    return int(low), math.ceil(max(low, high))


def _all_known(rests: Iterable[_Rest | None]) -> list[_Rest] | None:
    """All of them, or None where one is not known."""
    known: list[_Rest] = []
    for rest in rests:
        if rest is None:
            return None
        known.append(rest)
    return known


def _earliest(under_way: Sequence[_Rest], coming: Sequence[_Rest], work: float) -> float:
    """When everything that may run at once does."""
    longest = max(rest.quick for rest in [*under_way, *coming])
    shared = (sum(rest.quick for rest in under_way) + work) / PARALLELISM
    if not coming or len(under_way) >= PARALLELISM:
        return max(longest, shared)
    # With room for more, whatever has not started waits for one that is under way.
    return max(longest, shared, min(rest.quick for rest in under_way) + max(rest.quick for rest in coming))


def _latest(under_way: Sequence[_Rest], coming: Sequence[_Rest], work: float) -> float:
    """When the rest comes after what is under way, and fewer and fewer at once, as runs end."""
    at_once = (len(under_way) + 1) / 2
    return max(rest.slow for rest in under_way) + max(work / at_once, *(rest.slow for rest in coming), 0)


def _rest(samples: Sequence[int], elapsed: int) -> _Rest | None:
    """What is left of an operation after `elapsed` seconds, by those that took at least as long.

    One that outlives them all may end at once or last as long again; when it has lasted twice as long as any, nothing
    is known of it any more.
    """
    if not samples:
        return None
    margin = MARGIN if len(samples) < FEW_SAMPLES else 1
    longer = sorted(each for each in samples if each * margin >= elapsed)
    if longer:
        quick, slow = _share(longer, TAIL) / margin, _share(longer, 1 - TAIL) * margin
        return _Rest(max(quick - elapsed, 0), max(slow - elapsed, 0))
    return _Rest(0, elapsed) if elapsed <= 2 * max(samples) + OVERDUE_SECONDS else None


def _share(ordered: Sequence[int], share: float) -> float:
    """The value below which this share of the others lies, between two of them if need be."""
    place = (len(ordered) - 1) * share
    before, after = ordered[math.floor(place)], ordered[math.ceil(place)]
    return before + (after - before) * (place % 1)


def measured(seen: ProgressDelta, index: ProgressIndex) -> dict[str, list[int]]:
    """How long a run's finished operations took, in seconds by name; of each name at most SAMPLES_OF_A_RUN.

    Left out is what a log cannot tell apart, such as the deposed objects of one resource.
    """
    began, ended = _once(seen.started), _once(seen.done)
    times: dict[str, list[int]] = defaultdict(list)
    for key in began.keys() & ended.keys():
        operation = index.get(key)
        if operation and operation.kind in _TIMED and began[key] <= ended[key]:
            times[_name(operation)].append(ended[key] - began[key])
    return {name: _spread(sorted(seconds)) for name, seconds in sorted(times.items())}


def _names(operations: Iterable[Operation]) -> Counter[str]:
    return Counter(_name(each) for each in operations if each.kind in _TIMED)


def _name(operation: Operation | InFlight) -> str:
    """`aws_instance:create`: what has one name takes about as long."""
    return f"{in_configuration(operation.address).partition('.')[0]}:{operation.kind.value}"


def _once(numbers: Iterable[int]) -> dict[int, int]:
    """The offsets of the keys that come once."""
    offsets = [unpack(number) for number in numbers]
    counted = Counter(key for key, _ in offsets)
    return {key: offset for key, offset in offsets if counted[key] == 1}


def _spread(ordered: list[int]) -> list[int]:
    last = len(ordered) - 1
    return ordered if last < SAMPLES_OF_A_RUN else [ordered[0], ordered[last // 2], ordered[last]]
