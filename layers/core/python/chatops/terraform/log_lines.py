"""A line of a build's log as a person reads it: the time and the words of a `-json` message, a diagnostic in full."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.terraform.messages import clean, epoch_ms, object_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII)
_MARGIN = " " * 9  # under the time
_PLAIN_ERROR = re.compile(r"[│|\s]*Error: |chatops: .*\b(?:failed|refused|unexpected)\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log, which may have become several; `is_error` where it tells of a failure."""

    text: str
    is_error: bool = False


def read_entry(line: str) -> Entry:
    """The line for a person; what is no message, or one without words, stays as it is."""
    message = _message(line)
    words = message.get("@message")
    if not isinstance(words, str) or not words.strip():
        return Entry(line, _PLAIN_ERROR.match(clean(line)) is not None)
    diagnostic = message.get("diagnostic")
    lines = words.strip().split("\n")
    if isinstance(diagnostic, dict):
        lines += [f"│ {each}".rstrip() for each in _diagnostic_lines(diagnostic)]
    head, *more = lines
    text = "\n".join([f"{_time(message)} {head}", *(_MARGIN + each for each in more)])
    return Entry(text, _is_error(message, diagnostic))


def _message(line: str) -> Mapping[str, object]:
    if not line.startswith("{"):
        return {}
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _time(message: Mapping[str, object]) -> str:
    """Hours, minutes and seconds in UTC; blanks where the message does not say."""
    written = message.get("@timestamp")
    if not isinstance(written, str):
        return _MARGIN[:-1]
    if found := _UTC_TIME.fullmatch(written):
        return found[1]
    moment = epoch_ms(written)
    if moment is None:
        return _MARGIN[:-1]
    seconds = moment // 1000
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _is_error(message: Mapping[str, object], diagnostic: object) -> bool:
    if isinstance(diagnostic, dict):
        return diagnostic.get("severity") == "error"
    return message.get("@level") == "error" or str(message.get("type")).endswith("_errored")


def _diagnostic_lines(diagnostic: Mapping[str, object]) -> Iterator[str]:
    """What follows the summary in a box of Terraform's own: where, the source, and why."""
    snippet = object_of(diagnostic, "snippet")
    if address := text_of(diagnostic, "address"):
        yield f"with {address},"
    yield from _place(object_of(diagnostic, "range"), text_of(snippet, "context"))
    yield from _source(snippet)
    if detail := text_of(diagnostic, "detail").strip():
        yield ""
        yield from detail.split("\n")


def _place(place: Mapping[str, object], context: str) -> Iterator[str]:
    filename, number = text_of(place, "filename"), object_of(place, "start").get("line")
    if filename:
        yield f"on {filename} line {number}" + (f", in {context}:" if context else ":")


def _source(snippet: Mapping[str, object]) -> Iterator[str]:
    """The lines of the source, and what the expressions in them were."""
    first = snippet.get("start_line")
    for offset, code in enumerate(text_of(snippet, "code").split("\n")):
        if code.strip():
            yield f"{first + offset if isinstance(first, int) else '':>4}: {code}"
    values = snippet.get("values")
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield f"      {text_of(value, 'traversal')} {text_of(value, 'statement')}"
