"""The main job as a story: from /cloud-init to gone, with every message, and the cloud itself asked at the end."""

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.discord import Event, Message, render_message
from sandbox.emulator import GUILD_ACCOUNT
from sandbox.running import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

RUN_SECONDS = 180
NAME = "web-app"


@dataclass
class Teller:
    """Prints what a person in the channel would see."""

    begun: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, text: str) -> None:
        """One line of narration."""
        with self._lock:
            print(f"\033[2m{time.monotonic() - self.begun:6.1f} s\033[0m  {text}", flush=True)

    def show(self, event: Event) -> None:
        """A message that came or changed."""
        if event.message is None or event.kind not in ("created", "edited", "answered"):
            return
        with self._lock:
            print("\n" + render_message(event.message).replace("\n", "\n    ").join(("    ", "\n")), flush=True)


class Story:
    """The steps; each waits for what a person would wait for."""

    def __init__(self, sandbox: Sandbox, teller: Teller) -> None:
        self._sandbox = sandbox
        self._discord = sandbox.discord
        self._teller = teller

    def command(self, name: str, /, **options: str) -> None:
        """Type a slash command."""
        shown = " ".join(f"{key}:{'{…}' if key == 'credentials' else value}" for key, value in options.items())
        self._teller.say(f"\033[1m@owner types  /{name} {shown}\033[0m")
        result = self._discord.slash(name, options)
        if result.problem:
            raise RuntimeError(f"/{name}: {result.problem}")

    def press(self, label: str, message: Message) -> None:
        """Press a message's button."""
        button = next(button for button in message.buttons if button.label == label)
        self._teller.say(f"\033[1m@owner presses  [ {label} ]\033[0m")
        result = self._discord.press(message.id, button.custom_id or "")
        if result.problem:
            raise RuntimeError(f"[ {label} ]: {result.problem}")

    def wait(self, *words: str, after: int = 0) -> Message:
        """Wait for a message with one of these words, newer than message number `after`."""
        return self._discord.wait_for(
            lambda message: int(message.id) > after and any(word in message.text for word in words), RUN_SECONDS
        )

    def newest(self) -> int:
        """The id of the newest message."""
        return max((int(message.id) for message in self._discord.messages()), default=0)

    def run(self, command: str, done: str, /, **options: str) -> Message:
        """A command that starts a run: wait for the plan, approve it, wait for the end."""
        before = self.newest()
        self.command(command, **options)
        plan = self.wait("The plan is ready", "failed", "interrupted", after=before)
        self.press("Approve", plan)
        ended = self.wait(done, "failed", "interrupted", "cancelled", "expired", after=before)
        if done not in ended.text:
            raise RuntimeError(f"the run ended otherwise than with {done!r}")
        return ended


def main() -> int:
    """Tell the story; 0 only if the cloud agrees with every word of it."""
    teller = Teller()
    teller.say("Cloud ChatOps: one real deployment by slash command")
    with Sandbox(teller.say) as sandbox:
        unwatch = sandbox.discord.watch(teller.show)
        try:
            return _tell(sandbox, teller)
        finally:
            unwatch()


def _tell(sandbox: Sandbox, teller: Teller) -> int:
    story = Story(sandbox, teller)
    story.command("cloud-init", provider="aws", project_id=GUILD_ACCOUNT, credentials=sandbox.guild_credentials())
    story.wait("Session open")
    before = _resources(sandbox)
    story.run("cloud-deploy-v2", "Deployment Complete", blueprint="aws/web-app")
    existing = _resources(sandbox)
    story.command("cloud-status", name=NAME)
    story.wait(f"☁️ {NAME}")
    story.run("cloud-destroy", "Destruction Complete", name=NAME)
    checks = [
        ("nothing was there before", not any(before.values())),
        *((f"{kind} existed after apply: {len(found)}", bool(found)) for kind, found in existing.items()),
        *((f"{kind} gone after destroy", not found) for kind, found in _resources(sandbox).items()),
        ("the deployment's lock is free and its row is gone", not _deployments(sandbox)),
        ("Discord had nothing to complain about", not sandbox.discord.problems),
    ]
    teller.say("Asking the emulated AWS itself:")
    for text, good in checks:
        teller.say(f"  {'✔' if good else '✘'} {text}")
    for problem in sandbox.discord.problems:
        teller.say(f"    {problem}")
    teller.say("done" if all(good for _, good in checks) else "the story does not hold")
    return 0 if all(good for _, good in checks) else 1


def _resources(sandbox: Sandbox) -> dict[str, list[Any]]:
    """What the guild's account holds, asked past Terraform and past our tables."""
    ec2, s3, sqs = sandbox.guild_client("ec2"), sandbox.guild_client("s3"), sandbox.guild_client("sqs")
    reservations = ec2.describe_instances()["Reservations"]
    instances = [each for reservation in reservations for each in reservation["Instances"]]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    asked: dict[str, Callable[[], list[Any]]] = {
        "instances": lambda: [each for each in instances if each["State"]["Name"] != "terminated"],
        "security groups": lambda: [group for group in groups if group["GroupName"] != "default"],
        "elastic IPs": lambda: list(ec2.describe_addresses()["Addresses"]),
        "buckets": lambda: list(s3.list_buckets()["Buckets"]),
        "queues": lambda: list(sqs.list_queues().get("QueueUrls", [])),
    }
    return {kind: ask() for kind, ask in asked.items()}


def _deployments(sandbox: Sandbox) -> list[Any]:
    table = sandbox.outputs["DeploymentsTableName"]
    return list(sandbox.client("dynamodb").scan(TableName=table)["Items"])
