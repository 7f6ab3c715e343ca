"""Connections in DynamoDB."""

import base64
import secrets
from collections.abc import Sequence

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.domain.connections import CLOUDS, Connection
from chatops.errors import ConflictError

_FIELDS = ("project_id", "region", "kind", "sealed", "role_id", "connected_by")
_ID_BYTES = 20
"""160 bits: nobody finds another guild's external id by trying."""


class DynamoConnections:
    """`Connections` over the guilds table: an item for each provider, and one for the external id."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, guild_id: str) -> Sequence[Connection]:
        """See Connections."""
        return [found for provider in CLOUDS if (found := self.get(guild_id, provider))]

    def get(self, guild_id: str, provider: str) -> Connection | None:
        """See Connections."""
        item = self._table.get(_key(guild_id, provider))
        return _connection(guild_id, provider, item) if item else None

    def put(self, connection: Connection) -> None:
        """See Connections."""
        fields = {name: getattr(connection, name) for name in _FIELDS}
        key = _key(connection.guild_id, connection.provider)
        self._table.put({**key, **fields, "connected_at": connection.connected_at})

    def trust(self, connection: Connection, role_id: str) -> bool:
        """See Connections; the sealed credentials tell one connection from the next."""
        change = Change(set={"role_id": role_id}, when="{sealed} = :seen", expect={"seen": connection.sealed})
        try:
            self._table.update(_key(connection.guild_id, connection.provider), change)
        except ConflictError:
            return False
        return True

    def delete(self, guild_id: str, provider: str) -> bool:
        """See Connections."""
        try:
            self._table.delete(_key(guild_id, provider), when="attribute_exists({guild_id})")
        except ConflictError:
            return False
        return True

    def external_id(self, guild_id: str) -> str:
        """See Connections; two at once get the one that was kept first."""
        key = _external_id_key(guild_id)
        kept = self._table.get(key)
        if kept is None:
            kept = key | {"external_id": new_external_id()}
            try:
                self._table.put(kept, when="attribute_not_exists({guild_id})")
            except ConflictError:
                return self.external_id(guild_id)
        return str(kept["external_id"])

    def forget(self, guild_id: str) -> None:
        """See Connections."""
        for provider in CLOUDS:
            self._table.delete(_key(guild_id, provider))
        self._table.delete(_external_id_key(guild_id))


def new_external_id() -> str:
    """In the letters and digits that nobody mistakes for each other, as they are copied by hand too."""
    return f"chatops-{base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()}"


def _key(guild_id: str, provider: str) -> Item:
    return {"guild_id": f"{guild_id}#cloud-{provider}"}


def _external_id_key(guild_id: str) -> Item:
    return {"guild_id": f"{guild_id}#external-id"}


def _connection(guild_id: str, provider: str, item: Item) -> Connection:
    fields = {name: str(item[name]) for name in _FIELDS}
    return Connection(guild_id, provider, **fields, connected_at=int(item["connected_at"]))
