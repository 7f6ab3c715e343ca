"""Discord's HTTP API, as far as a run needs it: edit the deferred answer, send one more message, edit it on.

What an answer means is said in discord_answers.py, what is remembered of it in discord_manners.py.
Sources: discord-api-docs, interactions/receiving-and-responding and topics/rate-limits.
"""

import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from chatops.adapters.discord_answers import NO_ANSWER, NOT_SENT, Answer, Meaning, Verdict, judge, plain, wrong_fields
from chatops.adapters.discord_manners import Manners, Way, later
from chatops.discord.replies import EPHEMERAL
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import OutsideError
from chatops.ports import TextFile

USER_AGENT = "DiscordBot (https://github.com/cloud-chatops/cloud-chatops, 0.1.0)"
TIMEOUT_SECONDS = (2, 5)
"""To connect, and to answer."""
UPLOAD_SECONDS = (5, 15)
"""The same for a file of some megabytes; sending it counts as connecting (socket.sendall)."""
PATIENCE_SECONDS = 15
"""How long a call may take until its last try: a fresh acknowledgement may stay unknown (404), a rate limit lasts."""
MOST_REQUESTS = 5
"""In one way of one call: with growing pauses, as many as patience has room for."""

_log = logging.getLogger(__name__)


class _Gone(OutsideError):
    """This way leads nowhere (any more)."""


class DiscordChat:
    """`Chat` over HTTP. `bot_token` is asked for only when an interaction's token no longer helps.

    `clock` tells the time of day in seconds: it goes on while Lambda keeps the process frozen.
    """

    def __init__(
        self,
        base_url: str,
        bot_token: Callable[[], str | None],
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._bot_token = bot_token
        self._session = session or requests.Session()
        self._sleep = sleep
        self._clock = clock
        self._patience = patience
        self._manners = Manners(clock)

    def edit_original(
        self, application_id: str, token: str, payload: Mapping[str, Any], file: TextFile | None = None
    ) -> MessageRef:
        """See Chat."""
        way = Way("PATCH", f"/webhooks/{application_id}/{token}", "/messages/@original")
        return _message(self._call(way, payload, self._give_up(), file))

    def follow_up(
        self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool = False
    ) -> MessageRef:
        """See Chat."""
        way = Way("POST", f"/webhooks/{application_id}/{token}", "?wait=true")
        body = {**payload, "flags": EPHEMERAL} if ephemeral else payload
        sent = _message(self._call(way, body, self._give_up()))
        if not sent.message_id:
            raise OutsideError("POST to Discord: it did not say which message it made")
        return sent

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        """See Chat."""
        give_up, rest = self._give_up(), f"/messages/{message.message_id}"
        if token and token.expires_at > now:
            way = Way("PATCH", f"/webhooks/{token.application_id}/{token.value}", rest)
            if self._edited(way, payload, give_up):
                return True
        bot_token = self._bot_token()
        if not bot_token:
            return False
        return self._edited(Way("PATCH", f"/channels/{message.channel_id}", rest, bot_token), payload, give_up)

    def _give_up(self) -> float:
        return self._clock() + self._patience

    def _edited(self, way: Way, payload: Mapping[str, Any], give_up: float) -> bool:
        try:
            self._call(way, payload, give_up)
        except _Gone:
            return False
        return True

    def _call(
        self, way: Way, payload: Mapping[str, Any], give_up: float, file: TextFile | None = None
    ) -> Mapping[str, Any]:
        """Send a request, patiently but not for ever: only the first try of a way may begin after `give_up`.

        Raises:
            _Gone: the message or the right to edit it is gone.
            TryLater: Discord asks to wait, for longer than we do or for the second time, or refuses the bot token.
            OutsideError: Discord refused the message, or did not come back in time. No error ever holds a token.
        """
        if self._manners.is_shut(way):
            raise _Gone(f"{way.method} to Discord: it was refused a short time ago")
        short = None if file else plain(payload)
        waited = False
        for attempt in range(MOST_REQUESTS):
            if pause := self._manners.pause(way, give_up):
                self._sleep(pause)
            answer = self._once(way, _content(payload, file))
            found = judge(answer, bool(way.bot_token))
            self._manners.remember(way, found)
            if found.meaning is Meaning.DONE:
                return answer.body or {}
            if found.meaning is Meaning.WAIT and not waited:
                waited = True  # the next turn is when Discord says, unless that is too late
            elif found.meaning is Meaning.REFUSED and short and self._clock() < give_up:
                _log.warning("Discord refused a message, a short one is tried: %s", _refusal(way, answer))
                payload, short = short, None
            elif not (self._may_help(way, found) and self._paused(attempt, give_up)):
                break
        raise _failure(way, answer, found)

    def _may_help(self, way: Way, found: Verdict) -> bool:
        """Whether the very same request may work in a moment; a lost POST may have been heard, and two are worse."""
        if found.meaning is Meaning.UNKNOWN:
            return self._manners.is_early(way)
        return found.meaning is Meaning.BROKEN and way.method != "POST"

    def _paused(self, attempt: int, give_up: float) -> bool:
        """Sleep, each time about twice as long, and not as long as the others do; False where there is no time."""
        pause = 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311 – no secret
        if self._clock() + pause > give_up or attempt + 1 == MOST_REQUESTS:
            return False
        self._sleep(pause)
        return True

    def _once(self, way: Way, content: Mapping[str, Any]) -> Answer:
        """One request; an exception of requests is not passed on, since it names the path."""
        headers = {"User-Agent": USER_AGENT} | ({"Authorization": f"Bot {way.bot_token}"} if way.bot_token else {})
        url = self._base + way.path
        try:
            came = self._session.request(way.method, url, headers=headers, allow_redirects=False, **content)
        except ValueError:  # a token that no header or path can hold
            return Answer(NOT_SENT)
        except requests.RequestException:
            return Answer(NO_ANSWER)
        try:
            body = came.json()
        except (ValueError, RecursionError):
            body = None
        told = {name.lower(): value for name, value in came.headers.items()}
        return Answer(came.status_code, body if isinstance(body, dict) else None, told)


def _failure(way: Way, answer: Answer, found: Verdict) -> OutsideError:
    if found.meaning in (Meaning.WAIT, Meaning.BARRED):
        return later(way, found.seconds)
    if found.meaning is Meaning.REFUSED:
        _log.warning("Discord refused a message: %s", _refusal(way, answer))
    unanswered = {NOT_SENT: "could not be sent", NO_ANSWER: "got no answer"}
    said = unanswered.get(answer.status, f"answered {answer.status}, code {answer.code}")
    gone = found.meaning in (Meaning.GONE, Meaning.UNKNOWN)
    return (_Gone if gone else OutsideError)(f"{way.method} to Discord {said}")


def _refusal(way: Way, answer: Answer) -> str:
    fields = wrong_fields((answer.body or {}).get("errors"))
    return "; ".join([f"{way.method} …{way.rest}: {answer.status}, code {answer.code}", *fields])


def _content(payload: Mapping[str, Any], file: TextFile | None) -> Mapping[str, Any]:
    """The body of a request, and how long it may take: JSON, or a form that holds the JSON and the file."""
    if file is None:
        return {"json": payload, "timeout": TIMEOUT_SECONDS}
    described = {**payload, "attachments": [{"id": 0, "filename": file.name}]}
    parts = {
        "payload_json": (None, json.dumps(described), "application/json"),
        "files[0]": (file.name, file.data, "text/plain; charset=utf-8"),
    }
    return {"files": parts, "timeout": UPLOAD_SECONDS}


def _message(answer: Mapping[str, Any]) -> MessageRef:
    return MessageRef(channel_id=str(answer.get("channel_id", "")), message_id=str(answer.get("id", "")))


def _without_token(record: logging.LogRecord) -> bool:
    """Hide the interaction's token in what urllib3 tells of a path: that is at DEBUG, and in one warning."""
    record.msg, record.args = re.sub(r"(/webhooks/[^/\s]+/)[^/?\s'\"]+", r"\1…", record.getMessage()), ()
    return True


for _logger in [name for name in logging.root.manager.loggerDict if name.startswith("urllib3")]:
    logging.getLogger(_logger).addFilter(_without_token)
