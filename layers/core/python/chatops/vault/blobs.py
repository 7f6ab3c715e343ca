"""Recovery blobs at rest, by the guide's five functions."""

from collections.abc import Callable, Sequence

from chatops.domain.sessions import ACTIVE, MAX_TRIES
from chatops.ports import BlobRow, BlobTable


class RecoveryBlobs:
    """The `recovery_blobs` table as the product sees it.

    A row ends at its `expires_at`, or when no try with its passphrase is left; deleted or locked yet or not.
    """

    def __init__(self, table: BlobTable, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock

    def save_recovery_blob(
        self,
        session_id: str,
        user_id: str,
        guild_id: str,
        encrypted_blob: str,
        expires_at: int,
        *,
        passphrase: bool = False,
    ) -> None:
        """Store a new session's blob until `expires_at` (unix seconds), and whether it opens by a passphrase only.

        Raises:
            ConflictError: the id is taken.
        """
        now = self._clock()
        self._table.put(
            BlobRow(session_id, user_id, guild_id, encrypted_blob, ACTIVE, now, expires_at, passphrase=passphrase)
        )

    def get_recovery_blob(self, session_id: str) -> BlobRow | None:
        """The row, whatever its status; None once it has ended."""
        row = self._table.get(session_id)
        return row if row and self._lives(row) else None

    def get_user_active_sessions(self, user_id: str, guild_id: str) -> Sequence[BlobRow]:
        """The user's active rows in the guild, newest first."""
        rows = self._table.of_user(user_id)
        return [
            row for row in rows if row.guild_id == guild_id and row.deployment_status == ACTIVE and self._lives(row)
        ]

    def update_recovery_blob_status(self, session_id: str, status: str) -> bool:
        """Change the status; every other than ACTIVE ends the session. False if there is no such row."""
        return self._table.set_status(session_id, status)

    def use_attempt(self, session_id: str) -> int:
        """Use up one of the tries with a passphrase, before it is made, and return how many are left after it.

        Raises:
            ConflictError: there is no active row, or no try left; however many try at once.
        """
        return MAX_TRIES - self._table.count_attempt(session_id, MAX_TRIES)

    def return_attempt(self, session_id: str) -> None:
        """The try could not be made: it is left again."""
        self._table.return_attempt(session_id)

    def forget_attempts(self, session_id: str) -> None:
        """The passphrase was right: all tries are left again."""
        self._table.forget_attempts(session_id)

    def delete_recovery_blob(self, session_id: str) -> None:
        """Forget the row."""
        self._table.delete(session_id)

    def forget(self, *, guild_id: str = "", user_id: str = "") -> Sequence[BlobRow]:
        """Forget every row of a guild, or of a person in whatever guild, and return them; the newest too."""
        rows = list(self._table.of_guild(guild_id) if guild_id else self._table.all_of_user(user_id))
        for row in rows:
            self._table.delete(row.session_id)
        return rows

    def cleanup_expired_recovery_blobs(self) -> int:
        """Delete the expired rows and return how many there were."""
        expired = list(self._table.expired(self._clock()))
        for session_id in expired:
            self._table.delete(session_id)
        return len(expired)

    def _lives(self, row: BlobRow) -> bool:
        # Who made the last try may have died before the row was locked. While it is made, it reads no row; a right one
        # gives all tries back first.
        used_up = row.passphrase and row.attempts >= MAX_TRIES
        return self._clock() < row.expires_at and not used_up
