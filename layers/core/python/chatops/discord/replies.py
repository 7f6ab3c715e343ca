"""Outbound messages: what we send to Discord, within its limits.

Limits: discord-api-docs, resources/message and components/reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chatops.ports import TextFile

EPHEMERAL = 1 << 6

EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
FIELD_NAME = 256
FIELD_VALUE = 1024
FIELDS = 25
FOOTER = 2048
EMBED_TOTAL = 6000
CONTENT = 2000


class ButtonStyle(IntEnum):
    """Discord's button colours."""

    SECONDARY = 2
    SUCCESS = 3
    DANGER = 4


class Colour(IntEnum):
    """An embed's edge says the state at a glance."""

    GREY = 0x95A5A6
    BLUE = 0x3498DB
    AMBER = 0xF1C40F
    GREEN = 0x2ECC71
    RED = 0xE74C3C


@dataclass(frozen=True)
class ReplyButton:
    """A button under a message."""

    label: str
    custom_id: str
    style: ButtonStyle = ButtonStyle.SECONDARY


@dataclass(frozen=True)
class Reply:
    """One message: plain text, or one embed, with at most one row of buttons and one file.

    The text is cut to Discord's limits when the payload is made, never in the middle of a code fence.
    """

    text: str = ""
    title: str = ""
    colour: Colour | None = None
    fields: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    buttons: tuple[ReplyButton, ...] = ()
    file: TextFile | None = None

    def payload(self) -> dict[str, Any]:
        """The JSON body for creating or editing the message; mentions are always switched off."""
        body: dict[str, Any] = {"allowed_mentions": {"parse": []}, "content": "", "embeds": [], "components": []}
        if self.title or self.colour is not None or self.fields:
            body["embeds"] = [self._embed()]
        else:
            body["content"] = cut(self.text, CONTENT)
        if self.buttons:
            body["components"] = [{"type": 1, "components": [_button(button) for button in self.buttons[:5]]}]
        return body

    def _embed(self) -> dict[str, Any]:
        left = EMBED_TOTAL - len(cut(self.title, EMBED_TITLE)) - len(cut(self.footer, FOOTER))
        description = cut(self.text, min(EMBED_DESCRIPTION, left))
        left -= len(description)
        fields = []
        for name, value in self.fields[:FIELDS]:
            field = {"name": cut(name, FIELD_NAME) or "\u200b", "value": cut(value, FIELD_VALUE) or "\u200b"}
            left -= len(field["name"]) + len(field["value"])
            if left < 0:
                break
            fields.append(field)
        embed: dict[str, Any] = {"description": description, "fields": fields}
        if self.title:
            embed["title"] = cut(self.title, EMBED_TITLE)
        if self.colour is not None:
            embed["color"] = int(self.colour)
        if self.footer:
            embed["footer"] = {"text": cut(self.footer, FOOTER)}
        return embed


def cut(text: str, limit: int) -> str:
    """The text within `limit` characters, marked where it was cut; an open code fence is closed."""
    if len(text) <= limit:
        return text
    kept = text[: max(limit - 6, 0)]
    if "```" in kept:
        kept = kept.rstrip("`")  # a fence that is cut in two is none
    return kept + ("…\n```" if kept.count("```") % 2 else "…")


def _button(button: ReplyButton) -> Mapping[str, Any]:
    style, label = int(button.style), cut(button.label, 80)
    return {"type": 2, "style": style, "label": label, "custom_id": button.custom_id}
