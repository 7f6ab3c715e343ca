"""Read a batch of a build's log lines and keep the live message true.

Delivery is at least once, unordered and late (CloudWatch Logs subscriptions), so a batch is united with what is known,
and nothing in it can end a run or touch another one: the build's id, noted at its claim, says whose lines these are.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatops.discord import render
from chatops.domain.progress import APPLIED_KEY, ProgressDelta, ProgressIndex, unpack
from chatops.domain.runs import Phase, ProgressItem, Run, Status, storable
from chatops.errors import OutsideError
from chatops.ports import Artefacts, Chat, InteractionStore, RunStore
from chatops.runs.live import show
from chatops.runs.view import read_index, view_of
from chatops.terraform.tracker import read_batch

EDIT_SECONDS = 2
"""At most one edit in so many seconds: Discord allows about five in two seconds, which buttons' replies share."""
PATIENCE_SECONDS = 3
"""What Discord's rate limit holds up for longer, the next edit shows better."""
LEASE_SECONDS = 20
"""Longer than one edit may take (PATIENCE_SECONDS and two tries of discord_http): the last word stays the last."""
SECONDS_PER_CALL = 30
MOST_ERRORS = 20
LONGEST_NOW = 300


@dataclass(frozen=True)
class Track:
    """What following a run needs; `clock` is the time in seconds, `sleep` waits seconds."""

    runs: RunStore
    interactions: InteractionStore
    artefacts: Artefacts
    chat: Chat
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def __call__(self, build_id: str, lines: Sequence[tuple[int, str]]) -> str:
        """Take in a batch of (milliseconds, line) and return in one word what was done with it."""
        link = self.interactions.run_of_build(build_id)
        if link is None:
            return "unknown build"
        run_id, phase_name, started_at_ms = link
        phase = Phase(phase_name)
        run = self.runs.get(run_id)
        if run is None or run.status.ended:
            return "run has ended"
        index = read_index(self.artefacts, run, phase)
        known = self.runs.progress(run_id, phase_name).seen
        if news := _bounded(read_batch(lines, started_at_ms), known, index):
            self.runs.add_progress(run_id, phase_name, news)
        return self._show(run_id, phase, index)  # also without news: time goes by

    def _show(self, run_id: str, phase: Phase, index: ProgressIndex | None) -> str:
        """Edit the live message until it shows the last state, or leave that to the one who holds the lease."""
        began = self.clock()
        if not self.runs.lease_edit(run_id, phase.value, began, LEASE_SECONDS):
            return "someone else edits"
        while self.clock() - began < SECONDS_PER_CALL:
            run = self.runs.get(run_id)
            if run is None or run.status is not _STATUS[phase]:
                return self._let_go(run_id, phase, "phase is over")
            item = self.runs.progress(run_id, phase.value)
            self._edit(run, phase, item, index)
            self.sleep(EDIT_SECONDS)
            if self.runs.release_edit(run_id, phase.value, item.version):
                return "edited"
            self.runs.extend_edit(run_id, phase.value, self.clock(), LEASE_SECONDS)
        return self._let_go(run_id, phase, "more to come")

    def _let_go(self, run_id: str, phase: Phase, why: str) -> str:
        """Give the lease back, news or not; whoever takes it next looks at the run again."""
        self.runs.extend_edit(run_id, phase.value, self.clock(), -1)
        return why

    def _edit(self, run: Run, phase: Phase, item: ProgressItem, index: ProgressIndex | None) -> None:
        now_ms = int(self.clock() * 1000)
        reply = render.progress(run, view_of(run, phase, item, index, now_ms))
        try:
            show(self.chat, run, reply, now_ms // 1000)
        except OutsideError:
            return  # the next batch, or the report, shows it; a log batch must not be redelivered for this


_STATUS = {Phase.PLAN: Status.PLANNING, Phase.APPLY: Status.APPLYING, Phase.DESTROY: Status.APPLYING}


def _bounded(delta: ProgressDelta, known: ProgressDelta, index: ProgressIndex | None) -> ProgressDelta:
    """What of a batch may be stored, whatever hostile code prints: each planned operation once, and a few errors."""
    most = {key: len(operations) for key, operations in index.by_log_key.items()} | {APPLIED_KEY: 1} if index else {}

    def planned(numbers: frozenset[int], stored: frozenset[int]) -> frozenset[int]:
        room = Counter(most)
        room.subtract(unpack(number)[0] for number in stored)
        kept = set()
        for number in sorted(numbers - stored):
            key = unpack(number)[0]
            if room[key] > 0:
                room[key] -= 1
                kept.add(number)
        return frozenset(kept)

    errors = (storable(error) for error in delta.errors)
    new_errors = [error for error in errors if error and error not in known.errors]
    return ProgressDelta(
        planned(delta.started, known.started),
        planned(delta.done, known.done),
        planned(delta.failed, known.failed),
        tuple(new_errors[: max(MOST_ERRORS - len(known.errors), 0)]),
        storable(delta.now[:LONGEST_NOW]) if delta.now else None,
    )
