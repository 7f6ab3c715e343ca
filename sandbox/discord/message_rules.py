"""Rules of a message that Discord's OpenAPI file does not hold: what must or must not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord.protocol import SELECTS, Component, FieldError, Flag, JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

EMBED_TEXT_LIMIT = 6000
LINK_STYLE, PREMIUM_STYLE = 5, 6
V2_TEXT_LIMIT = 4000
V2_COMPONENT_LIMIT = 40
V2_TOP_LEVEL = frozenset({1, 9, 10, 12, 13, 14, 17})

Path = tuple[str | int, ...]


def broken_rules(payload: JsonObject, flags: int) -> tuple[FieldError, ...]:
    """Every cross-field rule that a schema-valid message breaks; `flags` are those the message will have."""
    errors = [*_embed_errors(payload), *_mention_errors(payload), *_component_errors(payload, flags)]
    if flags & Flag.COMPONENTS_V2:
        errors += _v2_errors(payload)
    return tuple(errors)


def is_empty(message: JsonObject) -> bool:
    """Whether a message would show nothing (50006)."""
    return not any(_shows(message.get(key)) for key in ("content", "embeds", "components", "attachments", "poll"))


def _shows(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def embed_text_length(embeds: list[JsonObject]) -> int:
    """Characters that count towards the 6000 of all embeds together."""
    total = 0
    for embed in embeds:
        total += len(embed.get("title") or "") + len(embed.get("description") or "")
        total += len((embed.get("footer") or {}).get("text") or "") + len((embed.get("author") or {}).get("name") or "")
        total += sum(len(field["name"]) + len(field["value"]) for field in embed.get("fields") or ())
    return total


def walk(components: list[JsonObject], path: Path = ("components",)) -> Iterator[tuple[Path, JsonObject]]:
    """Every component with its path, parents first."""
    for index, component in enumerate(components):
        here = (*path, index)
        yield here, component
        yield from walk(component.get("components") or [], (*here, "components"))
        for key in ("accessory", "component"):
            if component.get(key):
                yield (*here, key), component[key]


def _embed_errors(payload: JsonObject) -> Iterator[FieldError]:
    embeds: list[JsonObject] = payload.get("embeds") or []
    if embed_text_length(embeds) > EMBED_TEXT_LIMIT:
        text = f"Embed size exceeds maximum size of {EMBED_TEXT_LIMIT}"
        yield FieldError(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", text)
    for index, embed in enumerate(embeds):
        path: Path = ("embeds", index)
        if not any(
            embed.get(key) for key in ("title", "description", "fields", "author", "footer", "image", "thumbnail")
        ):
            yield FieldError((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
        for number, field in enumerate(embed.get("fields") or ()):
            yield from _blank_errors(field, (*path, "fields", number), ("name", "value"))
        if embed.get("url") and not _is_web(embed["url"]):
            yield FieldError((*path, "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https').")


def _blank_errors(node: JsonObject, path: Path, names: tuple[str, ...]) -> Iterator[FieldError]:
    for name in names:
        if not (node.get(name) or "").strip():
            yield FieldError((*path, name), "BASE_TYPE_REQUIRED", "This field is required")


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _mention_errors(payload: JsonObject) -> Iterator[FieldError]:
    allowed = payload.get("allowed_mentions") or {}
    for key in ("users", "roles"):
        if key in (allowed.get("parse") or ()) and allowed.get(key):
            text = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            yield FieldError(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)


def _component_errors(payload: JsonObject, flags: int) -> Iterator[FieldError]:
    components: list[JsonObject] = payload.get("components") or []
    if not flags & Flag.COMPONENTS_V2:
        yield from _legacy_layout_errors(components)
    everything = list(walk(components))
    yield from duplicate_errors(everything)
    for path, component in everything:
        yield from _CHECKS.get(component["type"], _nothing)(component, path)


def _legacy_layout_errors(components: list[JsonObject]) -> Iterator[FieldError]:
    if len(components) > 5:
        yield FieldError(("components",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for index, component in enumerate(components):
        if component["type"] != Component.ACTION_ROW:
            text = "Value of field 'type' must be one of (1,): other components need the IS_COMPONENTS_V2 flag."
            yield FieldError(("components", index, "type"), "UNION_TYPE_CHOICES", text)


def duplicate_errors(components: list[tuple[Path, JsonObject]]) -> Iterator[FieldError]:
    """A custom_id used twice in one message or modal, or a component id used twice."""
    for key, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
        seen: set[Any] = set()
        for path, component in components:
            value = component.get(key)
            if value and value in seen:
                yield FieldError((*path, key), code, f"Component {key} cannot be duplicated")
            seen.add(value)


def _nothing(component: JsonObject, path: Path) -> Iterator[FieldError]:
    yield from ()


def _row_errors(row: JsonObject, path: Path) -> Iterator[FieldError]:
    kinds = [child["type"] for child in row["components"]]
    if SELECTS.intersection(kinds) and len(kinds) > 1:
        text = "The specified component exceeds the maximum width: a select fills its row"
        yield FieldError((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)


def _button_errors(button: JsonObject, path: Path) -> Iterator[FieldError]:
    style = button["style"]
    needed = {LINK_STYLE: "url", PREMIUM_STYLE: "sku_id"}.get(style, "custom_id")
    if not button.get(needed):
        yield FieldError((*path, needed), "BASE_TYPE_REQUIRED", "This field is required")
    for other in {"url", "sku_id", "custom_id"} - {needed}:
        if button.get(other):
            text = (
                "A custom id and url cannot both be specified" if other != "sku_id" else "Only premium buttons have one"
            )
            yield FieldError((*path, other), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    if style == PREMIUM_STYLE:
        return
    if not ((button.get("label") or "").strip() or button.get("emoji")):
        text = "A button must have a label or an emoji"
        yield FieldError((*path, "label"), "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", text)


def select_errors(select: JsonObject, path: Path) -> Iterator[FieldError]:
    """A string select: its options, defaults and bounds."""
    options = select.get("options") or []
    if not options:
        yield FieldError((*path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    values = [option["value"] for option in options]
    for index, value in enumerate(values):
        if value in values[:index]:
            text = "The specified option value is already used"
            yield FieldError((*path, "options", index, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    low, high = (1 if low is None else low), (1 if high is None else high)
    if low > high or high > max(len(options), 1):
        text = f"Must be between min_values ({low}) and the number of options ({len(options)})."
        yield FieldError((*path, "max_values"), "BASE_TYPE_BAD_LENGTH", text)
    if sum(bool(option.get("default")) for option in options) > high:
        text = "More options are selected by default than max_values allows"
        yield FieldError((*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_OPTIONS", text)


_CHECKS = {
    int(Component.ACTION_ROW): _row_errors,
    int(Component.BUTTON): _button_errors,
    int(Component.STRING_SELECT): select_errors,
}


def _v2_errors(payload: JsonObject) -> Iterator[FieldError]:
    for key in ("content", "embeds", "poll"):
        if payload.get(key):
            text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            yield FieldError((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    everything = [component for _, component in walk(payload.get("components") or [])]
    if len(everything) > V2_COMPONENT_LIMIT:
        text = f"The maximum number of components is {V2_COMPONENT_LIMIT}, nested ones included"
        yield FieldError(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
    if sum(map(len, _texts(everything))) > V2_TEXT_LIMIT:
        text = f"The combined length of all texts must not exceed {V2_TEXT_LIMIT}"
        yield FieldError(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def _texts(components: list[JsonObject]) -> list[str]:
    return [part["content"] for part in components if part["type"] == Component.TEXT_DISPLAY]


def v2_bytes(payload: JsonObject) -> int:
    """What a user-reported limit of 10,170 counts: UTF-8 bytes of all texts plus 12 for each (api-docs issue 8554)."""
    texts = _texts([component for _, component in walk(payload.get("components") or [])])
    return sum(len(text.encode()) for text in texts) + 12 * len(texts)
