"""What the product asks of AWS, counted by operation, and what that costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.metered import AWS_SECONDS, DIES, Died
from bench.metered import PRICES as UNIT_PRICES
from tests.infrastructure.operations import operations

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from bench.virtual_time import VirtualTime

GB = 0.75
"""Between the 512 MB and the 1,024 MB of the functions in template.yaml."""

PRICES = {
    # USD for each call, list prices of us-east-1 without a free tier; DynamoDB's and Lambda's are bench/metered.py's,
    # for items of up to 1 KB written and 4 KB read.
    "dynamodb read": UNIT_PRICES["read units"],
    "dynamodb write": UNIT_PRICES["write units"],
    "lambda invocation": UNIT_PRICES["invocations"],
    "lambda GB-second": UNIT_PRICES["GB-seconds"],
    "s3 read": 0.0004 / 1e3,
    "s3 write": 0.005 / 1e3,
    "kms": 0.03 / 1e4,
    "states:transition": 0.025 / 1e3,
    "secretsmanager": 0.05 / 1e4,
    "sts": 0.0,
    "codebuild": 0.0,
    "states": 0.0,
    "lambda": 0.0,
}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "PutObject", "ListBucket"}


def kind_of(action: str) -> str:
    """Under which price an operation goes: `dynamodb:PutItem` is a `dynamodb write`."""
    service, _, name = action.partition(":")
    if service in ("dynamodb", "s3"):
        return f"{service} {'write' if name in _WRITES else 'read'}"
    return action if action in PRICES else service


@dataclass
class Bill:
    """Counts of operations and of what Lambda bills."""

    calls: Counter[str] = field(default_factory=Counter)
    invocations: int = 0
    seconds: float = 0.0

    def add(self, action: str, number: int = 1) -> None:
        self.calls[action] += number

    def invocation(self, time: VirtualTime, overhead: float, work: Callable[[], Any]) -> Any:
        """Do the work as one invocation, which is billed from its begin to its end."""
        began = time.now
        self.invocations += 1
        time.sleep(overhead)
        try:
            return work()
        finally:
            self.seconds += time.now - began

    def per_run(self, runs: int) -> str:
        """A table: for each kind of call how many a run makes, and what they cost."""
        kinds: Counter[str] = Counter()
        for action, number in self.calls.items():
            kinds[kind_of(action)] += number
        used = {**kinds, "lambda invocation": self.invocations, "lambda GB-second": self.seconds * GB}
        lines = [
            f"  {kind:20}{number / runs:9.1f}  USD {number / runs * PRICES.get(kind, 0.0):.6f}"
            for kind, number in sorted(used.items(), key=lambda each: -each[1])
        ]
        total = sum(number * PRICES.get(kind, 0.0) for kind, number in used.items()) / runs
        return "\n".join([*lines, f"  {'together':20}{sum(kinds.values()) / runs:9.1f}  USD {total:.6f}"])


def counted(time: VirtualTime, bill: Bill, random: Random) -> Callable[[Any, type], Any]:
    """Wraps a port: its calls take time, count as what `adapter` would ask of AWS, and may be an invocation's last."""
    return lambda port, adapter: _Counted(port, adapter, time, bill, random)


class _Counted:
    def __init__(self, port: Any, adapter: type, time: VirtualTime, bill: Bill, random: Random) -> None:
        self._port, self._adapter, self._time, self._bill, self._random = port, adapter, time, bill, random
        self._known: dict[str, tuple[str, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*arguments: Any, **named: Any) -> Any:
            actions = self._actions(name)
            self._time.sleep(AWS_SECONDS * len(actions))
            if self._random.random() < DIES:
                raise Died
            for action in actions:
                self._bill.add(action)
            return method(*arguments, **named)

        return call

    def __call__(self, *arguments: Any) -> Any:
        return self.__getattr__("__call__")(*arguments)

    def _actions(self, name: str) -> tuple[str, ...]:
        if name not in self._known:
            self._known[name] = tuple(sorted(each.action for each in operations(self._adapter, name)))
        return self._known[name]
