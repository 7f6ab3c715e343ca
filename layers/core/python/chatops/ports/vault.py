"""Keys, and what is sealed with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Context = Mapping[str, str]


class DataKeys(Protocol):
    """One KMS key: data keys that open only under the very context they were made for."""

    def generate(self, context: Context) -> tuple[bytes, bytes]:
        """Return a new 32-byte data key, and the same key wrapped under `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """Return the data key.

        Raises:
            WrongKey: it was wrapped under another key or context, or is no wrapped key at all.
            OutsideError: KMS cannot be used (no right, a disabled key, not reached).
        """
        ...


@dataclass(frozen=True)
class BlobRow:
    """A row of `recovery_blobs`, in the guide's columns and two of our own.

    `attempts` counts tries with a passphrase; `passphrase` says that one is needed.
    """

    session_id: str
    user_id: str
    guild_id: str
    encrypted_blob: str = field(repr=False)
    deployment_status: str
    created_at: float
    expires_at: float
    attempts: int = 0
    passphrase: bool = False


class BlobTable(Protocol):
    """The `recovery_blobs` table; reads are strongly consistent."""

    def put(self, row: BlobRow) -> None:
        """Write a new row; ConflictError where its id is taken."""
        ...

    def get(self, session_id: str) -> BlobRow | None:
        """Read a row, expired or not."""
        ...

    def of_user(self, user_id: str) -> Sequence[BlobRow]:
        """Every row of a user, newest first."""
        ...

    def all_of_user(self, user_id: str) -> Iterable[BlobRow]:
        """Every row of a user, also one that was written a moment ago; in no order."""
        ...

    def of_guild(self, guild_id: str) -> Iterable[BlobRow]:
        """Every row of a guild; looks at all rows that there are, which live for half an hour."""
        ...

    def set_status(self, session_id: str, status: str) -> bool:
        """Change `deployment_status`; False if there is no such row."""
        ...

    def count_attempt(self, session_id: str, most: int) -> int:
        """Count one more try with a passphrase, before it is made, and return how many there were.

        Raises:
            ConflictError: there is no such row, it is not active, or `most` tries were made; however many try at once.
        """
        ...

    def return_attempt(self, session_id: str) -> None:
        """The try could not be made: count one less. Nothing happens where none is counted."""
        ...

    def forget_attempts(self, session_id: str) -> None:
        """The passphrase was right: count from nothing again. Nothing happens where there is no such row."""
        ...

    def delete(self, session_id: str) -> None:
        """Forget a row."""
        ...

    def expired(self, now: float) -> Iterable[str]:
        """Session ids of rows whose time is over."""
        ...
