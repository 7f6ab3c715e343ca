"""A run's log as its builds left it in the runs bucket: gzip of the redacted lines, exactly as they were printed."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator

from chatops.domain.runs import Phase, Run

MOST_BYTES = 64 * 1024 * 1024
MOST_LINES = 1_000_000
"""Of one phase, unpacked. The runner keeps less, so only what is made to harm is cut: a gzip bomb, lines of nothing."""

LONGEST_LINE = 64 * 1024
CUT = "chatops: the rest of this log is left out: it is larger than any build's may be"
DAMAGED = "chatops: the log ends here: the rest of its file cannot be read"

_CHUNK = 256 * 1024
_GAP = re.compile(r"chatops: ([0-9]{1,9}) lines are left out here: this log is too long to be kept whole")
"""The runner's word; a line of the tool's that begins as this one does is marked by the runner as the tool's."""


def log_key(run: Run, phase: Phase) -> str:
    """Where the log of one of the run's phases is kept."""
    return run.artefact(f"log-{phase.value}.gz")


def log_lines(packed: bytes) -> Iterator[str]:
    """The lines of a kept log, one at a time; a damaged or absurdly large one ends with a line that says so."""
    rest, note, read, count = b"", "", 0, 0
    try:
        for chunk in _chunks(packed):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[:LONGEST_LINE]
            yield from map(_decoded, lines)
            read, count = read + len(chunk), count + len(lines)
            if read > MOST_BYTES or count > MOST_LINES:
                note = CUT
                break
    except (EOFError, OSError, zlib.error):
        note = DAMAGED
    if rest:
        yield _decoded(rest)
    if note:
        yield note


def left_out(line: str) -> int:
    """How many lines the runner left out where this one stands; 0 for a line of the build's own."""
    gap = _GAP.fullmatch(line)
    return int(gap[1]) if gap else 0


def _chunks(packed: bytes) -> Iterator[bytes]:
    """What is unpacked at once is small, however well it was packed."""
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacked:
        while chunk := unpacked.read1(_CHUNK):
            yield chunk


def _decoded(line: bytes) -> str:
    return line[:LONGEST_LINE].decode("utf-8", "replace").removesuffix("\r")
