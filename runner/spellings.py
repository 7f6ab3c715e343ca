"""How programs spell a secret, and how to read what they print so that few spellings are enough.

Two ends meet here. `forms` are the spellings that are looked for. A `View` is a line read in a certain way: without
what programs put in between (line ends, indentation, box lines, backslashes, colours, what has no width), with its
escapes and base64 undone, with numbers as the bytes they stand for, or as hexadecimal digits alone. It knows which part
of the line each of its characters came from.

No pattern may cost more than the length of a line: runs without a bound are possessive, and begin where the run does.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

# More layers of escapes than this are not undone; layers of one kind count as one.
LAYERS = 4
HEX_RUN = 16
HEX = "hexadecimal"

_COLOUR = r"\[[0-?]{0,32}[ -/]{0,4}[@-~]"
_TERMINAL = re.compile(rf"\x1b(?:{_COLOUR}|\][^\x07\x1b]{{0,256}}\x07|.)")
_BACKSLASH = re.compile(rf"\\+(?:(?:u001[bB]|x1[bB]|033|e){_COLOUR}|[nrt]?)")
_BLANKS = bytes([*range(0x21), 0x7F, ord("|")])
_ODD = re.compile(r"[\x00-\x20\x7f|]|[^\x00-\x7f]")
_IGNORED = dict.fromkeys(map(ord, "|│\\"))
# Without width, blank, or a mark on the character before.
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})

_ESCAPE = re.compile(
    r"%(?:25)*(?P<percent>[0-9A-Fa-f]{2})|"
    r"(?<!\\)\\++(?:(?:u|U0{4})(?P<wide>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|"
    r"u\{0{0,4}(?P<braced>[0-9A-Fa-f]{2,4})\}|(?P<octal>[0-3][0-7]{2}))|"
    r"&(?:amp;)*(?P<entity>#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);"
)
# Much faster than the whole, and enough for most lines.
_NO_ESCAPE = (("%", re.compile("%[0-9A-Fa-f]")), ("\\", re.compile(r"\\[uUx0-3]")), ("&", re.compile("&[#a-z]")))
_CODED_RUN = 16
_CODED = re.compile(rf"[A-Za-z0-9+/]{{{_CODED_RUN},}}")
_PLAIN_CODED = re.compile(rf"[A-Za-z0-9]{{{_CODED_RUN},}}")
# As in mails. Not among the escapes: what stands behind any equals sign may begin like one.
_QUOTED = re.compile(r"=(?:(?P<byte>[0-9A-F]{2})|$)")

# Go prints bytes as [119 74 97 108], JSON as [119,74,97,108], od as 119  74  97 108 or 167 112 141 154 after an offset.
_OFFSET = r"(?:\d{7}[ \t]{1,4})?"
_DECIMAL_ROW = re.compile(r"(?<![\w.])\d{1,3}(?:[ ,\t]{1,4}\d{1,3}){7}")
_DECIMAL = re.compile(rf"(?<!\d){_OFFSET}(\d{{1,3}})(?:[ ,\t]{{1,4}}|(?!\d))")
_OCTAL_ROW = re.compile(r"(?<![\w.])[0-3][0-7]{2}(?:[ \t]{1,4}[0-3][0-7]{2}){7}")
_OCTAL = re.compile(rf"(?<!\d){_OFFSET}([0-3][0-7]{{2}})(?:[ \t]{{1,4}}|(?!\d))")

_BETWEEN_HEX = re.compile(r"0[xX]|[:,;._-]")
_0X = re.compile("0[xX]")
_HEX_SIGNS = b":,;._-"


def _only(signs: str) -> bytes:
    """A table for bytes that leaves these characters, in lower case, and makes all others blanks."""
    return bytes(ord(chr(each).lower()) if chr(each) in signs else 0x20 for each in range(256))


_HEX_TABLE = _only("0123456789abcdefABCDEF")
_CODED_TABLE = _only("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

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


def _decoded(match: re.Match[str]) -> str:
    """What this is the base64 of, when that is text; or what each part is between signs such as those of a path."""
    return _text_of(match[0]) or _PLAIN_CODED.sub(lambda part: _text_of(part[0]) or part[0], match[0])


def _text_of(coded: str) -> str:
    """The text that this is the base64 of, wherever it is cut; nothing when it is none."""
    for ahead in range(4):
        whole = coded[ahead:]
        whole = whole[:-1] if len(whole) % 4 == 1 else whole
        data = binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
        # UTF-16 has a NUL in every other place.
        if data.isascii() or not any(data[1::2]) or not any(data[::2]):
            return data.decode("latin-1")
    return ""


def _unquoted(match: re.Match[str]) -> str:
    return chr(int(match["byte"], 16)) if match["byte"] else ""


def _byte(match: re.Match[str]) -> str:
    return chr(int(match[1]) % 256)


def _octal_byte(match: re.Match[str]) -> str:
    return chr(int(match[1], 8) % 256)


class _Fold(dict[int, str]):
    """What is left of each character beyond ASCII: nothing of one that is not seen, the plain ones of variants of them.

    So full-width letters are letters, and one with an accent is the same whether they are one character or two.
    """

    def __missing__(self, code: int) -> str:
        itself = chr(code)
        seen = [each for each in unicodedata.normalize("NFKD", itself) if unicodedata.category(each) not in _UNSEEN]
        alone = "" if unicodedata.category(itself) in _UNSEEN else itself
        folded = "".join(seen or alone).translate(_IGNORED)
        if code <= 0xFFFF:
            self[code] = folded
        return folded


_FOLD = _Fold({each: chr(each) for each in range(0x80)} | dict.fromkeys(_BLANKS, ""))


def _folded(match: re.Match[str]) -> str:
    return _FOLD[ord(match[0])]


_SQUEEZE: tuple[Rule, ...] = ((_TERMINAL, _nothing), (_BACKSLASH, _nothing), (_ODD, _folded))
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
    # Nearly all lines: by bytes it is much faster.
    return text.encode().translate(None, _BLANKS).decode() if text.isascii() else text.translate(_FOLD)


def decoded(line: str) -> View | None:
    """The line with its escapes undone, and then squeezed; None for a line without escapes."""
    rules: list[Rule] = []
    text = _unescape(line, rules)
    return _view(line, rules, text) if rules else None


def readings(line: str, squeezed_text: str, before: Container[str] = ()) -> dict[str, View]:
    """What a line may say besides what it says when it is squeezed, by the ways to read it.

    `before` are the ways in which the line before may have had the beginning of something.
    """
    views = dict(_layers(line))
    if "=" in line and _QUOTED.search(line):
        views["quoted"] = _replaced(line, (_QUOTED, _unquoted))
    if view := hexadecimal(line, squeezed_text, always=HEX in before):
        views[HEX] = view
        # Eight numbers of characters in a row have 16 digits.
        if _DECIMAL_ROW.search(line):
            views["decimal"] = _replaced(line, (_DECIMAL, _byte))
        if _OCTAL_ROW.search(line):
            views["octal"] = _replaced(line, (_OCTAL, _octal_byte))
    return views


def _layers(line: str) -> Iterator[tuple[str, View]]:
    """The line with its escapes undone, and then with each layer of base64."""
    rules: list[Rule] = []
    text = _unescape(line, rules)
    if rules:
        yield "decoded", _view(line, rules, text)
    for layer in range(LAYERS):
        changed = (
            _CODED.sub(_decoded, text) if _longest_word(_signs(text).translate(_CODED_TABLE)) >= _CODED_RUN else text
        )
        if changed == text:
            return
        rules.append((_CODED, _decoded))
        text = _unescape(changed, rules)
        yield f"base64 {layer}", _view(line, rules, text)


def _unescape(text: str, rules: list[Rule]) -> str:
    """The text without escapes, and in `rules` what it took."""
    if any(mark in text and maybe.search(text) for mark, maybe in _NO_ESCAPE):
        for _ in range(LAYERS):
            if not _ESCAPE.search(text):
                break
            text = _ESCAPE.sub(_plain, text)
            rules.append((_ESCAPE, _plain))
    return text


def _replaced(line: str, rule: Rule) -> View:
    pattern, replacement = rule
    return _view(line, [rule], pattern.sub(replacement, line))


def _view(line: str, rules: Sequence[Rule], text: str) -> View:
    """The line after these rules, by which it became the text, and then squeezed."""
    return View(line, (*rules, *_SQUEEZE), squeeze(text))


def hexadecimal(line: str, squeezed_text: str, *, always: bool) -> View | None:
    """The line with its hexadecimal digits side by side, in lower case; None when no eight bytes are in a row."""
    bare = _0X.sub("", squeezed_text) if "0x" in squeezed_text or "0X" in squeezed_text else squeezed_text
    digits = _signs(bare).translate(_HEX_TABLE, _HEX_SIGNS)
    if always or _longest_word(digits) >= HEX_RUN:
        return View(line, _HEX, digits.decode())
    return None


def _signs(text: str) -> bytes:
    """One byte a character, for tables: those of bytes are much faster."""
    return text.encode("latin-1", "replace")


def _longest_word(data: bytes) -> int:
    return max(map(len, data.split()), default=0)


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
    """Every spelling that `hexadecimal` can meet; UTF-16 as it is on Windows, too."""
    return {data.hex() for data in (*_datas(value), value.encode("utf-16-le"))}


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
