"""Sessions: thirty minutes in which a person may deploy with what they brought."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SESSION_SECONDS = 30 * 60
MAX_SESSIONS = 5
MAX_TRIES = 5

# What `deployment_status` of a recovery blob may say. Only an active session can be used.
ACTIVE, LOCKED = "ACTIVE", "LOCKED"

_ID = re.compile("[a-z2-7]{8}")


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


@dataclass(frozen=True)
class OpenSession:
    """One of a person's open sessions; `session` is None where it needs its passphrase first."""

    id: str
    created_at: float
    expires_at: int
    passphrase: bool
    session: Session | None


def session_id_of(interaction_id: str) -> str:
    """The session that an interaction opens, however often it is tried: eight lower-case base32 characters.

    A name, never a secret.
    """
    return base64.b32encode(hashlib.sha256(interaction_id.encode()).digest()[:5]).decode("ascii").lower()


def is_session_id(text: str) -> bool:
    """Whether the text, which anybody may have typed, has the form of a session id."""
    return _ID.fullmatch(text) is not None
