"""Discord, in and out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatops.domain.runs import MessageRef, ReplyToken


class InteractionStore(Protocol):
    """Claimed interaction ids, and which run a build works for."""

    def claim(self, interaction_id: str, now: int) -> bool:
        """True for the one that may work on the interaction (first, or after a dead first one); False once it is done.

        Raises:
            BusyError: somebody works on it, or died so short a time ago that nobody can tell.
        """
        ...

    def done(self, interaction_id: str) -> None:
        """The interaction is answered."""
        ...

    def hold(self, interaction_id: str, payload: Mapping[str, Any], now: int) -> None:
        """Keep what an interaction asked until a form about it comes back, for fifteen minutes; without its token.

        What a form has taken stays as it is.
        """
        ...

    def held(self, interaction_id: str, by: str, now: int) -> Mapping[str, Any] | None:
        """What was held, for the form's interaction `by`; None when it is over, or another has taken it."""
        ...

    def take(self, interaction_id: str, by: str) -> bool:
        """True for the one interaction that may do what was held, however often it asks; False for any other."""
        ...

    def forget_expired(self, now: int) -> int:
        """Delete what was held too long, and return how many there were; the list may lag."""
        ...

    def forget_held_of(self, *, guild_id: str = "", user_id: str = "") -> int:
        """Delete what is held of a guild, or of a person in whatever guild, and return how many there were.

        What was held a moment ago may be missed; it is over in a quarter of an hour.
        """
        ...

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        """Remember which run a build works for."""
        ...

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        """(run id, phase, start in ms) of a build that claimed its bundle, else None."""
        ...


@dataclass(frozen=True)
class TextFile:
    """A file of UTF-8 text under a message; its name is of letters, digits, dashes and dots alone."""

    name: str
    data: bytes = field(repr=False)


class Chat(Protocol):
    """Discord's outbound side."""

    def edit_original(
        self, application_id: str, token: str, payload: Mapping[str, Any], file: TextFile | None = None
    ) -> MessageRef:
        """Replace the deferred answer, with a file under it if there is one."""
        ...

    def follow_up(self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool) -> MessageRef:
        """Send one more message to an interaction."""
        ...

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        """Edit a live message by the freshest way there is; False when it cannot be edited any more.

        Raises:
            TryLater: Discord asks to wait for so long.
            OutsideError: Discord did not take the message, or was not reached.
        """
        ...


class Installations(Protocol):
    """Where the app is installed."""

    def is_ours(self) -> bool | None:
        """Whether the bot token is that of the application that we ask about; None where Discord says nothing clear."""
        ...

    def removed_from(self, guild_id: str) -> bool | None:
        """Whether Discord says clearly that we are no longer let into the guild; None where it says nothing clear."""
        ...


class Attachments(Protocol):
    """Files that people attach to a command."""

    def fetch(self, address: str, most_bytes: int) -> bytes:
        """The file, from Discord's CDN and nowhere else.

        Raises:
            UserError: it is longer than `most_bytes`, gone, or lies somewhere else.
            OutsideError: the CDN was not reached, or too slow.
        """
        ...
