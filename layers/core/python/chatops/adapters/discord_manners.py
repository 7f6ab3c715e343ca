"""What a process remembers of Discord's answers, so that its next calls do not ask what was just refused."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from chatops.adapters.discord_answers import Meaning, Verdict
from chatops.domain.runs import TOKEN_SECONDS
from chatops.errors import TryLater

EARLY_SECONDS = 15
"""So long after an interaction was acknowledged, Discord may not know its webhook (discord-api-docs issue 7220)."""
BOT_TOKEN_REFUSED = "Discord refuses the bot token"  # noqa: S105
"""These words in a log are an alarm (template.yaml)."""

_EVERYTHING = ""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """A way to a message: with an interaction's token in `route`, which is what rate limits count by, or as the bot."""

    method: str
    route: str = field(repr=False)
    rest: str
    bot_token: str = field(default="", repr=False)

    @property
    def path(self) -> str:
        """Below the API's address."""
        return self.route + self.rest

    @property
    def bucket(self) -> str:
        """What one rate limit counts together."""
        return f"{self.method} {self.route}"


class Manners:
    """Who asked to be left alone, and until when (`clock`)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, float] = {}  # buckets, bot tokens, or everything: to be asked again later
        self._shut: dict[str, float] = {}  # paths: no use asking
        self._met: dict[str, float] = {}  # interactions' routes: when they were first used here

    def is_shut(self, way: Way) -> bool:
        """Whether this way was refused a short time ago."""
        now = self._clock()
        self._met = {route: at for route, at in self._met.items() if now < at + TOKEN_SECONDS}
        self._met.setdefault(way.route, now)
        return self._shut.get(way.path, now) > now

    def is_early(self, way: Way) -> bool:
        """Whether Discord may not know the interaction yet."""
        return self._clock() < self._met.get(way.route, 0) + EARLY_SECONDS

    def pause(self, way: Way, give_up: float) -> float:
        """How many seconds to wait for one's turn.

        Raises:
            TryLater: it would be after `give_up`.
        """
        now = self._clock()
        left = max(self._held.get(each, now) - now for each in (_EVERYTHING, way.bucket, way.bot_token or way.bucket))
        if left > 0 and now + left > give_up:
            raise later(way, left)
        return max(left, 0)

    def remember(self, way: Way, found: Verdict) -> None:
        """Take an answer to heart."""
        now = self._clock()
        until = now + found.seconds
        match found.meaning:
            case Meaning.BARRED:
                _log.error("%s; it is not used for %.0f s", BOT_TOKEN_REFUSED, found.seconds)
                self._held = _current(self._held, now) | {way.bot_token: until}
            case Meaning.GONE:
                self._shut = _current(self._shut, now) | {way.path: until}
            case Meaning.UNKNOWN if not self.is_early(way):
                self._shut = _current(self._shut, now) | {way.path: until}
            case Meaning.WAIT | Meaning.DONE:
                self._held = _current(self._held, now) | {_EVERYTHING if found.everywhere else way.bucket: until}


def later(way: Way, seconds: float) -> TryLater:
    """What is raised where Discord asks for more patience than there is."""
    return TryLater(f"{way.method} to Discord: to be tried again in {seconds:.1f} s", seconds)


def _current(until: dict[str, float], now: float) -> dict[str, float]:
    return {what: when for what, when in until.items() if when > now}
