"""Build and change the message object that Discord keeps, from what an app sends."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from sandbox.discord.message_rules import walk
from sandbox.discord.protocol import SELECTS, Component, Flag, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.EPHEMERAL | Flag.COMPONENTS_V2
EDITABLE = Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2
INTERACTION_DEFAULT = {"parse": ["users"]}  # what Discord assumes when an app sends no allowed_mentions
_SHOWN = ("content", "embeds", "components", "attachments")
_ONE_VALUE: JsonObject = {"min_values": 1, "max_values": 1}
_DEFAULTS: dict[int, JsonObject] = {
    **dict.fromkeys(SELECTS, _ONE_VALUE),
    Component.THUMBNAIL: {"description": None, "spoiler": False},
    Component.FILE: {"spoiler": False},
    Component.SEPARATOR: {"spacing": 1, "divider": True},
    Component.CONTAINER: {"accent_color": None, "spoiler": False},
}
_USER_MENTION = re.compile(r"<@!?(\d+)>")


def blank_body(message_id: str, channel_id: str, author: JsonObject, timestamp: str) -> JsonObject:
    """A message with every field that Discord always sends, and nothing in it."""
    return {
        "id": message_id,
        "type": 0,
        "channel_id": channel_id,
        "author": author,
        "content": "",
        "embeds": [],
        "components": [],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
        "flags": 0,
        "timestamp": timestamp,
        "edited_timestamp": None,
    }


def with_content(body: JsonObject, payload: JsonObject, find_user: Callable[[str], JsonObject | None]) -> JsonObject:
    """The message after a create or edit: fields that were sent replace the old ones, null empties them."""
    changed = copy.deepcopy(body)
    for key in _SHOWN:
        if key in payload:
            changed[key] = _without_nulls(payload[key]) or ("" if key == "content" else [])
    for embed in changed["embeds"]:
        embed["type"] = "rich"
        for field in embed.get("fields") or ():
            field["inline"] = bool(field.get("inline"))
    _complete_components(changed["components"])
    _set_mentions(changed, payload.get("allowed_mentions") or INTERACTION_DEFAULT, find_user)
    return changed


def _without_nulls(value: Any) -> Any:
    """A copy without the object fields that were sent as null: Discord does not return them."""
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _complete_components(components: list[JsonObject]) -> None:
    """Give every component its default fields and, if it has none, the next free id, as Discord does."""
    everything = [component for _, component in walk(components)]
    taken = {component.get("id") for component in everything}
    free = (number for number in range(1, 2 * len(everything) + 2) if number not in taken)
    for component in everything:
        for key, value in _DEFAULTS.get(component["type"], {}).items():
            component.setdefault(key, value)
        if not component.get("id"):
            component["id"] = next(free)


def _set_mentions(body: JsonObject, allowed: JsonObject, find_user: Callable[[str], JsonObject | None]) -> None:
    parse, listed = allowed.get("parse") or [], allowed.get("users") or []
    ids = dict.fromkeys(_USER_MENTION.findall(body["content"]))
    pinged = (find_user(user_id) for user_id in ids if "users" in parse or user_id in listed)
    body["mentions"] = [user for user in pinged if user]
    body["mention_everyone"] = "everyone" in parse and bool(re.search(r"@(everyone|here)\b", body["content"]))
