"""Messages as people in the channel see them, and the book that keeps them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.discord.clock import Clock, Snowflakes, iso
from sandbox.discord.message_body import EDITABLE, SETTABLE, blank_body, with_content
from sandbox.discord.message_rules import broken_rules, is_empty, v2_bytes, walk
from sandbox.discord.protocol import ApiError, Component, Flag, JsonObject, invalid_form

if TYPE_CHECKING:
    from sandbox.discord.transcript import Transcript
    from sandbox.discord.world import Channel, User, World

V2_BYTES_LIMIT = 10_170


@dataclass(frozen=True)
class Button:
    """A button as shown: its row and text, what it sends (or where it leads), whether it can be pressed."""

    label: str
    custom_id: str | None
    url: str | None
    disabled: bool


@dataclass(frozen=True)
class Message:
    """One state of a message; an edit makes a new object. `body` is the object Discord's API returns."""

    body: JsonObject
    only_for: str | None  # the id of the one user who sees it, when it is ephemeral
    created_at: float
    edits: int = 0

    @property
    def id(self) -> str:
        """Snowflake."""
        return str(self.body["id"])

    @property
    def channel_id(self) -> str:
        """Snowflake."""
        return str(self.body["channel_id"])

    @property
    def content(self) -> str:
        """The plain text above the embeds."""
        return str(self.body["content"])

    @property
    def flags(self) -> int:
        """Message flag bits."""
        return int(self.body["flags"])

    @property
    def ephemeral(self) -> bool:
        """Whether only one user sees it."""
        return self.only_for is not None

    @property
    def thinking(self) -> bool:
        """Whether it is a deferred answer still waiting for its first edit."""
        return bool(self.flags & Flag.LOADING)

    @property
    def text(self) -> str:
        """All text of the message: content, embeds and text displays, one per line."""
        parts: list[str | None] = [self.content]
        for embed in self.body["embeds"]:
            parts += [embed.get("title"), embed.get("description")]
            parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields") or ()]
            parts.append((embed.get("footer") or {}).get("text"))
        parts += [c["content"] for _, c in walk(self.body["components"]) if c["type"] == Component.TEXT_DISPLAY]
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> list[Button]:
        """All buttons in reading order."""
        found = [c for _, c in walk(self.body["components"]) if c["type"] == Component.BUTTON]
        return [Button(_label(c), c.get("custom_id"), c.get("url"), bool(c.get("disabled"))) for c in found]

    def component(self, custom_id: str) -> JsonObject | None:
        """The button or select with this custom_id."""
        return next((c for _, c in walk(self.body["components"]) if c.get("custom_id") == custom_id), None)

    def visible_to(self, user: User) -> bool:
        """Whether this user sees it, being in the channel."""
        return self.only_for in (None, user.id)

    def as_json(self) -> JsonObject:
        """Discord's object plus `only_for`, for a client in another process."""
        return self.body | {"only_for": self.only_for}


def _label(component: JsonObject) -> str:
    emoji = (component.get("emoji") or {}).get("name") or ""
    return " ".join(part for part in (emoji, component.get("label") or "") if part)


class MessageBook:
    """All messages of all channels; every change is checked, applied and published in one step."""

    def __init__(self, clock: Clock, ids: Snowflakes, world: World, transcript: Transcript, app: JsonObject) -> None:
        self._clock = clock
        self._ids = ids
        self._world = world
        self._transcript = transcript
        self._author = app
        self._lock = threading.RLock()
        self._messages: dict[str, Message] = {}

    def create(
        self, channel: Channel, payload: JsonObject, *, only_for: str | None = None, extra: JsonObject | None = None
    ) -> Message:
        """Post a message; `payload` has passed the schema. Raises `ApiError`."""
        now = self._clock.now()
        body = blank_body(self._ids.next(), channel.id, self._author, iso(now)) | (extra or {})
        flags = (payload.get("flags") or 0) & SETTABLE & ~Flag.EPHEMERAL
        body["flags"] |= flags | (Flag.EPHEMERAL if only_for else 0)
        body = with_content(body, payload, self._find_user)
        if not body["flags"] & Flag.LOADING:
            _check(body, payload)
        message = Message(body, only_for, now)
        with self._lock:
            self._messages[message.id] = message
            self._transcript.add("created", "thinking" if message.thinking else "", message)
        return message

    def edit(self, message_id: str, payload: JsonObject) -> Message:
        """Change a message as PATCH does; a thinking message becomes a real one. Raises `ApiError`, `KeyError`."""
        with self._lock:
            old = self._messages[message_id]
            body = with_content(old.body, payload, self._find_user)
            body["flags"] = (body["flags"] | ((payload.get("flags") or 0) & EDITABLE)) & ~Flag.LOADING
            if not old.thinking:
                body["edited_timestamp"] = iso(self._clock.now())
            _check(body, payload)
            message = replace(old, body=body, edits=old.edits + 1)
            self._messages[message_id] = message
            self._transcript.add("edited", "", message)
        return message

    def delete(self, message_id: str) -> None:
        """Remove a message; raises `KeyError` when it is gone already."""
        with self._lock:
            message = self._messages.pop(message_id)
            self._transcript.add("deleted", "", message)

    def get(self, message_id: str | None) -> Message | None:
        """The current state of a message."""
        with self._lock:
            return self._messages.get(message_id or "")

    def all(self, channel_id: str | None = None) -> list[Message]:
        """Current messages, oldest first, of one channel or of all."""
        with self._lock:
            return [m for m in self._messages.values() if channel_id in (None, m.channel_id)]

    def _find_user(self, user_id: str) -> JsonObject | None:
        try:
            return self._world.user(user_id).as_json()
        except LookupError:
            return None


def _check(body: JsonObject, payload: JsonObject) -> None:
    """The whole message as it would become, against the cross-field rules."""
    whole = body | {"allowed_mentions": payload.get("allowed_mentions"), "poll": payload.get("poll")}
    errors = broken_rules(whole, body["flags"])
    if errors:
        raise invalid_form(*errors)
    if is_empty(whole):
        raise ApiError(400, 50006, "Cannot send an empty message")
    if body["flags"] & Flag.COMPONENTS_V2 and v2_bytes(body) > V2_BYTES_LIMIT:
        raise ApiError(500, 0, "500: Internal Server Error")
