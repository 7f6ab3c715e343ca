"""How often the estimate of the time that is left is right, and how wide it is, on simulated runs.

Run: PYTHONPATH=.:layers/core/python .venv/bin/python bench/estimate.py (about 15 s, the same numbers every time).

A guild has 25 types of resources, two thirds of them quick (0.3-5 s), the others slow (12 s to 8 min); an operation
varies from the next by 10-50 %, a day from the next by 12 %, and a type on that day by another 10 %. It has four
blueprints (layers, chains or sparse graphs), and ran up to twelve times before. Ten operations run at once, as in
Terraform. The runs pass through the product's own code: packed numbers, index, Progress, what is kept, what is shown.

Columns: runs without a guess; of the others, in how many the truth lay within the range as the message rounds it,
within the seconds, before them, after them; the width of the range as a multiple of the truth, at the median and nine
times out of ten. `plain` is the formula one would write down first: from the quickest quarter shared by ten, to the
slowest quarter shared by as many as were under way at once so far.
"""

import heapq
import math
import random
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatops.discord.text import left
from chatops.domain.progress import Operation, OperationKind, Progress, ProgressDelta, ProgressIndex, pack
from chatops.domain.timings import Timed, remember
from chatops.runs.estimate import PARALLELISM, estimate, measured

SIZES = {"3-12": (3, 12), "13-60": (13, 60), "61-250": (61, 250)}
POINTS = (0.05, 0.25, 0.5, 0.75)
GUILDS, TESTED_RUNS = 80, 5
SHORTEST = 20
"""Runs of fewer seconds are over before anybody asks."""

Times = list[tuple[float, float]]
Range = tuple[float, float]
Formula = Callable[["Moment", Timed], Range | None]


@dataclass(frozen=True)
class Graph:
    """What a blueprint makes: the type of each operation, and which ones it waits for."""

    types: list[str]
    waits_for: list[set[int]]

    @property
    def index(self) -> ProgressIndex:
        return ProgressIndex(
            tuple(Operation(f"{name}.r{number}", OperationKind.CREATE) for number, name in enumerate(self.types))
        )


@dataclass(frozen=True)
class Moment:
    """A run under way: what the product knows, and the truth."""

    progress: Progress
    at_once: float
    truth: int


def a_graph(rng: random.Random, names: Sequence[str], size: int) -> Graph:
    shape, width = rng.choice(("layers", "chains", "sparse")), max(1, int(size / rng.uniform(2, 8)))
    types: list[str] = []
    waits_for: list[set[int]] = []
    for number in range(size):
        types.append(rng.choice(names) if rng.random() < 0.5 or not types else rng.choice(types))
        earlier = range(number)
        if shape == "layers":
            layer = number // width
            waits_for.append(set(rng.choices(range((layer - 1) * width, layer * width), k=2)) if layer else set())
        elif shape == "chains":
            waits_for.append({number - 1 if rng.random() < 0.6 else rng.choice(earlier)} if number else set())
        else:
            waits_for.append({rng.choice(earlier) for _ in range(rng.choice((0, 1, 1, 2)))} if number else set())
    return Graph(types, waits_for)


def carried_out(rng: random.Random, graph: Graph, usual: dict[str, Range]) -> Times:
    """When each operation began and ended, as Terraform walks a graph: whatever may start does, ten at once."""
    day, of_type = math.exp(rng.gauss(0, 0.12)), {name: math.exp(rng.gauss(0, 0.1)) for name in sorted(usual)}
    takes = [usual[name][0] * day * of_type[name] * math.exp(rng.gauss(0, usual[name][1])) for name in graph.types]
    waiting = [len(each) for each in graph.waits_for]
    ready = [number for number, many in enumerate(waiting) if not many]
    times: Times = [(0, 0)] * len(takes)
    running: list[tuple[float, int]] = []
    now = rng.random()
    while ready or running:
        rng.shuffle(ready)
        while ready and len(running) < PARALLELISM:
            number = ready.pop()
            times[number] = (now, now + takes[number])
            heapq.heappush(running, (now + takes[number], number))
        now, done = heapq.heappop(running)
        for number, each in enumerate(graph.waits_for):
            if done in each:
                waiting[number] -= 1
                ready += [number] * (not waiting[number])
    return times


def seen(graph: Graph, times: Times, now: float = math.inf) -> ProgressDelta:
    """What the log told until `now`."""
    keys = [operation.log_key for operation in graph.index.operations]
    return ProgressDelta(
        started=frozenset(pack(key, int(begin)) for key, (begin, _) in zip(keys, times, strict=True) if begin <= now),
        done=frozenset(pack(key, int(end)) for key, (_, end) in zip(keys, times, strict=True) if end <= now),
    )


def moment(graph: Graph, times: Times, share: float) -> Moment:
    last = max(end for _, end in times)
    now = int(last * share)
    busy = sum(min(end, now) - begin for begin, end in times if begin <= now)
    progress = Progress.of(seen(graph, times, now), graph.index, now)
    return Moment(progress, max(1, busy / max(now, 1)), int(last) - now)


def plain(at: Moment, timings: Timed) -> Range | None:
    def quarters(samples: Sequence[int], elapsed: int) -> Range:
        after = [max(each - elapsed, 0) for each in samples]
        if len(after) < 4:
            return min(after), max(after)
        return (cut := statistics.quantiles(after, n=4, method="inclusive"))[0], cut[2]

    rest = [(operation.address, 0) for operation in at.progress.never_started]
    rest += [(each.address, each.elapsed) for each in at.progress.in_flight]
    named = [(f"{address.partition('.')[0]}:create", elapsed) for address, elapsed in rest]
    if not named or any(name not in timings for name, _ in named):
        return None
    each = [quarters(timings[name], elapsed) for name, elapsed in named]
    low = max(*(quick for quick, _ in each), sum(quick for quick, _ in each) / PARALLELISM)
    return low, max(low, sum(slow for _, slow in each) / at.at_once)


def moments(sizes: tuple[int, int]) -> Iterator[tuple[float, Moment, Timed]]:
    """(point of the run, what is known then, the guild's record) of runs in many guilds."""
    rng = random.Random(4)  # noqa: S311 - a simulation
    for _ in range(GUILDS):
        usual = {f"type_{number}": (a_time(rng), rng.uniform(0.1, 0.5)) for number in range(25)}
        graphs = [a_graph(rng, list(usual), rng.randint(*sizes)) for _ in range(4)]
        timings: Timed = {}
        for _ in range(rng.randint(1, 12)):
            graph = rng.choice(graphs)
            timings = remember(timings, measured(seen(graph, carried_out(rng, graph, usual)), graph.index))
        for _ in range(TESTED_RUNS):
            graph = rng.choice(graphs)
            times = carried_out(rng, graph, usual)
            if max(end for _, end in times) >= SHORTEST:
                yield from ((share, moment(graph, times, share), timings) for share in POINTS)


def a_time(rng: random.Random) -> float:
    return rng.uniform(0.3, 5) if rng.random() < 0.65 else math.exp(rng.uniform(math.log(12), math.log(500)))


def shown(guess: Range) -> Range:
    """The range that the message tells, in seconds."""
    text = left(int(guess[0]), math.ceil(guess[1]))
    numbers = [int(number) * (1 if " s " in text else 60) for number in re.findall(r"\d+", text)]
    return (0 if "less" in text else numbers[0]), numbers[-1]


def row(found: list[tuple[int, Range | None]]) -> str:
    known = [(truth, guess) for truth, guess in found if guess]
    was = Counter(
        "sooner" if truth < low - 1 else "later" if truth > high + 1 else "inside" for truth, (low, high) in known
    )
    told = sum(low <= truth <= high for truth, (low, high) in ((truth, shown(guess)) for truth, guess in known))
    widths = sorted((high - low) / max(truth, 1) for truth, (low, high) in known)
    shares = [
        1 - len(known) / len(found),
        *(each / len(known) for each in (told, was["inside"], was["sooner"], was["later"])),
    ]
    return (
        "".join(f"{share:9.0%}" for share in shares)
        + f"{widths[len(widths) // 2]:9.2f}{widths[len(widths) * 9 // 10]:9.2f}"
    )


def milliseconds(resources: int) -> float:
    """What one estimate costs while ten of so many resources are under way."""
    operations = tuple(
        Operation(f'module.m["{number}"].aws_instance.web', OperationKind.CREATE) for number in range(resources)
    )
    started = ProgressDelta(started=frozenset(pack(operation.log_key, 1) for operation in operations[:PARALLELISM]))
    progress = Progress.of(started, ProgressIndex(operations), 5)
    times = [time.perf_counter()]
    for _ in range(9):
        assert estimate(progress, {"aws_instance:create": range(20, 40)})
        times.append(time.perf_counter())
    return statistics.median(after - before for before, after in pairwise(times)) * 1000


def main() -> None:
    formulas: dict[str, Formula] = {"ours": lambda at, timings: estimate(at.progress, timings), "plain": plain}
    heads = ("no guess", "as shown", "inside", "sooner", "later", "width", "9 of 10")
    print(f"{'resources, formula, point':28}" + "".join(f"{head:>9}" for head in heads))
    for size, limits in SIZES.items():
        found = defaultdict(list)
        for share, at, timings in moments(limits):
            for name, formula in formulas.items():
                found[name, share].append((at.truth, formula(at, timings)))
        for (name, share), guesses in sorted(found.items()):
            print(f"{f'{size:>6}, {name} at {share:.0%}':28}{row(guesses)}")
    print(f"One estimate with 10,000 resources takes {milliseconds(10_000):.0f} ms.")


if __name__ == "__main__":
    main()
