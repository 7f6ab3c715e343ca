"""Read a batch of a build's log lines and keep the live message true.

Delivery is at least once, unordered and late (CloudWatch Logs subscriptions), so a batch is united with what is known,
and nothing in it can end a run or touch another one: the build's id, noted at its claim, says whose lines these are.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatops.discord import render
from chatops.domain.progress import APPLIED_KEY, ProgressDelta, ProgressIndex, Step, heard_mark, unpack
from chatops.domain.runs import Phase, ProgressItem, Run, Status, storable
from chatops.errors import OutsideError, TryLater
from chatops.ports import Artefacts, Chat, InteractionStore, RunStore, Timings
from chatops.runs.estimate import estimate
from chatops.runs.live import EDIT_SECONDS, LAST_EDITS_SECONDS, LEASE_SECONDS, show
from chatops.runs.view import ProgressView, read_index, view_of
from chatops.terraform.batch import read_batch

PATIENCE_SECONDS = 3
"""What Discord's rate limit holds up for longer, the next edit shows better."""
SECONDS_PER_CALL = 25
CHANNEL_SECONDS = 1
"""At most one edit by the bot in so many seconds for each channel; with an interaction's token each run has its own."""
LONGEST_PAUSE_SECONDS = 8
"""Where Discord asks to wait for longer, nobody sits and waits: the watchdog looks when the time is over."""
LONGEST_WAIT_SECONDS = 60
"""Where Discord asks for longer, it is asked again after that: a button may have brought a fresh token meanwhile."""
MOST_ERRORS = 20


@dataclass(frozen=True)
class Track:
    """What following a run needs; `clock` is the time in seconds, `sleep` waits seconds."""

    runs: RunStore
    interactions: InteractionStore
    artefacts: Artefacts
    timings: Timings
    chat: Chat
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def __call__(self, build_id: str, lines: Sequence[tuple[int, str]]) -> str:
        """Take in a batch of (milliseconds, line) and return in a few words what was done with it."""
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
        now_mark = heard_mark(int(self.clock()) - started_at_ms // 1000)
        if news := bounded(read_batch(lines, started_at_ms), known, index, now_mark):
            self.runs.add_progress(run_id, phase_name, news)
        return self._show(run_id, phase, index)  # also without news: time goes by

    def build(self, run_id: str, step: Step) -> str:
        """Take in how far the machine of a build is that has not claimed its bundle yet."""
        run = self.runs.get(run_id)
        if run is None or not run.status.at_work or run.build is None or run.build.build_id:
            return "too late"
        self.runs.add_progress(run_id, run.phase.value, ProgressDelta(steps=frozenset({step})))
        return self._show(run_id, run.phase, read_index(self.artefacts, run, run.phase))

    def look(self, run_id: str) -> str:
        """Show that time goes by, although nothing is heard of the run."""
        run = self.runs.get(run_id)
        if run is None or not run.status.at_work:
            return "not at work"
        return self._show(run_id, run.phase, read_index(self.artefacts, run, run.phase))

    def _show(self, run_id: str, phase: Phase, index: ProgressIndex | None) -> str:
        """Edit the live message until it shows the last state, or leave that to the one who holds the lease.

        Whoever finds the lease taken has stored their news before; the holder reads once more after giving it back, so
        the last state is always shown. Where Discord asks to wait, the lease says until when.
        """
        began = self.clock()
        while self.runs.lease_edit(run_id, self.clock(), LEASE_SECONDS):
            run = self.runs.get(run_id)
            if run is None or run.status is not Status.during(phase):
                self.runs.release_edit(run_id, self.clock())
                return "phase is over"
            item = self.runs.progress(run_id, phase.value)
            wait = self._edit(run, phase, item, index)
            if wait > LONGEST_PAUSE_SECONDS:
                self.runs.extend_edit(run_id, self.clock(), wait)
                return "Discord asks to wait"
            self.sleep(max(wait, EDIT_SECONDS))
            self.runs.release_edit(run_id, self.clock())
            if not wait and self.runs.progress(run_id, phase.value).version == item.version:
                return "edited"
            if self.clock() - began > SECONDS_PER_CALL:
                return "more to come"
        return "someone else edits"

    def _edit(self, run: Run, phase: Phase, item: ProgressItem, index: ProgressIndex | None) -> float:
        """Edit the message once; returns after how many seconds to try again, 0 if it was edited or cannot be."""
        now_ms = int(self.clock() * 1000)
        if not self._may_edit_here(run, now_ms / 1000):
            return CHANNEL_SECONDS
        view = self._with_estimate(run, view_of(run, phase, item, index, now_ms))
        try:
            show(self.chat, run, render.progress(run, view), now_ms // 1000)
        except TryLater as later:
            return min(later.seconds, LONGEST_WAIT_SECONDS)
        except OutsideError:
            return 0  # the next batch, or the report, shows it; a log batch must not be redelivered for this
        return 0

    def _may_edit_here(self, run: Run, now: float) -> bool:
        """Whether it is this run's turn in its channel: what the bot edits there counts together for Discord."""
        if run.message is None or (run.token and now + LAST_EDITS_SECONDS <= run.token.expires_at):
            return True
        return self.runs.lease_edit(f"channel {run.message.channel_id}", now, CHANNEL_SECONDS)

    def _with_estimate(self, run: Run, view: ProgressView) -> ProgressView:
        try:
            return replace(view, left=estimate(view.progress, self.timings.of(run.guild_id)))
        except OutsideError:
            return view  # a guess is not worth a failure


def bounded(delta: ProgressDelta, known: ProgressDelta, index: ProgressIndex | None, now_mark: int) -> ProgressDelta:
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
        delta.steps - known.steps,
        frozenset(mark for mark in delta.heard - known.heard if mark <= now_mark),
    )
