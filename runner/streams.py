"""The tool's output on its way: pipes, the callback that hears each line, the tail that is kept."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from inspect import isawaitable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    ProgressCallback = Callable[[str], Awaitable[None] | None]

TAIL = 512 * 1024


class Pipe:
    """A pipe of our own: with asyncio's, waiting for the process would mean waiting for all who hold the pipe."""

    def __init__(self, write_end: int, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        self.write_end = write_end
        self.reader = reader
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls) -> Pipe:
        """A new pipe that the running loop reads."""
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        return cls(write_end, reader, transport)

    def close_write_end(self) -> None:
        """Give up our copy of the end that the tool writes to."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close_after(self, seconds: float) -> None:
        """Stop waiting for more when nothing closes the other end in this time."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.close)

    def close(self) -> None:
        """Stop reading, also when somebody still holds the other end."""
        self.close_write_end()
        if self._timer:
            self._timer.cancel()
        self._transport.close()


class Delivery:
    """Hands lines to the callback one at a time; a callback that fails does not harm an apply under way."""

    def __init__(self, callback: ProgressCallback | None, say: Callable[[str], None]) -> None:
        self._callback = callback
        self._say = say
        self._turn = asyncio.Lock()

    async def __call__(self, line: str) -> None:
        """Tell the callback one line."""
        async with self._turn:
            if self._callback is None:
                return
            try:
                answer = self._callback(line)
                if isawaitable(answer):
                    await answer
            except Exception as error:
                self._callback = None
                self._say(f"progress is no longer reported: {type(error).__name__}")


class Tail:
    """The last lines of a stream, about half a MiB of them."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._size = 0

    def add(self, line: str) -> None:
        """Keep a line, and let go of the oldest."""
        self._lines.append(line)
        self._size += len(line) + 1
        while self._size > TAIL and len(self._lines) > 1:
            self._size -= len(self._lines.popleft()) + 1

    def text(self) -> str:
        """What is kept."""
        return "".join(f"{line}\n" for line in self._lines)
