"""What a person does in Discord's client: run a command, press a button, fill in a modal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord import payloads
from sandbox.discord.cdn import attach
from sandbox.discord.incoming import Upload
from sandbox.discord.message_rules import walk
from sandbox.discord.options import ClientRefusalError, OptionValue, command_data
from sandbox.discord.protocol import (
    SELECTS,
    Component,
    FieldError,
    InteractionType,
    JsonObject,
    OptionType,
    invalid_form,
)
from sandbox.discord.sending import InteractionResult, deliver
from sandbox.discord.world import ADMINISTRATOR, Channel, Guild, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.discord.messages import Message
    from sandbox.discord.state import State

Who = User | str
_CHOICE_TYPES: dict[Any, tuple[type, ...]] = {OptionType.INTEGER: (int,), OptionType.NUMBER: (int, float)}


def run_command(
    state: State,
    name: str,
    options: Mapping[str, OptionValue | Upload],
    user: Who,
    guild: Guild | str | None = None,
    channel: Channel | str | None = None,
    *,
    focused: str | None = None,
) -> InteractionResult:
    """Send a slash command, or the autocomplete request of its `focused` option."""
    person = state.world.user(user)
    place = state.world.place(person, guild, channel)
    commands = state.commands_in(place.guild.id if place.guild else None) if state.commands else None
    if focused is not None and focused not in options:
        options = {**options, focused: ""}
    data = command_data(name, _attached(state, options), commands, state.world, focused)
    _check_permission(state, (commands or {}).get(data["name"]), person, place)
    kind = InteractionType.COMMAND if focused is None else InteractionType.AUTOCOMPLETE
    interaction = state.interactions.open(kind, person, place, name.removeprefix("/"))
    result = deliver(state, interaction, payloads.act(state, interaction, data))
    if focused is not None:
        _check_choices(state, data, result)
    return result


def press(
    state: State, message_id: str, custom_id: str, user: Who, values: list[str] | None, *, unchecked: bool
) -> InteractionResult:
    """Press a button or choose in a select; `unchecked` sends even what is gone or disabled."""
    person = state.world.user(user)
    message = state.messages.get(message_id)
    if message is None:
        raise ClientRefusalError(f"there is no message {message_id}")
    place = state.world.channel_by_id(message.channel_id)
    if place is None or not state.world.may_enter(person, place) or not message.visible_to(person):
        raise ClientRefusalError(f"{person.name} does not see the message {message_id}")
    component = message.component(custom_id)
    if not unchecked:
        component = _pressable(message, custom_id, values or [])
    interaction = state.interactions.open(InteractionType.COMPONENT, person, place, custom_id, message.id)
    data = _component_data(custom_id, component or {"type": int(Component.BUTTON)}, values)
    return deliver(state, interaction, payloads.act(state, interaction, data, message))


def submit_modal(
    state: State, interaction_id: str | None, values: dict[str, str | list[str]], user: Who | None
) -> InteractionResult:
    """Fill in the modal that an interaction opened and send it; without an id, the one on the user's screen."""
    if interaction_id is None:
        person = state.world.user(user or "owner")
        opener, where = state.interactions.open_modal_of(person), f"there is no modal on {person.name}'s screen"
    else:
        opener, where = state.interactions.get(interaction_id), f"the interaction {interaction_id} opened no modal"
    if opener is None or opener.modal is None:
        raise ClientRefusalError(where)
    person = state.world.user(user) if user is not None else opener.user
    if person != opener.user:
        raise ClientRefusalError(f"the modal is on {opener.user.name}'s screen, not on {person.name}'s")
    _check_modal(opener.modal, values)
    name = opener.modal["custom_id"]
    interaction = state.interactions.open(
        InteractionType.MODAL_SUBMIT, person, opener.channel, name, opener.source_message_id
    )
    message = state.messages.get(opener.source_message_id)
    data = payloads.modal_data(opener.modal, values)
    result = deliver(state, interaction, payloads.act(state, interaction, data, message))
    opener.submitted = result.problem is None  # else it stays open: "Something went wrong. Try again."
    return result


def _attached(state: State, options: Mapping[str, OptionValue | Upload]) -> dict[str, OptionValue]:
    """The options, once the client has uploaded what is a file."""
    try:
        return {key: attach(state, value) if isinstance(value, Upload) else value for key, value in options.items()}
    except ValueError as error:
        raise ClientRefusalError(str(error)) from None


def _check_permission(state: State, command: JsonObject | None, person: User, place: Channel) -> None:
    contexts = (command or {}).get("contexts")
    if contexts is not None and (0 if place.guild else 1) not in contexts:
        raise ClientRefusalError(f"/{(command or {})['name']} is not offered in this kind of channel")
    needed = (command or {}).get("default_member_permissions")
    if needed is None or place.guild is None:
        return
    has = state.world.permissions(person, place)
    allowed = has & ADMINISTRATOR or (int(needed) and has & int(needed) == int(needed))
    if not allowed:
        raise ClientRefusalError(f"{person.name} may not use /{(command or {})['name']} here, so Discord hides it")


def _check_choices(state: State, data: JsonObject, result: InteractionResult) -> None:
    """Suggestions must have the option's own type (not in Discord's file)."""
    option: JsonObject = next((option for option in data["options"] if option.get("focused")), {})
    wanted = _CHOICE_TYPES.get(option.get("type"), (str,))
    for index, choice in enumerate(result.choices):
        if not isinstance(choice.get("value"), wanted) or isinstance(choice.get("value"), bool):
            path = ("data", "choices", index, "value")
            error = invalid_form(FieldError(path, "BASE_TYPE_INVALID", "Not of the option's type."))
            state.problem(f"/{data['name']} (autocomplete)", str(error), error.code)


def _pressable(message: Message, custom_id: str, values: list[str]) -> JsonObject:
    component = message.component(custom_id)
    if component is None:
        offered = ", ".join(str(button.custom_id) for button in message.buttons) or "none"
        raise ClientRefusalError(f"the message has no component {custom_id!r}; it offers: {offered}")
    if component.get("disabled"):
        raise ClientRefusalError(f"the component {custom_id!r} is disabled")
    offered_values = [option["value"] for option in component.get("options") or ()]
    unknown = [value for value in values if value not in offered_values]
    if unknown and component["type"] in (Component.BUTTON, Component.STRING_SELECT):
        raise ClientRefusalError(f"{unknown[0]!r} is not offered by {custom_id!r}; it offers: {offered_values}")
    return component


def _component_data(custom_id: str, component: JsonObject, values: list[str] | None) -> JsonObject:
    data: JsonObject = {"component_type": component["type"], "custom_id": custom_id, "id": component.get("id", 1)}
    return data | ({"values": values or []} if component["type"] in SELECTS else {})


def _check_modal(modal: JsonObject, values: dict[str, str | list[str]]) -> None:
    parts = {part["custom_id"]: part for _, part in walk(modal["components"]) if part.get("custom_id")}
    unknown = [name for name in values if name not in parts]
    if unknown:
        raise ClientRefusalError(f"the modal has no field {unknown[0]!r}; it has: {', '.join(parts)}")
    for name, part in parts.items():
        if part["type"] == Component.TEXT_INPUT:
            _check_text(name, part, str(values.get(name, part.get("value") or "")))


def _check_text(name: str, part: JsonObject, text: str) -> None:
    if not text and part.get("required") is False:
        return
    low, high = part.get("min_length") or 1, part.get("max_length") or 4000
    if not low <= len(text) <= high:
        raise ClientRefusalError(f"the field {name!r} takes {low} to {high} characters, not {len(text)}")
