"""Crash after crash: each round deploys and destroys a real web app while something dies, and then asks the cloud.

A round has survived if every resource existed exactly once after the deployment and none after the destruction, and if
no lock was left. `python -m sandbox chaos --rounds 100` ends with `survived N lost N doubled N`.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from sandbox import blows, builds, cloud, processes
from sandbox.discord import render_message
from sandbox.emulator import GUILD_ACCOUNT
from sandbox.person import DEPLOYED, DESTROYED, Person, Stuck
from sandbox.running import Sandbox

BLUEPRINT = "aws/web-app"
"""Its server takes ten seconds to come up and its address has no name of its own: what a crash doubles most easily."""
_SHOWN_MESSAGES = 4
_SHOWN_EVENTS = 6


@dataclass
class Round:
    """What became of one round; `lost` and `doubled` say what, `facts` is for who looks into it."""

    name: str
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    facts: str = ""
    seconds: float = 0.0

    @property
    def survived(self) -> bool:
        """Whether nothing was lost or doubled."""
        return not self.lost and not self.doubled

    def __str__(self) -> str:
        verdict = "survived" if self.survived else "; ".join([*self.lost, *self.doubled])
        how = ", ".join(self.steps) or "nothing had to be done"
        return f"{self.name}  {self.seconds:5.0f} s  {' | '.join(self.told) or 'nobody killed'}  → {how}  → {verdict}"


def main(rounds: int, seed: int | None, say: Callable[[str], None] = print) -> int:
    """Play the rounds one after the other on one sandbox; 0 only if all of them survived."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    say(f"{rounds} rounds with seed {seed}")
    played = []
    with Sandbox(say) as sandbox:
        for number in range(1, rounds + 1):
            played.append(play(sandbox, f"round-{number}", blows.choose(seed, number)))
            say(f"{played[-1]}{played[-1].facts}")
    say(summary(played))
    return 0 if all(each.survived for each in played) else 1


def summary(played: list[Round]) -> str:
    """The last line; a round in which something was doubled counts as doubled, whatever was lost besides."""
    doubled = sum(bool(each.doubled) for each in played)
    survived = sum(each.survived for each in played)
    return f"survived {survived} lost {len(played) - survived - doubled} doubled {doubled}"


def play(
    sandbox: Sandbox, name: str, due: tuple[blows.Blow, ...], say: Callable[[str], None] = lambda _: None
) -> Round:
    """One round: deploy, look, destroy, look, with these crashes on the way; `name` is the deployment's."""
    begun, strike, played = time.monotonic(), blows.Strike(due), Round(name)
    person = Person(sandbox.discord, name, strike)
    try:
        _story(sandbox, person, played)
    except Stuck as stuck:
        played.lost.append(str(stuck))
    played.told, played.steps, played.seconds = strike.settle(), person.steps, time.monotonic() - begun
    if len(played.told) < len(due) and not played.lost:
        played.lost.append("a crash did not fall, so nothing is proven")
    if not played.survived:
        played.facts = "\n" + "\n".join(facts(sandbox, name))
        blows.kill_builds()  # what still works there must not disturb the next round
    return played


def _story(sandbox: Sandbox, person: Person, played: Round) -> None:
    before = cloud.holdings(sandbox.guild_client)
    person.open_session(GUILD_ACCOUNT, sandbox.guild_credentials())
    try:
        try:
            person.reach(DEPLOYED, blueprint=BLUEPRINT)
        finally:
            judge(played, cloud.added(before, cloud.holdings(sandbox.guild_client)))
        played.lost += locks(sandbox, played.name)
        person.reach(DESTROYED)
        left = cloud.added(before, cloud.holdings(sandbox.guild_client))
        played.lost += [f"left behind: {', '.join(sorted(ids))}" for ids in left.values() if ids]
        played.lost += locks(sandbox, played.name)
        if _row(sandbox, "Deployments", guild_id=sandbox.discord.world.guild.id, name=played.name):
            played.lost.append("the deployment's row is still there")
    finally:
        person.close_sessions()


def judge(played: Round, found: cloud.Holdings) -> None:
    """Each kind of thing that the blueprint makes must be there once."""
    played.lost += [f"no {kind}" for kind, ids in found.items() if not ids]
    played.doubled += [f"{len(ids)} {kind}: {', '.join(sorted(ids))}" for kind, ids in found.items() if len(ids) > 1]


def locks(sandbox: Sandbox, name: str) -> list[str]:
    """Locks of the deployment that nobody gave back: Terraform's in S3, and our own."""
    guild = sandbox.discord.world.guild.id
    objects = sandbox.client("s3").list_objects_v2(Bucket=sandbox.outputs["StateBucketName"], Prefix=f"{guild}/{name}/")
    kept = [each["Key"] for each in objects.get("Contents", []) if each["Key"].endswith(".tflock")]
    row = _row(sandbox, "Deployments", guild_id=guild, name=name)
    held = [f"our lock, held by run {row['lock']['run_id']}"] if row.get("lock") else []
    return [f"left locked: {each}" for each in kept + held]


def facts(sandbox: Sandbox, name: str) -> Iterator[str]:
    """What is known of a deployment in trouble; no token and no credential is among it."""
    guild = sandbox.discord.world.guild.id
    for message in [each for each in sandbox.discord.messages() if name in each.text][-_SHOWN_MESSAGES:]:
        yield render_message(message)
    deployment = _row(sandbox, "Deployments", guild_id=guild, name=name)
    yield f"deployment: {json.dumps(deployment, default=str)}"
    yield from _facts_of_run(sandbox, str(deployment.get("last_run_id", "")))
    for kind, ids in cloud.holdings(sandbox.guild_client).items():
        yield f"{kind}: {', '.join(sorted(ids))}"
    yield from locks(sandbox, name)
    for record in builds.unfinished():
        yield f"unfinished build {record.id}: worker {'lives' if processes.alive(record.worker) else 'is dead'}"


def _facts_of_run(sandbox: Sandbox, run_id: str) -> Iterator[str]:
    run = _row(sandbox, "Runs", run_id=run_id) if run_id else {}
    told = ("run_id", "status", "detail", "reported", "previous_run_id", "cancel_requested_by", "cancel_cause")
    yield f"run: {json.dumps({key: run.get(key) for key in told}, default=str)}"
    machine = sandbox.outputs["RunStateMachineArn"].replace(":stateMachine:", ":execution:")
    if run:
        states, arn = sandbox.client("stepfunctions"), f"{machine}:i-{run['interaction_id']}"
        events = states.get_execution_history(executionArn=arn, maxResults=_SHOWN_EVENTS, reverseOrder=True)["events"]
        for event in events:
            entered = event.get("stateEnteredEventDetails", event.get("stateExitedEventDetails", {}))
            yield f"execution: {event['type']} {entered.get('name', '')}"


def _row(sandbox: Sandbox, table: str, **key: str) -> dict[str, Any]:
    """A row of one of our tables as plain values; empty where there is none."""
    found = sandbox.client("dynamodb").get_item(
        TableName=sandbox.outputs[f"{table}TableName"],
        Key={name: {"S": value} for name, value in key.items()},
        ConsistentRead=True,
    )
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in found.get("Item", {}).items()}
