"""The main job as a story: from /cloud-init to gone, through a crash, and the cloud itself asked at the end."""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import blows, cloud
from sandbox.discord import Event, Message, render_message
from sandbox.emulator import GUILD_ACCOUNT
from sandbox.running import Sandbox

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

    def wait_for_work(self, after: int) -> None:
        """Wait until the live message shows that the server is being made, and that something is done already."""
        self._discord.wait_for(
            lambda message: (
                int(message.id) > after
                and "in Progress" in message.text
                and "aws_instance" in message.text
                and "(0/" not in message.text
            ),
            RUN_SECONDS,
        )

    def newest(self) -> int:
        """The id of the newest message."""
        return max((int(message.id) for message in self._discord.messages()), default=0)

    def offered(self, label: str, after: int) -> Message:
        """Wait for a message newer than `after` that has the button."""
        return self._discord.wait_for(
            lambda message: int(message.id) > after and any(button.label == label for button in message.buttons),
            RUN_SECONDS,
        )

    def end(self, done: str, after: int) -> None:
        """Wait for the end of the run, which must be this one."""
        ends = (done, "failed", "interrupted", "cancelled", "expired")

        def ended(message: Message) -> bool:
            title = message.text.partition("\n")[0]
            return int(message.id) > after and not message.ephemeral and any(word in title for word in ends)

        if done not in self._discord.wait_for(ended, RUN_SECONDS).text:
            raise RuntimeError(f"the run ended otherwise than with {done!r}")

    def crash(self) -> None:
        """Kill what works for us, all at once, as a power cut would."""
        workers, commands = blows.kill_builds(), blows.kill_commands()
        self._teller.say(
            f"\033[1m⚡ kill -9: the build's worker ({workers}), and the processes that had the session in memory "
            f"({commands})\033[0m"
        )


def main() -> int:
    """Tell the story; 0 only if the cloud agrees with every word of it."""
    teller = Teller()
    teller.say("Cloud ChatOps: one real deployment by slash command, and a crash in the middle of it")
    with Sandbox(teller.say) as sandbox:
        unwatch = sandbox.discord.watch(teller.show)
        try:
            return _tell(sandbox, teller)
        finally:
            unwatch()


def _tell(sandbox: Sandbox, teller: Teller) -> int:
    story = Story(sandbox, teller)
    before = cloud.holdings(sandbox.guild_client)
    story.command("cloud-init", provider="aws", project_id=GUILD_ACCOUNT, credentials=sandbox.guild_credentials())
    session = re.search(r"Session `(\w+)`", story.wait("Session open").text)
    if session is None:
        raise RuntimeError("the answer to /cloud-init names no session")
    plan = _deploy_through_a_crash(story, session[1], teller)
    existing = cloud.added(before, cloud.holdings(sandbox.guild_client))
    story.command("cloud-status", name=NAME)
    story.wait(f"☁️ {NAME}")
    story.command("cloud-cost", name=NAME)
    cost = story.wait(f"💰 {NAME}")
    story.command("cloud-settings")
    story.wait("⚙️ Settings")
    story.command("cloud-logs", name=NAME)
    story.wait(f"📜 Log of {NAME}")
    after = story.newest()
    story.command("cloud-destroy", name=NAME)
    story.press("Approve", story.offered("Approve", after))
    story.end("Destruction Complete", after)
    story.command("cloud-history")
    story.wait("🧾 What was done here")
    left = cloud.added(before, cloud.holdings(sandbox.guild_client))
    checks = [
        ("nothing was there before", not any(before.values())),
        ("the plan's price stood on its card, and is what /cloud-cost says", "" < _price(plan) == _price(cost)),
        *((f"{kind} after the crash and Resume: {len(ids)}", len(ids) == 1) for kind, ids in existing.items()),
        *((f"{kind} gone after destroy", not ids) for kind, ids in left.items()),
        ("the deployment's lock is free and its row is gone", not _deployments(sandbox)),
        ("Terraform's lock is gone", not _state_locks(sandbox)),
        ("Discord had nothing to complain about", not sandbox.discord.problems),
    ]
    teller.say("Asking the emulated AWS itself:")
    for text, good in checks:
        teller.say(f"  {'✔' if good else '✘'} {text}")
    for problem in sandbox.discord.problems:
        teller.say(f"    {problem}")
    teller.say("done" if all(good for _, good in checks) else "the story does not hold")
    return 0 if all(good for _, good in checks) else 1


def _deploy_through_a_crash(story: Story, session_id: str, teller: Teller) -> Message:
    """The guide's scenario: the machines die in the middle of the apply, and nothing is lost; returns the plan."""
    after = story.newest()
    story.command("cloud-deploy-v2", blueprint="aws/web-app")
    plan = story.offered("Approve", after)
    story.press("Details", plan)
    story.wait("what the plan costs and risks", after=after)
    story.press("Approve", plan)
    story.wait_for_work(after)
    story.crash()
    teller.say("the watchdog looks every minute; it finds the dead build by its silence")
    story.wait("interrupted", after=after)
    after = story.newest()
    story.command("cloud-recover-session", session_id=session_id)
    story.wait("Session Recovered Successfully!", after=after)
    interrupted = story.offered("Resume", after)
    after = story.newest()
    story.press("Resume", interrupted)
    story.press("Approve", story.offered("Approve", after))
    story.end("Deployment Complete", after)
    return plan


def _price(message: Message) -> str:
    """The first monthly price in a message."""
    found = re.search(r"\$[\d,.]+/month", message.text)
    return found[0] if found else ""


def _deployments(sandbox: Sandbox) -> list[Any]:
    table = sandbox.outputs["DeploymentsTableName"]
    return list(sandbox.client("dynamodb").scan(TableName=table)["Items"])


def _state_locks(sandbox: Sandbox) -> list[str]:
    found = sandbox.client("s3").list_objects_v2(Bucket=sandbox.outputs["StateBucketName"]).get("Contents", [])
    return [each["Key"] for each in found if each["Key"].endswith(".tflock")]
