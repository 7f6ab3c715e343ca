"""How programs spell a secret, and how to read what they print so that few spellings are enough.

Two ends meet here. `forms` are the spellings that are looked for. A `View` is a line read in a certain way: without
what programs put in between (line ends, indentation, box lines, backslashes, colours), with its escapes undone, or as
hexadecimal digits alone. It knows which part of the line each of its characters came from.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

# More layers of escapes than this are not undone; layers of one kind count as one.
LAYERS = 4
HEX_RUN = 16

_COLOUR = r"\[[0-?]{0,32}[ -/]{0,4}[@-~]"
_TERMINAL = re.compile(rf"\x1b(?:{_COLOUR}|\][^\x07\x1b]{{0,256}}\x07|.)")
_BACKSLASH = re.compile(rf"\\+(?:(?:u001[bB]|x1[bB]|033|e){_COLOUR}|[nrt]?)")
_BLANK = re.compile(r"[\x00-\x20\x7f│|]")
_BLANKS = dict.fromkeys([*range(0x21), 0x7F, ord("|"), ord("│")])

_ESCAPE = re.compile(
    r"%(?:25)*(?P<percent>[0-9A-Fa-f]{2})|"
    r"\\+(?:(?:u|U0{4})(?P<wide>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|u\{0{0,4}(?P<braced>[0-9A-Fa-f]{2,4})\})|"
    r"\\+(?P<octal>[0-3][0-7]{2})|"
    r"&(?:amp;)*(?P<entity>#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);"
)
# Much faster than the whole, and enough for most lines.
_NO_ESCAPE = (("%", re.compile("%[0-9A-Fa-f]")), ("\\", re.compile(r"\\[uUx0-3]")), ("&", re.compile("&[#a-z]")))
# Go prints bytes as [119 74 97 108], JSON as [119,74,97,108].
_BYTES = re.compile(r"\[\d{1,3}(?:[ ,]{1,2}\d{1,3}){7}")
_BYTE = re.compile(r"(?<!\d)(\d{1,3})(?:[ ,]{1,2}|(?!\d))")

_BETWEEN_HEX = re.compile(r"0[xX]|[:,;._-]")
_HEX_TABLE: dict[int, str | None] = dict.fromkeys(range(0x80), " ")
_HEX_TABLE |= {ord(each): each.lower() for each in "0123456789abcdefABCDEF"} | dict.fromkeys(map(ord, ":,;._-"))

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SECRET_NAME = re.compile(r"(?i)pass|pwd|secret|token|credential|key$")
_PASSWORD = re.compile(r"://[^/\s:@]{0,256}:([^/\s@]{1,256})@")
_PEM_TEXT = re.compile(r"-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END ")
_URL_SAFE = str.maketrans("+/", "-_")


def _nothing(match: re.Match[str]) -> str:
    return ""


def _plain(match: re.Match[str]) -> str:
    """The character that an escape stands for; bytes of UTF-8 stay one character each, as in `forms`."""
    if name := match["entity"]:
        return html.unescape(f"&{name};")
    if digits := match["octal"]:
        return chr(int(digits, 8))
    return chr(int(match["percent"] or match["wide"] or match["byte"] or match["braced"], 16))


def _byte(match: re.Match[str]) -> str:
    return chr(int(match[1]) % 256)


_SQUEEZE: tuple[Rule, ...] = ((_TERMINAL, _nothing), (_BACKSLASH, _nothing), (_BLANK, _nothing))
_HEX: tuple[Rule, ...] = (*_SQUEEZE, (_BETWEEN_HEX, _nothing))


class View:
    """A line after some substitutions, and the way back."""

    def __init__(self, line: str, rules: Sequence[Rule], text: str) -> None:
        self._line = line
        self._rules = rules
        self._places: tuple[list[int], list[int]] | None = None
        self.text = text

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the line these characters of the view came from."""
        if self._places is None:
            self._places = _places(self._line, self._rules)
        starts, ends = self._places
        return starts[start], ends[end - 1]


def squeezed(line: str) -> View:
    """The line without what is ignored."""
    return View(line, _SQUEEZE, squeeze(line))


def squeeze(text: str) -> str:
    """The text without what is ignored."""
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    if "\\" in text:
        text = _BACKSLASH.sub("", text)
    return text.translate(_BLANKS)


def decoded(line: str) -> View | None:
    """The line with its escapes undone, and then squeezed; None for a line without escapes."""
    rules: list[Rule] = []
    text = line
    if "[" in line and _BYTES.search(line):
        text = _BYTE.sub(_byte, text)
        rules.append((_BYTE, _byte))
    if any(mark in text and maybe.search(text) for mark, maybe in _NO_ESCAPE):
        while len(rules) < LAYERS and _ESCAPE.search(text):
            text = _ESCAPE.sub(_plain, text)
            rules.append((_ESCAPE, _plain))
    return View(line, (*rules, *_SQUEEZE), squeeze(text)) if rules else None


def hexadecimal(line: str, squeezed_text: str, *, always: bool) -> View | None:
    """The line with its hexadecimal digits side by side, in lower case; None when no eight bytes are in a row."""
    text = squeezed_text.replace("0x", "").replace("0X", "").translate(_HEX_TABLE)
    if always or max(map(len, text.split()), default=0) >= HEX_RUN:
        return View(line, _HEX, text)
    return None


def inner(value: str) -> Iterator[str]:
    """Secrets within a secret: what it is the base64 of, JSON's values by their names, the password of an address."""
    text = value
    if _BASE64.fullmatch(value):
        with suppress(ValueError):
            text = base64.b64decode(value, validate=True).decode()
            yield text
    if text.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            yield from _named_secrets(json.loads(text))
    yield from _PASSWORD.findall(text)


def _named_secrets(value: object) -> Iterator[str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in pairs:
        if isinstance(item, str) and _SECRET_NAME.search(str(name)):
            yield item
        yield from _named_secrets(item)


def forms(value: str) -> set[str]:
    """Every spelling of a value that `squeezed` and `decoded` can meet: itself, and base64 at each alignment."""
    bytewise = value.encode().decode("latin-1")  # UTF-8 whose bytes were escaped one by one
    found = {value, bytewise, json.dumps(value)[1:-1]}  # as JSON, characters beyond 16 bits are two escapes
    found |= {form.replace(" ", "+") for form in found}  # as in a web form
    found.update(form for data in _datas(value) for form in _base64_forms(data))
    undone = {view.text for view in map(decoded, found) if view}
    return {squeeze(form) for form in found} | undone


def hex_forms(value: str) -> set[str]:
    """Every spelling that `hexadecimal` can meet."""
    return {data.hex() for data in _datas(value)}


def _datas(value: str) -> set[bytes]:
    """The bytes of a value: as it is, as JSON text (of which Go's has three escapes more), and what its PEM encodes."""
    escaped = json.dumps(value, ensure_ascii=False)[1:-1]
    for character in "<>&":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    datas = {value.encode(), json.dumps(value)[1:-1].encode(), escaped.encode()}
    for match in _PEM_TEXT.finditer(value):
        try:
            datas.add(base64.b64decode(match[1]))
        except binascii.Error:
            continue
    return datas


def _base64_forms(data: bytes) -> Iterator[str]:
    for ahead, mixed in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(ahead) + data).decode()
        # The characters at both ends also hold bits of the neighbours: they are not ours to search for.
        inner = text[mixed:].rstrip("=")[:-1] if text.endswith("=") else text[mixed:]
        yield inner
        yield inner.translate(_URL_SAFE)


def _places(line: str, rules: Sequence[Rule]) -> tuple[list[int], list[int]]:
    """Where each character of the view begins and ends in the line."""
    text, starts, ends = line, list(range(len(line))), list(range(1, len(line) + 1))
    for pattern, replacement in rules:
        next_starts: list[int] = []
        next_ends: list[int] = []
        done = 0
        for match in pattern.finditer(text):
            first, last = match.span()
            size = len(replacement(match))
            next_starts += [*starts[done:first], *[starts[first]] * size]
            next_ends += [*ends[done:first], *[ends[last - 1]] * size]
            done = last
        starts, ends = next_starts + starts[done:], next_ends + ends[done:]
        text = pattern.sub(replacement, text)
    return starts, ends
