"""Autocomplete: suggestions for the option that a person is typing, in time or not at all."""

from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol, TypeVar, cast

from chatops.commands.base import Choice, Command, Option, OptionType, SuggestRequest
from chatops.discord.interactions import Interaction

# discord-api-docs, interactions/application-commands: choices
MAX_CHOICES: Final = 25
MAX_CHOICE_TEXT: Final = 100

DATABASE_SECONDS: Final = 1.0

_T = TypeVar("_T")


class Names(Protocol):
    """What suggestions are made from, outside."""

    def deployment_names(self, guild_id: str) -> Sequence[str]:
        """The names of a guild's deployments."""
        ...

    def session_names(self, guild_id: str, user_id: str) -> Sequence[tuple[str, int]]:
        """The ids of a person's own open sessions in a guild, each with the seconds that are left of it."""
        ...


def suggestions(
    commands: Mapping[str, Command],
    interaction: Interaction,
    outside: Callable[[], Names],
    seconds: float = DATABASE_SECONDS,
) -> list[dict[str, Any]]:
    """Discord's choices for the option in focus; empty where nothing is to be suggested.

    Raises:
        Exception: whatever the option's `suggest` raises; TimeoutError if the database takes longer than `seconds`.
    """
    command = commands.get(interaction.command)
    option = next((each for each in command.options if each.name == interaction.focused), None) if command else None
    if option is None or option.suggest is None:
        return []
    choices = option.suggest(_request(interaction, option, outside, seconds))
    sendable = [choice for choice in choices if choice.name.strip() and 1 <= len(choice.value) <= MAX_CHOICE_TEXT]
    return [_choice_json(option, choice) for choice in sendable[:MAX_CHOICES]]


def _request(interaction: Interaction, option: Option, outside: Callable[[], Names], seconds: float) -> SuggestRequest:
    guild_id, person = interaction.guild_id, interaction.person

    def names() -> Sequence[str]:
        return within(seconds, lambda: outside().deployment_names(guild_id)) if guild_id else ()

    def sessions() -> Sequence[tuple[str, int]]:
        return within(seconds, lambda: outside().session_names(guild_id, person.id)) if guild_id and person else ()

    return SuggestRequest(
        text=str(interaction.options.get(option.name, "")),
        options={name: value for name, value in interaction.options.items() if name != option.name},
        deployment_names=names,
        sessions=sessions,
    )


def _choice_json(option: Option, choice: Choice) -> dict[str, Any]:
    # A name may be cut, it is only shown; a value may not, it would mean something else.
    value = int(choice.value) if option.type is OptionType.INTEGER else choice.value
    return {"name": choice.name[:MAX_CHOICE_TEXT], "value": value}


def within(seconds: float, call: Callable[[], _T]) -> _T:
    """The call's result; a call that takes longer goes on unheard.

    Raises:
        TimeoutError: there was no result in time.
    """
    outcome: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def run() -> None:
        try:
            outcome.put((True, call()))
        except Exception as error:
            outcome.put((False, error))

    Thread(target=run, daemon=True).start()
    try:
        succeeded, result = outcome.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds} s") from None
    if not succeeded:
        raise result
    return cast("_T", result)
