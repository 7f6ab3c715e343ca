"""What only saved logs have: encodings, colours spelled out, margins, and the records of log collectors."""

from __future__ import annotations

import codecs
import json
import re
from os.path import commonprefix
from typing import TYPE_CHECKING

from chatops.terraform.messages import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LONGEST_LINE = 65536

_SPELLED_ESCAPE = re.compile(r"(?:\\u001b|\\x1b|\\033|\\e|\^\[|␛|#033)(?=\[\d)")
_MARKER = re.compile(r"\x1b_[^\x07\x1b]*+(?:\x07|\x1b\\)")  # Buildkite's times
_BARE_COLOUR = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3})*+)?+m")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MISREAD_BOX = {
    sign.encode().decode(code_page): sign for code_page in ("cp437", "cp850", "cp1252", "latin-1") for sign in "╷│╵"
}
_MISREAD_BEGINNINGS = {misread[0] for misread in _MISREAD_BOX}

_WRITTEN = re.compile(r"[^\W_]|[│╷╵]")
_MARGIN = re.compile(r"[ \t#>|/;]{1,80}+")
_FEWEST_LINES = 2

_TEXTS = ("msg", "log", "message", "Output")
_UNITS = ("prefix", "Test")
_COLLECTORS_WORDS = frozenset({"time", "timestamp", "ts", "level", "stream", "Time", "Action"})
_ANSIBLE_LIST = re.compile(r'\s*+"[\w.]*?std(?:out|err)_lines": \[\s*+')
_ANSIBLE_LINE = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"),?+\s*+')


def decode(data: bytes) -> str:
    """The text of a saved log: UTF-8, or UTF-16 as PowerShell writes it; bytes that are neither become U+FFFD."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode(_without_mark(data[:400]), "replace")


def _without_mark(head: bytes) -> str:
    if len(head) > 3 and head.count(0, 1) > len(head) // 3:
        return "utf-16-le" if head[1::2].count(0) >= head[0::2].count(0) else "utf-16-be"
    return "utf-8"


def plain(line: str) -> str:
    """A line without a terminal's colours and marks, however they are spelled; boxes as they were meant."""
    if "\\" in line or "^" in line or "␛" in line or "#" in line:
        line = _SPELLED_ESCAPE.sub("\x1b", line)
    if "\x1b_" in line:
        line = _MARKER.sub("", line)
    text = _BARE_COLOUR.sub("", clean(line)) if "m" in line else clean(line)
    if not text.isascii() and not _MISREAD_BEGINNINGS.isdisjoint(text):
        for misread, sign in _MISREAD_BOX.items():
            text = text.replace(misread, sign)
    return text


def split_lines(text: str) -> Iterator[str]:
    """The lines of a log; what was packed into JSON records, one a line, or into Ansible's lists is taken out."""
    for line in _without_lists(_without_margin(text.split("\n"))):
        packed = _packed(line) if line.startswith("{") else None
        yield from (line,) if packed is None else packed


def _without_margin(lines: Sequence[str]) -> Iterator[str]:
    """Without the blanks, quote or comment signs that stand before every line."""
    margin = _margin(lines)
    short = margin.rstrip()
    return (line[len(margin if line.startswith(margin) else short) :] for line in lines) if margin else iter(lines)


def _margin(lines: Sequence[str]) -> str:
    written = [line for line in lines if _WRITTEN.search(line)]
    begins_all = commonprefix(written) if len(written) >= _FEWEST_LINES else ""  # noqa: RUF071 (these are no paths)
    common = _MARGIN.match(begins_all)
    if common is None or not all(line.startswith(common[0].rstrip()) for line in lines if line.strip()):
        return ""
    return common[0]


def _without_lists(lines: Iterable[str]) -> Iterator[str]:
    """Ansible shows what a command printed as a list of JSON texts."""
    listed = False
    for line in lines:
        item = _ANSIBLE_LINE.fullmatch(line) if listed else None
        listed = item is not None or _ANSIBLE_LIST.fullmatch(line) is not None
        yield line if item is None else unquoted(item[1])


def unquoted(text: str) -> str:
    """What a text in double quotes says; without the quotes alone where its escapes are not those of JSON."""
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text.strip('"')


def _packed(line: str) -> Sequence[str] | None:
    """The text inside a JSON record of a log collector, terragrunt or `go test`; None for everything else."""
    if len(line) > LONGEST_LINE or not any(f'"{name}"' in line for name in _TEXTS):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if "@module" in record or not _COLLECTORS_WORDS & record.keys():
        return None
    text = _first(record, _TEXTS)
    if text is None:
        return None
    unit = _first(record, _UNITS)
    prefix = f"[{unit}] " if unit else ""
    return [prefix + part for part in text.removesuffix("\n").split("\n")]


def _first(record: Mapping[str, object], names: Iterable[str]) -> str | None:
    return next((text for name in names if isinstance(text := record.get(name), str)), None)
