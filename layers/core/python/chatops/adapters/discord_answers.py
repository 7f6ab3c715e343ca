"""What an answer of Discord means for the one who asked: pure, so that every case is one line of a test.

Sources: discord-api-docs, topics/rate-limits and topics/opcodes-and-status-codes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import islice
from typing import Any

from chatops.discord.replies import cut

NOT_SENT = 0
"""Stands for the status of a request that could not even be sent."""
NO_ANSWER = 599
"""Stands for the status of a request that was perhaps heard and never answered."""

UNTOLD_SECONDS = 1.0
"""A rate limit that does not say how long: of Discord's own buckets most are as short."""
OLD_EDITS_SECONDS = 60.0
"""The limit on edits of messages older than an hour (30046) tells nothing. It counts by channel, and people saw
windows of 6 s and of 20 s (discord-userdoccers pull request 551, circuitsacul/starboard-4 issue 118): this is three
times the longest, so that three runs in one channel do not meet again, and as often as the watchdog comes."""
BLOCKED_SECONDS = 60.0
"""Cloudflare, before Discord, refuses our address and does not say for how long."""
MOST_SECONDS = 3600.0
"""What asks for longer is asked again after an hour."""
LEAST_SECONDS = 0.1

BUDGET_SECONDS = 600.0
"""10,000 answers of 401, 403 and 429 in so many seconds ban an address: whoever said one of these is left alone."""
UNKNOWN_SECONDS = 60.0
"""An interaction's webhook is at times unknown for some seconds (discord-api-docs issue 7220)."""

_UNKNOWN_WEBHOOK = 10015
_OLD_EDITS = 30046
_ALREADY_ACKNOWLEDGED = 40060
_BLOCKED_BY_CLOUDFLARE = 40333
_INVALID_WEBHOOK_TOKEN = 50027
_THREAD_IS_ARCHIVED = 50083

_PLAIN_LENGTH = 500
_MOST_FIELDS = 10
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


class Meaning(Enum):
    """What to do about an answer."""

    DONE = auto()
    WAIT = auto()
    """Nothing was done; the same may be asked again after some seconds."""
    GONE = auto()
    """This message, or this way to it, is no more."""
    UNKNOWN = auto()
    """An interaction's webhook that is not known: not yet, or no more."""
    BARRED = auto()
    """The bot token is refused."""
    REFUSED = auto()
    """The message itself is not taken; another one might be."""
    BROKEN = auto()
    """Discord's own trouble; whether the request was heard nobody knows."""
    FAILED = auto()
    """Anything else: asking again would change nothing."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came: `body` is None where it is no JSON object; the names of headers are in lower case."""

    status: int
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def code(self) -> int:
        """Discord's own code for an error, 0 for none."""
        code = (self.body or {}).get("code")
        return code if isinstance(code, int) else 0


@dataclass(frozen=True)
class Verdict:
    """What an answer means, and for how many seconds not to ask its like again.

    That is for WAIT and DONE the bucket of this request, or everything that this process asks Discord; for BARRED what
    needs that bot token; and for GONE and UNKNOWN the way that is closed.
    """

    meaning: Meaning
    seconds: float = 0.0
    everywhere: bool = False


def judge(answer: Answer, as_bot: bool) -> Verdict:
    """Say what an answer means to a request with the bot token, or with an interaction's token in its path."""
    status, code = answer.status, answer.code
    if 200 <= status < 300 or code == _ALREADY_ACKNOWLEDGED:
        return Verdict(Meaning.DONE, _spent(answer))
    if status == 429 or code == _OLD_EDITS:
        return _wait(answer)
    if status == 403 and (answer.body is None or code == _BLOCKED_BY_CLOUDFLARE):
        return Verdict(Meaning.WAIT, BLOCKED_SECONDS, everywhere=True)
    if status == 404 and not as_bot and code in (0, _UNKNOWN_WEBHOOK):
        return Verdict(Meaning.UNKNOWN, UNKNOWN_SECONDS)
    if status == 401 and as_bot and code != _INVALID_WEBHOOK_TOKEN:
        return Verdict(Meaning.BARRED, BUDGET_SECONDS)
    if status in (401, 403, 404) or code in (_INVALID_WEBHOOK_TOKEN, _THREAD_IS_ARCHIVED):
        return Verdict(Meaning.GONE, BUDGET_SECONDS)
    if status in (400, 413):
        return Verdict(Meaning.REFUSED)
    return Verdict(Meaning.BROKEN if status >= 500 else Meaning.FAILED)


def _wait(answer: Answer) -> Verdict:
    body = answer.body or {}
    header, told = _seconds(answer.headers.get("retry-after")), _seconds(body.get("retry_after"))
    if told is None or (header and header > math.ceil(told)):
        told = header  # the header is the body's number in whole seconds; what says more is Cloudflare's, and counts
    if told is None and answer.body is None:
        told = BLOCKED_SECONDS
    if told is None:
        told = OLD_EDITS_SECONDS if answer.code == _OLD_EDITS else UNTOLD_SECONDS
    globally = body.get("global") is True or answer.headers.get("x-ratelimit-scope") == "global"
    return Verdict(Meaning.WAIT, max(told, LEAST_SECONDS), everywhere=globally or answer.body is None)


def _spent(answer: Answer) -> float:
    """How long the bucket stays empty that this very request took the last one from; asking sooner would be a 429."""
    if answer.headers.get("x-ratelimit-remaining", "").strip() != "0":
        return 0.0
    return _seconds(answer.headers.get("x-ratelimit-reset-after")) or 0.0


def _seconds(told: Any) -> float | None:
    """A number of seconds that can be waited, an hour at most; None for anything else, such as a date, -1 or NaN."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, MOST_SECONDS) if seconds > 0 else None


def plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The message without its looks: title and first line; the buttons stay, since somebody may be waited for."""
    embed: Mapping[str, Any] = next(iter(payload.get("embeds") or ()), {})
    lines = str(embed.get("description") or payload.get("content") or "").splitlines()
    first = next((line for line in lines if line.strip(" `")), "")
    text = "\n".join(part for part in (str(embed.get("title") or ""), first) if part)
    note = "(Discord did not accept this message in full.)"
    return {**payload, "content": f"{cut(text, _PLAIN_LENGTH)}\n{note}".strip(), "embeds": []}


def wrong_fields(errors: Any) -> list[str]:
    """The paths in an error tree with Discord's names for what is wrong, and none of its texts: they may quote ours."""
    return list(islice(_wrong_fields(errors, ()), _MOST_FIELDS))


def _wrong_fields(tree: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(tree, dict) or len(path) > _MOST_FIELDS:
        return
    for name, below in tree.items():
        if name == "_errors" and isinstance(below, list):
            codes = [str(each.get("code", "")) for each in below if isinstance(each, dict)]
            yield f"{'.'.join(path) or '(all)'}: {', '.join(filter(_NAME.fullmatch, codes)) or 'no code'}"
        elif _NAME.fullmatch(name):
            yield from _wrong_fields(below, (*path, name))
