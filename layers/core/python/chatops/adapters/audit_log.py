"""The audit in DynamoDB."""

from collections.abc import Iterator

from chatops.adapters.dynamodb import Table
from chatops.domain.audit import Entry


class DynamoAuditLog:
    """`AuditLog` over the audit table, in which no role may change or delete anything."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, entry: Entry) -> None:
        """See AuditLog."""
        raise NotImplementedError

    def of_guild(self, guild_id: str) -> Iterator[Entry]:
        """See AuditLog."""
        raise NotImplementedError
