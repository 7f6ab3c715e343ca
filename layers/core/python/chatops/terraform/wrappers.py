"""What only saved logs have: encodings, colours spelled out, and the prefixes of CI systems and wrappers."""

from __future__ import annotations

import codecs
import re

from chatops.terraform.events import Applied, OperationSeen, Output, Planned
from chatops.terraform.text import read_text
from chatops.terraform.tracker import clean

_LONGEST_PREFIX = 300
_LONGEST_LINE = 65536

_TIME = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d++)?+(?:Z|[+-]\d\d:?\d\d)?+"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d++)?+"
_PREFIXES = re.compile(
    "|".join(
        (
            r"[^\t]{1,80}+\t[^\t]{1,80}+\t(?=\ufeff?\d{4}-)",  # gh run view --log: job, step
            rf" *+Test[\w/.-]*+ {_TIME} [\w.]++:\d++: ?",  # terratest
            r"time=\S++ level=\S++ (?:prefix=(?:\"[^\"]*+\"|\S++) )?+(?:tf-path=\S++ )?+msg=",  # terragrunt, key-value
            rf"(?:{_CLOCK} )?+(?:STDOUT|STDERR) +(?:\[[^\]]*+\] )?+(?:[\w./\\-]*+: )?+",  # terragrunt
            rf"{_TIME} \d\d[OE][+ ]?",  # GitLab
            rf" *+\[?{_TIME}\]?:?(?: |$)",
            rf"\[?{_CLOCK}\]? +",
            r"Terraform \w++ \| ",  # IBM Schematics, after its time
            r"[\w.-]{1,60}+ +\| ",  # docker compose
            r"#\d++ \d++\.\d++ ",  # buildkit
            r"\[?(?:INFO|info|DEBUG|debug|OUT|out)\]?:? +",
            r"> ?",
            r"`++",
            r"\ufeff",
        )
    )
)
_SPELLED_ESCAPE = re.compile(r"(?:\\u001b|\\x1b|\\033|\\e|\^\[|␛|#033)(?=\[\d)")
_BARE_COLOUR = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3})*+)?+m")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_VARYING = re.compile(rf"{_TIME}|{_CLOCK}|\d++\.\d++")
_SIGN = re.compile(r"\.\.\.|complete|errored after|\d to add|-exec\)|[╷│╵]|\{\"@level\"")
_WORD = re.compile(r"\S++")
_MISREAD_BOX = {
    "Γò╖": "╷",
    "Γöé": "│",
    "Γò╡": "╵",
    "â•·": "╷",
    "â”‚": "│",
    "â•µ": "╵",
}


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


def unwrap(line: str) -> tuple[str, str]:
    """A line of a saved log as (prefix, what Terraform wrote)."""
    if line.startswith('{"') or len(line) > _LONGEST_LINE:
        return "", line
    text = _plain(line)
    end = _other_prefix(text, _known_prefix(text))
    return text[:end], text[end:]


def channel_of(prefix: str) -> str:
    """A prefix without its times: the lines that have it in common come from one writer."""
    return _VARYING.sub("", prefix).strip()


def _plain(line: str) -> str:
    if "\\" in line or "^" in line or "␛" in line or "#" in line:
        line = _SPELLED_ESCAPE.sub("\x1b", line)
    text = _BARE_COLOUR.sub("", clean(line)) if "m" in line else clean(line)
    if "Γ" in text or "â" in text:
        for misread, sign in _MISREAD_BOX.items():
            text = text.replace(misread, sign)
    return text


def _known_prefix(text: str) -> int:
    end = 0
    while end < _LONGEST_PREFIX and (match := _PREFIXES.match(text, end)) and match.end() > end:
        end = match.end()
    return end


def _other_prefix(text: str, start: int) -> int:
    """Where Terraform's part begins behind a prefix that is not listed; `start` where nothing speaks for one."""
    if not _SIGN.search(text):
        return start
    for word in _WORD.finditer(text, start, start + _LONGEST_PREFIX):
        place = word.start()
        if text[place] in "╷│╵" or text.startswith('{"@level"', place):
            return place
        event = read_text(text[place:])
        if isinstance(event, OperationSeen | Output | Applied) or (isinstance(event, Planned) and not event.weak):
            return place
    return start
