"""A thousand runs at once, followed by the real tracker in virtual time, and what that costs.

Run: .venv/bin/python bench/fleet.py. It takes some minutes.

Every run has a random plan; its lines reach the tracker in batches that are shuffled, late and delivered twice. Calls
take time, so invocations overlap. Discord says 429 now and then, or fails; now and then an invocation dies at one of
its calls and is repeated a minute later, as Lambda does it. Checked for every run: the stored sets are the model's, the
message shows the last state, edits are two seconds apart, and Discord never had to say that they were too many.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers" / "core" / "python")]

from bench import model  # noqa: E402
from bench.metered import Bill, Died, Metered, read_units, table_units  # noqa: E402
from bench.virtual_time import VirtualTime  # noqa: E402
from chatops.domain.progress import Progress, ProgressDelta, ProgressIndex, kind_of, pack, unpack  # noqa: E402
from chatops.domain.runs import MessageRef, Phase, ReplyToken, Run  # noqa: E402
from chatops.errors import OutsideError, TryLater  # noqa: E402
from chatops.runs.live import EDIT_SECONDS  # noqa: E402
from chatops.runs.sweep import grows_old  # noqa: E402
from chatops.runs.track import Track  # noqa: E402
from sandbox.discord.clock import Clock  # noqa: E402
from sandbox.discord.limits import RateLimit, RateLimiter  # noqa: E402
from tests.fakes.outside import InMemoryArtefacts  # noqa: E402
from tests.fakes.runs import NOW, a_build, applying, shown  # noqa: E402
from tests.fakes.stores import InMemoryInteractionStore, InMemoryRunStore, InMemoryTimings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SEED = 20270115
DISCORD_SECONDS = 0.25
"""What an edit is taken to last; an assumption."""
FLUSH_SECONDS = (2.0, 8.0)
DELAY_SECONDS = (0.5, 6.0)
LATE, LATE_SECONDS = 0.03, 150.0
TWICE = 0.1
SAID_429, FAILED = 0.01, 0.01
MINUTE = 60.0  # until a dead invocation is tried again, and between two looks of the sweep
TOKEN_SECONDS = 800
OLD_EVERY = 20
"""One run in so many has no interaction's token any more: these share two channels, where only the bot edits."""
LAMBDA_GB = 0.5  # MemorySize of TrackProgressFunction in template.yaml
BUCKET = RateLimit()


@dataclass
class Discord:
    """Takes edits into a bucket for each token or channel, five in two seconds; notes when each message was edited."""

    time: VirtualTime
    random: Random
    limiter: RateLimiter
    edits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    tries: int = 0
    shown: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: int = 0

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        self.tries += 1
        self.time.sleep(DISCORD_SECONDS)
        _, too_many, _ = self.limiter.take(token.value if token else message.channel_id)
        if too_many:
            self.refused += 1
            raise TryLater("PATCH to Discord answered 429", BUCKET.seconds)
        chance = self.random.random()
        if chance < SAID_429:
            raise TryLater("PATCH to Discord answered 429", self.random.uniform(1, 20))
        if chance < SAID_429 + FAILED:
            raise OutsideError("PATCH to Discord answered 503")
        self.edits[message.message_id].append(self.time.now)
        self.shown[message.message_id] = payload
        return True


class _Clock(Clock):
    """The stand-in's clock, which shows our time."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def now(self) -> float:
        return self._time.now


@dataclass(frozen=True)
class Followed:
    """A run, what it does, and its log lines."""

    run: Run
    work: Sequence[model.Work]
    lines: Sequence[model.Line]

    @property
    def uuid(self) -> str:
        return f"build-{self.run.id}"


class Fleet:
    """Runs in a world of their own: `finish` lets them all come to their ends, `check` says what went wrong."""

    def __init__(self, random: Random, plans: Sequence[Sequence[model.Work]]) -> None:
        self.random = random
        self.time = VirtualTime(NOW)
        self.bill = Bill()
        self.at_once = self.most_at_once = 0
        self.busy_until: dict[str, float] = defaultdict(float)
        self.followed = [_followed(number, work) for number, work in enumerate(plans)]
        self.runs = InMemoryRunStore(*(each.run for each in self.followed))
        interactions, artefacts = InMemoryInteractionStore(), InMemoryArtefacts()
        for each in self.followed:
            interactions.link_build(each.uuid, each.run.id, Phase.APPLY.value, NOW * 1000)
            index = ProgressIndex(tuple(work.operation for work in each.work))
            artefacts.put(each.run.artefact("index.json.gz"), index.to_bytes())
        self.discord = Discord(self.time, random, RateLimiter(_Clock(self.time), BUCKET))
        self.track = Track(
            self._metered(self.runs, table_units),
            self._metered(interactions, lambda *_: read_units(1)),
            self._metered(artefacts, lambda *_: {"S3 reads": 1}),
            self._metered(InMemoryTimings(), lambda *_: read_units(1)),
            self.discord,
            self.time,
            self.time.sleep,
        )

    def finish(self) -> None:
        """Deliver everything, with the watchdog looking once a minute until two minutes after that."""
        for each in self.followed:
            for when, lines in deliveries(self.random, each.lines):
                self.bill.add("batches")
                self._busy(each, when)
                self.time.at(when, self._invocation(lambda each=each, lines=lines: self._deliver(each, lines)))
            self.time.at(NOW + self.random.uniform(0, MINUTE), lambda each=each: self._watch(each))
        self.time.run()

    def check(self) -> list[str]:
        """Everything that is not as it has to be, in words."""
        wrong = [f"{self.discord.refused} edits were too many for Discord"] if self.discord.refused else []
        for each in self.followed:
            edits = self.discord.edits[_message(each.run)]
            gaps = [after - before for before, after in pairwise(edits)]
            seen = self.runs.progress(each.run.id, "apply").seen
            if min(gaps, default=EDIT_SECONDS) < EDIT_SECONDS:
                wrong.append(f"run {each.run.id}: edits {min(gaps):.3f} s apart")
            if _operations(seen) != _operations(expected(each.work)):
                wrong.append(f"run {each.run.id}: the stored sets are not the model's")
            progress = Progress.of(expected(each.work), ProgressIndex(tuple(one.operation for one in each.work)), 0)
            last = f"({progress.completed}/{progress.total} resources)"
            if last not in shown(self.discord.shown.get(_message(each.run), _NOTHING)):
                wrong.append(f"run {each.run.id}: the message does not show {last}")
        return wrong

    @property
    def edits(self) -> list[int]:
        """How often each run's message was edited, sorted."""
        return sorted(len(self.discord.edits[_message(each.run)]) for each in self.followed)

    def _metered(self, port: Any, units: Callable[[Any, str, tuple[Any, ...]], Mapping[str, float]]) -> Any:
        return Metered(port, self.time, self.bill, self.random, units)

    def _deliver(self, each: Followed, lines: Sequence[tuple[int, str]]) -> str:
        self._busy(each, self.time.now + MINUTE)  # or it dies, and comes again
        return self.track(each.uuid, lines)

    def _busy(self, each: Followed, until: float) -> None:
        self.busy_until[each.run.id] = max(self.busy_until[each.run.id], until)

    def _watch(self, each: Followed) -> None:
        """What the sweep does, once a minute, about a run at work whose message grows old."""
        self.bill.add("read units", 2)
        if grows_old(self.runs, each.run.id, self.time.now):
            self._invocation(lambda: self.track.look(each.run.id), tries=1)()
        if self.time.now < self.busy_until[each.run.id] + 2 * MINUTE:
            self.time.at(self.time.now + MINUTE, lambda: self._watch(each))

    def _invocation(self, work: Callable[[], str], tries: int = 3) -> Callable[[], None]:
        """As Lambda runs it: billed from its begin to its end, and repeated if it died."""

        def run() -> None:
            began, cpu = self.time.now, time.thread_time()
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                work()
            except Died:
                self.bill.add("died")
                if tries > 1:
                    self.time.at(self.time.now + MINUTE, self._invocation(work, tries - 1))
            self.at_once -= 1
            seconds = self.time.now - began + time.thread_time() - cpu
            self.bill.add("invocations")
            self.bill.add("CPU seconds", time.thread_time() - cpu)
            self.bill.add("GB-seconds", seconds * LAMBDA_GB)

        return run


_NOTHING: Mapping[str, Any] = {"content": "", "embeds": []}


def _followed(number: int, work: Sequence[model.Work]) -> Followed:
    run_id, old = f"{number:016x}", number % OLD_EVERY == OLD_EVERY - 1
    build = a_build(Phase.APPLY, build_id=f"project:build-{run_id}", claimed_at=NOW, heartbeat_at=NOW)
    run = applying(
        id=run_id,
        guild_id=f"11{number % 97:017}",
        message=MessageRef(f"crowd-{number % (2 * OLD_EVERY)}" if old else f"channel-{number}", f"message-{number}"),
        token=None if old else ReplyToken("app", f"token-{number}", NOW + TOKEN_SECONDS),
        build=build,
    )
    return Followed(replace(run, created_at=NOW), work, model.json_lines(work, NOW * 1000))


def _message(run: Run) -> str:
    return run.message.message_id if run.message else ""


def deliveries(random: Random, lines: Sequence[model.Line]) -> Iterator[tuple[float, Sequence[tuple[int, str]]]]:
    """When which lines reach the tracker: in batches of some seconds, shuffled, late, some of them twice."""
    rest = list(lines)
    while rest:
        end = rest[0].at_ms + random.uniform(*FLUSH_SECONDS) * 1000
        batch = [(line.at_ms, line.text) for line in rest if line.at_ms <= end]
        rest = rest[len(batch) :]
        random.shuffle(batch)
        for _ in range(2 if random.random() < TWICE else 1):
            late = random.uniform(0, LATE_SECONDS) if random.random() < LATE else 0
            yield end / 1000 + random.uniform(*DELAY_SECONDS) + late, batch


def expected(work: Sequence[model.Work]) -> ProgressDelta:
    """The sets that a run has in the end, by the model alone."""
    done = [each for each in work if not each.fails]
    return ProgressDelta(
        frozenset(pack(each.operation.key, each.start // 1000) for each in work),
        frozenset(pack(each.operation.key, each.end // 1000) for each in done),
        frozenset(pack(each.operation.key, each.end // 1000) for each in work if each.fails),
    )


def _operations(seen: ProgressDelta) -> tuple[frozenset[int], ...]:
    """The sets without the mark that says that all is complete."""
    plain = {number for number in seen.done if kind_of(unpack(number)[0]) is not None}
    return seen.started, frozenset(plain), seen.failed


def plans(random: Random, count: int, most: int) -> list[list[model.Work]]:
    """Random plans of 1 to `most` operations, small ones more often, each done within some minutes."""
    sizes = [round(math.exp(random.uniform(0, math.log(most)))) for _ in range(count)]
    return [
        model.run(random, size, min(random.uniform(2_000, 40_000), 2_000_000 / size), random.choice((0, 0, 0, 0.02)))
        for size in sizes
    ]


COLUMNS = {
    "runs": (5, 0),
    "resources": (9, 0),
    "batches": (7, 0),
    "calls": (7, 0),
    "at once": (7, 0),
    "died": (4, 0),
    "edits: least": (12, 0),
    "median": (6, 0),
    "most": (4, 0),
    "tries": (6, 0),
    "writes/batch": (12, 2),
    "write units": (11, 0),
    "read units": (10, 0),
    "CPU ms/call": (11, 1),
    "GB-seconds": (10, 0),
    "USD": (7, 4),
    "USD/1000 runs": (13, 2),
}
HEAD = "  ".join(f"{name:>{width}}" for name, (width, _) in COLUMNS.items())


def report(fleet: Fleet) -> None:
    """One line of a table."""
    used, runs, edits = fleet.bill.used, len(fleet.followed), fleet.edits
    values = (
        runs,
        sum(len(each.work) for each in fleet.followed),
        used["batches"],
        used["invocations"],
        fleet.most_at_once,
        used["died"],
        edits[0],
        statistics.median(edits),
        edits[-1],
        fleet.discord.tries,
        used["writes"] / used["batches"],
        used["write units"],
        used["read units"],
        used["CPU seconds"] / used["invocations"] * 1000,
        used["GB-seconds"],
        fleet.bill.dollars,
        fleet.bill.dollars / runs * 1000,
    )
    layout = zip(values, COLUMNS.values(), strict=True)
    print("  ".join(f"{value:{width},.{digits}f}" for value, (width, digits) in layout))


def main() -> None:
    wrong = []
    print("Fleets of random plans, 1 to 2,000 resources each\n" + HEAD)
    for count in (1, 10, 100, 1000):
        fleet = Fleet(Random(SEED), plans(Random(SEED + count), count, 2000))  # noqa: S311 - a model's chance
        fleet.finish()
        report(fleet)
        wrong += fleet.check()
    print("\nOne run, three seconds for each of its resources\n" + HEAD)
    for size in (10, 100, 1000, 10_000):
        fleet = Fleet(Random(SEED), [model.run(Random(SEED), size, 3000)])  # noqa: S311 - a model's chance
        fleet.finish()
        report(fleet)
        wrong += fleet.check()
    print("\nWrong: " + ("\n".join(wrong) if wrong else "nothing"))


if __name__ == "__main__":
    main()
