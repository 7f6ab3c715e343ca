"""The one way to end a run early: a cancel, a deadline or a signal all become the same request."""

from __future__ import annotations

import asyncio
import math
from typing import Literal

Reason = Literal["cancelled", "timed_out"]


class Stop:
    """A request to end soon: the first reason counts, and the shortest grace."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._kill_at = math.inf
        self.reason: Reason | None = None

    def request(self, reason: Reason, grace_seconds: float) -> bool:
        """Ask for the end; False when it had been asked for before."""
        first = self.reason is None
        self.reason = self.reason or reason
        self._kill_at = min(self._kill_at, asyncio.get_running_loop().time() + grace_seconds)
        self._asked.set()
        return first

    async def wait(self) -> None:
        """Return as soon as the end is asked for."""
        await self._asked.wait()

    async def grace_over(self) -> None:
        """Return when the grace has passed, also when a later request shortens it."""
        while (left := self._kill_at - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 0.2))

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the end is asked for."""
        try:
            await asyncio.wait_for(self._asked.wait(), seconds)
        except TimeoutError:
            return
