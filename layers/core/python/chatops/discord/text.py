"""Pieces of messages. Whatever is not our own text is shown as code, where Discord reads no markdown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unicodedata import category

from chatops.discord.replies import cut
from chatops.domain.progress import InFlight, OperationKind
from chatops.terraform.secret_shapes import shapes

ADDRESS = 120
IN_FLIGHT_SHOWN = 5
ERRORS_SHOWN = 3
_CELLS = 10

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})  # controls, direction and zero-width marks, surrogates, private use

_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]<@])|(?<=:)(?=//)|(?<=\bwww)(?=\.)")
"""What Discord reads as markdown, a mention or a link; a backslash before any of it makes it plain."""

_VERBS = {
    OperationKind.CREATE: "Creating",
    OperationKind.UPDATE: "Changing",
    OperationKind.DELETE: "Destroying",
    OperationKind.READ: "Reading",
    OperationKind.IMPORT: "Importing",
    OperationKind.MOVE: "Moving",
    OperationKind.FORGET: "Forgetting",
}


def code(text: str, limit: int = ADDRESS) -> str:
    """The text as inline code, on one line, with nothing that could end it."""
    return f"`{cut(flat(text).replace('`', 'ˋ'), limit) or ' '}`"


def block(lines: Iterable[str], limit: int = 1000, language: str = "") -> str:
    """The lines as a code block of at most `limit` characters."""
    text = visible("\n".join(lines)).replace("```", "ˋˋˋ")
    return f"```{language}\n{cut(text, limit - 12)}\n```"


def listing(lines: Iterable[str], in_all: int, limit: int = 1000, language: str = "") -> str:
    """As many of the lines as a code block of `limit` characters holds, and how many more of `in_all` there are."""
    kept: list[str] = []
    room = limit - 40
    for line in lines:
        kept.append(cut(line, 2 * ADDRESS))
        room -= len(kept[-1]) + 1
        if room < 0:
            kept.pop()
            break
    if in_all > len(kept):
        kept.append(f"… and {in_all - len(kept)} more")
    return block(kept, limit, language)


def plain(text: str) -> str:
    """The text on one line, with nothing in it that Discord reads as anything but text."""
    return _MARKDOWN.sub(lambda found: f"\\{found[1] or ''}", flat(text))


def prose(text: str, addresses: Iterable[str], limit: int = 500) -> str:
    """A sentence of ours as plain text of at most `limit` characters, with these addresses in it as code."""
    named = sorted({each for each in addresses if "." in each}, key=len, reverse=True)
    parts = re.split("(" + "|".join(map(re.escape, named)) + ")", text) if named else [text]
    shown, room = "", limit - 1
    for place, part in enumerate(parts):
        piece = code(part, 80) if place % 2 else _spaced(part)
        if len(piece) > room:
            return shown.rstrip() + ("" if place % 2 else plain(part[: room // 2]).rstrip()) + "…"
        shown, room = shown + piece, room - len(piece)
    return shown.strip()


def _spaced(text: str) -> str:
    """Plain text that keeps the space around it: code stands before and after."""
    inner = plain(text)
    before, after = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return f"{before}{inner}{after}" if inner else before or after


def dollars(amount: float) -> str:
    """US dollars and cents as a person writes them."""
    size = abs(amount)
    sign = "-" if amount <= -0.005 else ""
    return f"{sign}${size:,.2f}" if size >= 0.005 or not size else "less than $0.01"


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Without colours, direction marks and other characters that make a text look like another one."""
    return "".join("�" if category(each) in _UNSEEN and each not in "\n\t" else each for each in text)


def bar(completed: int, total: int) -> str:
    """The guide's bar; of more operations than it has cells, half-full cells too, and 100% is said at the end only."""
    if not total:
        return f"[{'▒' * _CELLS}]"
    halves = min(completed, total) * 2 * _CELLS // total
    full, half = divmod(halves, 2) if total > _CELLS else (halves // 2, 0)
    percent = min(round(completed / total * 100), 100 if completed >= total else 99)
    return f"[{'▓' * full}{'▒' * half}{'░' * (_CELLS - full - half)}] {percent}%"


def duration(seconds: int) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def left(low: int, high: int) -> str:
    """A range of seconds as a person says it: outwards to whole minutes, and to more of them where there are many."""
    if high <= 30:
        return "less than 30 s left"
    first, last = low // 60, -(-high // 60)
    first -= first % _step(first)
    last += -last % _step(last)
    if not first:
        return f"less than {last} min left"
    return f"about {first} min left" if first == last else f"about {first}–{last} min left"


def _step(minutes: int) -> int:
    return 1 if minutes < 10 else 5 if minutes < 60 else 15


def counts(plan: Mapping[str, Any]) -> str:
    """The plan in Terraform's own words."""
    parts = {verb: plan.get(verb, 0) for verb in ("import", "add", "change", "destroy")}
    return "Plan: " + ", ".join(f"{number} to {verb}" for verb, number in parts.items() if number or verb != "import")


def in_flight(running: Sequence[InFlight]) -> str:
    """What is being worked on, slowest first."""
    shown = running[:IN_FLIGHT_SHOWN]
    lines = [f"{_VERBS[each.kind]} {code(each.address)}... {duration(each.elapsed)}" for each in shown]
    if len(running) > len(shown):
        lines.append(f"+{len(running) - len(shown)} more")
    return "\n".join(lines)


def errors(texts: Sequence[str]) -> str:
    """The first errors, each by its first lines, without anything that looks like a secret."""
    shown = [cut(shapes(text), 300) for text in texts[:ERRORS_SHOWN]]
    if len(texts) > len(shown):
        shown.append(f"+{len(texts) - len(shown)} more")
    return block(shown)


def error_text(error: Mapping[str, str]) -> str:
    """One error of a build's result: summary, resource, and the detail on one line."""
    where = f" ({error['address']})" if error.get("address") else ""
    detail = flat(error.get("detail", ""))
    return f"{error.get('summary', '')}{where}" + (f": {detail}" if detail else "")
