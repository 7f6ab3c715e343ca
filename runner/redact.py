"""Keeps secrets out of the log: the run's own, in every form they take, and anybody's of a known shape.

A known secret is not searched as a whole: any run of 16 characters of any of its forms is enough (the whole of a
shorter one). So a key is found when it is wrapped, indented, escaped at any depth, cut off, or in the middle of a
longer base64 text; `spellings.py` has what programs do to it. It may also be cut into pieces, one a line, each behind
something else: where a line ends within a secret, the next one is searched for what comes then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner import spellings
from runner.lines import LineSplitter, StateFilter
from runner.secret_shapes import KEY_BEGIN, KEY_END, KEY_IN_BASE64, REDACTED, shapes
from runner.spellings import HEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.spellings import View

RUN = 16
# A shorter value would be found in innocent words and destroy the log.
SHORTEST = 8
# Where a line ends with so many characters that a secret begins with, the next line may hold the others.
HEAD = 4
# Of a secret in pieces, so much of what was before is enough to know the next one by.
BEGUN = RUN - HEAD
# Of so many characters of sensitive values all spellings are kept: about 600 MB of them where most are escaped.
MOST = 128 * 1024
# Provisioners whose last line is remembered, each its own.
BODIES = 1000

# The way of reading that every line is read in.
SQUEEZED = "squeezed"

Span = tuple[int, int]

_BODY = re.compile(r"^.{1,2000}?\((?:local|remote)-exec\): (?P<body>.*)")
_STRING = r'[^"\\]*(?:\\.[^"\\]*)*'
_BODY_IN_JSON = re.compile(rf'(?:"@message": ?"{_STRING}?\((?:local|remote)-exec\): |"output": ?")(?P<body>{_STRING})')

_KEY_TEXT = re.compile(r"[A-Za-z0-9+/=]{16,}")
_KEY_LAST = re.compile(r"[\s│|]*[A-Za-z0-9+/]{1,16}={0,2}\s*")
_KEY_LINE = re.compile(r"[\s│|]*[A-Za-z0-9+/]+={0,2}\s*")
# An RSA key of 16384 bits has about 200 lines.
_KEY_LINES = 250


class Index:
    """What is looked for, in one reading of the lines.

    A line is tested in steps: wherever 16 characters in a row are a secret's, one of every nine pieces of 8 is; and
    one of every five pieces of 4 is in any whole of 8. Few lines have one, and these are searched around it.
    """

    def __init__(self) -> None:
        self._runs: set[str] = set()
        self._wholes: set[str] = set()
        self._sizes: dict[str, set[int]] = {}
        self._heads: set[str] = set()
        self._in_runs: set[str] = set()
        self._in_wholes: set[str] = set()

    def add(self, form: str) -> None:
        """Look for this form: for any run of it, or for the whole when it is no longer than that."""
        if len(form) < SHORTEST:
            return
        self._heads.update(form[:size] for size in range(HEAD, min(len(form), RUN)))
        if len(form) < RUN:
            self._wholes.add(form)
            self._sizes.setdefault(form[:SHORTEST], set()).add(len(form))
            self._in_wholes.update(_pieces(form, SHORTEST // 2))
        else:
            self._runs.update(_pieces(form, RUN))
            self._in_runs.update(_pieces(form, SHORTEST))

    def forget(self, text: str) -> None:
        """Do not look for runs that are in this text."""
        self._runs.difference_update(_pieces(text, RUN))

    def merge(self, other: Index) -> None:
        """Look for what the other one looks for, too."""
        self._runs |= other._runs
        self._wholes |= other._wholes
        self._heads |= other._heads
        self._in_runs |= other._in_runs
        self._in_wholes |= other._in_wholes
        for begin, sizes in other._sizes.items():
            self._sizes.setdefault(begin, set()).update(sizes)

    def find(self, text: str, *, goes_on: bool) -> list[Span]:
        """Where the text has something of it; a text that goes on may have the beginning of a secret at its end."""
        found = [
            (start, start + RUN)
            for start in _around(text, SHORTEST, RUN, self._in_runs)
            if text[start : start + RUN] in self._runs
        ]
        for start in _around(text, SHORTEST // 2, SHORTEST, self._in_wholes):
            sizes = self._sizes.get(text[start : start + SHORTEST], ())
            wholes = [text[start : start + size] for size in sizes]
            found += [(start, start + len(whole)) for whole in wholes if whole in self._wholes]
        if goes_on:
            size = next((size for size in range(RUN - 1, HEAD - 1, -1) if text[-size:] in self._heads), 0)
            found += [(len(text) - size, len(text))] if size else []
        return found

    def rest(self, begun: str, text: str) -> list[Span]:
        """Where the text goes on with a secret of which 4 to 12 characters are known; one place is enough."""
        size = RUN - len(begun)
        for start, piece in enumerate(_pieces(text, size)):
            if begun + piece in self._runs:
                end = start + size
                while end < min(len(text), start + RUN) and (begun + text[start : end + 1])[-RUN:] in self._runs:
                    end += 1
                return [(start, end)]
        return []


def _around(text: str, part: int, whole: int, known: set[str]) -> Iterator[int]:
    """The places around parts that are known: where a whole may begin that has one."""
    step, done = whole - part + 1, 0
    if known.isdisjoint(_pieces(text, part, step)):
        return
    for place, piece in enumerate(_pieces(text, part, step)):
        if piece in known:
            yield from range(max(done, place * step - step + 1), place * step + 1)
            done = place * step + 1


def _pieces(text: str, size: int, step: int = 1) -> Iterator[str]:
    """Every piece of the text that has this size. Without a loop in Python: all lines go through here."""
    end = len(text) - size + 1
    return map(text.__getitem__, map(slice, range(0, end, step), range(size, size + end, step)))


class End(NamedTuple):
    """What the next line needs to know of this one, read in one way."""

    text: str = ""
    """Its last characters: a secret may begin there."""
    begun: str = ""
    """The last ones of a secret's that it ends with."""


Ends = dict[str, End]
"""By the way of reading; those that are not there end as the squeezed line does."""


class Secrets:
    """The secret values of one run."""

    def __init__(self) -> None:
        self._short: set[str] = set()
        self._texts = Index()
        self._hex = Index()

    def add(self, value: str, *, shortest: int = SHORTEST) -> None:
        """Never print this value; `shortest` below 8 is for values that are secret by name, whatever their length."""
        if shortest <= len(value) < SHORTEST and value.strip():
            self._short.add(value)
        self._learn([value], self._texts)

    def add_all(self, values: Iterable[str], public: str) -> int:
        """Never print these values, save what is also in the public text; how many characters are too many for that.

        The public text is of addresses: a secret that shares a name with one would take it out of every line.
        """
        left, known, texts = MOST, [], Index()
        for value in sorted(values, key=len):
            known += [value[: max(left, 0)]] if value not in public else []
            left -= len(value)
        self._learn(known, texts)
        texts.forget(spellings.squeeze(public))
        self._texts.merge(texts)
        return max(-left, 0)

    def _learn(self, values: Iterable[str], texts: Index) -> None:
        for value in {each for whole in values for each in (whole, *spellings.inner(whole))}:
            if len(value) < SHORTEST or not value.strip():
                continue
            for form in spellings.forms(value):
                texts.add(form)
            for form in spellings.hex_forms(value):
                self._hex.add(form)

    def text(self, text: str) -> str:
        """The text without secrets, taken on its own."""
        return shapes(self._known(text, {}, goes_on=False)[0])

    def known(self, text: str, before: Ends | None = None) -> tuple[str, Ends]:
        """The line without the run's own secrets, and what the next line needs to know of this one.

        `before` is what the call for the line before returned second.
        """
        return self._known(text, before or {}, goes_on=True)

    def _known(self, text: str, before: Ends, *, goes_on: bool) -> tuple[str, Ends]:
        plain = spellings.squeezed(text)
        last = before.get(SQUEEZED, End())
        cuts, end = _find(self._texts, plain, last, goes_on)
        ends = {SQUEEZED: end}
        views = spellings.readings(text, plain.text, before)
        for way in {*views, *before} - {SQUEEZED}:
            # Digits are read in another way, so what they follow on are digits or nothing.
            index, usual, usual_end = (self._hex, End(), End()) if way == HEX else (self._texts, last, end)
            more, its_end = _find(index, views.get(way, plain), before.get(way, usual), goes_on)
            cuts += more
            if its_end != usual_end:
                ends[way] = its_end
        cuts += [
            match.span() for value in self._short if value in text for match in re.finditer(re.escape(value), text)
        ]
        return _cut(text, cuts), ends


def _find(index: Index, view: View, before: End, goes_on: bool) -> tuple[list[Span], End]:
    """The parts of the line behind what the view has of the index, and the end of the view."""
    joined, ahead = before.text + view.text, len(before.text)
    found = index.find(joined, goes_on=goes_on)
    rest = index.rest(before.begun, view.text) if before.begun else []
    begun = "".join(joined[start:] for start, end in _merge(found)[-1:] if end == len(joined))
    begun = "".join(before.begun + view.text[start:] for start, end in rest if end == len(view.text)) or begun
    spans = [(max(start - ahead, 0), end - ahead) for start, end in found if end > ahead] + rest
    # A blank is only between digits that do not belong together.
    its_end = End(joined[-(RUN - 1) :].rpartition(" ")[2], begun[-BEGUN:])
    return [view.place(start, end) for start, end in spans], its_end


def _cut(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in _merge(spans):
        # A backslash in front belongs to an escaped first character: left alone it would break the JSON of the line.
        parts += (text[done:start].rstrip("\\"), REDACTED)
        done = end
    return "".join(parts) + text[done:] if parts else text


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


class LogFilter:
    """One stream of the tool, from bytes to lines without secrets and without raw state."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._lines = LineSplitter()
        self._state = StateFilter()
        self._before: Ends = {}
        self._bodies: dict[str, Ends] = {}
        self._keys = KeyFilter()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that this chunk completes, safe to print."""
        for line in self._lines.feed(chunk):
            yield from map(self._safe, self._state.feed(line))

    def close(self) -> Iterator[str]:
        """What is left at the end of the stream."""
        for line in self._lines.close():
            yield from map(self._safe, self._state.feed(line))
        yield from map(self._safe, self._state.close())

    def _safe(self, line: str) -> str:
        safe = self._provisioned(line) if "-exec): " in line else line
        safe, self._before = self._secrets.known(safe, self._before)
        return shapes(self._keys(line, safe))

    def _provisioned(self, line: str) -> str:
        """The line with what a provisioner said made safe on its own: what it said before is in a line of that form."""
        found = list((_BODY_IN_JSON if line.startswith("{") else _BODY).finditer(line))
        who = line[found[0].start() : found[0].start("body")] if found else ""
        before = self._bodies.get(who)
        if len(self._bodies) > BODIES:
            self._bodies.clear()
        for match in reversed(found):
            start, end = match.span("body")
            safe, self._bodies[who] = self._secrets.known(match["body"], before)
            line = line[:start] + safe + line[end:]
        return line


class KeyFilter:
    """Hides the later lines of a private key that nobody told of, in its own form and in base64."""

    def __init__(self) -> None:
        self._lines = 0
        self._width = 0

    def __call__(self, line: str, safe: str) -> str:
        """The safe line without them; the line as it was says where a key begins and ends."""
        if self._width and _KEY_LINE.fullmatch(line):
            safe = REDACTED
            self._width = self._width if len(line) == self._width else 0
        else:
            self._width = len(line) if _ends_in_coded_key(line) else 0
        if self._lines:
            self._lines -= 1
            safe = self._hidden(safe)
            self._lines = 0 if KEY_END.search(line) else self._lines
        begins = list(KEY_BEGIN.finditer(line))
        if begins and not KEY_END.search(line, begins[-1].end()):
            self._lines = _KEY_LINES
        return safe

    def _hidden(self, line: str) -> str:
        end = KEY_END.search(line)
        head, tail = (line[: end.start()], line[end.end() :]) if end else (line, "")
        return (REDACTED if _KEY_LAST.fullmatch(head) else _KEY_TEXT.sub(REDACTED, head)) + tail


def _ends_in_coded_key(line: str) -> bool:
    """Whether a private key in base64 goes on in the next line."""
    may = "LS0t" in line or "0tLS" in line
    return may and any(match.end() == len(line.rstrip()) for match in KEY_IN_BASE64.finditer(line))
