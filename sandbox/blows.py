"""Where a crash may fall, which one falls in a round, and how: kill -9, as a power cut or a lack of memory would.

A *moment* begins with something a person does; a *victim* is what dies in it.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox import builds, processes
from sandbox.paths import RUN

BUILD = ("worker", "runner", "terraform", "functions")
_COMES_WITHIN = 30.0
_LOOK_SECONDS = 0.05
_COMMAND_COMES_WITHIN = 5.0
_COMMAND_LOOK_SECONDS = 0.005
_GONE_WITHIN = 5.0


@dataclass(frozen=True)
class Moment:
    """How long a moment lasts on a warm sandbox, in seconds, and who may die in it."""

    seconds: float
    victims: tuple[str, ...]


DEPLOYING: Mapping[str, Moment] = {
    "init": Moment(0.3, ("command",)),
    "deploy": Moment(0.3, ("command",)),
    "plan": Moment(6, BUILD),
    "approval": Moment(1, ("functions",)),
    "approve": Moment(0.3, ("command",)),
    "apply": Moment(16, BUILD),
}
DESTROYING: Mapping[str, Moment] = {
    "destroy": Moment(0.3, ("command",)),
    "destroy plan": Moment(6, BUILD),
    "destroy approval": Moment(1, ("functions",)),
    "destroy approve": Moment(0.3, ("command",)),
    "destroying": Moment(15, BUILD),
}
_OF_BUILDS = {name for name, moment in {**DEPLOYING, **DESTROYING}.items() if moment.victims == BUILD}
DESTROY_SHARE = 1 / 3
"""How many rounds have a second crash, on the way back."""


@dataclass(frozen=True)
class Blow:
    """One crash: `after` seconds into a moment, to a victim."""

    moment: str
    victim: str
    after: float

    def __str__(self) -> str:
        return f"{self.moment} +{self.after:.1f} s {self.victim}"


def choose(seed: int, number: int) -> tuple[Blow, ...]:
    """The crashes of a round; the same for the same seed and number. Every place is as likely as any other."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - a choice that must come out the same again, no secret
    blows = [_one_of(DEPLOYING, dice)]
    if dice.random() < DESTROY_SHARE:
        blows.append(_one_of(DESTROYING, dice))
    return tuple(blows)


def _one_of(moments: Mapping[str, Moment], dice: random.Random) -> Blow:
    places = [(name, victim) for name, moment in moments.items() for victim in moment.victims]
    name, victim = dice.choice(places)
    return Blow(name, victim, round(dice.uniform(0, moments[name].seconds), 1))


class Strike:
    """Lets each of a round's blows fall once, when its moment comes; `told` says what fell."""

    def __init__(self, blows: tuple[Blow, ...] = ()) -> None:
        self._due = list(blows)
        self._since = time.time()
        self._waiting: list[threading.Thread] = []
        self.told: list[str] = []

    def at(self, moment: str) -> None:
        """The moment begins now; a blow to a command falls a little later, when the command is at work."""
        for blow in [each for each in self._due if each.moment == moment]:
            self._due.remove(blow)
            if blow.victim == "command":
                work = _cpu_times(_functions("command"))
                self._waiting.append(threading.Thread(target=self._fall_on_command, args=(blow, work), daemon=True))
                self._waiting[-1].start()
            else:
                self.told.append(self._fall(blow))

    def settle(self) -> list[str]:
        """What fell, once all that could fall has fallen."""
        for thread in self._waiting:
            thread.join()
        return self.told

    def _fall_on_command(self, blow: Blow, before: Mapping[int, int]) -> None:
        """Wait until a process of `commands` begins to work, or a new one starts, and kill it half-way."""
        deadline = time.monotonic() + _COMMAND_COMES_WITHIN
        busy: list[int] = []
        while not busy and time.monotonic() < deadline:
            time.sleep(_COMMAND_LOOK_SECONDS)
            busy = [pid for pid, used in _cpu_times(_functions("command")).items() if used != before.get(pid)]
        time.sleep(blow.after)
        self.told.append(f"{blow}: {_kill(busy)} killed" if busy else _too_late(blow))

    def _fall(self, blow: Blow) -> str:
        build = self._build() if blow.moment in _OF_BUILDS else None
        time.sleep(blow.after)
        if blow.victim == "functions":
            return f"{blow}: {_kill(_functions())} killed"
        while build and (now := builds.load(build.id)) and now.status == "IN_PROGRESS":
            if victims := list(_of_build(now, blow.victim)):
                return f"{blow}: {_kill(victims)} killed"
            time.sleep(_LOOK_SECONDS)
        return _too_late(blow)

    def _build(self) -> builds.BuildRecord | None:
        """The build that works now, once there is one."""
        deadline = time.monotonic() + _COMES_WITHIN
        while time.monotonic() < deadline:
            for record in reversed(builds.unfinished()):
                if record.started_at > self._since and processes.alive(record.worker):
                    return record
            time.sleep(_LOOK_SECONDS)
        return None


def _too_late(blow: Blow) -> str:
    """Something dies in every round."""
    return f"{blow}: came too late, so the functions: {_kill(_functions())} killed"


def kill_builds() -> int:
    """Kill the worker of every build that runs; how many there were."""
    return _kill([record.worker for record in builds.unfinished() if processes.alive(record.worker)])


def kill_commands() -> int:
    """Kill every process of the function that holds open sessions in its memory; how many there were."""
    return _kill(_functions("command"))


def _kill(victims: list[int]) -> int:
    """Kill them, and wait until they are gone: on a busy machine a process dies only when it has its turn."""
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_WITHIN
    while any(map(processes.alive, victims)) and time.monotonic() < deadline:
        time.sleep(_COMMAND_LOOK_SECONDS)
    return len(victims)


def _functions(which: str = "") -> list[int]:
    """The processes in which the emulator runs the functions; `command` means those of `commands` alone."""
    word = "CommandsFunction" if which == "command" else ""
    emulator = int((RUN / "emulator.pid").read_text())
    names = {pid: _environment(pid).get("AWS_LAMBDA_FUNCTION_NAME", "") for pid in processes.children(emulator)}
    return [pid for pid, name in names.items() if name and word in name]


def _of_build(record: builds.BuildRecord, victim: str) -> Iterator[int]:
    """The build's worker, the runner in it, or the tool below the runner."""
    if victim == "worker":
        yield record.worker
    elif record.session:
        for child in processes.children(record.session):
            yield from [child] if victim == "runner" else processes.children(child)


def _cpu_times(pids: list[int]) -> dict[int, int]:
    """What each process has worked so far, in ticks of the kernel (proc_pid_stat(5), utime and stime)."""
    found = {}
    for pid in pids:
        with suppress(OSError):  # it ended while we looked
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[pid] = int(fields[11]) + int(fields[12])
    return found


def _environment(pid: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return {}  # it ended while we looked
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)
