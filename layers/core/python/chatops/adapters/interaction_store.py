"""Claimed interaction ids, what waits for a form, and builds' runs, in DynamoDB."""

import json
import time
from collections.abc import Mapping
from typing import Any

from chatops.adapters.dynamodb import Change, Table
from chatops.errors import BusyError, ConflictError

LEASE_SECONDS = 55
"""Longer than the commands function may run, and over before Lambda tries again, which it does after a minute."""
KEPT_SECONDS = 24 * 3600
HELD_SECONDS = 15 * 60
"""How long a form may stay open: as long as Discord would have taken the answer to its command."""


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
        item = {"payload": json.dumps(payload), "expires_at": now + HELD_SECONDS}
        self._table.put({"id": f"held#{interaction_id}"} | item)

    def held(self, interaction_id: str, now: int) -> Mapping[str, Any] | None:
        """See InteractionStore; the table's time to live may lag by days, so it is not relied on."""
        item = self._table.get({"id": f"held#{interaction_id}"})
        if item is None or item["expires_at"] <= now:
            return None
        return dict(json.loads(item["payload"]))

    def let_go(self, interaction_id: str) -> None:
        """See InteractionStore."""
        self._table.delete({"id": f"held#{interaction_id}"})

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        """See InteractionStore."""
        expires_at = int(time.time()) + KEPT_SECONDS
        item = {"run_id": run_id, "phase": phase, "started_at_ms": started_at_ms, "expires_at": expires_at}
        self._table.put({"id": f"build#{build_id}"} | item)

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        """See InteractionStore."""
        item = self._table.get({"id": f"build#{build_id}"})
        return (item["run_id"], item["phase"], int(item["started_at_ms"])) if item else None
