"""How long operations took in a guild's earlier runs, in DynamoDB."""

import json
import math
from collections.abc import Callable

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.domain.runs import RUN_KEPT_SECONDS
from chatops.domain.timings import Timed, remember

FRESH_SECONDS = 300
"""For so long a process believes what it has read: the tracker asks every two seconds, and a run adds to it once."""
CACHED_GUILDS = 100


class DynamoTimings:
    """`Timings` over the guilds table, in an item of its own; JSON keeps the order of the names. `clock` is in seconds.

    Two runs that end at once may overwrite each other's samples: a guess is not worth a condition.
    """

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock
        self._cache: dict[str, tuple[float, Timed]] = {}

    def of(self, guild_id: str) -> Timed:
        """See Timings."""
        until, known = self._cache.get(guild_id, (-math.inf, {}))
        if self._clock() >= until:
            if len(self._cache) >= CACHED_GUILDS:
                self._cache.clear()
            known = self._read(guild_id)
            self._cache[guild_id] = (self._clock() + FRESH_SECONDS, known)
        return known

    def add(self, guild_id: str, samples: Timed) -> None:
        """See Timings."""
        known = remember(self._read(guild_id), samples)
        text = json.dumps(known, separators=(",", ":"))
        change = Change(set={"seconds": text, "expires_at": int(self._clock()) + RUN_KEPT_SECONDS})
        self._table.update(_key(guild_id), change)
        self._cache.pop(guild_id, None)

    def forget(self, guild_id: str) -> None:
        """See Timings; another process may believe what it has read for some minutes more."""
        self._table.delete(_key(guild_id))
        self._cache.pop(guild_id, None)

    def _read(self, guild_id: str) -> dict[str, list[int]]:
        item = self._table.get(_key(guild_id))
        return dict(json.loads(item["seconds"])) if item else {}


def _key(guild_id: str) -> Item:
    return {"guild_id": f"{guild_id}#durations"}
