"""Open sessions, in this process's memory only.

A session id is a name, not a secret: whoever asks for a session also says for which guild and user, and gets nothing
where those are not its own.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.fernet import Fernet

from chatops.domain.sessions import SESSION_SECONDS
from chatops.errors import SessionError
from chatops.ports import DataKeys
from chatops.vault.envelope import EnvelopeError, open_sealed, seal
from chatops.vault.passphrase import secret_of

RECOVERY_LABEL = "cloud-chatops/recovery"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    guild_id: str
    user_id: str
    expires_at: int
    token: bytes = field(repr=False)

    def belongs_to(self, guild_id: str, user_id: str) -> bool:
        return (self.guild_id, self.user_id) == (guild_id, user_id)


class EphemeralVault:
    """Sessions under a key that this process made and never tells; each is forgotten 30 minutes after its opening."""

    def __init__(self, keys: DataKeys, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock
        self._fernet = Fernet(Fernet.generate_key())
        self._entries: dict[str, _Entry] = {}
        self._mutex = threading.RLock()

    def __repr__(self) -> str:
        return f"EphemeralVault({len(self._entries)} sessions)"

    def open_session(
        self, session_id: str, raw_data: str, *, guild_id: str, user_id: str, expires_at: int | None = None
    ) -> bool:
        """Hold the data until `expires_at` (unix seconds; default: 30 minutes from now), in place of what was held.

        False if its time is over, or if the id is somebody else's session.
        """
        until = int(self._clock()) + SESSION_SECONDS if expires_at is None else expires_at
        entry = _Entry(guild_id, user_id, until, self._fernet.encrypt(raw_data.encode()))
        with self._mutex:
            self._forget_expired()
            held = self._entries.get(session_id)
            if self._clock() >= until or (held and not held.belongs_to(guild_id, user_id)):
                return False
            self._entries[session_id] = entry
            return True

    def get_data(self, session_id: str, *, guild_id: str, user_id: str) -> str | None:
        """The session's data; None if it is not held here, not theirs, or over."""
        entry = self._entry(session_id, guild_id, user_id)
        return self._fernet.decrypt(entry.token).decode() if entry else None

    def update_session(self, session_id: str, raw_data: str, *, guild_id: str, user_id: str) -> bool:
        """Replace the data under the same expiry; False if there is no such session.

        In this memory only, as by `store_service_account`: what was sealed before stays as it was, and is what comes
        back after a crash, unless the caller seals anew with `generate_recovery_blob`.
        """
        token = self._fernet.encrypt(raw_data.encode())
        with self._mutex:
            entry = self._held(session_id, guild_id, user_id)
            if entry is not None:
                self._entries[session_id] = replace(entry, token=token)
            return entry is not None

    def close_session(self, session_id: str, *, guild_id: str, user_id: str) -> bool:
        """Forget the session; False if there is no such session."""
        with self._mutex:
            entry = self._held(session_id, guild_id, user_id)
            if entry is not None:
                del self._entries[session_id]
            return entry is not None

    def sessions_of(self, guild_id: str, user_id: str) -> Sequence[str]:
        """The ids of the sessions that the user has open here in the guild."""
        with self._mutex:
            self._forget_expired()
            return [key for key, entry in self._entries.items() if entry.belongs_to(guild_id, user_id)]

    def generate_recovery_blob(self, session_id: str, user_passphrase: str, *, guild_id: str, user_id: str) -> str:
        """The session's data sealed for its owner until its expiry, as one base64 text.

        The user's id as the passphrase adds nothing to the key; any other one is needed to open the blob again.

        Raises:
            SessionError: there is no such session.
            EnvelopeError: its data is longer than 64 KiB.
            OutsideError: there is no data key to be had.
        """
        entry = self._entry(session_id, guild_id, user_id)
        if entry is None:
            raise SessionError
        context = _context(session_id, guild_id, user_id, entry.expires_at)
        return seal(
            self._fernet.decrypt(entry.token),
            context=context,
            secret=secret_of(user_passphrase, context),
            keys=self._keys,
            label=RECOVERY_LABEL,
        )

    def recover_session(
        self,
        session_id: str,
        recovery_blob: str,
        user_passphrase: str,
        *,
        guild_id: str,
        user_id: str,
        expires_at: int,
    ) -> bool:
        """Open the session from its blob, to end when it would have ended; False for every reason alike.

        `guild_id` and `user_id` come from the signed interaction, only `expires_at` from the blob's row.

        Raises:
            OutsideError: the keys cannot be used, and nobody knows whether it would open.
        """
        context = _context(session_id, guild_id, user_id, expires_at)
        secret = secret_of(user_passphrase, context)
        try:
            raw_data = open_sealed(
                recovery_blob,
                context=context,
                secret=secret,
                keys=self._keys,
                label=RECOVERY_LABEL,
            )
        except EnvelopeError as refusal:
            _log.warning("the blob of session %s does not open: %r", session_id, refusal.__cause__)
            return False
        return self.open_session(
            session_id, raw_data.decode(), guild_id=guild_id, user_id=user_id, expires_at=expires_at
        )

    def store_service_account(self, session_id: str, sa_json: str, *, guild_id: str, user_id: str) -> bool:
        """Put a service account, as JSON text, in the place of the session's credentials.

        False if there is no such session, or if the account or the session's data is not a JSON object.
        """
        with self._mutex:
            data = _parsed(self.get_data(session_id, guild_id=guild_id, user_id=user_id))
            if data is None or _parsed(sa_json) is None:
                return False
            changed = json.dumps({**data, "service_account": sa_json})
            return self.update_session(session_id, changed, guild_id=guild_id, user_id=user_id)

    def get_service_account(self, session_id: str, *, guild_id: str, user_id: str) -> str | None:
        """The session's credentials as JSON text, whatever its provider calls them; None if it has none."""
        data = _parsed(self.get_data(session_id, guild_id=guild_id, user_id=user_id)) or {}
        return data.get("service_account")

    def _entry(self, session_id: str, guild_id: str, user_id: str) -> _Entry | None:
        with self._mutex:
            return self._held(session_id, guild_id, user_id)

    def _held(self, session_id: str, guild_id: str, user_id: str) -> _Entry | None:
        self._forget_expired()
        entry = self._entries.get(session_id)
        return entry if entry and entry.belongs_to(guild_id, user_id) else None

    def _forget_expired(self) -> None:
        now = self._clock()
        for session_id in [key for key, entry in self._entries.items() if now >= entry.expires_at]:
            del self._entries[session_id]


def _parsed(raw_data: str | None) -> dict[str, Any] | None:
    try:
        data = json.loads(raw_data or "null")
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _context(session_id: str, guild_id: str, user_id: str, expires_at: int) -> dict[str, str]:
    return {
        "app": "cloud-chatops",
        "v": "1",
        "guild": guild_id,
        "user": user_id,
        "session": session_id,
        "exp": str(expires_at),
    }
