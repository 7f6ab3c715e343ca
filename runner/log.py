"""The build's log: the tool's lines as they are, the runner's own few with a prefix, neither with a secret."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from runner.redact import Secrets

PREFIX = "chatops: "


class Log:
    """Writes whole lines at once; a reader that has gone away does not end an apply."""

    def __init__(self, stream: TextIO, secrets: Secrets) -> None:
        self._stream = stream
        self._secrets = secrets

    def say(self, text: str) -> None:
        """A line of the runner's own."""
        self.line(PREFIX + self._secrets.text(" ".join(text.split())))

    def line(self, line: str) -> None:
        """A line of the tool's, already redacted."""
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()
