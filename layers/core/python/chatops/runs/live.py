"""The right to edit a run's live message."""

from collections.abc import Callable

from chatops.domain.runs import Phase
from chatops.ports import RunStore

LEASE_SECONDS = 30


def take_over(
    runs: RunStore, run_id: str, phase: Phase, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Wait until the phase's tracker has let go of the live message, so that its last edit cannot come after ours.

    The caller has changed the run's status before: a tracker that looks again stops by itself.
    """
    for _ in range(LEASE_SECONDS * 2):
        if runs.lease_edit(run_id, phase.value, clock(), LEASE_SECONDS):
            return
        sleep(0.5)
