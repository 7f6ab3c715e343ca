"""The audit in DynamoDB."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict

from chatops.adapters.dynamodb import Item, Table
from chatops.domain.audit import AUDIT_KEPT_DAYS, Entry
from chatops.errors import ConflictError

_DIGITS = 15
"""Of the time in milliseconds in the sort key, so that text sorts as time does."""


class DynamoAuditLog:
    """`AuditLog` over the audit table, in which no role may change or delete anything.

    An item goes a year after its entry by itself: its time to live is in seconds, as DynamoDB asks for.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, entry: Entry) -> None:
        """See AuditLog."""
        told = {name: value for name, value in asdict(entry).items() if value != ""}
        item = told | {
            "entry": f"{entry.at_ms:0{_DIGITS}}#{entry.id}#{entry.action}",
            "expires_at": entry.at_ms // 1000 + AUDIT_KEPT_DAYS * 24 * 3600,
        }
        with suppress(ConflictError):  # a second try of what is written already
            self._table.put(item, when="attribute_not_exists({guild_id})")

    def of_guild(self, guild_id: str) -> Iterator[Entry]:
        """See AuditLog."""
        return map(_entry, self._table.query("guild_id", guild_id, newest_first=True))


def _entry(item: Item) -> Entry:
    told = {name: value for name, value in item.items() if name not in ("entry", "expires_at")}
    return Entry(**(told | {"at_ms": int(item["at_ms"])}))
