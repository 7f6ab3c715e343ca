"""The `recovery_blobs` table in DynamoDB.

Key `session_id`; indexes on `user_id` and `created_at`, neither with a blob: `user_id-index` names a user's rows,
`user_id-suggestions` holds what a suggestion needs. TTL attribute `expires_at`, whole unix seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from chatops.adapters.calls import aws_call
from chatops.adapters.dynamodb import Change, Item, Table, from_item
from chatops.domain.sessions import ACTIVE
from chatops.errors import ConflictError
from chatops.ports import BlobRow

USER_INDEX = "user_id-index"
SUGGESTIONS_INDEX = "user_id-suggestions"


class DynamoBlobTable:
    """`BlobTable` over boto3's DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._name = table_name
        self._table = Table(client, table_name)

    def put(self, row: BlobRow) -> None:
        """See BlobTable."""
        self._table.put(_item(row), when="attribute_not_exists({session_id})")

    def get(self, session_id: str) -> BlobRow | None:
        """See BlobTable."""
        item = self._table.get({"session_id": session_id})
        return _row(item) if item else None

    def of_user(self, user_id: str) -> Sequence[BlobRow]:
        """See BlobTable; the index, which lags, only names the rows: the table itself is read."""
        named = self._table.query("user_id", user_id, index=USER_INDEX, newest_first=True)
        rows = [self.get(item["session_id"]) for item in named]
        return [row for row in rows if row and row.user_id == user_id]

    def all_of_user(self, user_id: str) -> Iterator[BlobRow]:
        """See BlobTable; without the index, which lags."""
        return self._scanned("user_id = :id", user_id)

    def of_guild(self, guild_id: str) -> Iterator[BlobRow]:
        """See BlobTable; there is no index by guild."""
        return self._scanned("guild_id = :id", guild_id)

    def _scanned(self, which: str, value: str) -> Iterator[BlobRow]:
        """Reads the whole table, which holds little more than half an hour's sessions."""
        with aws_call(f"scanning {self._name!r}"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._name,
                FilterExpression=which,
                ExpressionAttributeValues={":id": {"S": value}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from (_row(from_item(item)) for item in page["Items"])

    def names_of(self, user_id: str, guild_id: str) -> Sequence[tuple[str, int]]:
        """(session id, expires_at) of a user's active rows in a guild, newest first, as the index has them.

        For suggestions: it reads no blob, and needs no right to the table itself.
        """
        named = self._table.query("user_id", user_id, index=SUGGESTIONS_INDEX, newest_first=True)
        return [
            (_text(item, "session_id"), int(_number(item, "expires_at")))
            for item in named
            if item.get("guild_id") == guild_id and item.get("deployment_status") == ACTIVE
        ]

    def set_status(self, session_id: str, status: str) -> bool:
        """See BlobTable."""
        change = Change(set={"deployment_status": status}, when="attribute_exists({session_id})")
        try:
            self._table.update({"session_id": session_id}, change)
        except ConflictError:
            return False
        return True

    def count_attempt(self, session_id: str, most: int) -> int:
        """See BlobTable; one conditional write, so that no two tries count as one."""
        change = Change(
            add={"attempts": 1},
            when="{deployment_status} = :active AND {attempts} < :most",
            expect={"active": ACTIVE, "most": most},
        )
        return int(self._table.update({"session_id": session_id}, change)["attempts"])

    def return_attempt(self, session_id: str) -> None:
        """See BlobTable; never below nothing, whatever was forgotten meanwhile."""
        change = Change(add={"attempts": -1}, when="{attempts} > :none", expect={"none": 0})
        with suppress(ConflictError):
            self._table.update({"session_id": session_id}, change)

    def forget_attempts(self, session_id: str) -> None:
        """See BlobTable."""
        change = Change(set={"attempts": 0}, when="attribute_exists({session_id})")
        with suppress(ConflictError):
            self._table.update({"session_id": session_id}, change)

    def delete(self, session_id: str) -> None:
        """See BlobTable."""
        self._table.delete({"session_id": session_id})

    def expired(self, now: float) -> Iterator[str]:
        """See BlobTable; reads the whole table, which holds little more than half an hour's sessions."""
        with aws_call(f"scanning {self._name!r}"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._name,
                FilterExpression="expires_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(now))}},
                ProjectionExpression="session_id",
            )
            for page in pages:
                yield from (item["session_id"]["S"] for item in page["Items"])


def _item(row: BlobRow) -> Item:
    return {
        "session_id": row.session_id,
        "user_id": row.user_id,
        "guild_id": row.guild_id,
        "encrypted_blob": row.encrypted_blob,
        "deployment_status": row.deployment_status,
        "created_at": Decimal(str(row.created_at)),
        "expires_at": int(row.expires_at),
        "attempts": row.attempts,
        "passphrase": row.passphrase,
    }


def _row(item: Mapping[str, Any]) -> BlobRow:
    """The row as stored; a column that is missing or of another type reads as empty, and such a row opens nothing."""
    return BlobRow(
        session_id=_text(item, "session_id"),
        user_id=_text(item, "user_id"),
        guild_id=_text(item, "guild_id"),
        encrypted_blob=_text(item, "encrypted_blob"),
        deployment_status=_text(item, "deployment_status"),
        created_at=_number(item, "created_at"),
        expires_at=_number(item, "expires_at"),
        attempts=int(_number(item, "attempts")),
        passphrase=item.get("passphrase") is True,
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _number(item: Mapping[str, Any], name: str) -> float:
    value = item.get(name)
    return float(value) if isinstance(value, Decimal) else 0.0
