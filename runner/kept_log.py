"""The log as it was printed, kept to be handed in: compressed as it grows, and of one too long its two ends.

It stays in the runner's memory: a file would be something that the tool might read, replace, or fill the disk with.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.control import TRIES, upload
from runner.errors import TransferError
from runner.lines import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    Send = Callable[[bytes, int], None]
    """Uploads a whole gzip file, in at most so many tries."""

MIB = 2**20
# Of 50 MiB of text the end matters most.
HEAD = 10 * MIB
TAIL = 40 * MIB
PART = MIB // 4
UPLOAD_EVERY = 30.0
UPLOAD_LIMIT = 20.0
# Uploads of a long log over a slow network shall not be most of what a build does.
PAUSES = 10


@dataclass(frozen=True)
class Part:
    """Some lines as a whole gzip member: members side by side are one gzip file."""

    data: bytes
    size: int
    lines: int

    @classmethod
    def of(cls, lines: list[str]) -> Part:
        """These lines, compressed."""
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        return cls(gzip.compress(text, 6, mtime=0), len(text), len(lines))


class KeptLog:
    """The lines of one phase, at most 50 MiB of them; a reading costs no more than what came since the last part."""

    def __init__(self, head: int = HEAD, tail: int = TAIL, part: int = PART) -> None:
        self._room = head
        self._tail_room = tail
        self._part = part
        self._head: list[Part] = []
        self._tail: deque[Part] = deque()
        self._open: list[str] = []
        self._open_size = 0
        self._left_out = 0
        self.lines = 0

    def add(self, line: str) -> None:
        """Keep one more line."""
        self._open.append(line)
        self._open_size += len(line) + 1
        self.lines += 1
        if self._open_size >= self._part:
            self._close_part()

    def gz(self) -> bytes:
        """All that is kept, as one gzip file."""
        gap = [f"{PREFIX}{self._left_out} lines are left out here: this log is too long to be kept whole"]
        parts = [*self._head, *([Part.of(gap)] if self._left_out else []), *self._tail, Part.of(self._open)]
        return b"".join(part.data for part in parts)

    def _close_part(self) -> None:
        part = Part.of(self._open)
        self._open.clear()
        self._open_size = 0
        if part.size <= self._room and not self._tail:
            self._head.append(part)
            self._room -= part.size
            return
        self._tail.append(part)
        self._tail_room -= part.size
        while self._tail_room < 0:
            gone = self._tail.popleft()
            self._tail_room += gone.size
            self._left_out += gone.lines


def to(url: str) -> Send:
    """Uploads to this address."""
    return lambda data, tries: upload(url, data, "the log", tries, UPLOAD_LIMIT)


class LogUpload:
    """Hands the log in while it grows, so that a build that is killed leaves one; no failure of it harms the run."""

    def __init__(self, kept: KeptLog, send: Send, say: Callable[[str], None], every: float = UPLOAD_EVERY) -> None:
        self._kept = kept
        self._send = send
        self._say = say
        self._every = every
        self._handed_in = 0
        self._failed = False
        self._over = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    async def finish(self) -> None:
        """Hand in what is there at the end; waits for an upload that is under way, so that none overtakes the last."""
        self._over.set()
        await self._task

    async def _run(self) -> None:
        pause = self._every
        while not self._over.is_set():
            try:
                await asyncio.wait_for(self._over.wait(), pause)
            except TimeoutError:
                began = time.monotonic()
                await self._hand_in(1)
                pause = max(self._every, PAUSES * (time.monotonic() - began))
        await self._hand_in(TRIES)

    async def _hand_in(self, tries: int) -> None:
        lines = self._kept.lines
        if lines == self._handed_in:
            return
        try:
            await asyncio.to_thread(self._send, self._kept.gz(), tries)
            self._handed_in = lines
        except Exception as error:
            if not self._failed:
                self._say(f"{error if isinstance(error, TransferError) else type(error).__name__}; the log may be lost")
            self._failed = True
