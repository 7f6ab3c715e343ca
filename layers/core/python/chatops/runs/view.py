"""What is known of a phase right now, computed from what the log told and what the plan promised."""

from dataclasses import dataclass
from functools import lru_cache

from chatops.domain.progress import Progress, ProgressDelta, ProgressIndex, Step
from chatops.domain.runs import Phase, ProgressItem, Run
from chatops.ports import Artefacts, RunStore
from chatops.runs.explain import INDEX


@dataclass(frozen=True)
class ProgressView:
    """One phase as a person may see it.

    `elapsed` is in seconds since its build claimed the bundle, or while it has not, since the phase began to wait for
    it. `silent` is how many seconds ago the build's log was last heard, `left` a range of seconds that the rest takes.
    """

    phase: Phase
    progress: Progress
    errors: tuple[str, ...] = ()
    step: Step | None = None
    elapsed: int = 0
    silent: int = 0
    left: tuple[int, int] | None = None
    version: int = 0


def read_index(artefacts: Artefacts, run: Run, phase: Phase) -> ProgressIndex | None:
    """The names of the planned operations; None while the plan is being made."""
    data = None if phase is Phase.PLAN else artefacts.get(run.artefact(INDEX))
    try:
        return _index(data) if data else None
    except ValueError:
        return None


@lru_cache(maxsize=4)  # the batches of one run come to the same few processes
def _index(data: bytes) -> ProgressIndex:
    return ProgressIndex.from_bytes(data)


def view_of(run: Run, phase: Phase, item: ProgressItem, index: ProgressIndex | None, now_ms: int) -> ProgressView:
    """The view of a phase at `now_ms`."""
    seen, claimed = item.seen, run.build.claimed_at if run.build else 0
    elapsed = _since(claimed or (run.build.began_at if run.build else 0), now_ms)
    progress = Progress.of(seen, index, elapsed)
    silent = max(elapsed - seen.last_heard, 0) if claimed else 0
    return ProgressView(
        phase, progress, seen.errors, _step(phase, seen, bool(claimed)), elapsed, silent, version=item.version
    )


def _step(phase: Phase, seen: ProgressDelta, claimed: bool) -> Step | None:
    """The log may skip lines: who has the bundle has a machine, who works has begun to. A plan at most imports."""
    if not claimed:
        return seen.step
    working = Step.WORKING if seen.started or seen.done or seen.failed else Step.INIT
    furthest = Step.READING if phase is Phase.PLAN else Step.WORKING
    return min(max(seen.step or Step.INIT, working), furthest)


def _since(begun: int, now_ms: int) -> int:
    return max(now_ms // 1000 - begun, 0) if begun else 0


def progress_view(runs: RunStore, artefacts: Artefacts, run: Run, now: float) -> ProgressView:
    """The view of the run's phase at `now` (unix seconds), read afresh."""
    item, index = runs.progress(run.id, run.phase.value), read_index(artefacts, run, run.phase)
    return view_of(run, run.phase, item, index, int(now * 1000))
