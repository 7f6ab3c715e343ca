"""The watchdog, every minute: runs whose build or execution died, and sessions whose time is over."""

import time

from chatops import bootstrap
from chatops.observability import logger
from chatops.runs.sweep import Finding, sweep


def handler(event: object, context: object) -> None:
    """Look at every active run, then sweep the expired recovery blobs."""
    runs, workflow, builds, call_report, blobs = bootstrap.sweep()

    def report(finding: Finding) -> None:
        call_report(
            {"source": "sweep", "run_id": finding.run_id, "outcome": finding.outcome.value, "cause": finding.cause}
        )

    findings, failed = sweep(runs, workflow, builds, report, int(time.time()))
    swept = blobs.cleanup_expired_recovery_blobs()
    logger.info("swept", extra={"lost_runs": [each.run_id for each in findings], "not_seen": failed, "sessions": swept})
