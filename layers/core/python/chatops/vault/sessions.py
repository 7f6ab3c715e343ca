"""Sessions as the commands use them: opened once, found again after any crash, for 30 minutes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chatops.domain.sessions import (
    ACTIVE,
    LOCKED,
    MAX_SESSIONS,
    SESSION_SECONDS,
    OpenSession,
    Session,
    is_session_id,
)
from chatops.errors import (
    ChatOpsError,
    ConflictError,
    LastTryFailed,
    OutsideError,
    SessionError,
    SessionLocked,
    UserError,
    WrongPassphrase,
)
from chatops.ports import BlobRow
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault


class Sessions:
    """The open sessions of people, each in one guild.

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
        passphrase: str = "",
        *,
        session_id: str,
    ) -> Session:
        """Open a session beside the user's others, sealed with their passphrase if they chose one.

        `session_id` comes from the interaction (`session_id_of`): tried again, it opens the session that it had opened.

        Raises:
            UserError: they have as many sessions open as they may.
            ConflictError: the id is another session's; a collision of names, which another interaction does not have.
            OutsideError: the key or the table cannot be used.
        """
        if self._row(session_id, guild_id, user_id):
            return self.unlock(session_id, guild_id, user_id, passphrase)
        if len(self._rows(guild_id, user_id)) >= MAX_SESSIONS:
            raise UserError(
                f"You have {MAX_SESSIONS} open sessions here, and no more can be open at once. "
                "Close one with `/cloud-sessions` first."
            )
        expires_at = int(self._clock()) + SESSION_SECONDS
        session = Session(session_id, guild_id, user_id, provider, project_id, region, expires_at, dict(credentials))
        try:
            self._keep(session, passphrase)
        except ChatOpsError:
            self._vault.close_session(session.id, guild_id=guild_id, user_id=user_id)
            raise
        return session

    def current(self, guild_id: str, user_id: str, provider: str = "", project_id: str = "") -> Session:
        """The user's newest open session for this provider and project; where they are empty, for any.

        Where none fits, the newest one that does not, so that the caller can say what is open instead.

        Raises:
            SessionLocked: none fits, and one that its passphrase would open might.
            SessionError: nothing is open.
        """
        locked: list[str] = []
        others: list[Session] = []
        for each in self._opened(guild_id, user_id):
            if each.session is None:
                locked.append(each.id)
            elif provider in ("", each.session.provider) and project_id in ("", each.session.project_id):
                return each.session
            else:
                others.append(each.session)
        if locked:
            raise SessionLocked(locked[0])
        if others:
            return others[0]
        raise SessionError

    def get(self, session_id: str, guild_id: str, user_id: str) -> Session:
        """The user's open session of this id, restored from its blob where this process does not hold it.

        Raises:
            SessionLocked: it needs its passphrase.
            SessionError: for every other reason alike.
        """
        row = self._row(session_id, guild_id, user_id)
        session = self._restored(row) if row else None
        if session:
            return session
        if row and row.passphrase:
            raise SessionLocked(session_id)
        raise SessionError

    def unlock(self, session_id: str, guild_id: str, user_id: str, passphrase: str) -> Session:
        """Open the session with its passphrase; the try counts before it is made, however many are made at once.

        Raises:
            WrongPassphrase: says how many tries are left.
            SessionError: that was the last try; or there is no such session, for every reason alike.
            OutsideError: the key or the table cannot be used; that is no wrong try.
        """
        row = self._row(session_id, guild_id, user_id)
        if row and row.passphrase:
            self._try(row, passphrase)
        return self.get(session_id, guild_id, user_id)

    def listed(self, guild_id: str, user_id: str) -> Sequence[OpenSession]:
        """The user's open sessions in this guild, newest first."""
        return tuple(self._opened(guild_id, user_id))

    def close(self, session_id: str, guild_id: str, user_id: str) -> bool:
        """End the session; False if it is not theirs, or not open."""
        row = self._row(session_id, guild_id, user_id)
        if row:
            self._blobs.delete_recovery_blob(session_id)
        self._vault.close_session(session_id, guild_id=guild_id, user_id=user_id)
        return row is not None

    def owner_of(self, session_id: str) -> tuple[str, str] | None:
        """(guild id, user id) of an open session; to know a slip from a try at another's, and never to be shown."""
        row = self._blobs.get_recovery_blob(session_id) if is_session_id(session_id) else None
        return (row.guild_id, row.user_id) if row and row.deployment_status == ACTIVE else None

    def forget(self, *, guild_id: str = "", user_id: str = "") -> int:
        """End every session of a guild, or of a person in whatever guild, and return how many there were."""
        rows = self._blobs.forget(guild_id=guild_id, user_id=user_id)
        for row in rows:
            self._vault.close_session(row.session_id, guild_id=row.guild_id, user_id=row.user_id)
        return len(rows)

    def _keep(self, session: Session, passphrase: str) -> None:
        guild_id, user_id, expires_at = session.guild_id, session.user_id, session.expires_at
        self._vault.open_session(
            session.id, _raw_data(session), guild_id=guild_id, user_id=user_id, expires_at=expires_at
        )
        blob = self._vault.generate_recovery_blob(session.id, passphrase or user_id, guild_id=guild_id, user_id=user_id)
        self._blobs.save_recovery_blob(session.id, user_id, guild_id, blob, expires_at, passphrase=bool(passphrase))

    def _opened(self, guild_id: str, user_id: str) -> Iterator[OpenSession]:
        """The open sessions, newest first, each restored when it is asked for."""
        for row in self._rows(guild_id, user_id):
            session = self._restored(row)
            if session or row.passphrase:
                yield OpenSession(row.session_id, row.created_at, int(row.expires_at), row.passphrase, session)

    def _rows(self, guild_id: str, user_id: str) -> list[BlobRow]:
        """The active rows, newest first; one opened here counts even before it appears in the user's index."""
        rows = list(self._blobs.get_user_active_sessions(user_id, guild_id))
        known = {row.session_id for row in rows}
        held = self._vault.sessions_of(guild_id, user_id)
        opened_here = (self._row(each, guild_id, user_id) for each in held if each not in known)
        return sorted([*rows, *filter(None, opened_here)], key=lambda row: row.created_at, reverse=True)

    def _row(self, session_id: str, guild_id: str, user_id: str) -> BlobRow | None:
        """The active row, if it is theirs."""
        row = self._blobs.get_recovery_blob(session_id) if is_session_id(session_id) else None
        theirs = row and (row.guild_id, row.user_id, row.deployment_status) == (guild_id, user_id, ACTIVE)
        return row if theirs else None

    def _restored(self, row: BlobRow) -> Session | None:
        """What the row of its owner holds; None if it does not open, or opens by its passphrase only."""
        raw_data = self._held(row)
        if raw_data is None and not row.passphrase and self._unseal(row, row.user_id):
            raw_data = self._held(row)
        return None if raw_data is None else _session(row, raw_data)

    def _held(self, row: BlobRow) -> str | None:
        return self._vault.get_data(row.session_id, guild_id=row.guild_id, user_id=row.user_id)

    def _unseal(self, row: BlobRow, passphrase: str) -> bool:
        return self._vault.recover_session(
            row.session_id,
            row.encrypted_blob,
            passphrase,
            guild_id=row.guild_id,
            user_id=row.user_id,
            expires_at=int(row.expires_at),
        )

    def _try(self, row: BlobRow, passphrase: str) -> None:
        try:
            left = self._blobs.use_attempt(row.session_id)
        except ConflictError:
            raise SessionError from None
        try:
            opened = self._unseal(row, passphrase)
        except OutsideError:
            self._blobs.return_attempt(row.session_id)
            raise
        if opened:
            self._blobs.forget_attempts(row.session_id)
        elif left:
            raise WrongPassphrase(row.session_id, left)
        else:
            self._blobs.update_recovery_blob_status(row.session_id, LOCKED)
            raise LastTryFailed(row.session_id)


def _raw_data(session: Session) -> str:
    """The session as the vault holds it; the credentials are where `store_service_account` would put them."""
    return json.dumps(
        {
            "provider": session.provider,
            "project_id": session.project_id,
            "region": session.region,
            "expires_at": session.expires_at,
            "service_account": json.dumps(dict(session.credentials)),
        }
    )


def _session(row: BlobRow, raw_data: str) -> Session:
    """Everything but the ids comes from what was sealed, the expiry too."""
    data = json.loads(raw_data)
    return Session(
        row.session_id,
        row.guild_id,
        row.user_id,
        data["provider"],
        data["project_id"],
        data["region"],
        data["expires_at"],
        json.loads(data["service_account"]),
    )
