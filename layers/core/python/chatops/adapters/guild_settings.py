"""What a guild's admins have set, in DynamoDB."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.domain.money import Budgets
from chatops.domain.queues import Limits

_BUDGETS = ("deployment", "guild")


class DynamoGuildSettings:
    """`GuildSettings` over the guilds table, in an item of its own, which is kept until somebody changes it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, guild_id: str) -> Budgets:
        """See GuildSettings."""
        return _budgets(self._table.get(_key(guild_id)) or {})

    def limits(self, guild_id: str) -> Limits:
        """See GuildSettings."""
        item = self._table.get(_key(guild_id)) or {}
        return Limits(int(item.get("concurrent", 0)), int(item.get("hourly", 0)))

    def change(self, guild_id: str, changes: Mapping[str, Any]) -> Budgets:
        """See GuildSettings; two admins at once change what each of them names."""
        plain = {name: _decimal(value) if name in _BUDGETS else value for name, value in changes.items()}
        return _budgets(self._table.update(_key(guild_id), Change(set=plain)))

    def forget(self, guild_id: str) -> None:
        """See GuildSettings."""
        self._table.delete(_key(guild_id))


def _decimal(amount: float | None) -> Decimal | None:
    """DynamoDB takes no floats."""
    return None if amount is None else Decimal(str(amount))


def _budgets(item: Item) -> Budgets:
    return Budgets(
        **{name: float(item[name]) if item.get(name) is not None else None for name in _BUDGETS},
        block=bool(item.get("block", False)),
        changed_by=item.get("changed_by", ""),
        changed_at=int(item.get("changed_at", 0)),
    )


def _key(guild_id: str) -> Item:
    return {"guild_id": f"{guild_id}#settings"}
