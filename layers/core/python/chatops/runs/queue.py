"""A guild's line of runs: get into it, leave it, and start whose turn it is. The locks are what protects the states."""

import random
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from chatops.discord import line_card, render
from chatops.discord.replies import Reply
from chatops.domain.deployments import Lock
from chatops.domain.queues import Limits, Line, Place, Standing, called, joined, left, next_ones, standing, stepped_back
from chatops.domain.runs import Run, Status
from chatops.errors import BusyError, ConflictError, OutsideError, UserError
from chatops.ports import Chat, Connections, DeploymentStore, GuildSettings, Lines, RunStore, Workflow
from chatops.runs.live import EDIT_SECONDS, LEASE_SECONDS, show
from chatops.runs.lock import ORPHAN_SECONDS, began, take_lock, up_to_date

TRIES = 12
"""How often a change of a line is tried that somebody else was faster with; of those who meet, one gets through."""
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Refusal:
    """A run that must not begin although it is its turn, and how it has to end."""

    run_id: str
    outcome: Status
    cause: str


@dataclass(frozen=True)
class Moved:
    """What a turn of the line brought.

    `started` are those who began, `refused` those who must not, `failed` the ids of those who could not be started this
    time, and `places` those who wait and stand in another place than before.
    """

    started: list[Run] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    places: list[tuple[str, Standing]] = field(default_factory=list)


@dataclass(frozen=True)
class Queue:
    """What a line needs; `limits` is the operator's, `clock` the time in seconds, `sleep` waits seconds.

    Each step may be done again, by anybody: a run that was called and got no further is begun by the next turn.
    """

    lines: Lines
    runs: RunStore
    deployments: DeploymentStore
    settings: GuildSettings
    connections: Connections
    workflow: Workflow
    chat: Chat
    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def limits_of(self, guild_id: str) -> Limits:
        """What the guild may have: the operator's limits, or lower ones of its own."""
        return self.limits.lowered(self.settings.limits(guild_id))

    def join(self, run: Run) -> tuple[Standing, bool]:
        """Put the run into its guild's line; say where it stands, and whether it was not in it before.

        Raises:
            UserError: the guild's limits allow no more runs by now.
        """
        limits, now = self.limits_of(run.guild_id), int(self.clock())
        place = Place(run.id, run.deployment, run.user_id, now)
        try:
            before, after = self._change(
                run.guild_id, lambda line: joined(self._mended(line), place, limits, now, counted=not run.destroy)[0]
            )
        except BusyError as exc:
            raise UserError(
                "Very many runs come and go in this server at this moment. Try again in a few seconds."
            ) from exc
        return standing(after, run.id, limits), all(each.run_id != run.id for each in before.places)

    def step_back(self, run: Run) -> Standing:
        """Let the run wait although it would be its turn: another one, which is in no line, holds its deployment.

        It has waited since it was asked for.
        """
        place = Place(run.id, run.deployment, run.user_id, run.created_at)
        _, after = self._change(run.guild_id, lambda line: stepped_back(line, place))
        return standing(after, run.id, self.limits_of(run.guild_id))

    def stands(self, run: Run) -> Standing:
        """Where the run stands right now."""
        return standing(self.lines.get(run.guild_id), run.id, self.limits_of(run.guild_id))

    def forget(self, run: Run) -> None:
        """Take the run out; whoever is next is started by the watchdog's next turn."""
        self._change(run.guild_id, lambda line: left(line, run.id))

    def leave(self, run: Run) -> Moved:
        """Take the run out, and start whose turn it is now; while nobody waits, nobody is asked for."""
        before, after = self._change(run.guild_id, lambda line: left(line, run.id))
        return self._advanced(run.guild_id, before) if after.waiting else Moved()

    def turn(self, guild_id: str) -> Moved:
        """Start whose turn it is, and finish what an earlier turn has only begun."""
        return self._advanced(guild_id, self.lines.get(guild_id))

    def show(self, moved: Moved) -> None:
        """Bring the messages up to date of those who were started, and of those whose place has changed."""
        for run in moved.started:
            self._edit(run.id, lambda now: None if now.build or now.status.ended else render.started(now))
        for run_id, stands in moved.places:
            self._edit(run_id, partial(_still_waiting, stands))

    def _advanced(self, guild_id: str, before: Line) -> Moved:
        limits, moved = self.limits_of(guild_id), Moved()
        line, held = before, set[str]()
        for _ in range(TRIES):
            _, line = self._change(guild_id, lambda line: self._called(line, limits, held))
            stuck = [run for place in line.running if (run := self._begun(place, moved))]
            if not stuck:
                break
            for run in reversed(stuck):  # each goes before those who came in the same second
                self.step_back(run)
            held.update(run.deployment for run in stuck)
        stands = {each.run_id: standing(line, each.run_id, limits) for each in line.waiting}
        moved.places.extend((run_id, now) for run_id, now in stands.items() if now != standing(before, run_id, limits))
        return moved

    def _called(self, line: Line, limits: Limits, held: Collection[str]) -> Line:
        mended = self._mended(line)
        return called(mended, next_ones(mended, limits, held), int(self.clock()))

    def _mended(self, line: Line) -> Line:
        """The line without those who are over, or never were: their process died before it could take them out."""
        now = int(self.clock())
        for place in line.places:
            try:
                run = self.runs.get(place.run_id)
            except OutsideError:
                continue  # one that cannot be read keeps its place, and holds up nobody else
            if run.reported if run else now - place.since > ORPHAN_SECONDS:
                line = left(line, place.run_id)
        return line

    def _begun(self, place: Place, moved: Moved) -> Run | None:
        """Begin a run whose turn it is, unless it has begun; returned if another one, in no line, holds its lock."""
        try:
            run = self.runs.get(place.run_id)
            if run is None or not _is_to_begin(run):
                return None
            if run.status is Status.QUEUED and (refusal := self._refusal(run)):
                moved.refused.append(refusal)
                return None
            return None if self._begin(run, moved) else run
        except OutsideError:
            moved.failed.append(place.run_id)  # one sick run must not hold up the others
            return None

    def _begin(self, run: Run, moved: Moved) -> bool:
        """Lock, then status, then execution, each of which may be there already; False where the lock is not free."""
        if run.status is Status.QUEUED:
            known, now = self.deployments.get(run.guild_id, run.deployment), int(self.clock())
            run = replace(run, region=(known.region if known else "") or run.region)
            taken = take_lock(run, self.deployments, self.runs, now)
            if taken is None:
                return False
            run = up_to_date(run, self.deployments.get(run.guild_id, run.deployment))
            try:
                run = self.runs.take_turn(run.id, taken[0], run.region, run.variables, now)
            except ConflictError:
                self._free_unless_begun(run, taken[0])
                return True
        self.workflow.start(run.execution_name, run.id)
        moved.started.append(run)
        return True

    def _free_unless_begun(self, run: Run, lock: Lock) -> None:
        """Somebody ended it, or asked it to stop, while we took its lock; or somebody else has begun it under it.

        A run that began under this lock may have a build that writes, whatever was asked since: its report gives the
        lock back.
        """
        now = self.runs.get(run.id)
        if now is None or now.fence != lock.fence:
            self.deployments.release(run.guild_id, run.deployment, run.id, began=began(now))

    def _refusal(self, run: Run) -> Refusal | None:
        """Whether the deployment is another one by now than the run was asked for, or its cloud is disconnected."""
        known = self.deployments.get(run.guild_id, run.deployment)
        exists = known is not None and known.status != "new"
        if run.destroy and not exists and (known is None or known.lock is None):
            return Refusal(run.id, Status.NO_CHANGES, "")
        if run.uses_connection and not self._connected(run):
            cause = f"The project `{run.project_id}` was disconnected from this server while the run waited."
            return Refusal(run.id, Status.FAILED, f"{cause} Nothing was changed.")
        if known is None or not exists:
            return None
        if known.blueprint != run.blueprint:
            what = f"is a deployment of `{known.blueprint}` by now, and this run was asked for `{run.blueprint}`."
        elif known.project_id != run.project_id:
            what = f"is in project `{known.project_id}` by now, and this run has the credentials of `{run.project_id}`."
        else:
            return None
        return Refusal(run.id, Status.FAILED, f"`{run.deployment}` {what}")

    def _connected(self, run: Run) -> bool:
        found = self.connections.get(run.guild_id, run.provider)
        return found is not None and found.project_id == run.project_id

    def _edit(self, run_id: str, shown: Callable[[Run], Reply | None]) -> None:
        """Edit a message as the run is now, if nobody else does and Discord takes it: more than that is not owed."""
        now = self.clock()
        with suppress(OutsideError):
            if not self.runs.lease_edit(run_id, now, LEASE_SECONDS):
                return
            try:
                run = self.runs.get(run_id)
                if run and (reply := shown(run)):
                    show(self.chat, run, reply, int(now))
            finally:
                self.runs.extend_edit(run_id, now, EDIT_SECONDS)

    def _change(self, guild_id: str, change: Callable[[Line], Line]) -> tuple[Line, Line]:
        """The line before and after a change; what somebody else changed meanwhile is taken into account.

        Raises:
            BusyError: somebody else was faster, time and again.
        """
        for attempt in range(1, TRIES + 1):
            line = self.lines.get(guild_id)
            after = change(line)
            if after == line:
                return line, line
            with suppress(ConflictError):
                self.lines.put(guild_id, after)
                return line, after
            self.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311 - spreads those who meet; no secret
        raise BusyError(f"changing the line of guild {guild_id!r}: others were faster {TRIES} times")


def _is_to_begin(run: Run) -> bool:
    """Whether it waits, or whoever began it after its wait died before its execution was started.

    One without a message is still being put in line: its credentials may not be sealed yet.
    """
    waits = run.status is Status.QUEUED and run.message is not None
    return waits or bool(run.turn_at and run.status is Status.STARTING)


def _still_waiting(stands: Standing, run: Run) -> Reply | None:
    return line_card.waiting(run, stands) if run.status is Status.QUEUED else None
