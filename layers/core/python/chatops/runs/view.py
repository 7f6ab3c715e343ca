"""What is known of a phase right now, computed from what the log told and what the plan promised."""

from dataclasses import dataclass

from chatops.domain.progress import Progress, ProgressIndex
from chatops.domain.runs import Phase, ProgressItem, Run
from chatops.ports import Artefacts, RunStore
from chatops.runs.explain import INDEX


@dataclass(frozen=True)
class ProgressView:
    """One phase as a person may see it; `elapsed` is in seconds since its build claimed the bundle."""

    phase: Phase
    progress: Progress
    errors: tuple[str, ...] = ()
    now: str = ""
    elapsed: int = 0
    version: int = 0


def read_index(artefacts: Artefacts, run: Run, phase: Phase) -> ProgressIndex | None:
    """The names of the planned operations; None while the plan is being made."""
    data = None if phase is Phase.PLAN else artefacts.get(run.artefact(INDEX))
    try:
        return ProgressIndex.from_bytes(data) if data else None
    except ValueError:
        return None


def view_of(run: Run, phase: Phase, item: ProgressItem, index: ProgressIndex | None, now_ms: int) -> ProgressView:
    """The view of a phase at `now_ms`."""
    begun = run.build.claimed_at if run.build and run.build.claimed_at else now_ms // 1000
    elapsed = max(now_ms // 1000 - begun, 0)
    progress = Progress.of(item.seen, index, elapsed)
    return ProgressView(phase, progress, item.seen.errors, item.seen.now or "", elapsed, item.version)


def progress_view(runs: RunStore, artefacts: Artefacts, run: Run, now: float) -> ProgressView:
    """The view of the run's phase at `now` (unix seconds), read afresh."""
    item, index = runs.progress(run.id, run.phase.value), read_index(artefacts, run, run.phase)
    return view_of(run, run.phase, item, index, int(now * 1000))
