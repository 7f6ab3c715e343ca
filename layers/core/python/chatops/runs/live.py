"""The right to edit a run's live message."""

from collections.abc import Callable

from chatops.domain.progress import ProgressDelta
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


def edit_unless_busy(runs: RunStore, run_id: str, phase: Phase, now: float, edit: Callable[[], None]) -> None:
    """Edit the live message, or, while somebody else does, see to it that they look at the run once more."""
    if runs.lease_edit(run_id, phase.value, now, LEASE_SECONDS):
        edit()
        runs.extend_edit(run_id, phase.value, now, -1)
    else:
        runs.add_progress(run_id, phase.value, ProgressDelta())
