"""The watchdog, every minute: runs whose build or execution died, sessions and commands whose time is over."""

import time

from chatops import bootstrap
from chatops.observability import logger
from chatops.runs.sweep import LOOK_SECONDS, Finding, sweep


def handler(event: object, context: object) -> None:
    """Look at every active run, then sweep the expired recovery blobs and what waited for a form too long."""
    runs, workflow, builds, call_report, call_track, blobs, interactions = bootstrap.sweep()
    now = int(time.time())

    def report(finding: Finding) -> None:
        call_report(
            {"source": "sweep", "run_id": finding.run_id, "outcome": finding.outcome.value, "cause": finding.cause}
        )

    def turn(guild_id: str) -> None:
        call_report({"source": "sweep", "turn": guild_id})

    def look(run_id: str) -> None:
        call_track({"look": run_id})

    end = time.monotonic() + LOOK_SECONDS
    findings, failed = sweep(runs, workflow, builds, report, look, turn, now, lambda: time.monotonic() < end)
    counts = {
        "sessions": blobs.cleanup_expired_recovery_blobs(),
        "waiting": interactions.forget_expired(now),
    }
    logger.info("swept", extra={"lost_runs": [each.run_id for each in findings], "not_seen": failed, **counts})
