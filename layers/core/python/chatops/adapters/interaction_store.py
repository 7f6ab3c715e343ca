"""Claimed interaction ids, what waits for a form, and builds' runs, in DynamoDB."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.errors import BusyError, ConflictError

LEASE_SECONDS = 55
"""Longer than the commands function may run, and over before Lambda tries again, which it does after a minute."""
KEPT_SECONDS = 24 * 3600
HELD_SECONDS = 15 * 60
"""How long a form may stay open: as long as Discord would have taken the answer to its command."""
HELD_INDEX = "held"
"""What waits for a form, by its end; only such items have the attribute."""


class DynamoInteractionStore:
    """`InteractionStore` over the interactions table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, interaction_id: str, now: int) -> bool:
        """See InteractionStore."""
        key = {"id": f"interaction#{interaction_id}"}
        claimed = {"state": "working", "lease_until": now + LEASE_SECONDS, "expires_at": now + KEPT_SECONDS}
        try:
            self._table.put(
                key | claimed,
                when="attribute_not_exists({id}) OR ({state} = :working AND {lease_until} < :now)",
                expect={"working": "working", "now": now},
            )
        except ConflictError:
            item = self._table.get(key)
            if item and item["state"] == "done":
                return False
            raise BusyError(f"interaction {interaction_id} is being worked on") from None
        return True

    def done(self, interaction_id: str) -> None:
        """See InteractionStore."""
        self._table.update({"id": f"interaction#{interaction_id}"}, Change(set={"state": "done"}))

    def hold(self, interaction_id: str, payload: Mapping[str, Any], now: int) -> None:
        """See InteractionStore."""
        item = {"held": "1", "payload": json.dumps(payload), "expires_at": now + HELD_SECONDS}
        with suppress(ConflictError):  # a command that is tried again must not free what a form has taken meanwhile
            self._table.put({"id": f"held#{interaction_id}"} | item, when="attribute_not_exists({taken_by})")

    def held(self, interaction_id: str, by: str, now: int) -> Mapping[str, Any] | None:
        """See InteractionStore; what is over may not be deleted yet, so it is looked at."""
        item = self._table.get({"id": f"held#{interaction_id}"})
        if item is None or item["expires_at"] <= now or item.get("taken_by", by) != by:
            return None
        return dict(json.loads(item["payload"]))

    def take(self, interaction_id: str, by: str) -> bool:
        """See InteractionStore; one conditional write."""
        when = "attribute_exists({id}) AND (attribute_not_exists({taken_by}) OR {taken_by} = :by)"
        change = Change(set={"taken_by": by}, when=when, expect={"by": by})
        try:
            self._table.update({"id": f"held#{interaction_id}"}, change)
        except ConflictError:
            return False
        return True

    def forget_expired(self, now: int) -> int:
        """See InteractionStore; the index has them in the order of their ends."""
        named = self._table.query("held", "1", index=HELD_INDEX)
        expired = [item["id"] for item in takewhile(lambda item: item["expires_at"] <= now, named)]
        for item_id in expired:
            self._table.delete({"id": item_id})
        return len(expired)

    def forget_held_of(self, *, guild_id: str = "", user_id: str = "") -> int:
        """See InteractionStore; few things are held at a time, and each is looked at."""
        named = [item["id"] for item in self._table.query("held", "1", index=HELD_INDEX)]
        theirs = [item_id for item_id in named if _is_of(self._table.get({"id": item_id}), guild_id, user_id)]
        for item_id in theirs:
            self._table.delete({"id": item_id})
        return len(theirs)

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        """See InteractionStore."""
        expires_at = int(time.time()) + KEPT_SECONDS
        item = {"run_id": run_id, "phase": phase, "started_at_ms": started_at_ms, "expires_at": expires_at}
        self._table.put({"id": f"build#{build_id}"} | item)

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        """See InteractionStore."""
        item = self._table.get({"id": f"build#{build_id}"})
        return (item["run_id"], item["phase"], int(item["started_at_ms"])) if item else None


def _is_of(item: Item | None, guild_id: str, user_id: str) -> bool:
    """Whether it was asked for there, or by this person; also a version of yesterday may be held, and is looked at."""
    asked = json.loads(item["payload"]).get("interaction") or {} if item else {}
    if guild_id:
        return bool(asked.get("guild_id") == guild_id)
    return bool((asked.get("person") or {}).get("id") == user_id)
