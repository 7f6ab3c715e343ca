"""Lines that a narrow terminal has cut in two, put together again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.terraform.addresses import is_address
from chatops.terraform.events import OperationSeen
from chatops.terraform.text import PROGRESS_PHRASES, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatops.terraform.prefixes import Origin

_MOST_PIECES = 4
_LONGEST_PIECE = 4096

# The beginning of an address, wherever it is cut: inside a name, before a dot, inside a key.
_KEY = r'\[(?:"(?:[^"\\]|\\.)*+(?:"|\\?$)|\d*+)\]?+'
_BEGINNING = re.compile(rf"[^\W\d][\w*-]*+(?:\.[\w*-]*+|{_KEY})++")
_BEGUN_PHRASES = frozenset(phrase[:end].rstrip() for phrase in PROGRESS_PHRASES for end in range(len(phrase)))
_SUMMARIES = ("Plan: ", "Apply complete! ", "Destroy complete! ")
_WHOLE_SUMMARY = re.compile(
    r"[\w !]++:(?: \d++ (?:to )?+(?:add|change|destroy|import|forget|added|changed|destroyed|imported|forgotten)[,.])++"
    r"(?: Actions: .++)?+"
)


def rejoin(lines: Sequence[tuple[Origin, str]]) -> Iterator[tuple[Origin, str]]:
    """The same lines, progress and summary lines whole.

    A terminal fills its lines, so a piece as long as the longest line goes on without a space.
    """
    width = max((len(line) for _, line in lines), default=0)
    held: list[tuple[Origin, str]] = []
    whole = ""
    for origin, line in lines:
        joined = None
        if held and origin.channel == held[0][0].channel:
            joined = _joined(whole, line, filled=len(held[-1][1]) == width)
        if joined is None:
            yield from held
            held, joined = [], line
        whole = joined
        held.append((origin, line))
        if _is_complete(whole):
            yield held[0][0], whole
            held = []
        elif not _may_go_on(whole) or len(held) == _MOST_PIECES:
            yield from held
            held = []
    yield from held


def _may_go_on(line: str) -> bool:
    if line.startswith(_SUMMARIES):
        return not _is_complete(line)
    beginning = _BEGINNING.match(line, 0, _LONGEST_PIECE)
    if beginning is None:
        return False
    rest = line[beginning.end() :]
    return not rest or (rest.startswith(":") and rest[1:].strip() in _BEGUN_PHRASES)


def _joined(first: str, second: str, *, filled: bool) -> str | None:
    """What two pieces make together.

    None where they have nothing to do with each other, such as a list of addresses and the progress after it.
    """
    if not second or (not _needs_more(first) and (_is_complete(second) or is_address(second))):
        return None
    spaced, unspaced = f"{first} {second}", first + second
    candidates = (unspaced, spaced) if filled else (spaced, unspaced)
    complete = next(filter(_is_complete, candidates), None)
    return complete or next(filter(_may_go_on, (unspaced, spaced)), None)


def _needs_more(piece: str) -> bool:
    return piece.startswith("module.") and not is_address(piece)


def _is_complete(line: str) -> bool:
    if line.startswith(_SUMMARIES):
        return _WHOLE_SUMMARY.fullmatch(line) is not None and not line.endswith(",")
    return isinstance(read_text(line), OperationSeen)
