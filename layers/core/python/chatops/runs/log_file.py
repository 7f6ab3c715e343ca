"""A run's log as one text of bounded size: its beginning, its end, and the errors between them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chatops.discord.text import visible
from chatops.terraform.log_lines import Entry
from chatops.terraform.messages import clean
from chatops.terraform.secret_shapes import shapes

BEFORE, AFTER = 5, 8
"""Entries that are shown around an error; an error in plain text goes on for some lines."""
LAST = 20
"""Entries that stand for the failure where the log tells of no error."""
MOST_WAITING = 400_000
"""Entries that are held for the end of the text: very short ones cost more memory than their text."""

_NOTICE_BYTES = 200


@dataclass(frozen=True, slots=True)
class Mark(Entry):
    """A line that the build did not print; `gap` is how many of the build's lines are missing where it stands."""

    gap: int = 0


class LogFile:
    """Takes entries in order, and holds not much more of them than the text may have bytes.

    Where the log is too large, its middle goes: the first quarter of the room is for the beginning, an eighth for the
    errors of the middle, the rest for the end; `left_out` counts the build's lines that went. What is kept is filtered
    for secrets once more: words that were in JSON are in clear only now.
    """

    def __init__(self, most_bytes: int) -> None:
        room = most_bytes - 2 * _NOTICE_BYTES
        self._head = _Room(room // 4)
        self._middle = _Room(room // 8)
        self._end_bytes = room - room // 4 - room // 8
        self._end: deque[Entry] = deque()
        self._waiting = 0
        self._gaps = 0
        self.errors = 0
        self.left_out = 0

    def add(self, entry: Entry) -> None:
        """Take the next entry."""
        self.errors += entry.is_error
        if not self._end and self._head.add(entry):
            return
        self._end.append(entry)
        self._waiting += len(entry.text)
        while self._waiting > self._end_bytes or len(self._end) > MOST_WAITING:
            self._leave_out(self._end.popleft())

    def text(self) -> bytes:
        """What became of it, in UTF-8; nothing can be added after this."""
        lines: list[bytes] = []
        left = self._end_bytes
        while self._end and len(line := _line(self._end[-1])) <= left:
            left -= len(line)
            lines.append(line)
            self._end.pop()
        for entry in self._end:
            self._leave_out(entry)
        return b"".join([self._head.text, *self._told(), *reversed(lines)])

    def _leave_out(self, entry: Entry) -> None:
        self._waiting -= len(entry.text)
        if isinstance(entry, Mark):
            self._gaps += entry.gap
        else:
            self.left_out += 1
        if entry.is_error:
            self._middle.add(entry)

    def _told(self) -> Iterator[bytes]:
        if missing := self.left_out + self._gaps:
            told = f"──── {missing:,} lines are left out here, since the file would be too large"
            yield f"{told}. The errors among them: ────\n".encode() if self._middle.text else f"{told} ────\n".encode()
            yield bytes(self._middle.text)
            yield "──── the end of the log: ────\n".encode()


class _Room:
    """Lines up to a number of bytes; the first one that does not fit is the end, so that nothing lacks in between."""

    def __init__(self, most_bytes: int) -> None:
        self.text = bytearray()
        self._left = most_bytes

    def add(self, entry: Entry) -> bool:
        line = _line(entry) if self._left else b""
        fits = 0 < len(line) <= self._left
        self._left = self._left - len(line) if fits else 0
        self.text += line if fits else b""
        return fits


def _line(entry: Entry) -> bytes:
    return safe(entry.text).encode() + b"\n"


def _lines(entry: Entry) -> int:
    return entry.gap if isinstance(entry, Mark) else 1


def safe(text: str) -> str:
    """The text without colours, without what makes it look like another one, and without secrets of known shapes."""
    text = clean(text)
    return shapes(text if text.isprintable() else visible(text))


def failing(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The errors with what stands around them; the last entries where there is no error."""
    passed: deque[Entry] = deque(maxlen=LAST)
    found, skipped, follow = False, 0, 0
    for entry in entries:
        if entry.is_error:
            before = list(passed)[-BEFORE:]
            if found and (between := skipped - sum(map(_lines, before))):
                yield Mark(f"──── {between:,} lines ────")
            yield from before
            passed.clear()
            found, skipped, follow = True, 0, AFTER
            yield entry
        elif follow:
            follow -= 1
            yield entry
        else:
            skipped += _lines(entry)
            passed.append(entry)
    if not found:
        yield from passed
