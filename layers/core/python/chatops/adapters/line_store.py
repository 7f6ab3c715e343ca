"""Who runs and who waits, in DynamoDB."""

import json
import time
from dataclasses import asdict

from chatops.adapters.dynamodb import Item, Table
from chatops.domain.queues import HOUR, Line, Place
from chatops.domain.runs import RUN_KEPT_SECONDS


class DynamoLines:
    """`Lines` over the guilds table, in an item of its own. Without anybody in it, it only counts what was asked for in
    the last hour, and is forgotten after that.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, guild_id: str) -> Line:
        """See Lines."""
        item = self._table.get(_key(guild_id))
        return _line(item) if item else Line()

    def put(self, guild_id: str, line: Line) -> None:
        """See Lines."""
        places = {name: [asdict(each) for each in getattr(line, name)] for name in ("running", "waiting")}
        item = _key(guild_id) | {
            "line": json.dumps(places | {"asked": line.asked}, separators=(",", ":")),
            "version": line.version + 1,
            "expires_at": int(time.time()) + (RUN_KEPT_SECONDS if line.places else HOUR),
        }
        seen = "{version} = :seen" if line.version else "attribute_not_exists({version})"
        self._table.put(item, when=seen, expect={"seen": line.version} if line.version else None)

    def forget(self, guild_id: str, line: Line) -> None:
        """See Lines; where none was kept, there must be none now."""
        seen = "{version} = :seen" if line.version else "attribute_not_exists({version})"
        self._table.delete(_key(guild_id), when=seen, expect={"seen": line.version} if line.version else None)


def _line(item: Item) -> Line:
    kept = json.loads(item["line"])
    running, waiting = (tuple(Place(**each) for each in kept[name]) for name in ("running", "waiting"))
    return Line(running, waiting, tuple(kept["asked"]), int(item["version"]))


def _key(guild_id: str) -> Item:
    return {"guild_id": f"{guild_id}#line"}
