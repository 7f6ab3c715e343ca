"""Discord's own numbers and its error answer (https://discord.com/developers/docs/topics/opcodes-and-status-codes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

JsonObject = dict[str, Any]  # one decoded JSON object as it travels; only this package's edge may look inside

USER_AGENT = "Discord-Interactions/1.0 (+https://discord.com)"
EPOCH_MS = 1_420_070_400_000
ANSWER_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0


class InteractionType(IntEnum):
    """What a user did."""

    PING = 1
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """How an app answers an interaction."""

    PONG = 1
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE_MESSAGE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class Flag(IntEnum):
    """Message flags."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class Component(IntEnum):
    """Message and modal component types."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18


SELECTS = frozenset({3, 5, 6, 7, 8})  # string, user, role, mentionable, channel


class OptionType(IntEnum):
    """Slash command option types."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


@dataclass(frozen=True)
class FieldError:
    """One wrong field: the path to it, Discord's symbolic code and its sentence."""

    path: tuple[str | int, ...]
    code: str
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or '(body)'}: {self.message}"


@dataclass(eq=False)
class ApiError(Exception):
    """An answer other than 2xx, as Discord words it."""

    status: int
    code: int
    message: str
    errors: tuple[FieldError, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)

    def __str__(self) -> str:
        details = "; ".join(map(str, self.errors))
        return f"{self.status} {self.code} {self.message}" + (f" – {details}" if details else "")

    def body(self) -> JsonObject:
        """The JSON body: `message`, `code`, and the nested `errors` tree when fields are wrong."""
        body: JsonObject = {"message": self.message, "code": self.code} | self.extra
        return body | ({"errors": error_tree(self.errors)} if self.errors else {})


def error_tree(errors: tuple[FieldError, ...]) -> JsonObject:
    """Nest field errors by path, each leaf under `_errors`."""
    tree: JsonObject = {}
    for error in errors:
        node = tree
        for part in error.path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": error.code, "message": error.message})
    return tree


def invalid_form(*errors: FieldError) -> ApiError:
    """400 50035, the answer to every payload that breaks a rule."""
    return ApiError(400, 50035, "Invalid Form Body", errors)


def unknown_message() -> ApiError:
    """404 10008."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_webhook() -> ApiError:
    """404 10015, also what an interaction token answers before the interaction was acknowledged."""
    return ApiError(404, 10015, "Unknown Webhook")


def invalid_webhook_token() -> ApiError:
    """401 50027, an interaction token that is wrong or older than 15 minutes."""
    return ApiError(401, 50027, "Invalid Webhook Token")
