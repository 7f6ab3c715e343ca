"""Who runs and who waits, in DynamoDB."""

from chatops.adapters.dynamodb import Table
from chatops.domain.queues import Line


class DynamoLines:
    """`Lines` over the guilds table, in an item of its own."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, guild_id: str) -> Line:
        """See Lines."""
        raise NotImplementedError

    def put(self, guild_id: str, line: Line) -> None:
        """See Lines."""
        raise NotImplementedError

    def forget(self, guild_id: str) -> None:
        """See Lines."""
        raise NotImplementedError
