"""The `recovery_blobs` table without DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from chatops.domain.sessions import ACTIVE
from chatops.errors import ConflictError, OutsideError
from chatops.ports import BlobRow


class InMemoryBlobTable:
    """Rows in a dict, which tests may edit as an attacker would; `index_lags` hides rows from `of_user`."""

    def __init__(self) -> None:
        self.rows: dict[str, BlobRow] = {}
        self.index_lags = False
        self.available = True
        self._writing = Lock()

    def put(self, row: BlobRow) -> None:
        self._use()
        with self._writing:
            if row.session_id in self.rows:
                raise ConflictError(f"session {row.session_id} exists")
            self.rows[row.session_id] = row

    def get(self, session_id: str) -> BlobRow | None:
        self._use()
        return self.rows.get(session_id)

    def of_user(self, user_id: str) -> Sequence[BlobRow]:
        self._use()
        rows = [] if self.index_lags else [row for row in list(self.rows.values()) if row.user_id == user_id]
        return sorted(rows, key=lambda row: row.created_at, reverse=True)

    def all_of_user(self, user_id: str) -> Sequence[BlobRow]:
        self._use()
        return [row for row in list(self.rows.values()) if row.user_id == user_id]

    def of_guild(self, guild_id: str) -> Sequence[BlobRow]:
        self._use()
        return [row for row in list(self.rows.values()) if row.guild_id == guild_id]

    def set_status(self, session_id: str, status: str) -> bool:
        self._use()
        with self._writing:
            row = self.rows.get(session_id)
            if row:
                self.rows[session_id] = replace(row, deployment_status=status)
            return row is not None

    def count_attempt(self, session_id: str, most: int) -> int:
        self._use()
        with self._writing:
            row = self.rows.get(session_id)
            if row is None or row.deployment_status != ACTIVE or row.attempts >= most:
                raise ConflictError(f"session {session_id} takes no more tries")
            self.rows[session_id] = replace(row, attempts=row.attempts + 1)
            return row.attempts + 1

    def return_attempt(self, session_id: str) -> None:
        self._use()
        with self._writing:
            if (row := self.rows.get(session_id)) and row.attempts:
                self.rows[session_id] = replace(row, attempts=row.attempts - 1)

    def forget_attempts(self, session_id: str) -> None:
        self._use()
        with self._writing:
            if row := self.rows.get(session_id):
                self.rows[session_id] = replace(row, attempts=0)

    def delete(self, session_id: str) -> None:
        self._use()
        with self._writing:
            self.rows.pop(session_id, None)

    def expired(self, now: float) -> Sequence[str]:
        self._use()
        return [row.session_id for row in list(self.rows.values()) if row.expires_at <= now]

    def _use(self) -> None:
        if not self.available:
            raise OutsideError("reading 'recovery_blobs': ProvisionedThroughputExceededException")
