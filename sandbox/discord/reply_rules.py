"""Whether an answer to an interaction is one that Discord accepts for that kind of interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord import message_rules, schema
from sandbox.discord.protocol import (
    CallbackType,
    Component,
    FieldError,
    Flag,
    InteractionType,
    JsonObject,
    invalid_form,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = {
    CallbackType.PONG: "PongInteractionCallbackRequest",
    CallbackType.MESSAGE: "CreateMessageInteractionCallbackRequest",
    CallbackType.DEFERRED_MESSAGE: "CreateMessageInteractionCallbackRequest",
    CallbackType.DEFERRED_UPDATE: "UpdateMessageInteractionCallbackRequest",
    CallbackType.UPDATE_MESSAGE: "UpdateMessageInteractionCallbackRequest",
    CallbackType.AUTOCOMPLETE: "ApplicationCommandAutocompleteCallbackRequest",
    CallbackType.MODAL: "ModalInteractionCallbackRequest",
}
_TO_COMMAND = frozenset({CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE, CallbackType.MODAL})
_TO_COMPONENT = _TO_COMMAND | {CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE_MESSAGE}
ALLOWED: dict[InteractionType, frozenset[CallbackType]] = {
    InteractionType.PING: frozenset({CallbackType.PONG}),
    InteractionType.COMMAND: _TO_COMMAND,
    InteractionType.COMPONENT: _TO_COMPONENT,
    InteractionType.AUTOCOMPLETE: frozenset({CallbackType.AUTOCOMPLETE}),
    InteractionType.MODAL_SUBMIT: _TO_COMMAND - {CallbackType.MODAL},
}
MODAL_PARTS = 5


def checked_callback(kind: InteractionType, payload: object, *, from_message: bool = False) -> CallbackType:
    """The type of an acceptable answer, or `ApiError` 50035; `from_message`: a modal that a button opened."""
    callback = _callback_type(payload)
    allowed = ALLOWED[kind]
    if kind is InteractionType.MODAL_SUBMIT and from_message:
        allowed |= {CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE_MESSAGE}
    if callback not in allowed:
        text = f"Callback type {callback.value} cannot answer an interaction of type {kind.value}"
        raise invalid_form(FieldError(("type",), "INTERACTION_APPLICATION_COMMAND_INVALID_TYPE", text))
    assert isinstance(payload, dict)  # noqa: S101 – _callback_type refused everything else
    errors = schema.check(SCHEMAS[callback], payload)
    errors = errors or tuple(_data_errors(callback, payload.get("data") or {}))
    if errors:
        raise invalid_form(*errors)
    return callback


def _callback_type(payload: object) -> CallbackType:
    number = payload.get("type") if isinstance(payload, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number not in set(CallbackType):
        raise invalid_form(
            FieldError(("type",), "BASE_TYPE_CHOICES", f"Value {number!r} is not a known callback type.")
        )
    return CallbackType(number)


def _data_errors(callback: CallbackType, data: JsonObject) -> Iterator[FieldError]:
    match callback:
        case CallbackType.MESSAGE | CallbackType.UPDATE_MESSAGE:
            prefixed = message_rules.broken_rules(data, data.get("flags") or 0)
            yield from (FieldError(("data", *error.path), error.code, error.message) for error in prefixed)
        case CallbackType.DEFERRED_MESSAGE if (data.get("flags") or 0) & ~Flag.EPHEMERAL:
            text = "A deferred answer may carry the EPHEMERAL flag and no other"
            yield FieldError(("data", "flags"), "MESSAGE_FLAGS_INVALID", text)
        case CallbackType.MODAL:
            yield from _modal_errors(data)
        case _:
            return


def _modal_errors(modal: JsonObject) -> Iterator[FieldError]:
    parts = modal["components"]
    if len(parts) > MODAL_PARTS:
        text = f"Must be between 1 and {MODAL_PARTS} in length."
        yield FieldError(("data", "components"), "BASE_TYPE_BAD_LENGTH", text)
    everything = list(message_rules.walk(parts, ("data", "components")))
    yield from message_rules.duplicate_errors(everything)
    for path, part in everything:
        yield from _modal_part_errors(part, path)


def _modal_part_errors(part: JsonObject, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    in_label = path[-1] == "component"
    if part["type"] == Component.TEXT_INPUT:
        if not in_label and not part.get("label"):
            yield FieldError((*path, "label"), "BASE_TYPE_REQUIRED", "This field is required")
        low, high = part.get("min_length") or 0, part.get("max_length") or 4000
        if low > high or len(part.get("value") or "") > high:
            yield FieldError((*path, "value"), "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
    elif part["type"] == Component.STRING_SELECT:
        yield from message_rules.select_errors(part, path)


def habits(callback: CallbackType, payload: JsonObject) -> Iterator[str]:
    """What Discord lets pass but this product must not do."""
    data = payload.get("data") or {}
    if callback in (CallbackType.MESSAGE, CallbackType.UPDATE_MESSAGE) and data.get("allowed_mentions") is None:
        yield "the reply sends no allowed_mentions, so text may ping people"
    if callback is CallbackType.DEFERRED_MESSAGE and set(data) - {"flags", "allowed_mentions"}:
        yield f"a deferred answer shows nothing but its flags; dropped: {sorted(set(data) - {'flags'})}"
    for ignored in schema.ignored_fields(SCHEMAS[callback], payload):
        yield str(ignored)
