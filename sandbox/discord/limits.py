"""Rate limits: one bucket per interaction token and per channel, with the headers Discord sends."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.discord.protocol import ApiError

if TYPE_CHECKING:
    from sandbox.discord.clock import Clock

PATIENT_REQUESTS = 2  # blocked in one window: two writers may meet, a third request was told to wait

Scope = Literal["user", "global", "shared"]


@dataclass
class Bucket:
    """Requests counted since the window opened; `blocked` counts those answered 429 in it."""

    resets_at: float
    used: int = 0
    blocked: int = 0


@dataclass(frozen=True)
class RateLimit:
    """How many requests a bucket takes in how many seconds."""

    requests: int = 5
    seconds: float = 2.0


class RateLimiter:
    """Counts requests per key; `limit=None` switches it off."""

    def __init__(self, clock: Clock, limit: RateLimit | None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self.limit = limit

    def take(self, key: str) -> tuple[dict[str, str], ApiError | None, bool]:
        """Count one request: X-RateLimit headers, a 429 if it is one too many, and whether it ignored Retry-After."""
        if self.limit is None:
            return {}, None, False
        with self._lock:
            now = self._clock.now()
            bucket = self._open_bucket(key, now)
            bucket.used += 1
            headers = self._headers(key, bucket, now)
            if bucket.used <= self.limit.requests:
                return headers, None, False
            bucket.blocked += 1
            return headers, too_many(bucket.resets_at - now), bucket.blocked > PATIENT_REQUESTS

    def _open_bucket(self, key: str, now: float) -> Bucket:
        assert self.limit is not None  # noqa: S101 – checked by the only caller
        bucket = self._buckets.get(key)
        if bucket is None or bucket.resets_at <= now:
            bucket = self._buckets[key] = Bucket(now + self.limit.seconds)
        return bucket

    def _headers(self, key: str, bucket: Bucket, now: float) -> dict[str, str]:
        assert self.limit is not None  # noqa: S101 – checked by the only caller
        return {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(max(0, self.limit.requests - bucket.used)),
            "X-RateLimit-Reset": f"{bucket.resets_at:.3f}",
            "X-RateLimit-Reset-After": f"{bucket.resets_at - now:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(key.encode()).hexdigest()[:32],
        }


def too_many(retry_after: float, scope: Scope = "user") -> ApiError:
    """429 as Discord's own servers answer it."""
    is_global = scope == "global"
    rounded = math.ceil(retry_after) if math.isfinite(retry_after) else retry_after
    headers = {"Retry-After": str(rounded), "X-RateLimit-Scope": scope}
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
    exact = math.ceil(retry_after * 1000) / 1000 if math.isfinite(retry_after) else retry_after
    extra = {"retry_after": exact, "global": is_global}
    return ApiError(429, 0, message, headers=headers, extra=extra)
