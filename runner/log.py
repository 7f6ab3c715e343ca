"""The build's log: the tool's lines as they are, the runner's own few with a prefix, neither with a secret."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from runner.kept_log import KeptLog
from runner.lines import NOTICE, PREFIX
from runner.spellings import squeeze

if TYPE_CHECKING:
    from runner.redact import Secrets

QUOTED = "tool: "
_SQUEEZED_PREFIX = squeeze(PREFIX)


class Log:
    """Writes whole lines at once, and keeps them; a reader that has gone away does not end an apply."""

    def __init__(self, stream: TextIO, secrets: Secrets) -> None:
        self._stream = stream
        self._secrets = secrets
        self.kept = KeptLog()

    def say(self, text: str) -> None:
        """A line of the runner's own."""
        self._write(PREFIX + self._secrets.text(" ".join(text.split())))

    def line(self, line: str) -> None:
        """A line of the tool's, already redacted; one that looks like the runner's own is marked as the tool's."""
        self._write(QUOTED + line if _looks_like_ours(line) and line != NOTICE else line)

    def _write(self, line: str) -> None:
        self.kept.add(line)
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()


def _looks_like_ours(line: str) -> bool:
    """Whether it does to one who does not see colours, controls and what has no width, or takes them out."""
    return not line.startswith("{") and squeeze(line).startswith(_SQUEEZED_PREFIX)
