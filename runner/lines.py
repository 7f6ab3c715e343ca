"""From the bytes of a pipe to lines that may be read: bounded in length, and never a dump of raw state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Far above what is shown (SHOWN), so that a secret which starts in the shown part is complete when it is looked for.
KEPT = 64 * 1024
SHOWN = 16 * 1024
# Before every line of the runner's own.
PREFIX = "chatops: "
NOTICE = f"{PREFIX}raw Terraform state was printed here; it is withheld from this log"

_STATE_KEY = re.compile(r'"(?:terraform_version|lineage|serial)"\s*:')
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?')
_HELD = 8


def shown(line: str) -> str:
    """The line as it may be printed: at most 16 KiB."""
    data = line.encode("utf-8", "replace")
    return line if len(data) <= SHOWN else data[: SHOWN - 6].decode("utf-8", "ignore") + " [cut]"


class LineSplitter:
    """Splits a byte stream at line ends, however long the lines are; what is past `KEPT` bytes of a line is dropped."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._started = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that this chunk completes."""
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._append(end)
            yield self._take()
        self._append(rest)
        self._started = bool(self._line)

    def close(self) -> Iterator[str]:
        """The last line, when it has no line end."""
        if self._started:
            yield self._take()

    def _append(self, part: bytes) -> None:
        self._line += part[: KEPT - len(self._line)]

    def _take(self) -> str:
        line = self._line.decode("utf-8", "replace").removesuffix("\r")
        self._line.clear()
        self._started = False
        return line


class StateFilter:
    """Withholds a JSON object that is Terraform's raw state: it is printed when it can be saved nowhere.

    In human output it begins with a line `{`, and its keys follow; with -json it is one message. An object whose
    first lines do not tell is held back until they do.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._held: list[str] = []
        self._withholding = False

    def feed(self, line: str) -> list[str]:
        """The lines that may go on, in order."""
        if self._withholding:
            self._depth += _balance(line)
            self._withholding = self._depth > 0
            return []
        if self._held:
            return self._decide(line)
        if not line.lstrip().startswith("{"):
            return [line]
        return self._message(line) if '"@level"' in line else self._decide(line)

    def close(self) -> list[str]:
        """What was still undecided at the end."""
        held, self._held = self._held, []
        return held

    def _message(self, line: str) -> list[str]:
        # A message of Terraform's own is one line; "serial" alone may be an output's.
        dump = '"lineage"' in line and '"terraform_version"' in line
        return [NOTICE] if dump or '"@message":"Emergency state dump"' in line else [line]

    def _decide(self, line: str) -> list[str]:
        self._held.append(line)
        self._depth = self._depth + _balance(line) if len(self._held) > 1 else _balance(line)
        if _STATE_KEY.search(line):
            # A line that was too long to be kept whole has its other braces where nobody sees them.
            cut = len(self._held) == 1 and len(line.encode()) >= KEPT
            self._held.clear()
            self._withholding = self._depth > 0 and not cut
            return [NOTICE]
        return self.close() if self._depth <= 0 or len(self._held) > _HELD else []


def _balance(line: str) -> int:
    """How many braces the line leaves open, those in texts not counted."""
    bare = _TEXT.sub("", line)
    return bare.count("{") - bare.count("}")
