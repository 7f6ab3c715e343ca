"""Everything around the product's code for bench/guilds.py: in memory, in virtual time, and with losses.

The state machine, CodeBuild with a runner that has no tool, Discord, the people, and the minute's watchdog. What is the
product's own is its real code: commands, line, claims, approvals, reports, sweeps.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.metered import Died
from chatops.domain.runs import MessageRef, Phase, Status, new_token
from chatops.errors import ChatOpsError, ConflictError, OutsideError
from chatops.runs.report import BuildStillRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random

    from bench.virtual_time import Nap, VirtualTime
    from chatops.domain.runs import ReplyToken

CANARY = re.compile(r"\bg\d{3}x")
"""A guild's mark: in the names of its deployments, in its credentials, and so in all that comes of them."""

# What the parts around us are taken to last, in seconds; assumptions.
INVOKE = 0.05
DISCORD = 0.25
MACHINE_COMES = (20.0, 45.0)
PLANS = (15.0, 60.0)
APPLIES = (20.0, 300.0)
THINKS = (5.0, 90.0)
LOST_HOST = 150.0
APPROVAL = 600.0

LOST_BUILDS = 0.02
REPORTED_AGAIN = 0.10
CANCELS, REJECTS, FORGETS = 0.04, 0.03, 0.01


def marks(value: Any) -> set[str]:
    """Every guild's mark in a text or in what can be written as JSON."""
    return set(CANARY.findall(value if isinstance(value, str) else json.dumps(value, default=str)))


@dataclass
class Notes:
    """What went wrong, and what is told in the end."""

    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    began: dict[str, float] = field(default_factory=dict)
    """When a run's first build began to work."""

    def of_guild(self, where: str, mark: str, value: Any) -> None:
        """Note a mark that is another guild's."""
        self.wrong += [f"{where} of {mark} shows {other}" for other in marks(value) - {mark}]


class Discord:
    """Chat: every message belongs to a guild, and none may show another's mark; presses what a person would press."""

    def __init__(self, time: VirtualTime, notes: Notes) -> None:
        self._time, self._notes = time, notes
        self.guild_of_token: dict[str, str] = {}
        self.guild_of_message: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        self.shown: dict[str, str] = {}

    def edit_original(
        self, application_id: str, token: str, payload: Mapping[str, Any], file: Any = None
    ) -> MessageRef:
        self.answers[token] = self._said(f"an answer to {token}", self.guild_of_token[token], payload)
        return MessageRef("channel", f"answer-{token}")

    def follow_up(self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool) -> MessageRef:
        message = MessageRef("channel", f"message-{len(self.guild_of_message)}")
        self.guild_of_message[message.message_id] = mark = self.guild_of_token[token]
        self.shown[message.message_id] = self._said("a message", mark, payload)
        return message

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        mark = self.guild_of_message[message.message_id]
        if token and token.value in self.guild_of_token and self.guild_of_token[token.value] != mark:
            self._notes.wrong.append(
                f"a message of {mark} is edited with a token of {self.guild_of_token[token.value]}"
            )
        self.shown[message.message_id] = self._said("an edited message", mark, payload)
        return True

    def _said(self, where: str, mark: str, payload: Mapping[str, Any]) -> str:
        self._time.sleep(DISCORD)
        text = json.dumps(payload, ensure_ascii=False)
        self._notes.of_guild(where, mark, text)
        return text


class Places:
    """CodeBuild's free places, taken in the order of asking."""

    def __init__(self, time: VirtualTime, number: int) -> None:
        self._time, self._free = time, number
        self._waiting: deque[Nap] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for a place; False if none came in time."""
        if not self._free:
            self._waiting.append(nap := self._time.nap())
            nap.sleep(seconds)
            if nap in self._waiting:
                self._waiting.remove(nap)
                return False
            return True  # it was given on, without becoming free
        self._free -= 1
        return True

    def give_back(self) -> None:
        """Let the one go on who waits longest."""
        if self._waiting:
            self._waiting.popleft().wake()
        else:
            self._free += 1


@dataclass
class Execution:
    """One run at the state machine."""

    run_id: str
    status: str = "RUNNING"
    task_token: str = ""
    decision: str = ""
    nap: Nap | None = None

    def woken(self) -> None:
        """Let it look at what has changed, if it waits for a person."""
        if self.nap:
            self.nap.wake()
            self.nap = None


class Workflow:
    """The port, and the executions behind it; `walk` carries one through its states."""

    def __init__(self, time: VirtualTime, walk: Callable[[Execution], None]) -> None:
        self._time, self._walk = time, walk
        self.executions: dict[str, Execution] = {}

    def start(self, name: str, run_id: str) -> None:
        if name not in self.executions:
            execution = self.executions[name] = Execution(run_id)
            self._time.at(self._time.now + INVOKE, lambda: self._walk(execution))

    def decide(self, task_token: str, decision: str) -> None:
        waiting = (each for each in self.executions.values() if task_token and each.task_token == task_token)
        found = next(waiting, None)
        if found is None or found.decision or found.status != "RUNNING":
            raise ConflictError("waking the waiting execution: it waits no more")
        found.decision = decision
        found.woken()

    def status(self, name: str) -> str:
        return self.executions[name].status if name in self.executions else "MISSING"

    def stop(self, name: str, cause: str) -> None:
        if name in self.executions and self.executions[name].status == "RUNNING":
            self.executions[name].status = "ABORTED"
            self.executions[name].woken()


class BuildFailed(Exception):
    """A build did not end well; `late` is when the state machine hears of it."""

    def __init__(self, late: float = 0.0) -> None:
        super().__init__()
        self.late = late


class Builds:
    """CodeBuild: the port, and the runner inside. No two builds of a deployment may work at once."""

    def __init__(self, time: VirtualTime, random: Random, notes: Notes, places: int) -> None:
        self._time, self._random, self._notes = time, random, notes
        self._places = Places(time, places)
        self.statuses: dict[str, str] = {}
        self.at_work: defaultdict[str, set[str]] = defaultdict(set)
        self.number = 0

    def status(self, build_id: str) -> str | None:
        return self.statuses.get(build_id)

    def stop(self, build_id: str) -> None:
        if self.statuses.get(build_id) == "IN_PROGRESS":
            self.statuses[build_id] = "STOPPED"

    def run(self, run_id: str, token: str, world: Any) -> None:
        """One build from its place to its end, over the real claim and the real heartbeats.

        Raises:
            BuildFailed: it did not get through.
        """
        if not self._places.take(600):
            self._notes.events["no place in ten minutes"] += 1
            raise BuildFailed
        try:
            self._time.sleep(self._random.uniform(*MACHINE_COMES))
            self._work(run_id, token, world)
        finally:
            self._places.give_back()

    def _work(self, run_id: str, token: str, world: Any) -> None:
        self.number += 1
        build_id = f"project:{self.number:08x}"
        self.statuses[build_id] = "IN_PROGRESS"
        try:
            bundle = world.claim(run_id, token, build_id)
        except ChatOpsError:
            self.statuses[build_id] = "FAILED"
            raise BuildFailed from None
        phase, variables = bundle["phase"], bundle["variables"]
        state = bundle["backend"]["key"]
        with self._alone(state, run_id):
            self._notes.began.setdefault(run_id, self._time.now)
            self._notes.of_guild("a bundle", world.mark_of[variables["guild_id"]], bundle)
            lost = self._random.random() < LOST_BUILDS
            until = self._time.now + self._random.uniform(*(PLANS if phase == "plan" else APPLIES))
            while self._time.now < until:
                self._time.sleep(10)
                if self.statuses[build_id] != "IN_PROGRESS":
                    raise BuildFailed
                if lost:
                    break
                if world.beat(run_id, bundle["heartbeat"]["token"]):
                    self.statuses[build_id] = "FAILED"
                    raise BuildFailed
            if lost:
                self._notes.events["lost builds"] += 1
                self.statuses[build_id] = "FAULT"
                raise BuildFailed(LOST_HOST)
            world.leave(bundle)
        self.statuses[build_id] = "SUCCEEDED"

    def _alone(self, state: str, run_id: str) -> _Alone:
        return _Alone(self.at_work[state], run_id, self._notes, state)


@dataclass
class _Alone:
    others: set[str]
    run_id: str
    notes: Notes
    state: str

    def __enter__(self) -> None:
        self.others.add(self.run_id)
        if len(self.others) > 1:
            self.notes.wrong.append(f"two builds at once write {self.state}: {sorted(self.others)}")

    def __exit__(self, *raised: object) -> None:
        self.others.discard(self.run_id)


class StateMachine:
    """statemachine/run.asl.json, walked by hand: the same functions, retries and ends."""

    def __init__(self, world: Any) -> None:
        self._world = world

    def walk(self, execution: Execution) -> None:
        """One execution from its first state to its report."""
        world, run_id = self._world, execution.run_id
        try:
            outcome, cause = self._outcome(execution), ""
        except BuildFailed as failed:
            world.time.sleep(failed.late)
            outcome, cause = Status.FAILED, ""
        except (ChatOpsError, Died):
            outcome, cause = Status.FAILED, "A step broke."
        if execution.status == "ABORTED":
            return
        self._report(run_id, outcome, cause)
        execution.status = "SUCCEEDED" if outcome is not Status.FAILED else "FAILED"
        if execution.status == "FAILED" or world.random.random() < REPORTED_AGAIN:  # EventBridge, and what comes late
            world.notes.events["reported again"] += 1
            later = world.time.now + world.random.uniform(0, 300)
            world.time.at(later, lambda: self._report(run_id, Status.FAILED, ""))

    def _outcome(self, execution: Execution) -> Status:
        world, run_id = self._world, execution.run_id
        world.build(execution, world.step(lambda: world.start_phase(run_id, Phase.PLAN)))
        told = world.step(lambda: world.explain(run_id))
        if not told["changes"]:
            return Status.NO_CHANGES
        if told["blocked"]:
            return Status.OVER_BUDGET
        execution.task_token = new_token()
        world.step(lambda: world.request_approval(run_id, execution.task_token))
        world.time.at(world.time.now + world.random.uniform(*THINKS), lambda: world.decide(run_id))
        if not execution.decision and execution.status == "RUNNING":
            execution.nap = nap = world.time.nap()
            nap.sleep(APPROVAL)
        if execution.status == "ABORTED":
            raise BuildFailed
        if not execution.decision:
            return Status.EXPIRED
        if execution.decision != "approve":
            return Status.REJECTED
        phase = world.runs.get(run_id).final_phase
        world.build(execution, world.step(lambda: world.start_phase(run_id, phase)))
        return Status.SUCCEEDED

    def _report(self, run_id: str, outcome: Status, cause: str) -> None:
        for attempt in range(30):
            try:
                self._world.invoke(lambda: self._world.report(run_id, outcome, cause))
                return
            except (BuildStillRunning, OutsideError, Died):
                self._world.time.sleep(10 if attempt < 5 else 30)
        self._world.notes.events["left to the watchdog"] += 1


def requests(random: Random, guilds: int, runs: int, biggest: int, window: float) -> Iterator[tuple[float, int]]:
    """When which guild asks: the biggest all at once, by a script; of the others few much and most a little."""
    for _ in range(biggest):
        yield random.uniform(0, window / 12), 0
    weights = [1 / (number + 1) for number in range(guilds - 1)]
    asked = list(range(1, guilds)) + random.choices(range(1, guilds), weights, k=runs - biggest - guilds + 1)
    for guild in asked:
        yield random.uniform(0, window), guild
