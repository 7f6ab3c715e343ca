"""Sessions as the commands use them: opened once, found again after any crash, for 30 minutes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatops.domain.sessions import SESSION_SECONDS, Session, new_session_id
from chatops.errors import SessionError
from chatops.ports import BlobRow
from chatops.vault.blobs import ACTIVE, RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault


class Sessions:
    """At most one open session per user and guild.

    The row says whether a session is open, in every process alike; the vault only saves opening its blob again.
    `guild_id` and `user_id` must come from a signed interaction: they are what opens the blob.
    """

    def __init__(self, vault: EphemeralVault, blobs: RecoveryBlobs, clock: Callable[[], float]) -> None:
        self._vault = vault
        self._blobs = blobs
        self._clock = clock

    def open(
        self,
        guild_id: str,
        user_id: str,
        provider: str,
        project_id: str,
        region: str,
        credentials: Mapping[str, Any],
    ) -> Session:
        """Open a session and close the user's older one in this guild.

        Raises:
            OutsideError: the key or the table cannot be used.
        """
        expires_at = int(self._clock()) + SESSION_SECONDS
        session = Session(
            new_session_id(), guild_id, user_id, provider, project_id, region, expires_at, dict(credentials)
        )
        older = self._rows(guild_id, user_id)
        blob = self._hold(session)
        for row in older:
            self._forget(row)
        self._blobs.save_recovery_blob(session.id, user_id, guild_id, blob, expires_at)
        return session

    def current(self, guild_id: str, user_id: str) -> Session:
        """The user's open session in this guild, restored from its blob where this process does not hold it.

        Raises:
            SessionError: there is none, for every reason alike.
        """
        for row in self._rows(guild_id, user_id):
            raw_data = self._data(row, guild_id, user_id)
            if raw_data is not None:
                return _session(row.session_id, guild_id, user_id, raw_data)
        raise SessionError

    def close(self, guild_id: str, user_id: str) -> bool:
        """End what the user has open in this guild; False if there was nothing."""
        rows = self._rows(guild_id, user_id)
        for row in rows:
            self._forget(row)
        return bool(rows)

    def _rows(self, guild_id: str, user_id: str) -> list[BlobRow]:
        """The open rows, newest first; one opened here counts even before it appears in the user's index."""
        rows = {row.session_id: row for row in self._blobs.get_user_active_sessions(user_id, guild_id)}
        held = self._vault.session_of(guild_id, user_id)
        row = self._blobs.get_recovery_blob(held) if held and held not in rows else None
        if row and (row.guild_id, row.user_id, row.deployment_status) == (guild_id, user_id, ACTIVE):
            rows[row.session_id] = row
        return sorted(rows.values(), key=lambda row: row.created_at, reverse=True)

    def _hold(self, session: Session) -> str:
        guild_id, user_id = session.guild_id, session.user_id
        self._vault.open_session(
            session.id, _raw_data(session), guild_id=guild_id, user_id=user_id, expires_at=session.expires_at
        )
        return self._vault.generate_recovery_blob(session.id, user_id, guild_id=guild_id, user_id=user_id)

    def _data(self, row: BlobRow, guild_id: str, user_id: str) -> str | None:
        held = self._vault.get_data(row.session_id, guild_id=guild_id, user_id=user_id, version=row.version)
        if held is not None:
            return held
        self._vault.recover_session(
            row.session_id,
            row.encrypted_blob,
            user_id,
            guild_id=guild_id,
            user_id=user_id,
            expires_at=int(row.expires_at),
            version=row.version,
        )
        return self._vault.get_data(row.session_id, guild_id=guild_id, user_id=user_id, version=row.version)

    def _forget(self, row: BlobRow) -> None:
        self._blobs.delete_recovery_blob(row.session_id)
        self._vault.close_session(row.session_id, guild_id=row.guild_id, user_id=row.user_id)


def _raw_data(session: Session) -> str:
    return json.dumps(
        {
            "provider": session.provider,
            "project_id": session.project_id,
            "region": session.region,
            "expires_at": session.expires_at,
            "credentials": dict(session.credentials),
        }
    )


def _session(session_id: str, guild_id: str, user_id: str, raw_data: str) -> Session:
    """Everything but the ids comes from what was sealed, the expiry too."""
    data = json.loads(raw_data)
    return Session(
        session_id,
        guild_id,
        user_id,
        data["provider"],
        data["project_id"],
        data["region"],
        data["expires_at"],
        data["credentials"],
    )
