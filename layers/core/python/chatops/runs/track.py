"""Read a batch of a build's log lines and keep the live message true.

Delivery is at least once, unordered and late (CloudWatch Logs subscriptions), so a batch is united with what is known,
and nothing in it can end a run or touch another one: the build's id, noted at its claim, says whose lines these are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatops.discord import render
from chatops.domain.progress import APPLIED_KEY, ProgressDelta, ProgressIndex, unpack
from chatops.domain.runs import Phase, ProgressItem, Run, Status
from chatops.errors import OutsideError
from chatops.ports import Artefacts, Chat, InteractionStore, RunStore
from chatops.runs.view import read_index, view_of
from chatops.terraform.tracker import read_batch

EDIT_SECONDS = 2
"""At most one edit in so many seconds: Discord allows about five in two seconds, which buttons' replies share."""
LEASE_SECONDS = 12
"""Longer than one edit may take (discord_http.TIMEOUT_SECONDS with a retry), so that two never edit at once."""
EDITS_PER_CALL = 15
MOST_ERRORS = 20


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
        delta = read_batch(lines, started_at_ms)
        if not delta:
            return "nothing new"
        run = self.runs.get(run_id)
        if run is None or run.status.ended:
            return "run has ended"
        index = read_index(self.artefacts, run, phase)
        known = self.runs.progress(run_id, phase_name).seen
        self.runs.add_progress(run_id, phase_name, _bounded(delta, known, index))
        return self._show(run_id, phase, index)

    def _show(self, run_id: str, phase: Phase, index: ProgressIndex | None) -> str:
        """Edit the live message until it shows the last state, or leave that to the one who holds the lease."""
        if not self.runs.lease_edit(run_id, phase.value, self.clock(), LEASE_SECONDS):
            return "someone else edits"
        for edits in range(1, EDITS_PER_CALL + 1):
            run = self.runs.get(run_id)
            if run is None or run.status is not _STATUS[phase]:
                return "phase is over"  # the lease is kept: what follows must not be overwritten
            item = self.runs.progress(run_id, phase.value)
            self._edit(run, phase, item, index)
            self.sleep(EDIT_SECONDS)
            if self.runs.release_edit(run_id, phase.value, item.version):
                return f"edited {edits}"
            self.runs.extend_edit(run_id, phase.value, self.clock(), LEASE_SECONDS)
        return "more to come"

    def _edit(self, run: Run, phase: Phase, item: ProgressItem, index: ProgressIndex | None) -> None:
        if run.message is None:
            return
        now_ms = int(self.clock() * 1000)
        reply = render.progress(run, view_of(run, phase, item, index, now_ms))
        try:
            self.chat.edit(run.message, run.token, now_ms // 1000, reply.payload())
        except OutsideError:
            return  # the next batch, or the report, shows it; a log batch must not be redelivered for this


_STATUS = {Phase.PLAN: Status.PLANNING, Phase.APPLY: Status.APPLYING, Phase.DESTROY: Status.APPLYING}


def _bounded(delta: ProgressDelta, known: ProgressDelta, index: ProgressIndex | None) -> ProgressDelta:
    """What of a batch may be stored: planned operations only, and a few errors, whatever hostile code prints."""
    keys = {operation.log_key for operation in index.operations} | {APPLIED_KEY} if index else set()

    def planned(numbers: frozenset[int]) -> frozenset[int]:
        return frozenset(number for number in numbers if unpack(number)[0] in keys)

    room = max(MOST_ERRORS - len(known.errors), 0)
    errors = tuple(error for error in delta.errors if error not in known.errors)[:room]
    return replace(
        delta, started=planned(delta.started), done=planned(delta.done), failed=planned(delta.failed), errors=errors
    )
