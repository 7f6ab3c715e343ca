"""Terraform's own errors, read from what it printed: `-json` diagnostics and the text of every version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 10
DETAIL = 1000
SUMMARY = 300
LAST = 3

_BOX = re.compile(r"^\s*[│|╷╵](?: |$)")
_CONTEXT = re.compile(r'(?P<mode>resource|data) "(?P<type>[\w-]+)" "(?P<name>[\w-]+)"')
_ADDRESS = re.compile(r"^\s*with (?P<address>\S.*),$")


@dataclass(frozen=True)
class Diagnostic:
    """One error: what, why, and on which resource (empty when unknown)."""

    summary: str
    detail: str = ""
    address: str = ""

    def as_json(self) -> dict[str, str]:
        """The shape of `errors` in the result."""
        return {"summary": self.summary[:SUMMARY], "detail": self.detail[:DETAIL], "address": self.address}


def errors_in(*outputs: str) -> tuple[Diagnostic, ...]:
    """The errors in some (already redacted) output, each once, in order, at most ten."""
    found = [error for output in outputs for error in _errors(output.splitlines())]
    return tuple(dict.fromkeys(found))[:MOST]


def last_words(output: str) -> tuple[Diagnostic, ...]:
    """What a command said that tells its error in no form of its own, such as `state push`."""
    lines = [line for line in output.splitlines() if line.strip()][-LAST:]
    return (Diagnostic(" ".join(lines)),) if lines else ()


def _errors(lines: Iterable[str]) -> Iterable[Diagnostic]:
    block: list[str] | None = None
    for raw in lines:
        line = _BOX.sub("", raw)
        if raw.startswith("{"):
            yield from _json_error(raw)
        elif line.startswith(("Error: ", "Warning: ")) or raw.startswith("╵"):
            if block:
                yield _text_error(block)
            block = [line] if line.startswith("Error: ") else None
        elif block is not None:
            block.append(line)
    if block:
        yield _text_error(block)


def _json_error(line: str) -> Iterable[Diagnostic]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return
    diagnostic = message.get("diagnostic") if isinstance(message, dict) else None
    if isinstance(diagnostic, dict) and diagnostic.get("severity") == "error":
        summary, detail, address = (str(diagnostic.get(key) or "") for key in ("summary", "detail", "address"))
        yield Diagnostic(summary, detail, address or _place(diagnostic))


def _place(diagnostic: dict[str, object]) -> str:
    """The resource an error without address points at: known only in the root module, whose files have no path."""
    source, snippet = diagnostic.get("range"), diagnostic.get("snippet")
    if not isinstance(source, dict) or not isinstance(snippet, dict) or "/" in str(source.get("filename", "/")):
        return ""
    match = _CONTEXT.fullmatch(str(snippet.get("context")))
    return ("data." if match["mode"] == "data" else "") + f"{match['type']}.{match['name']}" if match else ""


def _text_error(block: list[str]) -> Diagnostic:
    addresses = [match["address"] for line in block if (match := _ADDRESS.match(line))]
    detail = "\n".join(line.rstrip() for line in block[1:] if not _ADDRESS.match(line)).strip()
    return Diagnostic(block[0].removeprefix("Error: ").strip(), detail, addresses[0] if addresses else "")
