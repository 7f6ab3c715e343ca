"""Sessions: thirty minutes in which a person may deploy with what they brought."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SESSION_SECONDS = 30 * 60

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True)
class Session:
    """An unlocked session; `repr` leaves the credentials out."""

    id: str
    guild_id: str
    user_id: str
    provider: str
    project_id: str
    region: str
    expires_at: int
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)


def new_session_id() -> str:
    """Eight lower-case base32 characters: a name, never a secret."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))
