"""Trouble on request: what Discord's servers do at times, for tests and for the curious."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.discord.limits import too_many
from sandbox.discord.protocol import ApiError, FieldError, invalid_form, unknown_message, unknown_webhook

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(eq=False)
class HtmlAnswer(Exception):
    """An answer that Cloudflare gives in front of Discord: not JSON."""

    status: int
    text: str
    retry_after: int | None = None


@dataclass(eq=False)
class NoAnswer(Exception):
    """The connection ends after `seconds` without an answer; `after_work`: the request took effect all the same."""

    seconds: float
    after_work: bool


@dataclass
class Fault:
    """A kind of trouble for the next `left` matching requests."""

    kind: str
    left: int
    seconds: float
    method: str | None
    path: str


CLOUDFLARE = "Access denied | discord.com used Cloudflare to restrict access"


def _html(status: int, title: str, retry_after: int | None = None) -> HtmlAnswer:
    return HtmlAnswer(status, f"<!DOCTYPE html><html><head><title>{title}</title></head></html>", retry_after)


def _at_odds(seconds: float) -> ApiError:
    """A header that asks for `seconds` over a body that asks for hardly any."""
    limit = too_many(0.05)
    limit.headers["Retry-After"] = str(math.ceil(seconds))
    return limit


KINDS: dict[str, Callable[[float], Exception]] = {
    "not_ready": lambda seconds: unknown_webhook(),
    "not_found": lambda seconds: ApiError(404, 0, "404: Not Found"),
    "unknown_message": lambda seconds: unknown_message(),
    "unknown_channel": lambda seconds: ApiError(404, 10003, "Unknown Channel"),
    "unknown_interaction": lambda seconds: ApiError(404, 10062, "Unknown interaction"),
    "acknowledged": lambda seconds: ApiError(400, 40060, "Interaction has already been acknowledged."),
    "rate_limit": too_many,
    "rate_limit_global": lambda seconds: too_many(seconds, "global"),
    "rate_limit_shared": lambda seconds: too_many(seconds, "shared"),
    "rate_limit_html": lambda seconds: _html(429, CLOUDFLARE, max(1, round(seconds))),
    "rate_limit_silent": lambda seconds: ApiError(429, 0, "You are being rate limited."),
    "rate_limit_at_odds": _at_odds,
    "old_message": lambda seconds: too_many_old_edits(),
    "blocked": lambda seconds: _html(403, CLOUDFLARE),
    "server_error": lambda seconds: ApiError(500, 0, "500: Internal Server Error"),
    "bad_gateway": lambda seconds: _html(502, "502 Bad Gateway"),
    "unavailable": lambda seconds: ApiError(503, 0, "upstream connect error or disconnect/reset before headers"),
    "time_out": lambda seconds: NoAnswer(seconds, after_work=False),
    "lost_answer": lambda seconds: NoAnswer(seconds, after_work=True),
    "expired_token": lambda seconds: ApiError(401, 50027, "Invalid Webhook Token"),
    "refused_bot": lambda seconds: ApiError(401, 0, "401: Unauthorized"),
    "missing_access": lambda seconds: ApiError(403, 50001, "Missing Access"),
    "missing_permissions": lambda seconds: ApiError(403, 50013, "Missing Permissions"),
    "archived_thread": lambda seconds: ApiError(400, 50083, "Thread is archived"),
    "automod": lambda seconds: ApiError(400, 200000, "Message was blocked by automatic moderation"),
    "invalid_form": lambda seconds: invalid_form(
        FieldError(("embeds", 0, "title"), "BASE_TYPE_MAX_LENGTH", "Must be 256 or fewer in length.")
    ),
    "too_large": lambda seconds: ApiError(413, 40005, "Request entity too large"),
}


def too_many_old_edits() -> ApiError:
    """429 30046; it comes without Retry-After."""
    text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
    return ApiError(429, 30046, text)


class Faults:
    """The queue of trouble still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []

    def add(
        self, kind: str, count: int = 1, *, seconds: float = 1.0, method: str | None = None, path: str = ""
    ) -> None:
        """Ask for trouble on the next `count` requests of the app, optionally of one method or with `path` in the path.

        `seconds` is the retry_after of rate limits and how long `time_out` and `lost_answer` hang.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        with self._lock:
            self._pending.append(Fault(kind, count, seconds, method, path))

    def clear(self) -> None:
        """No more trouble."""
        with self._lock:
            self._pending.clear()

    def take(self, method: str, path: str) -> Exception | None:
        """The trouble for this request, counted down; None for almost every request."""
        with self._lock:
            for fault in self._pending:
                if fault.method in (None, method) and fault.path in path:
                    fault.left -= 1
                    self._pending = [pending for pending in self._pending if pending.left > 0]
                    return KINDS[fault.kind](fault.seconds)
        return None
