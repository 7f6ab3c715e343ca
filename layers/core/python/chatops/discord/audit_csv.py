"""The audit as a file for a spreadsheet: RFC 4180, UTF-8, and nothing in it that a spreadsheet would carry out."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from chatops.domain.audit import Entry

MOST_ROWS = 50_000
"""So many are read and written in well under the time that a command has."""

_COLUMNS = ("time", "action", "by", "deployment", "run", "plan_sha256", "channel", "note", "source", "server")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What Excel, LibreOffice and Google Sheets take for the beginning of a formula (OWASP, CSV Injection)."""


class AuditFile:
    """Rows until the file is full; `most_bytes` is its limit."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._parts = [_row(_COLUMNS)]
        self._bytes = len(self._parts[0])
        self.rows = 0
        self.full = False

    def add(self, entry: Entry) -> bool:
        """Write one more row; False, and nothing is written, where it does not fit."""
        row = _row(tuple(map(_harmless, _cells(entry))))
        self.full = self._bytes + len(row) > self._most
        if not self.full:
            self._parts.append(row)
            self._bytes += len(row)
            self.rows += 1
        return not self.full

    def text(self) -> bytes:
        """The file."""
        return b"".join(self._parts)


def _cells(entry: Entry) -> Iterator[str]:
    yield datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    yield from (entry.action, entry.by, entry.deployment, entry.run_id, entry.plan_sha256, entry.channel_id)
    yield from (entry.note, entry.id, entry.guild_id)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell


def _row(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode("utf-8", "replace")
