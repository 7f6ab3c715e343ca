"""What only saved logs have: encodings, colours spelled out, and the prefixes of CI systems and wrappers."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from chatops.terraform.events import Applied, OperationSeen, Output, Planned
from chatops.terraform.messages import clean
from chatops.terraform.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_PREFIX = 300
_LONGEST_LINE = 65536

_TIME = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d++)?+(?:Z|[+-]\d\d:?\d\d)?+"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d++)?+"
_TOOL = r"(?:[\w./\\-]*?(?:terraform|tofu)[\d.]*+(?:exe)?: ?)?+"
_LEVELS = "TRACE|DEBUG|INFO|WARN|WARNING|ERROR|OUT"
_PREFIXES = re.compile(
    "|".join(
        (
            r"[^\t]{1,80}+\t[^\t]{1,80}+\t(?=\ufeff?\d{4}-)",  # gh run view --log: job, step
            rf" *+Test[\w/.-]*+ {_TIME} [\w.]++:\d++: ?",  # terratest
            r"time=\S++ level=\S++ (?:prefix=(?:\"[^\"]*+\"|\S++) )?+(?:tf-path=\S++ )?+msg=",  # terragrunt, key-value
            rf"(?:{_CLOCK} )?+(?:STDOUT|STDERR) +(?:\[[^\]]*+\] )?+{_TOOL}",  # terragrunt
            rf"{_TIME} \d\d[OE][+ ]?",  # GitLab
            rf" *+\[?{_TIME}\]?:?(?: |$)",
            rf"\[?{_CLOCK}\]?(?: ++|$)",
            rf"[A-Z][a-z]{{2}} [ \d]\d {_CLOCK} \S++ [\w.@/-]++(?:\[\d++\])?+:(?: |$)",  # syslog
            # a unit of terragrunt, a branch of Jenkins
            rf"\[(?!(?:{_LEVELS}|command)\])[A-Za-z/.~_][\w./\\ @:-]{{0,120}}+\](?: |$){_TOOL}",
            r"##\[error\](?=[╷│])",  # Azure Pipelines
            r"Terraform \w++ \|(?: |$)",  # IBM Schematics, after its time
            r"[\w.-]{1,60}+ +\|(?: |$)",  # docker compose
            r"#\d++ \d++\.\d++(?: |$)",  # buildkit
            r"\[?(?:INFO|info|DEBUG|debug|OUT|out)\]?:? +",
            r"> ?",
            r"`++",
            r"\ufeff",
        )
    )
)
_UNIT = re.compile(
    rf"\[(?!(?:{_LEVELS}|terragrunt|error)\])([^\]\[]++)\]"
    r"|prefix=\"?([^\"\s]++)"
    r"|(?:^| )(Test[\w/.-]*+)  ?\w++\.go:"
    r"|(?:^| )([\w.-]++) ++\|(?: |$)"
)
_SPELLED_ESCAPE = re.compile(r"(?:\\u001b|\\x1b|\\033|\\e|\^\[|␛|#033)(?=\[\d)")
_MARKER = re.compile(r"\x1b_[^\x07\x1b]*+(?:\x07|\x1b\\)")  # Buildkite's times
_BARE_COLOUR = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3})*+)?+m")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Two messages whose line break was lost.
_GLUED = re.compile(r"(?:(?<= elapsed[)\]])|(?<=ing\.\.\.))(?=[a-z]\w*+\.)")
_AGAIN = "##[error]"
_WRITTEN = re.compile(r"[^\W_]|[│╷╵]")
_MARGIN = re.compile(r"[ \t#>|/;]{1,80}+")
_FEWEST_LINES = 2
_TEXTS = ("msg", "log", "message")
_COLLECTORS_WORDS = frozenset({"time", "timestamp", "ts", "level", "stream"})
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


def split_lines(text: str) -> Iterator[str]:
    """The lines of a log; what a wrapper packed into JSON records, one a line, is taken out of them."""
    for line in _without_margin(text.split("\n")):
        packed = _packed(line) if line.startswith("{") else None
        yield from _GLUED.split(line) if packed is None else packed


def _without_margin(lines: Sequence[str]) -> Iterator[str]:
    """Without the blanks, quote or comment signs that stand before every line."""
    margin = _margin(lines)
    short = margin.rstrip()
    return (line[len(margin if line.startswith(margin) else short) :] for line in lines) if margin else iter(lines)


def _margin(lines: Sequence[str]) -> str:
    written = [line for line in lines if _WRITTEN.search(line)]
    if len(written) < _FEWEST_LINES:
        return ""
    signs = {found[0] if (found := _MARGIN.match(line)) else "" for line in written}
    margin = min(signs, key=len)
    while margin and not all(each.startswith(margin) for each in signs):
        margin = margin[:-1]
    return margin if all(line.startswith(margin.rstrip()) for line in lines if line.strip()) else ""


def _packed(line: str) -> Sequence[str] | None:
    """The text inside a JSON record of a log collector or of terragrunt; None for everything else."""
    if len(line) > _LONGEST_LINE or not any(f'"{name}"' in line for name in _TEXTS):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if "@module" in record or not _COLLECTORS_WORDS & record.keys():
        return None
    text = next((record[name] for name in _TEXTS if isinstance(record.get(name), str)), None)
    if text is None:
        return None
    unit = record.get("prefix")
    prefix = f"[{unit}] " if isinstance(unit, str) and unit else ""
    return [prefix + part for part in text.removesuffix("\n").split("\n")]


class Origin(NamedTuple):
    """Whose line it is: the writer, and the unit of work, such as one folder of a `terragrunt run-all`."""

    channel: str = ""
    unit: str = ""


def unwrap(line: str) -> tuple[Origin, str]:
    """A line of a saved log as whose it is and what Terraform wrote."""
    if line.startswith('{"') or len(line) > _LONGEST_LINE:
        return Origin(), line
    text = _plain(line)
    end = _other_prefix(text, _known_prefix(text))
    return _origin(text[:end]) if end else Origin(), text[end:]


def said_again(lines: Iterable[tuple[Origin, str]]) -> Iterator[tuple[Origin, str]]:
    """Azure Pipelines prints boxes a second time with a prefix on the first line alone: give it to the whole."""
    repeats: Origin | None = None
    for origin, line in lines:
        if origin.channel.endswith(_AGAIN):
            repeats = origin
        elif repeats and not _goes_on(line, origin, repeats):
            repeats = None
        yield (repeats or origin), line


def _goes_on(line: str, origin: Origin, repeats: Origin) -> bool:
    return not line or (line[0] in "╷│╵" and origin.channel == repeats.channel.removesuffix(_AGAIN).strip())


def _origin(prefix: str) -> Origin:
    """Without its times a prefix is the same on all lines of one writer."""
    channel = _VARYING.sub("", prefix).strip()
    units = (next(filter(None, found)) for found in _UNIT.findall(channel))
    return Origin(channel, " ".join(units))


def _plain(line: str) -> str:
    if "\\" in line or "^" in line or "␛" in line or "#" in line:
        line = _SPELLED_ESCAPE.sub("\x1b", line)
    if "\x1b_" in line:
        line = _MARKER.sub("", line)
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
