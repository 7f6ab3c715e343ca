"""Whether Discord still lets us into a guild.

An application that is only called over HTTP is told nothing: APPLICATION_DEAUTHORIZED names a person and no guild
(discord-api-docs, events/webhook-events), and GUILD_DELETE comes over the gateway alone. But its own commands in a
guild may be read only while it is installed there with `applications.commands`; elsewhere that is 403, code 50001
(as people met it: discord.py issue 7841, eris issue 1443).
"""

import logging
import time
from collections.abc import Callable

import requests

from chatops.adapters.discord_answers import NO_ANSWER, NOT_SENT, Answer, Meaning, judge
from chatops.adapters.discord_http import TIMEOUT_SECONDS, USER_AGENT
from chatops.adapters.discord_manners import BOT_TOKEN_REFUSED

_log = logging.getLogger(__name__)

MOST_WAIT_SECONDS = 10
"""A longer rate limit is not waited for: tomorrow is another day."""

# discord-api-docs, topics/opcodes-and-status-codes: Missing Access, Unknown Guild
_REFUSALS = {(403, 50001), (404, 10004)}


class DiscordGuilds:
    """`Installations` over HTTP, asked with the bot token."""

    def __init__(
        self,
        base_url: str,
        application_id: str,
        bot_token: Callable[[], str | None],
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._application_id = application_id
        self._bot_token = bot_token
        self._session = session or requests.Session()
        self._sleep = sleep
        self._barred = False

    def is_ours(self) -> bool | None:
        """See Installations; to another application's token every guild looks shut."""
        answer = self._asked("@me")
        told = answer.body.get("id") if answer and answer.status == 200 and answer.body else None
        return told == self._application_id if isinstance(told, str) else None

    def removed_from(self, guild_id: str) -> bool | None:
        """See Installations; without a bot token that Discord takes nothing can be known, and it is not asked again."""
        answer = self._asked(f"{self._application_id}/guilds/{guild_id}/commands")
        if answer and (answer.status, answer.code) in _REFUSALS:
            return True
        return False if answer and answer.status == 200 else None

    def _asked(self, what: str) -> Answer | None:
        """The answer, after a short rate limit if there is one; None without a bot token that Discord takes."""
        bot_token = None if self._barred else self._bot_token()
        if not bot_token:
            return None
        answer = self._ask(what, bot_token)
        found = judge(answer, as_bot=True)
        if found.meaning is Meaning.WAIT and found.seconds <= MOST_WAIT_SECONDS:
            self._sleep(found.seconds)
            answer = self._ask(what, bot_token)
        if found.meaning is Meaning.BARRED:
            self._barred = True
            _log.error("%s; guilds are not asked about", BOT_TOKEN_REFUSED)
        return answer

    def _ask(self, what: str, bot_token: str) -> Answer:
        """One request; an exception of requests is not passed on, since it may hold the token."""
        url = f"{self._base}/applications/{what}"
        headers = {"User-Agent": USER_AGENT, "Authorization": f"Bot {bot_token}"}
        try:
            came = self._session.get(url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except ValueError:
            return Answer(NOT_SENT)
        except requests.RequestException:
            return Answer(NO_ANSWER)
        try:
            body = came.json()
        except (ValueError, RecursionError):
            body = None
        told = {name.lower(): value for name, value in came.headers.items()}
        return Answer(came.status_code, body if isinstance(body, dict) else None, told)
