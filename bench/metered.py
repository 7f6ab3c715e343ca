"""Ports whose calls take virtual time, are counted as AWS bills them, and may be the last of an invocation."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from bench.virtual_time import VirtualTime
    from chatops.domain.progress import ProgressDelta

AWS_SECONDS = 0.008
"""What a call to DynamoDB or S3 is taken to last; an assumption."""
DIES = 0.0005
"""How many of the calls are an invocation's last."""

PRICES = {
    # USD, list prices of us-east-1 without a free tier, as public catalogues and pages of prices had them between
    # 2026-02 and 2026-07: Lambda on x86, DynamoDB on demand (after its cut of 2024-11), S3 standard.
    "GB-seconds": 0.0000166667,
    "invocations": 0.20 / 1e6,
    "write units": 0.625 / 1e6,
    "read units": 0.125 / 1e6,
    "S3 reads": 0.0004 / 1e3,
}


class Died(BaseException):
    """An invocation's process ended: no code of ours may catch it."""


@dataclass
class Bill:
    """What was used; `writes` are calls, the units are what DynamoDB counts for them."""

    used: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, name: str, number: float = 1) -> None:
        self.used[name] += number

    @property
    def dollars(self) -> float:
        return sum(self.used[name] * price for name, price in PRICES.items())


@dataclass
class Metered:
    """A port whose calls take time, are counted, and may be an invocation's last."""

    port: Any
    time: VirtualTime
    bill: Bill
    random: Random
    units: Callable[[Any, str, tuple[Any, ...]], Mapping[str, float]]

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.time.sleep(AWS_SECONDS)
            if self.random.random() < DIES:
                raise Died
            answer = getattr(self.port, name)(*arguments)
            for unit, number in self.units(self.port, name, arguments).items():
                self.bill.add(unit, number)
            return answer

        return call


WRITES = {"add_progress", "lease_edit", "extend_edit", "release_edit"}


def table_units(store: Any, name: str, arguments: tuple[Any, ...]) -> dict[str, float]:
    """DynamoDB counts an item as a whole: each KB of a write, each 4 KB of a consistent read."""
    of_progress = name in ("add_progress", "progress")
    size = item_bytes(store.progress(*arguments[:2]).seen) if of_progress else 1
    return {"writes": 1, "write units": math.ceil(size / 1024)} if name in WRITES else read_units(size)


def read_units(size: int) -> dict[str, float]:
    return {"read units": math.ceil(size / 4096)}


def item_bytes(seen: ProgressDelta) -> int:
    """What DynamoDB takes for a progress item: a byte for every two digits and one more, and UTF-8 texts."""
    numbers = (
        number for numbers in (seen.started, seen.done, seen.failed, seen.steps, seen.heard) for number in numbers
    )
    return (
        100
        + sum((len(str(number)) + 1) // 2 + 1 for number in numbers)
        + sum(len(each.encode()) for each in seen.errors)
    )
