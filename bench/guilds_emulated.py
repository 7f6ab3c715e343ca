"""bench/guilds.py through the sandbox: the real front door, functions, roles, tables and state machine; quick builds.

As many as two cores carry: the emulator runs every function as a process.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.guilds_world import marks
from sandbox.discord.world import ALL_PERMISSIONS
from tests.fakes.fast_runner import Manner
from tests.privileges.stage import Stage, stage

GUILDS, RUNS, BIGGEST = 20, 60, 20
CONCURRENT = 2
AT_ONCE = 6
"""Commands under way at the same time: with more, one person of the busy guild would be refused a place in line."""
PATIENCE = 600.0


class Crowd:
    """One person in each guild, who deploys, approves, and looks until the run is over."""

    def __init__(self, place: Stage) -> None:
        self.stage, self.wrong = place, list[str]()
        world = place.discord.world
        self.guilds = [world.add_guild(f"guild {number}") for number in range(GUILDS)]
        self.people = [world.add_user(f"p{number}", guild, ALL_PERMISSIONS) for number, guild in enumerate(self.guilds)]
        self.waited: dict[int, list[float]] = defaultdict(list)
        self.going: Counter[str] = Counter()
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()

    def run(self, guild: int, number: int) -> None:
        """One run, from the command to its last message."""
        name, user = f"g{guild:03}x-{number}", f"p{guild}"
        self.stage.runner.manners[name] = Manner(seconds=0.5, moment=lambda phase, run_id: self._at(name, phase))
        typed = time.monotonic()
        self._typed(
            lambda: self.stage.discord.slash(
                "cloud-deploy-v2", {"blueprint": "demo/countdown", "name": name, "variables": "steps=2"}, user=user
            )
        )
        plan = self._seen(name, ("The plan is ready",))
        self._typed(lambda: self.stage.discord.press(plan.id, plan.buttons[0].custom_id or "", user=user))
        self._seen(name, ("Deployment Complete",))
        with self._lock:
            self.waited[guild].append(self._began[name] - typed)

    def _at(self, name: str, phase: str) -> None:
        with self._lock:
            self._began.setdefault(name, time.monotonic())

    def _typed(self, act: Any) -> None:
        for _ in range(10):
            if act().problem is None:
                return
            time.sleep(2)
        self.wrong.append("a command was never taken")

    def _seen(self, name: str, words: tuple[str, ...]) -> Any:
        """The deployment's live message once it says this; somebody else's patience would be over long before."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for message in self.stage.since(name, 0):
                if any(each in message.text for each in words):
                    return message
            time.sleep(0.3)
        raise TimeoutError(f"{name}: {words}")

    def watch(self, over: threading.Event) -> None:
        """Look at the lines as they are, all the time."""
        while not over.wait(0.5):
            for item in self.stage.table("Guilds").scan(ConsistentRead=True)["Items"]:
                guild_id, _, kind = item["guild_id"].partition("#")
                if kind == "line":
                    running = len(_line(item)["running"])
                    self.going[guild_id] = max(self.going[guild_id], running)

    def check(self) -> list[str]:
        """Everything that is not as it has to be."""
        mark_of = {guild.id: f"g{number:03}x" for number, guild in enumerate(self.guilds)}
        wrong = self.wrong + [f"{guild} had {most} at once" for guild, most in self.going.items() if most > CONCURRENT]
        channels = {message.channel_id for message in self.stage.discord.messages()}
        for channel in channels:
            guild = self.stage.discord.world.channel_by_id(channel)
            own = mark_of.get(guild.guild.id, "") if guild and guild.guild else ""
            for message in self.stage.discord.messages(channel):
                wrong += [f"a message of {own} shows {other}" for other in marks(message.text) - {own}]
        for guild_id, deployment, run_id in self.stage.runner.bundles:
            if not deployment.startswith(mark_of[guild_id]):
                wrong.append(f"run {run_id} of {guild_id} got {deployment}")
        wrong += [
            f"{row['name']} is locked" for row in self.stage.table("Deployments").scan()["Items"] if "lock" in row
        ]
        return wrong + self._files(mark_of)

    def _files(self, mark_of: dict[str, str]) -> list[str]:
        """Every object lies in its own guild's folder; of the runs' credentials nothing is left."""
        s3, wrong = self.stage.client("s3"), []
        bucket = self.stage.resources["RunsBucket"]
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode("latin-1")
            own = mark_of[each["Key"].split("/")[1]]
            wrong += [f"{each['Key']} shows {other}" for other in marks(body) - {own}]
            wrong += [f"{each['Key']} was left"] if each["Key"].endswith("credentials.sealed") else []
        return wrong


def _line(item: dict[str, Any]) -> dict[str, list[Any]]:
    import json

    kept = item.get("line", item)
    return dict(json.loads(kept)) if isinstance(kept, str) else dict(kept)


def main() -> int:
    """Run it and print the same as the simulation does; 1 if anything was wrong."""
    wanted = [(0, number) for number in range(BIGGEST)]
    wanted += [(1 + each % (GUILDS - 1), each) for each in range(RUNS - BIGGEST)]
    over = threading.Event()
    with stage(concurrent=CONCURRENT) as place:
        crowd = Crowd(place)
        watcher = threading.Thread(target=crowd.watch, args=(over,))
        watcher.start()
        begun, asked = time.monotonic(), len(place.witness.asked)
        try:
            with ThreadPoolExecutor(AT_ONCE) as people:
                list(people.map(lambda each: crowd.run(*each), wanted))
        finally:
            over.set()
            watcher.join()
        seconds, calls = time.monotonic() - begun, Counter(each.action for each in place.witness.asked[asked:])
        wrong = crowd.check()
    small = [wait for guild, found in crowd.waited.items() if guild for wait in found]
    print(f"{GUILDS} guilds, {RUNS} runs, {BIGGEST} of them by one guild, {seconds:.0f} s")
    print(f"waits: small guilds {statistics.median(small):.1f} s ({max(small):.1f} at most), ", end="")
    print(f"the big one {statistics.median(crowd.waited[0]):.1f} s ({max(crowd.waited[0]):.1f} at most)")
    print("calls a run: " + ", ".join(f"{number / RUNS:.1f} {action}" for action, number in calls.most_common()))
    print(f"together {sum(calls.values()) / RUNS:.1f} calls a run")
    print("Wrong: " + ("\n".join(wrong) if wrong else "nothing"))
    return int(bool(wrong))
