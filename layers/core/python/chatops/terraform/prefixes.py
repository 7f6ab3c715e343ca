"""Where Terraform's part of a line begins: behind the prefixes of CI systems and wrappers, listed or learned."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from chatops.terraform.addresses import is_address
from chatops.terraform.events import Applied, OperationSeen, Output, Planned
from chatops.terraform.text import read_operation, read_text
from chatops.terraform.wrappers import LONGEST_LINE, plain, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LONGEST_PREFIX = 300

_TIME = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d++)?+(?:Z|[+-]\d\d:?\d\d)?+"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d++)?+"
_TOOL = r"(?:[\w./\\-]*?(?:terraform|tofu)[\d.]*+(?:exe)?: ?)?+"
_LEVEL = "(?i:trace|debug|verbose|info|warn|warning|error|fatal|out|err|stdout|stderr)"
# Those whose unit must be found, or behind which an error may stand alone; all others are learned from the log.
_PREFIXES = re.compile(
    "|".join(
        (
            r"[^\t]{1,80}+\t[^\t]{1,80}+\t(?=\ufeff?\d{4}-)",  # gh run view --log: job, step
            rf" *+Test[\w/.-]*+ {_TIME} [\w.]++:\d++: ?",  # terratest
            # logrus for machines: terragrunt, the installer of OpenShift
            r" *+time=\S++ level=\S++(?: prefix=(?:\"[^\"]*+\"|\S++))?+(?: tf-path=\S++)?+(?: msg=|$)",
            rf"{_LEVEL}\[\d{{4,}}\] ",  # logrus for people: terragrunt
            rf"(?:{_CLOCK} )?+(?:STDOUT|STDERR) +(?:\[[^\]]*+\] )?+{_TOOL}",  # terragrunt
            rf"{_TIME} \d\d[OE][+ ]?",  # GitLab
            rf"\[{_CLOCK}\][ \w]:\t ?",  # TeamCity
            rf" *+\[?{_TIME}\]?:?(?: |$)",
            rf"\[?{_CLOCK}\]?(?: {{1,2}}|$)",
            rf"[A-Z][a-z]{{2}} [ \d]\d {_CLOCK} \S++ [\w.@/-]++(?:\[\d++\])?+:(?: |$)",  # syslog
            # a unit of terragrunt, a branch of Jenkins
            rf"\[(?!(?:{_LEVEL}|command)\])[A-Za-z/.~_][\w./\\ @:-]{{0,120}}+\](?: |$){_TOOL}",
            r"##\[error\](?=[╷│]|(?:Error|Warning): )",  # Azure Pipelines
            r"[\w.-]{1,60}+ +\|(?: |$)",  # docker compose
            r"\[?(?:INFO|info|DEBUG|debug|OUT|out)\]?:? {1,2}",
            r"> ?",
            r"`++",
            r"\*\*(?=[^\W\d])",  # bold in Markdown; more stars mask a name
            r"\ufeff",
        )
    )
)
_UNIT = re.compile(
    rf"\[(?!(?:{_LEVEL}|terragrunt)\])([^\]\[]++)\]"
    r"|prefix=\"?([^\"\s]++)"
    r"|(?:^| )(Test[\w/.-]*+)  ?\w++\.go:"
    rf"|(?:^| )(?!{_LEVEL}\b)([\w.-]++) ++\|(?: |$)"
)
_VARYING = re.compile(
    rf"{_TIME}|{_CLOCK}|\d++\.\d++"
    r"|(?<=[A-Za-z])\[\d{4,}\]"  # the seconds of logrus
    r"|^ *+\d++(?=[\s:,|])|:(?:L\d++:)?+\d++s?(?=\])"  # numbers of lines, the latter of Drone and Woodpecker
)
_AGAIN = "##[error]"

# What only Terraform writes: first a quick look for it, then where in a line it may begin.
_SIGN = re.compile(r"\.\.\.|complete|errored after|\d to add|-exec\)|[╷│╵]|\{\"@level\"|  (?:on|with) ")
_WORD = re.compile(r"\S++")
_PLACE = re.compile(r"  (?:on \S++ line \d++(?:, in .+)?+:|with (.+),)$")
_PLAN_BEGINS = re.compile(
    r"(?:Terraform|OpenTofu) (?:(?:will perform|planned) the following actions|detected the following changes made)"
)

_MOST_SHAPES = 50  # a log that wants more is searched no longer for it
_PART = re.compile(
    rf"(?P<time>{_TIME})|(?P<clock>{_CLOCK})|(?P<number>\d++)|(?P<blanks>[ \t]++)|(?P<level>\b{_LEVEL}\b)"
)
_ANY = {
    "time": _TIME,
    "clock": _CLOCK,
    "number": r"\d++",
    "blanks": r"[ \t]++",
    "level": _LEVEL,
}
_OWN_BEGINNINGS = ("Error: ", "Warning: ")  # also where others write `Info: ` before progress

# Two messages whose line break was lost.
_GLUED = re.compile(r"(?:(?<= elapsed[)\]])|(?<=ing\.\.\.))(?=[a-z]\w*+\.)|\r++")


class Origin(NamedTuple):
    """Whose line it is: the writer, and the unit of work, such as one folder of a `terragrunt run-all`."""

    channel: str = ""
    unit: str = ""


class _Line(NamedTuple):
    """A line, where its listed prefixes end, and where Terraform's part begins if it is known by what it says."""

    text: str
    listed: int
    begins: int | None


def unwrap(lines: Iterable[str]) -> Iterator[tuple[Origin, str]]:
    """The lines of a saved log as whose they are and what Terraform wrote."""
    parted = list(_parted(lines))
    learned = _learned(parted)
    for line in parted:
        end = _end_of_prefix(line, learned)
        origin = _origin(line.text[:end]) if end else Origin()
        for message in _messages(line.text[end:]):
            yield origin, message


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


def _parted(lines: Iterable[str]) -> Iterator[_Line]:
    """The lines with what each tells of its own prefix; text inside a plan, which is indented, tells nothing."""
    plans: dict[str, int] = {}  # the indentation of those that are being printed, by the listed prefix
    for line in lines:
        if line.startswith('{"') or len(line) > LONGEST_LINE:
            yield _Line(line, 0, 0)
            continue
        for text, listed in _listed_prefix(plain(line)):
            begins = _where_it_speaks(text, listed)
            if begins is not None and plans:
                channel = _channel(text[:listed])
                if _indentation(text, listed, begins) > plans.get(channel, _LONGEST_PREFIX):
                    begins = None
                else:
                    plans.pop(channel, None)
            elif begins is None and (found := _PLAN_BEGINS.search(text, listed)):
                plans[_channel(text[:listed])] = _indentation(text, listed, found.start())
            yield _Line(text, listed, begins)


def _listed_prefix(text: str) -> Iterator[tuple[str, int]]:
    end = 0
    while end < _LONGEST_PREFIX and (match := _PREFIXES.match(text, end)) and match.end() > end:
        end = match.end()
    if text.startswith('"', end) and text.endswith("msg=", 0, end):
        for part in unquoted(text[end:]).split("\n"):
            yield text[:end] + part, end
    else:
        yield text, end


def _where_it_speaks(text: str, start: int) -> int | None:
    """Where Terraform's part begins, whatever stands before it; None where nothing tells."""
    if not _SIGN.search(text, start):
        return None
    for word in _WORD.finditer(text, start, start + _LONGEST_PREFIX):
        place = word.start()
        if text[place] in "╷│╵" or text.startswith('{"@level"', place):
            return place
        event = read_text(text[place:])
        if isinstance(event, OperationSeen | Output | Applied) or (isinstance(event, Planned) and not event.weak):
            return place
        found = _PLACE.match(text, place - 2) if place >= start + 2 else None
        if found and (found[1] is None or is_address(found[1])):
            return place - 2
    return None


def _indentation(text: str, start: int, end: int) -> int:
    return end - start - len(text[start:end].rstrip())


def _learned(lines: Sequence[_Line]) -> re.Pattern[str] | None:
    """The prefixes that are not listed but stand before what only Terraform writes; None where there are none."""
    seen: Counter[str] = Counter()
    blanks: dict[str, int] = {}
    for text, listed, begins in lines:
        if not begins or not (prefix := text[:begins].rstrip()):
            continue
        shape = _shape(prefix)
        blanks[shape] = min(blanks.get(shape, _LONGEST_PREFIX), begins - len(prefix))
        seen[shape] += begins > listed
    shapes = sorted((shape for shape, count in seen.most_common(_MOST_SHAPES) if count), key=len, reverse=True)
    if not shapes:
        return None
    return re.compile("|".join(rf"{shape}(?:[ \t]{{{blanks[shape]}}}|$)" for shape in shapes))


def _shape(prefix: str) -> str:
    """A pattern of prefixes that differ in times, numbers and levels alone."""
    pieces: list[str] = []
    at = 0
    for part in _PART.finditer(prefix):
        pieces += re.escape(prefix[at : part.start()]), _ANY[part.lastgroup or ""]
        at = part.end()
    return "".join(pieces) + re.escape(prefix[at:])


def _end_of_prefix(line: _Line, learned: re.Pattern[str] | None) -> int:
    text, listed, begins = line
    if begins is not None:
        return begins
    if learned and not text.startswith(_OWN_BEGINNINGS, listed) and (match := learned.match(text)):
        return max(listed, match.end())
    return listed


def _messages(text: str) -> Sequence[str]:
    """The messages of one line; more than one only if all are progress."""
    messages = _GLUED.split(text) if "..." in text or "\r" in text else ()
    return messages if messages and all(map(read_operation, messages)) else (text,)


def _channel(prefix: str) -> str:
    """Without its times a prefix is the same on all lines of one writer."""
    return _VARYING.sub("", prefix).strip()


def _origin(prefix: str) -> Origin:
    channel = _channel(prefix)
    units = (next(filter(None, found)) for found in _UNIT.findall(channel))
    return Origin(channel, " ".join(dict.fromkeys(units)))
