"""A person in the channel who wants one thing, and does what a person would until it is so, whatever dies meanwhile."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sandbox.discord import ClientRefusalError, DiscordServer, Message

PATIENCE_SECONDS = 130.0
"""The product tells of a dead build within two minutes; who has seen nothing new for longer acts."""
ANSWER_SECONDS = 100.0
"""Lambda tries a command that died again after a minute."""
ALL_SECONDS = 900.0
MOST_RESUMES = 5
"""More often than a round has crashes: what breaks once more does not break because of them."""
_RESULT_SECONDS = 15.0
_PAUSE_SECONDS = 2.0
_TRIES = 4
_SESSION = re.compile(r"Session `([a-z2-7]{8})`")
_BROKEN = ("failed", "interrupted", "cancelled", "rejected", "Nobody approved")


class Stuck(Exception):
    """There was nothing left to do that a person would think of."""


@dataclass(frozen=True)
class Goal:
    """What is wanted: a command, the words of its end, and the names of the moments on the way."""

    command: str
    done: tuple[str, ...]
    moments: tuple[str, str, str, str, str]


DEPLOYED = Goal(
    "cloud-deploy-v2",
    ("Deployment Complete", "Nothing to change"),
    ("deploy", "plan", "approval", "approve", "apply"),
)
DESTROYED = Goal(
    "cloud-destroy",
    ("Destruction Complete", "Nothing to change", "There is no deployment"),
    ("destroy", "destroy plan", "destroy approval", "destroy approve", "destroying"),
)


class Hears(Protocol):
    """Who is told that a moment begins; `blows.Strike` is one."""

    def at(self, moment: str) -> None:
        """The moment begins now: the command is about to be typed, the button about to be pressed."""
        ...


@dataclass(frozen=True)
class Sight:
    """The newest message about the deployment: the run it is of, and what it asks for.

    That is a `decision`, `help`, `time`, or `nothing`, since it is done.
    """

    run_id: str
    asks: str
    message: Message

    @property
    def gist(self) -> tuple[str, str]:
        """What is dealt with only once."""
        return self.run_id, self.asks


class Person:
    """The guild's owner, busy with one deployment; `steps` tells what had to be done beside the usual."""

    def __init__(self, discord: DiscordServer, deployment: str, hears: Hears) -> None:
        self._discord = discord
        self._deployment = deployment
        self._hears = hears
        self._footer = re.compile(rf"^{re.escape(deployment)} · \S+ · run ([0-9a-f]{{16}})", re.MULTILINE)
        self._after = 0
        self.session_id = ""
        self.steps: list[str] = []

    def open_session(self, project_id: str, credentials: str) -> None:
        """Type /cloud-init until a session is open."""
        options = {"provider": "aws", "project_id": project_id, "credentials": credentials}
        for _ in range(_TRIES):
            found = _SESSION.search(self.type("cloud-init", options, "init").text)
            if found:
                self.session_id = found[1]
                return
        raise Stuck("/cloud-init opened no session")

    def close_sessions(self) -> None:
        """Close everything that is open, by the buttons of /cloud-sessions."""
        listed = self.type("cloud-sessions")
        for button in listed.buttons:
            if button.label.startswith("Close "):
                self._press(listed, button.label)

    def reach(self, goal: Goal, **options: str) -> None:
        """Type the goal's command, approve, and whenever it breaks recover and resume, until it is reached.

        Raises:
            Stuck: it was not within ALL_SECONDS, it broke again and again, or the product would not go on.
        """
        command, plan, approval, approve, work = goal.moments
        self._after = max((int(message.id) for message in self._discord.messages()), default=0)
        deadline = time.monotonic() + ALL_SECONDS

        def begin() -> bool:
            answer = self.type(goal.command, {"name": self._deployment, **options}, command).text
            return any(word in answer for word in goal.done)

        done = begin()
        self._hears.at(plan)
        acted = None
        while not done:
            sight = self._look(goal, acted, deadline)
            acted = sight.gist if sight else None
            if sight is None or sight.asks == "time":
                done = self._push() and begin()
            elif sight.asks == "decision":
                self._hears.at(approval)
                self._press(sight.message, "Approve", approve)
                self._hears.at(work)
            elif sight.asks == "help":
                done = not self._resume(goal, sight) and begin()
            else:
                done = True

    def type(self, command: str, options: Mapping[str, str] | None = None, moment: str = "") -> Message:
        """Type a command and return its answer; type it again where there was none."""
        for _ in range(_TRIES):
            self._hears.at(moment)
            result = self._discord.slash(command, options or {})
            if result.problem is None and (answer := self._answered(result.message_id)):
                return answer
            self.steps.append(f"typed /{command} again")
            time.sleep(_PAUSE_SECONDS)
        raise Stuck(f"/{command} was never answered")

    def _answered(self, message_id: str | None) -> Message | None:
        def look() -> Message | None:
            message = self._discord.message(message_id)
            return message if message and not message.thinking else None

        return self._discord.transcript.wait_until(look, ANSWER_SECONDS)

    def _press(self, message: Message, label: str, moment: str = "") -> None:
        button = next(each for each in message.buttons if each.label == label)
        for _ in range(_TRIES):
            self._hears.at(moment)
            try:
                result = self._discord.press(message.id, button.custom_id or "")
            except ClientRefusalError:
                return  # it changed under the finger; the next look tells how
            if result.problem is None:
                return
            self.steps.append(f"pressed {label} again")
            time.sleep(_PAUSE_SECONDS)

    def _resume(self, goal: Goal, sight: Sight) -> bool:
        """Recover the session and press Resume on the result that is shown then; False where it is not offered.

        Raises:
            Stuck: the session cannot be recovered.
        """
        answer = self.type("cloud-recover-session", {"session_id": self.session_id})
        if "Session Recovered Successfully!" not in answer.text:
            raise Stuck(f"/cloud-recover-session said: {answer.text}")
        self.steps.append("recovered")
        if self.steps.count("recovered") > MOST_RESUMES:
            raise Stuck(f"{self._deployment} breaks again and again: {sight.message.text[:300]}")

        def shown() -> Sight | None:
            seen = self._newest(goal)
            return seen if seen and int(seen.message.id) > int(answer.id) else None

        found = self._discord.transcript.wait_until(shown, _RESULT_SECONDS) or sight
        if _offers(found.message, "Resume"):
            self.steps.append("resumed")
            self._press(found.message, "Resume")
        return _offers(found.message, "Resume") or found.run_id != sight.run_id

    def _push(self) -> bool:
        """Nothing happens: cancel what hangs. True where nothing is going on at all."""
        self.steps.append("cancelled what hung")
        answer = self.type("cloud-cancel", {"name": self._deployment}).text
        return "Nothing is going on" in answer or "There is no deployment" in answer

    def _look(self, goal: Goal, acted: tuple[str, str] | None, deadline: float) -> Sight | None:
        """The next message that asks for something not done yet, or, when nothing new comes, what there is."""
        shown, since = "", time.monotonic()
        while time.monotonic() < deadline:
            sight = self._newest(goal)
            if sight and sight.message.text != shown:
                shown, since = sight.message.text, time.monotonic()
            if sight and sight.asks != "time" and sight.gist != acted:
                return sight
            if time.monotonic() - since > PATIENCE_SECONDS:
                self.steps.append(f"lost patience over {shown.partition(chr(10))[0]!r}")
                return sight
            time.sleep(0.2)
        raise Stuck(f"{self._deployment} did not get there within {ALL_SECONDS:.0f} s")

    def _newest(self, goal: Goal) -> Sight | None:
        for message in sorted(self._discord.messages(user="owner"), key=lambda each: int(each.id), reverse=True):
            found = self._footer.search(message.text)
            if found and int(message.id) > self._after:
                return Sight(found[1], _asks(message, goal), message)
        return None


def _offers(message: Message, label: str) -> bool:
    return any(button.label == label and not button.disabled for button in message.buttons)


def _asks(message: Message, goal: Goal) -> str:
    title = message.text.partition("\n")[0]
    if any(word in title for word in goal.done):
        return "nothing"
    if _offers(message, "Approve"):
        return "decision"
    return "help" if _offers(message, "Resume") or any(word in title for word in _BROKEN) else "time"
