"""Build and change the message object that Discord keeps, from what an app sends."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from sandbox.discord.message_rules import walk
from sandbox.discord.protocol import Flag, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.EPHEMERAL | Flag.COMPONENTS_V2
EDITABLE = Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2
INTERACTION_DEFAULT = {"parse": ["users"]}  # what Discord assumes when an app sends no allowed_mentions
_SHOWN = ("content", "embeds", "components", "attachments")
_USER_MENTION = re.compile(r"<@!?(\d+)>")

FindUser = "Callable[[str], JsonObject | None]"


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
            changed[key] = copy.deepcopy(payload[key]) or ("" if key == "content" else [])
    for embed in changed["embeds"]:
        embed["type"] = "rich"
        for field in embed.get("fields") or ():
            field["inline"] = bool(field.get("inline"))
    _number_components(changed["components"])
    _set_mentions(changed, payload.get("allowed_mentions") or INTERACTION_DEFAULT, find_user)
    return changed


def _number_components(components: list[JsonObject]) -> None:
    """Give every component without an id the next free one, as Discord does."""
    everything = [component for _, component in walk(components)]
    taken = {component.get("id") for component in everything}
    free = (number for number in range(1, 2 * len(everything) + 2) if number not in taken)
    for component in everything:
        if not component.get("id"):
            component["id"] = next(free)


def _set_mentions(body: JsonObject, allowed: JsonObject, find_user: Callable[[str], JsonObject | None]) -> None:
    parse, listed = allowed.get("parse") or [], allowed.get("users") or []
    ids = dict.fromkeys(_USER_MENTION.findall(body["content"]))
    pinged = (find_user(user_id) for user_id in ids if "users" in parse or user_id in listed)
    body["mentions"] = [user for user in pinged if user]
    body["mention_everyone"] = "everyone" in parse and bool(re.search(r"@(everyone|here)\b", body["content"]))
