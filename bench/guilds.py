"""Two hundred guilds and a thousand runs, very uneven, through the product's own code in virtual time.

Run: .venv/bin/python bench/guilds.py [--emulator]. Printed: whether anything of a guild showed up at another, whether a
lock was lost or doubled, how long small guilds wait beside a big one with and without the limits, and what a run costs
in counted API calls. Calls take time and may be an invocation's last; builds are lost, reports come twice and late.
`--emulator` does a smaller number through the real front door and functions of the sandbox.
"""

from __future__ import annotations

import argparse
import random as global_random
import re
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers" / "core" / "python")]

from bench.guilds_bill import Bill, counted  # noqa: E402
from bench.guilds_product import NOW, Product  # noqa: E402
from bench.guilds_world import (  # noqa: E402  # noqa: E402
    CANCELS,
    FORGETS,
    INVOKE,
    REJECTS,
    BuildFailed,
    Builds,
    Discord,
    Execution,
    Notes,
    StateMachine,
    Workflow,
    requests,
)
from bench.metered import Died  # noqa: E402
from bench.virtual_time import VirtualTime  # noqa: E402
from chatops.domain.queues import Limits  # noqa: E402
from chatops.domain.runs import Status  # noqa: E402
from chatops.errors import BusyError, ChatOpsError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 20270115
PLACES = 30
"""Builds that CodeBuild runs at once: an account's own quota. This is few enough to be what everybody waits for."""
OURS = Limits(concurrent=3, hourly=30)
"""What template.yaml allows by default (MaxConcurrentRuns, MaxRunsPerHour)."""
NONE = Limits(concurrent=10**6, hourly=10**6)
MINUTE = 60.0
"""Until Lambda tries again what died, and between two looks of the watchdog."""
HOUR = 3600.0
_WORKS_AGAIN = re.compile(r"works again <t:(\d+):R>")
SMALL = 5
"""A guild that asks for no more runs than this is a small one."""


class World:
    """All of it: `finish` lets every run come to its end, `check` says what went wrong."""

    def __init__(self, seed: int, guilds: int, runs: int, biggest: int, limits: Limits, places: int = PLACES) -> None:
        global_random.seed(seed)  # the line's pauses
        self.random, self.time, self.notes, self.bill = Random(seed), VirtualTime(NOW), Notes(), Bill()  # noqa: S311 - chance
        self.limits, self.asked = limits, list(requests(self.random, guilds, runs, biggest, HOUR))
        self.wanted = Counter(guild for _, guild in self.asked)
        self.marks = [f"g{number:03}x" for number in range(guilds)]
        self.discord = Discord(self.time, self.notes)
        self.builds = Builds(self.time, self.random, self.notes, places)
        self.workflow = Workflow(self.time, StateMachine(self).walk)
        self.product = Product(self, counted(self.time, self.bill, self.random))
        self.mark_of = self.product.connect(self.marks)
        self.runs = self.product.kept.runs
        self.typed: dict[str, tuple[int, float]] = {}
        """Run id -> whose, and when it was first asked for."""
        self.open = len(self.asked)
        self.most: Counter[int] = Counter()

    # What the parts around the product call

    def start_phase(self, run_id: str, phase: Any) -> str:
        return self.product.start_phase(run_id, phase)

    def claim(self, run_id: str, token: str, build_id: str) -> dict[str, Any]:
        return self.invoke(lambda: self.product.claim(run_id, token, build_id))

    def beat(self, run_id: str, token: str) -> bool:
        return self.invoke(lambda: self.product.beat(run_id, token))

    def leave(self, bundle: dict[str, Any]) -> None:
        self.product.leave(bundle)

    def explain(self, run_id: str) -> dict[str, bool]:
        return self.product.explain(run_id)

    def request_approval(self, run_id: str, token: str) -> None:
        self.product.request_approval(run_id, token)

    def report(self, run_id: str, outcome: Status, cause: str) -> None:
        self.product.report(run_id, outcome, cause)

    def invoke(self, work: Callable[[], Any]) -> Any:
        """One invocation of a function."""
        return self.bill.invocation(self.time, INVOKE, work)

    def step(self, work: Callable[[], Any]) -> Any:
        """A state that calls a function: one that died is called again, as the state machine's Retry says."""
        self.bill.add("states:transition")
        for _ in range(2):
            try:
                return self.invoke(work)
            except Died:
                self.notes.events["died"] += 1
                self.time.sleep(2)
        return self.invoke(work)

    def build(self, execution: Execution, token: str) -> None:
        """A state that runs a build."""
        self.bill.add("states:transition")
        self._count_running()
        self.builds.run(execution.run_id, token, self)
        if execution.status == "ABORTED":
            raise BuildFailed

    def asynchronous(self, work: Callable[[], Any], tries: int = 3) -> None:
        """An asynchronous invocation: one that dies comes again after a minute, twice."""

        def run() -> None:
            try:
                self.invoke(work)
            except (Died, BusyError, ChatOpsError):
                self.notes.events["died"] += 1
                if tries > 1:
                    self.time.at(self.time.now + MINUTE, lambda: self.asynchronous(work, tries - 1))

        self.time.at(self.time.now + INVOKE, run)

    # The people

    def decide(self, run_id: str) -> None:
        """What the person says to the plan."""
        chance, press = self.random.random(), "approve"
        if chance < FORGETS:
            return
        if chance < FORGETS + REJECTS:
            press = "reject"
        elif chance < FORGETS + REJECTS + CANCELS:
            press = "cancel"
        guild, _ = self.typed[run_id]
        self.asynchronous(self.product.press(self.marks[guild], press, run_id))

    def _ask(self, guild: int, first: float) -> None:
        """Type /cloud-deploy-v2; who is refused by the limits asks again in the hour after the time that was named."""
        number = self.random.randrange(max(2, self.wanted[guild] // 2))  # of its deployments, some twice
        run_id, work, answered = self.product.ask(self.marks[guild], number)
        self.typed[run_id] = (guild, first)
        self.asynchronous(work)

        def look() -> None:
            run = self.runs.get(run_id)
            if run is None and (again := self._later(answered())):
                self.notes.events["asked again"] += 1
                self.time.at(again, lambda: self._ask(guild, first))
            elif run and run.reported and run.never_began and run.status is Status.EXPIRED:
                self.notes.events["waited an hour"] += 1
                self._ask(guild, first)
            elif run and not run.reported:
                self.time.at(self.time.now + MINUTE, look)
            else:
                self.open -= 1

        self.time.at(self.time.now + 3 * MINUTE + 5, look)

    def _later(self, answer: str) -> float:
        """When somebody who was refused asks again; 0 where the answer was another one."""
        if told := _WORKS_AGAIN.search(answer):
            return max(float(told[1]), self.time.now) + self.random.uniform(0, HOUR)
        return self.time.now + self.random.uniform(600, 1200) if "takes no more" in answer else 0.0

    def _watch(self) -> None:
        """The watchdog, every minute until everything is over, also after a look that it did not survive."""
        if self.open:
            self.time.at(self.time.now + MINUTE, self._watch)
            self.asynchronous(self.product.sweep, 1)

    def _count_running(self) -> None:
        """How many runs of each guild go on right now."""
        going = Counter(run.guild_id for run in self.runs.runs.values() if run.fence and not run.status.ended)
        for guild_id, number in going.items():
            mark = int(self.mark_of[guild_id][1:4])
            self.most[mark] = max(self.most[mark], number)

    # From the begin to the end

    def finish(self) -> World:
        """Let all that is asked for come to its end."""
        for when, guild in self.asked:
            self.time.at(NOW + when, lambda guild=guild, when=when: self._ask(guild, NOW + when))
        self.time.at(NOW + MINUTE, self._watch)
        self.time.run()
        return self

    def check(self) -> list[str]:
        """Everything that is not as it has to be, in words."""
        wrong = self.product.left_over() + self.notes.wrong  # the first adds to the second
        for guild, number in self.most.items():
            if number > self.limits.concurrent:
                wrong.append(f"{self.marks[guild]} had {number} runs at once")
        return wrong

    def waits(self) -> dict[int, list[float]]:
        """By guild, how long its runs waited: from the first asking to the begin of the first build."""
        found: dict[int, list[float]] = defaultdict(list)
        for run_id, began in self.notes.began.items():
            guild, first = self.typed[run_id]
            found[guild].append(began - first)
        return found


def fairness(world: World) -> str:
    """One line of the table: waits in minutes, and Jain's index over the guilds' mean waits (1: all wait the same)."""
    waits = world.waits()
    small = sorted(wait / 60 for guild, found in waits.items() if world.wanted[guild] <= SMALL for wait in found)
    big = sorted(wait / 60 for wait in waits.get(0, [0.0]))
    means = [statistics.fmean(found) for found in waits.values()]
    jain = sum(means) ** 2 / (len(means) * sum(mean * mean for mean in means))
    columns = [
        statistics.median(small),
        small[int(len(small) * 0.95)],
        small[-1],
        statistics.median(big),
        big[-1],
        jain,
    ]
    return "".join(f"{column:10.2f}" for column in columns)


def ends(world: World) -> str:
    """How the runs ended."""
    counted_ends = Counter(run.status.value for run in world.runs.runs.values())
    return ", ".join(f"{number} {status}" for status, number in counted_ends.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guilds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--biggest", type=int, default=300)
    parser.add_argument("--emulator", action="store_true", help="a smaller number, through the sandbox")
    given = parser.parse_args()
    if given.emulator:
        from bench.guilds_emulated import main as emulated

        sys.exit(emulated())
    wrong = []
    print(f"{given.guilds} guilds, {given.runs} runs, {given.biggest} of them by one guild; {PLACES} builds at once")
    print(" " * 16 + "".join(f"{name:>10}" for name in ("small: mid", "95 %", "worst", "big: mid", "worst", "Jain")))
    for name, limits in (("with limits", OURS), ("without", NONE)):
        world = World(SEED, given.guilds, given.runs, given.biggest, limits).finish()
        print(f"{name:16}{fairness(world)}", flush=True)
        print(
            f"  ended: {ends(world)}; {dict(world.notes.events)}; busiest guild had {max(world.most.values())} at once"
        )
        wrong += world.check()
        if limits is OURS:
            bill = world.bill.per_run(len(world.runs.runs))
    print(f"\nA run in counted API calls, and its price\n{bill}")
    print("\nWrong: " + ("\n".join(wrong) if wrong else "nothing"))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
