"""Time that passes only when everybody waits: many threads, of which one runs at a time, the one whose turn it is."""

from __future__ import annotations

import heapq
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_THREADS = 20_000  # a thread is started only when all the others wait


class Stopped(BaseException):
    """Something else failed, and all comes to an end: nobody may catch this."""


class Nap:
    """`sleep` lasts until `wake`, or so many seconds; for one sleeper, once."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self._mine = threading.Lock()
        self._mine.acquire()
        self._over = False

    def sleep(self, seconds: float) -> None:
        """Let others run."""
        self._time.until(self._time.now + seconds, self._end)
        self._time.wait(self._mine)

    def wake(self) -> None:
        """End the sleep now."""
        self._time.until(self._time.now, self._end)

    def _end(self) -> None:
        if self._over:
            self._time.skip()
        else:
            self._over = True
            self._mine.release()


class VirtualTime:
    """`now` is in seconds. What runs calls `sleep`, and the next one runs; equal turns go by who asked first."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(MOST_THREADS)
        self._turn_is_over = threading.Semaphore(0)
        self._failure: BaseException | None = None

    def __call__(self) -> float:
        """The time, for who wants a clock."""
        return self.now

    def at(self, when: float, work: Callable[[], object]) -> None:
        """Have something begin at a time."""
        heapq.heappush(self._due, (when, next(self._numbers), partial(self._pool.submit, self._work, work)))

    def sleep(self, seconds: float) -> None:
        """Let others run until then; only for what was begun by `at`."""
        mine = threading.Lock()
        mine.acquire()
        self.until(self.now + seconds, mine.release)
        self.wait(mine)

    def until(self, when: float, wake: Callable[[], object]) -> None:
        """Have somebody who waits be woken at a time; `wake` lets exactly one go on, or says `skip`."""
        heapq.heappush(self._due, (when, next(self._numbers), wake))

    def wait(self, mine: threading.Lock) -> None:
        """Give the turn away until the lock is free."""
        self._turn_is_over.release()
        mine.acquire()
        if self._failure:
            raise Stopped

    def skip(self) -> None:
        """Nobody was to be woken any more."""
        self._turn_is_over.release()

    def nap(self) -> Nap:
        """A sleep that somebody may end early."""
        return Nap(self)

    def run(self) -> None:
        """Until nothing is to be done any more; raises what any work raised."""
        with self._pool:
            while self._due:
                self.now, _, wake = heapq.heappop(self._due)
                wake()
                self._turn_is_over.acquire()
        if self._failure:
            raise self._failure

    def _work(self, what: Callable[[], object]) -> None:
        try:
            if not self._failure:
                what()
        except BaseException as failure:  # whatever it is, it belongs to the one who runs all this
            self._failure = self._failure or failure
        self._turn_is_over.release()
