"""Claimed interaction ids, and builds' runs, in DynamoDB."""

import time

from chatops.adapters.dynamodb import Change, Table
from chatops.errors import ConflictError

LEASE_SECONDS = 90
KEPT_SECONDS = 24 * 3600


class DynamoInteractionStore:
    """`InteractionStore` over the interactions table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, interaction_id: str, now: int) -> bool:
        """See InteractionStore; the lease outlives the commands function's time-out."""
        try:
            self._table.put(
                {
                    "id": f"interaction#{interaction_id}",
                    "state": "working",
                    "lease_until": now + LEASE_SECONDS,
                    "expires_at": now + KEPT_SECONDS,
                },
                when="attribute_not_exists({id}) OR ({state} = :working AND {lease_until} < :now)",
                expect={"working": "working", "now": now},
            )
        except ConflictError:
            return False
        return True

    def done(self, interaction_id: str) -> None:
        """See InteractionStore."""
        self._table.update({"id": f"interaction#{interaction_id}"}, Change(set={"state": "done"}))

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        """See InteractionStore."""
        expires_at = int(time.time()) + KEPT_SECONDS
        item = {"run_id": run_id, "phase": phase, "started_at_ms": started_at_ms, "expires_at": expires_at}
        self._table.put({"id": f"build#{build_id}"} | item)

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        """See InteractionStore."""
        item = self._table.get({"id": f"build#{build_id}"})
        return (item["run_id"], item["phase"], int(item["started_at_ms"])) if item else None
