"""Everything that happened, in order: for tests to wait on, for a terminal or a page to show."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.clock import Clock
    from sandbox.discord.messages import Message
    from sandbox.discord.protocol import JsonObject

Found = TypeVar("Found")
EventKind = Literal["sent", "answered", "created", "edited", "deleted", "rate_limited", "fault", "problem"]


@dataclass(frozen=True)
class Problem:
    """One thing Discord would have refused (`code` is Discord's) or a habit that was broken (`code` 0)."""

    where: str
    text: str
    code: int = 0

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" + (f" [{self.code}]" if self.code else "")


@dataclass(frozen=True)
class Event:
    """One entry of the transcript; numbers start at 1 and have no gaps."""

    number: int
    at: float
    kind: EventKind
    text: str
    message: Message | None = None

    def as_json(self) -> JsonObject:
        """The event for a client in another process."""
        message = self.message.as_json() if self.message else None
        return {"number": self.number, "at": self.at, "kind": self.kind, "text": self.text, "message": message}


class Transcript:
    """A thread-safe, append-only list of events and problems."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._problems: list[Problem] = []
        self._watchers: list[threading.Thread] = []
        self._closed = False

    def add(self, kind: EventKind, text: str, message: Message | None = None) -> None:
        """Append an event and wake everyone who waits."""
        with self._changed:
            self._events.append(Event(len(self._events) + 1, self._clock.now(), kind, text, message))
            self._changed.notify_all()

    def add_problem(self, problem: Problem) -> None:
        """Record a refusal or a broken habit."""
        with self._changed:
            self._problems.append(problem)
        self.add("problem", str(problem))

    @property
    def problems(self) -> list[Problem]:
        """A copy of all problems so far."""
        with self._changed:
            return list(self._problems)

    @property
    def last(self) -> int:
        """The number of the newest event, 0 when there is none."""
        with self._changed:
            return len(self._events)

    def since(self, number: int, timeout: float = 0.0) -> list[Event]:
        """The events after a number; waits up to `timeout` seconds for the first one."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._events) > number, timeout)
            return self._events[max(number, 0) :]

    def wait_until(self, look: Callable[[], Found | None], timeout: float) -> Found | None:
        """The first result of `look` that is not None, tried again after every event; None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self.last
            found = look()
            left = deadline - time.monotonic()
            if found is not None or left <= 0 or self._closed:
                return found
            self.since(seen, left)

    def watch(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back for every event from now on, in order, on a thread of its own; returns the way to stop."""
        stopped = threading.Event()
        start = self.last

        def follow() -> None:
            number = start
            while not stopped.is_set():
                for event in self.since(number, timeout=0.2):
                    number = event.number
                    callback(event)
                if self._closed and number == self.last:
                    return

        thread = threading.Thread(target=follow, name="discord-watch", daemon=True)
        self._watchers.append(thread)
        thread.start()
        return stopped.set

    def close(self) -> None:
        """Let watchers see the rest, then end them and everyone who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._watchers:
            if thread is not threading.current_thread():
                thread.join(timeout=5)
