"""Of which guilds the guilds table holds anything, and what Discord said of them."""

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chatops.adapters.calls import aws_call
from chatops.adapters.dynamodb import Table
from chatops.errors import ConflictError

NOTED_SECONDS = 8 * 24 * 3600
"""A refusal counts for a week: one in spring and one in autumn say nothing together."""

_NOTE = "#shut"


class DynamoGuildRegister:
    """`GuildRegister` over the guilds table, whose keys are a guild's id and what is kept (`<guild id>#settings`)."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._name = table_name
        self._table = Table(client, table_name)

    def known(self) -> Iterator[str]:
        """See GuildRegister; reads the keys of the whole table, once a day."""
        found: set[str] = set()
        with aws_call(f"scanning {self._name!r}"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._name, ProjectionExpression="guild_id", ConsistentRead=True
            )
            for page in pages:
                found |= {item["guild_id"]["S"] for item in page["Items"]}
        known = list({key.partition("#")[0] for key in found if not key.endswith(_NOTE)})
        random.shuffle(known)
        yield from sorted(known, key=lambda guild_id: guild_id + _NOTE not in found)

    def shut_since(self, guild_id: str) -> int:
        """See GuildRegister."""
        item = self._table.get({"guild_id": guild_id + _NOTE})
        return int(item["since"]) if item else 0

    def note_shut(self, guild_id: str, now: int) -> None:
        """See GuildRegister; what should be gone by now may not be deleted yet, and is replaced."""
        item = {"guild_id": guild_id + _NOTE, "since": now, "expires_at": now + NOTED_SECONDS}
        with suppress(ConflictError):
            self._table.put(item, when="attribute_not_exists({guild_id}) OR {expires_at} <= :now", expect={"now": now})

    def note_open(self, guild_id: str) -> None:
        """See GuildRegister."""
        self._table.delete({"guild_id": guild_id + _NOTE})
