"""Connections in DynamoDB."""

from collections.abc import Sequence

from chatops.adapters.dynamodb import Table
from chatops.domain.connections import Connection


class DynamoConnections:
    """`Connections` over the guilds table: an item for each provider, and one for the external id."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, guild_id: str) -> Sequence[Connection]:
        """See Connections."""
        raise NotImplementedError

    def get(self, guild_id: str, provider: str) -> Connection | None:
        """See Connections."""
        raise NotImplementedError

    def put(self, connection: Connection) -> None:
        """See Connections."""
        raise NotImplementedError

    def delete(self, guild_id: str, provider: str) -> bool:
        """See Connections."""
        raise NotImplementedError

    def external_id(self, guild_id: str) -> str:
        """See Connections."""
        raise NotImplementedError

    def forget(self, guild_id: str) -> None:
        """See Connections."""
        raise NotImplementedError
