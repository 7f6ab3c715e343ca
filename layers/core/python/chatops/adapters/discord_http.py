"""Discord's HTTP API, as far as a run needs it: edit the deferred answer, send one more message, edit it on.

Sources: discord-api-docs, interactions/receiving-and-responding and topics/rate-limits.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from chatops.discord.replies import EPHEMERAL
from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import OutsideError

USER_AGENT = "DiscordBot (https://github.com/cloud-chatops/cloud-chatops, 0.1.0)"
TIMEOUT_SECONDS = (2, 5)
"""To connect, and to answer."""
PATIENCE_SECONDS = 15
"""How long a call may take until its last try: a fresh acknowledgement may stay unknown (404), a rate limit lasts."""

_GONE = {401, 403, 404}
_UNKNOWN_WEBHOOK = 10015


class DiscordChat:
    """`Chat` over HTTP. `bot_token` is asked for only when an interaction's token no longer helps."""

    def __init__(
        self,
        base_url: str,
        bot_token: Callable[[], str | None],
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._bot_token = bot_token
        self._session = session or requests.Session()
        self._sleep = sleep
        self._clock = clock
        self._patience = patience

    def edit_original(self, application_id: str, token: str, payload: Mapping[str, Any]) -> MessageRef:
        """See Chat."""
        answer = self._call("PATCH", f"/webhooks/{application_id}/{token}/messages/@original", payload, fresh=True)
        return _message(answer)

    def follow_up(
        self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool = False
    ) -> MessageRef:
        """See Chat."""
        body = {**payload, "flags": EPHEMERAL} if ephemeral else payload
        return _message(self._call("POST", f"/webhooks/{application_id}/{token}?wait=true", body, fresh=True))

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        """See Chat."""
        if token and token.expires_at > now:
            path = f"/webhooks/{token.application_id}/{token.value}/messages/{message.message_id}"
            if self._call("PATCH", path, payload) is not None:
                return True
        bot_token = self._bot_token()
        if not bot_token:
            return False
        path = f"/channels/{message.channel_id}/messages/{message.message_id}"
        return self._call("PATCH", path, payload, bot_token=bot_token) is not None

    def _call(
        self, method: str, path: str, payload: Mapping[str, Any], fresh: bool = False, bot_token: str = ""
    ) -> Mapping[str, Any] | None:
        """Send a request, patiently but not for ever.

        Returns None where the message or the right to edit it is gone. `fresh` says that the interaction was answered
        just now, so that 404 may only mean "not yet" (discord-api-docs issue 7220).

        Raises:
            OutsideError: Discord refused the payload, or did not come back in time; never holds a token.
        """
        headers = {"User-Agent": USER_AGENT} | ({"Authorization": f"Bot {bot_token}"} if bot_token else {})
        give_up, pause = self._clock() + self._patience, 0.5
        while True:
            status, body, wait = self._once(method, path, payload, headers)
            if status < 300:
                return body
            early = fresh and status == 404 and body.get("code") in (None, _UNKNOWN_WEBHOOK)
            again = status >= 500 and method != "POST"  # a lost POST may have been heard: a second message is worse
            if status == 429 or again or early:
                pause = wait if status == 429 else pause * 2
                if self._clock() + pause <= give_up:
                    self._sleep(pause)
                    continue
            if status in _GONE and not fresh:
                return None
            raise OutsideError(f"{method} to Discord answered {status}, code {body.get('code')}")

    def _once(
        self, method: str, path: str, payload: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, Any], float]:
        """One request: status (599 for no answer), JSON body (empty for HTML), and how long a 429 asks to wait."""
        try:
            answer = self._session.request(
                method, self._base + path, json=payload, headers=dict(headers), timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException:
            return 599, {}, 0.0
        try:
            body = answer.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        wait = body.get("retry_after") or answer.headers.get("Retry-After") or 1.0
        try:
            return answer.status_code, body, max(float(wait), 0.1)
        except (ValueError, TypeError):
            return answer.status_code, body, 1.0


def _message(answer: Mapping[str, Any] | None) -> MessageRef:
    if answer is None:
        raise OutsideError("sending a message to Discord: it is gone")
    return MessageRef(channel_id=str(answer.get("channel_id", "")), message_id=str(answer.get("id", "")))
