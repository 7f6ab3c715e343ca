"""Pieces of messages. Whatever is not our own text is shown as code, where Discord reads no markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatops.discord.replies import cut
from chatops.domain.progress import InFlight, OperationKind

ADDRESS = 120
IN_FLIGHT_SHOWN = 5
ERRORS_SHOWN = 3

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
    flat = " ".join(text.replace("`", "ˋ").split())
    return f"`{cut(flat, limit) or ' '}`"


def block(lines: Iterable[str], limit: int = 1000, language: str = "") -> str:
    """The lines as a code block of at most `limit` characters."""
    text = "\n".join(line.replace("```", "ˋˋˋ") for line in lines)
    return f"```{language}\n{cut(text, limit - 12)}\n```"


def duration(seconds: int) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


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
    """The first errors, each by its first lines."""
    shown = [cut(text, 300) for text in texts[:ERRORS_SHOWN]]
    if len(texts) > len(shown):
        shown.append(f"+{len(texts) - len(shown)} more")
    return block(shown)


def error_text(error: Mapping[str, str]) -> str:
    """One error of a build's result: summary, resource, and the detail on one line."""
    where = f" ({error['address']})" if error.get("address") else ""
    detail = " ".join(error.get("detail", "").split())
    return f"{error.get('summary', '')}{where}" + (f": {detail}" if detail else "")
