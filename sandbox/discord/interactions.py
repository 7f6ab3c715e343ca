"""Interactions under way: who acted where, whether the app has answered, how long its token lives."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.discord.protocol import (
    TOKEN_SECONDS,
    ApiError,
    CallbackType,
    InteractionType,
    JsonObject,
    invalid_webhook_token,
    unknown_webhook,
)

if TYPE_CHECKING:
    from sandbox.discord.clock import Clock, Snowflakes
    from sandbox.discord.world import Channel, User


@dataclass(eq=False)
class Interaction:
    """One act of a user and what became of it; `token` is what the app answers with for 15 minutes."""

    id: str
    token: str = field(repr=False)
    kind: InteractionType
    user: User
    channel: Channel
    created_at: float
    name: str  # of the command, or the custom_id: what a person would call it
    source_message_id: str | None = None  # the message whose button was pressed
    payload: JsonObject = field(default_factory=dict, repr=False)
    callback: CallbackType | None = None
    original_id: str | None = None
    modal: JsonObject | None = None
    submitted: bool = False  # the modal was sent, and has closed
    lost: bool = False  # not answered within three seconds
    answered: threading.Event = field(default_factory=threading.Event, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)  # held while an answer is applied


class InteractionBook:
    """All interactions by id and by token."""

    def __init__(self, clock: Clock, ids: Snowflakes) -> None:
        self._clock = clock
        self._ids = ids
        self._lock = threading.Lock()
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def open(
        self, kind: InteractionType, user: User, channel: Channel, name: str, source_message_id: str | None = None
    ) -> Interaction:
        """Start an interaction with a fresh id and token."""
        number = self._ids.next()
        # Discord's tokens are base64 of "interaction:<id>:<random>", about 170 characters.
        token = f"aW50ZXJhY3Rpb246{number}{secrets.token_urlsafe(100)}"
        interaction = Interaction(number, token, kind, user, channel, self._clock.now(), name, source_message_id)
        with self._lock:
            self._by_id[number] = interaction
            self._by_token[token] = interaction
        return interaction

    def get(self, interaction_id: str) -> Interaction | None:
        """The interaction with this id."""
        with self._lock:
            return self._by_id.get(interaction_id)

    def open_modal_of(self, user: User) -> Interaction | None:
        """The interaction whose modal is on the user's screen; a newer one has taken an older one's place."""
        with self._lock:
            mine = [each for each in self._by_id.values() if each.user == user and each.modal is not None]
        newest = max(mine, key=lambda each: int(each.id), default=None)
        return None if newest is None or newest.submitted else newest

    def check_unanswered(self, interaction: Interaction) -> None:
        """Refuse a second or late answer with `ApiError` 40060 or 10062; the caller holds the interaction's lock."""
        if interaction.lost or self._expired(interaction):
            raise ApiError(404, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")

    def lose(self, interaction: Interaction) -> bool:
        """Void the token because nobody answered in time; False if somebody just did."""
        with interaction.lock:
            interaction.lost = interaction.callback is None
            return interaction.lost

    def by_webhook(self, token: str) -> Interaction:
        """The interaction whose token stands in a webhook URL; raises `ApiError` 50027 or 10015."""
        with self._lock:
            interaction = self._by_token.get(token)
        if interaction is None:
            raise invalid_webhook_token()
        with interaction.lock:
            if self._expired(interaction):
                raise invalid_webhook_token()
            if interaction.lost or interaction.callback in (None, CallbackType.PONG, CallbackType.AUTOCOMPLETE):
                raise unknown_webhook()
        return interaction

    def find_token(self, token: str) -> Interaction | None:
        """The interaction with this token, whatever its state."""
        with self._lock:
            return self._by_token.get(token)

    def _expired(self, interaction: Interaction) -> bool:
        return self._clock.now() - interaction.created_at > TOKEN_SECONDS
