"""Time that tests can advance, and ids that carry it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from sandbox.discord.protocol import EPOCH_MS


class Clock:
    """Discord's view of time: the machine's clock plus whatever a test added.

    Only what Discord itself remembers (token expiry, message age, rate limits) follows `now`. What it sends to the app
    (ids, signature timestamps) follows `wall`, because the app compares it with its own clock.
    """

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the Unix epoch, advanced."""
        return time.time() + self._offset

    def wall(self) -> float:
        """Seconds since the Unix epoch, never advanced."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Let time pass for Discord alone."""
        self._offset += seconds


def iso(seconds: float) -> str:
    """A timestamp as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Snowflakes:
    """Unique, time-ordered ids in Discord's layout: milliseconds, worker, process, increment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last_ms = 0
        self._increment = 0

    def next(self) -> str:
        """A fresh id; ids of one generator always increase."""
        with self._lock:
            ms = max(int(self._clock.wall() * 1000), self._last_ms)
            self._increment = (self._increment + 1) % 4096 if ms == self._last_ms else 0
            if ms == self._last_ms and self._increment == 0:
                ms += 1
            self._last_ms = ms
            return str((ms - EPOCH_MS) << 22 | 1 << 17 | self._increment)
