"""A message as plain text for a terminal."""

from __future__ import annotations

import re
import time
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.discord.protocol import SELECTS, Component, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.discord.messages import Message

_TIMESTAMP = re.compile(r"<t:(-?\d{1,12})(?::([tTdDfFsSR]))?>")
_MENTION = re.compile(r"<(?:@!?|@&|#)(\d+)>")
_COMMAND = re.compile(r"</([^:>]+):\d+>")
_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_UNITS = (
    (86_400 * 365, "year"),
    (86_400 * 30, "month"),
    (86_400, "day"),
    (3600, "hour"),
    (60, "minute"),
    (1, "second"),
)
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render_message(
    message: Message, *, names: Mapping[str, str] | None = None, colour: bool = False, now: float | None = None
) -> str:
    """Author, content, embeds and buttons, one block of lines; `names` maps ids to mention text."""
    show = _Inline(names or {}, time.time() if now is None else now)
    body = message.body
    lines = [_headline(message, colour)]
    if message.thinking:
        return lines[0]
    lines += _indented(show(body["content"]), "  ")
    for embed in body["embeds"]:
        lines += _indented("\n".join(_embed_lines(embed, show, colour)), "  │ ")
    for attachment in body["attachments"]:
        lines.append(f"  [file: {show(attachment['filename'])}, {_size(attachment['size'])}]")
    for component in body["components"]:
        lines += _indented("\n".join(_component_lines(component, show)), "  ")
    return "\n".join(lines)


def render_modal(modal: JsonObject) -> str:
    """Title, and each text field with its name, label, length and hint, one block of lines."""
    show = _Inline({}, time.time())
    lines = [show(modal["title"])]
    for label in modal["components"]:
        field = label.get("component") or {}
        if field.get("type") == Component.TEXT_INPUT:
            length = f"{field.get('min_length') or 1} to {field.get('max_length') or 4000} characters"
            lines.append(f"{field['custom_id']}: {show(label['label'])} ({length})")
            lines += _indented(show(label.get("description") or ""), "  ")
    return "\n".join([lines[0], *_indented("\n".join(lines[1:]), "  │ ")])


class _Inline:
    """Inline markup as Discord would show it; control characters never reach the terminal."""

    def __init__(self, names: Mapping[str, str], now: float) -> None:
        self._names = names
        self._now = now

    def __call__(self, text: str) -> str:
        text = _TIMESTAMP.sub(lambda m: _moment(int(m[1]), m[2], self._now), text)
        text = _MENTION.sub(lambda m: self._names.get(m[1], m[0]), text)
        text = _EMOJI.sub(r"\1", _COMMAND.sub(r"/\1", text))
        return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _headline(message: Message, colour: bool) -> str:
    author = str(message.body["author"]["username"])
    author = f"{_BOLD}{author}{_RESET}" if colour else author
    if message.thinking:
        author += " is thinking…"
    notes = ["(edited)"] if message.body["edited_timestamp"] else []
    notes += ["(only you can see this)"] if message.ephemeral else []
    text = " ".join(notes)
    return author + (f" {_DIM}{text}{_RESET}" if colour and text else f" {text}" if text else "")


def _indented(text: str, prefix: str) -> list[str]:
    return [f"{prefix}{line}".rstrip() for line in text.split("\n")] if text else []


def _embed_lines(embed: JsonObject, show: Callable[[str], str], colour: bool) -> list[str]:
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    title = show(embed.get("title") or "")
    lines = [show(author.get("name") or ""), f"{_BOLD}{title}{_RESET}" if colour and title else title]
    lines += [show(embed.get("description") or "")]
    lines += [_field(show(field["name"]), show(field["value"])) for field in embed.get("fields") or ()]
    lines += [str((embed.get(key) or {}).get("url") or "") for key in ("image", "thumbnail")]
    return [*filter(None, lines), *filter(None, [show(footer.get("text") or "")])]


def _field(name: str, value: str) -> str:
    return f"{name}: {value}" if "\n" not in value else f"{name}:\n" + "\n".join(_indented(value, "  "))


def _component_lines(component: JsonObject, show: Callable[[str], str]) -> list[str]:
    kind = component["type"]
    children: list[JsonObject] = component.get("components") or []
    if kind == Component.ACTION_ROW:
        return ["  ".join(_control(child, show) for child in children)]
    if kind == Component.TEXT_DISPLAY:
        return [show(component["content"])]
    if kind == Component.SEPARATOR:
        return ["────"]
    if kind == Component.CONTAINER:
        lines = [line for child in children for line in _component_lines(child, show)]
        return _indented("\n".join(lines), "│ ")
    if kind == Component.SECTION:
        lines = [line for child in children for line in _component_lines(child, show)]
        return [*lines, *_component_lines(component["accessory"], show)]
    if kind == Component.MEDIA_GALLERY:
        return [f"[image: {show(item['media']['url'])}]" for item in component["items"]]
    if kind in (Component.FILE, Component.THUMBNAIL):
        media = component.get("file") or component.get("media") or {}
        return [f"[file: {show(str(media.get('url')))}]"]
    return [_control(component, show)]


def _control(component: JsonObject, show: Callable[[str], str]) -> str:
    emoji = (component.get("emoji") or {}).get("name") or ""
    if component["type"] in SELECTS:
        return f"[ {show(component.get('placeholder') or 'Make a selection')} ▾ ]"
    label = " ".join(filter(None, (emoji, show(component.get("label") or ""))))
    if component.get("url"):
        return f"[ {label} ↗ {component['url']} ]"
    return f"[ {label} ]" + (" (disabled)" if component.get("disabled") else "")


def _size(size: int) -> str:
    return f"{size} bytes" if size < 1000 else f"{size / 1000:.2f} KB" if size < 1_000_000 else f"{size / 1e6:.2f} MB"


def _moment(seconds: int, style: str | None, now: float) -> str:
    if style == "R":
        return _relative(seconds - now)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    formats = {"t": "%H:%M", "T": "%H:%M:%S", "d": "%Y-%m-%d", "D": "%d %B %Y", "F": "%A, %d %B %Y %H:%M"}
    return moment.strftime(formats.get(style or "f", "%d %B %Y %H:%M")) + " UTC"


def _relative(difference: float) -> str:
    size = abs(round(difference))
    for seconds, name in _UNITS:
        if size >= seconds:
            count = size // seconds
            text = f"{count} {name}" + ("s" if count > 1 else "")
            return f"in {text}" if difference > 0 else f"{text} ago"
    return "now"
