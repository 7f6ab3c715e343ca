"""Keeps secrets out of the log: the run's own, in every form they take, and anybody's of a known shape.

A known secret is not searched as a whole: any run of 16 characters of any of its forms is enough (the whole of a
shorter one). Line ends, indentation, box lines and backslashes are ignored on both sides. So a key is found when
it is wrapped, indented, JSON-escaped at any depth, cut off, or in the middle of a longer base64 text.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from runner.lines import LineSplitter, StateFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REDACTED = "[redacted]"
RUN = 16
# A shorter value would be found in innocent words and destroy the log.
SHORTEST = 8

Span = tuple[int, int]

_IGNORED = re.compile(r"\\+[nrt]?|[\s│|]", re.ASCII)

_KEY_LABEL = r"[A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
_KEY_BEGIN = re.compile(rf"-----BEGIN {_KEY_LABEL}")
_KEY_END = re.compile(rf"-----END {_KEY_LABEL}")
_KEY_WHOLE = re.compile(rf'-----BEGIN {_KEY_LABEL}[^"]*?(?:-----END {_KEY_LABEL}|(?=")|$)')
_KEY_TEXT = re.compile(r"[A-Za-z0-9+/=]{16,}")
_KEY_LAST = re.compile(r"[\s│|]*[A-Za-z0-9+/]{1,16}={0,2}\s*")
# An RSA key of 16384 bits has about 200 lines.
_KEY_LINES = 250

_BASE64_KEY = "|".join(
    re.escape(base64.b64encode(f"-----BEGIN {kind}".encode()).decode().rstrip("=")[:-1])
    for kind in ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
)
_SHAPES = re.compile(
    "|".join(
        (
            r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # AWS access key id
            r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9+/=]{20,4096}",  # AWS session token
            rf"(?:{_BASE64_KEY})[A-Za-z0-9+/=]{{20,8192}}",
            r"\bgh[pousr]_[A-Za-z0-9]{36,255}",
            r"\bgithub_pat_[A-Za-z0-9_]{22,255}",
            r"\bglpat-[\w-]{20,64}",
            r"\bxox[abeprs]-[A-Za-z0-9-]{10,255}",  # Slack
            r"\b[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,45}",  # Discord bot
            r"\bdiscord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,22}/[\w-]{30,300}",
            r"\baW50ZXJhY3Rpb246[\w-]{20,400}",  # Discord interaction
            r"\bya29\.[\w.-]{20,2048}",  # Google access token
            r"\bAIza[\w-]{35}",  # Google API key
            r"\bGOCSPX-[\w-]{20,64}",  # Google client secret
            r"\beyJ[\w-]{10,4096}\.eyJ[\w-]{10,4096}\.[\w-]{10,2048}",  # JSON web token
            r"\b[\w~.-]{3}[78]Q~[\w~.-]{31,34}",  # Azure client secret
            r"\bhv[sbr]\.[\w-]{20,255}",  # Vault
            r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,80}",  # HCP Terraform
            r"\b(?:sk|rk)_live_[A-Za-z0-9]{20,255}",
            r"\bsk-[A-Za-z0-9_-]{32,255}",
            r"\bnpm_[A-Za-z0-9]{36}",
            r"\bpypi-[\w-]{50,255}",
        )
    )
)
_LABELLED = re.compile(
    r"(?P<label>"
    r"(?i:secret_?access_?key)[\"'\\]{0,4}\s{0,20}[=:]>?\s{0,20}[\"'\\]{0,4}|"
    r"\b(?:AccountKey|SharedAccessKey)=|"
    r"[?&]sig=|"
    r"\bX-Amz-(?:Signature|Security-Token|Credential)=|"
    r"\b(?i:authorization)\W{1,8}(?i:bearer|basic|bot)\s|"
    r"://[^/\s:@\"]{0,256}:(?=[^/\s@\"]{1,256}@)"
    r")(?P<value>[^\s\"'\\&@,;]{4,4096})"
)


def shapes(text: str) -> str:
    """The text without anything that looks like a secret by its form alone."""
    text = _KEY_WHOLE.sub(REDACTED, text)
    text = _SHAPES.sub(REDACTED, text)
    return _LABELLED.sub(rf"\g<label>{REDACTED}", text)


class Secrets:
    """The secret values of one run."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._wholes: set[str] = set()
        self._runs: set[str] = set()
        self._heads: set[str] = set()

    def add(self, value: str, *, shortest: int = SHORTEST) -> None:
        """Never print this value; `shortest` below 8 is for values that are secret by name, whatever their length."""
        if len(value) < shortest or not value.strip():
            return
        if len(value) < SHORTEST:
            self._plain.add(value)
            return
        for form in forms(value):
            self._add_form(_IGNORED.sub("", form))

    def _add_form(self, form: str) -> None:
        if len(form) < SHORTEST:
            return
        if len(form) < RUN:
            self._wholes.add(form)
        self._runs.update(form[i : i + RUN] for i in range(len(form) - RUN + 1))
        self._heads.update(form[:size] for size in range(SHORTEST, min(len(form), RUN)))

    def text(self, text: str) -> str:
        """The text without secrets, taken on its own."""
        return shapes(self.known(text)[0])

    def known(self, text: str, before: str = "") -> tuple[str, str]:
        """The text without the run's own secrets, and what the next line needs to know of this one.

        `before` is what the call for the line before returned second: a secret may begin there.
        """
        squeezed, places = _squeeze(text)
        joined = before + squeezed
        spans = [(start - len(before), end - len(before)) for start, end in self._find(joined)]
        cuts = [(places[max(start, 0)], places[end - 1] + 1) for start, end in spans if end > 0]
        cuts += [match.span() for value in self._plain for match in re.finditer(re.escape(value), text)]
        return _cut(text, cuts), joined[-(RUN - 1) :]

    def _find(self, text: str) -> Iterator[Span]:
        runs = self._runs
        for start in range(len(text) - RUN + 1 if runs else 0):
            if text[start : start + RUN] in runs:
                yield start, start + RUN
        for whole in self._wholes:
            start = text.find(whole)
            while start >= 0:
                yield start, start + len(whole)
                start = text.find(whole, start + 1)
        for size in range(RUN - 1, SHORTEST - 1, -1):
            if text[-size:] in self._heads:
                yield len(text) - size, len(text)
                return


def forms(value: str) -> Iterator[str]:
    """Every spelling of a value that programs print: as it is, JSON, base64 at each alignment, URL, hex."""
    escaped = json.dumps(value, ensure_ascii=False)[1:-1]
    yield value
    yield json.dumps(value)[1:-1]
    # Go's JSON writes these three as \u003c and so on.
    yield escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    for quoted in (quote(value, safe=""), quote(value, safe="/"), quote(value, safe="$&+=:@"), quote_plus(value)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), quoted)
    for data in {value.encode(), escaped.encode()}:
        yield data.hex()
        yield data.hex().upper()
        yield from _base64_forms(data)


def _base64_forms(data: bytes) -> Iterator[str]:
    for ahead, mixed in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(bytes(ahead) + data).decode()
        # The characters at both ends also hold bits of the neighbours: they are not ours to search for.
        inner = text[mixed:].rstrip("=")[:-1] if text.endswith("=") else text[mixed:]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without what is ignored, and for each character left its place in the text."""
    places: list[int] = []
    last = 0
    for match in _IGNORED.finditer(text):
        places.extend(range(last, match.start()))
        last = match.end()
    places.extend(range(last, len(text)))
    return _IGNORED.sub("", text), places


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
        self._before = ""
        self._key_lines = 0

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
        safe, self._before = self._secrets.known(line, self._before)
        return shapes(self._inside_key(safe))

    def _inside_key(self, line: str) -> str:
        """Hide what follows the first line of an unknown private key, up to its last."""
        if self._key_lines:
            self._key_lines -= 1
            end = _KEY_END.search(line)
            head, tail = (line[: end.start()], line[end.end() :]) if end else (line, "")
            self._key_lines = 0 if end else self._key_lines
            hidden = REDACTED if _KEY_LAST.fullmatch(head) else _KEY_TEXT.sub(REDACTED, head)
            line = hidden + tail
        begins = list(_KEY_BEGIN.finditer(line))
        if begins and not _KEY_END.search(line, begins[-1].end()):
            self._key_lines = _KEY_LINES
        return line
