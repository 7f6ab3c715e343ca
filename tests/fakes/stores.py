"""Runs, deployments and interactions without DynamoDB; an item must be one that DynamoDB would take."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from chatops.domain.deployments import Deployment, Lock
from chatops.domain.money import Budgets
from chatops.domain.progress import ProgressDelta
from chatops.domain.queues import Limits
from chatops.domain.runs import Approval, Build, MessageRef, ProgressItem, ReplyToken, Run, Status
from chatops.domain.timings import Timed, remember
from chatops.errors import BusyError, ConflictError, OutsideError

ITEM_BYTES = 400_000
NUMBER_BYTES = 12  # a number of 19 digits, as DynamoDB counts it
LEASE_SECONDS = 55
HELD_SECONDS = 15 * 60


def check_item(item: Any) -> None:
    """Refuse what DynamoDB refuses: half a character, or more than 400 kB."""
    try:
        size = len(json.dumps(item, ensure_ascii=False, default=sorted).encode())
    except UnicodeEncodeError as exc:
        raise OutsideError("writing an item: SerializationException") from exc
    if size > ITEM_BYTES:
        raise OutsideError("writing an item: ValidationException")


class InMemoryRunStore:
    """Runs in a dict, which tests may look into; a progress item is found by (run id, phase)."""

    def __init__(self, *runs: Run) -> None:
        self.runs = {run.id: run for run in runs}
        self.items: dict[tuple[str, str], ProgressItem] = {}
        self.leases: dict[str, float] = {}
        self.edited: dict[str, float] = {}
        self.sick: set[str] = set()

    def create(self, run: Run) -> None:
        if run.id in self.runs:
            raise ConflictError(f"run {run.id!r} exists")
        self._put(run)

    def get(self, run_id: str) -> Run | None:
        if run_id in self.sick:
            raise OutsideError(f"reading run {run_id!r}: 'status'")
        return self.runs.get(run_id)

    def active(self) -> Sequence[str]:
        return [run.id for run in self.runs.values() if not run.reported]

    def of_session(self, guild_id: str, session_id: str, since: int) -> Sequence[Run]:
        of_guild = [run for run in self.runs.values() if run.guild_id == guild_id and run.created_at >= since]
        return sorted(
            (run for run in of_guild if run.session_id == session_id), key=lambda run: run.created_at, reverse=True
        )

    def of_deployment(self, guild_id: str, deployment: str, since: int, until: int) -> Sequence[Run]:
        named = [run for run in self.runs.values() if (run.guild_id, run.deployment) == (guild_id, deployment)]
        recent = (run for run in named if since <= run.created_at <= until)
        return sorted(recent, key=lambda run: run.created_at, reverse=True)

    def last_of_deployment(self, guild_id: str, deployment: str, since: int) -> Run | None:
        return next(iter(self.of_deployment(guild_id, deployment, since, sys.maxsize)), None)

    def take_turn(self, run_id: str, lock: Lock, region: str, variables: Mapping[str, Any], now: int) -> Run:
        run = self._going(run_id)
        if run.status is not Status.QUEUED or run.cancel_requested_at:
            raise ConflictError(f"run {run_id!r} waits for no turn")
        run = replace(run, status=Status.STARTING, region=region, variables=dict(variables), turn_at=now)
        under = {"fence": lock.fence, "previous_run_id": lock.previous_run_id, "unsaved_run_id": lock.unsaved_run_id}
        self._put(replace(run, **under))  # type: ignore[arg-type]
        return self.runs[run_id]

    def begin_phase(self, run_id: str, status: Status, build: Build) -> None:
        run = self._going(run_id)
        if run.build and run.build.build_id and run.build.phase is build.phase:
            raise ConflictError(f"run {run_id!r} has a build of this phase")
        self._put(replace(run, status=status, build=build))

    def claim(self, run_id: str, build: Build) -> None:
        run = self._going(run_id)
        expected = run.build is not None and run.build.claim_hash == build.claim_hash and not run.build.build_id
        if run.build is None or not expected or run.build.claim_until < build.claimed_at:
            raise ConflictError(f"run {run_id!r} waits for no such claim")
        self._put(replace(run, build=build))

    def heartbeat(self, run_id: str, heartbeat_hash: str, now: int) -> Run:
        run = self.runs.get(run_id)
        if run is None or run.build is None or run.build.heartbeat_hash != heartbeat_hash:
            raise ConflictError(f"run {run_id!r} has no such build")
        self._put(replace(run, build=replace(run.build, heartbeat_at=now)))
        return self.runs[run_id]

    def record_plan(self, run_id: str, facts: Mapping[str, Any], plan_sha256: str) -> None:
        self._put(replace(self._going(run_id), plan=dict(facts), plan_sha256=plan_sha256))

    def await_approval(self, run_id: str, approval: Approval) -> None:
        run = self._going(run_id)
        if run.cancel_requested_at:
            raise ConflictError(f"run {run_id!r} was cancelled")
        self._put(replace(run, status=Status.AWAITING, approval=approval))

    def decide(self, run_id: str, decision: str, person_id: str, now: int) -> Approval:
        run = self._going(run_id)
        approval = run.approval
        if run.status is not Status.AWAITING or approval is None or approval.expires_at <= now:
            raise ConflictError(f"run {run_id!r} waits for nobody")
        if approval.decision and (approval.decision, approval.decided_by) != (decision, person_id):
            raise ConflictError(f"run {run_id!r} is decided")
        decided = replace(approval, decision=decision, decided_by=person_id)
        self._put(replace(run, approval=decided))
        return decided

    def request_cancel(self, run_id: str, person_id: str, now: int, cause: str = "") -> None:
        run = self._going(run_id)
        if run.cancel_requested_at:
            raise ConflictError(f"run {run_id!r} is stopping")
        self._put(replace(run, cancel_requested_by=person_id, cancel_requested_at=now, cancel_cause=cause))

    def finish(self, run: Run, status: Status, detail: Mapping[str, Any], now: int) -> None:
        going = self._going(run.id)
        if going.build and going.build.build_id != (run.build.build_id if run.build else ""):
            raise ConflictError(f"run {run.id!r} has another build")
        self._put(replace(going, status=status, detail=dict(detail), ended_at=now))

    def mark_reported(self, run_id: str) -> None:
        self._put(replace(self._known(run_id), reported=True, approval=None, token=None))

    def keep_message(self, run_id: str, message: MessageRef, token: ReplyToken | None = None) -> None:
        run = self._known(run_id)
        if run.reported:
            raise ConflictError(f"run {run_id!r} is reported")
        self._put(replace(run, message=message, token=token or run.token))

    def keep_token(self, run_id: str, token: ReplyToken) -> None:
        self._put(replace(self._going(run_id), token=token))

    def add_progress(self, run_id: str, phase: str, delta: ProgressDelta) -> ProgressItem:
        item = self.progress(run_id, phase)
        united = item.seen | delta
        seen = replace(united, errors=tuple(sorted(united.errors)))
        numbers = sum(map(len, (seen.started, seen.done, seen.failed, seen.steps, seen.heard)))
        check_item([*seen.errors, "n" * numbers * NUMBER_BYTES])
        if "" in seen.errors:
            raise OutsideError("writing an item: ValidationException")
        self.items[run_id, phase] = ProgressItem(seen, item.version + 1)
        return self.items[run_id, phase]

    def progress(self, run_id: str, phase: str) -> ProgressItem:
        return self.items.get((run_id, phase), ProgressItem())

    def lease_edit(self, run_id: str, now: float, seconds: float) -> bool:
        if self.leases.get(run_id, 0) >= now:
            return False
        self.leases[run_id] = now + seconds
        return True

    def extend_edit(self, run_id: str, now: float, seconds: float) -> None:
        self.leases[run_id] = now + seconds

    def release_edit(self, run_id: str, now: float) -> None:
        self.leases[run_id] = 0
        self.edited[run_id] = now

    def edit_times(self, run_id: str) -> tuple[float, float]:
        return self.leases.get(run_id, 0), self.edited.get(run_id, 0)

    def _known(self, run_id: str) -> Run:
        run = self.runs.get(run_id)
        if run is None:
            raise ConflictError(f"there is no run {run_id!r}")
        return run

    def _going(self, run_id: str) -> Run:
        run = self._known(run_id)
        if run.ended_at:
            raise ConflictError(f"run {run_id!r} has ended")
        return run

    def _put(self, run: Run) -> None:
        check_item(asdict(run))
        self.runs[run.id] = run


class InMemoryGuildSettings:
    """Budgets and wished limits by guild."""

    def __init__(self, **budgets: Budgets) -> None:
        self.budgets = dict(budgets)
        self.wished: dict[str, Limits] = {}

    def of(self, guild_id: str) -> Budgets:
        return self.budgets.get(guild_id, Budgets())

    def limits(self, guild_id: str) -> Limits:
        return self.wished.get(guild_id, Limits(0, 0))

    def change(self, guild_id: str, changes: Mapping[str, Any]) -> Budgets:
        limits = {name: value for name, value in changes.items() if name in ("concurrent", "hourly")}
        self.wished[guild_id] = replace(self.limits(guild_id), **limits)
        budgets = {name: value for name, value in changes.items() if name not in limits}
        self.budgets[guild_id] = replace(self.of(guild_id), **budgets)
        return self.budgets[guild_id]

    def forget(self, guild_id: str) -> None:
        self.budgets.pop(guild_id, None)
        self.wished.pop(guild_id, None)


class InMemoryDeploymentStore:
    """Deployments in a dict by (guild id, name)."""

    def __init__(self, *deployments: Deployment) -> None:
        self.rows = {(each.guild_id, each.name): each for each in deployments}

    def get(self, guild_id: str, name: str) -> Deployment | None:
        return self.rows.get((guild_id, name))

    def of_guild(self, guild_id: str) -> Sequence[Deployment]:
        return [row for key, row in sorted(self.rows.items()) if key[0] == guild_id]

    def acquire(self, deployment: Deployment, run_id: str, user_id: str, now: int) -> Lock:
        key = (deployment.guild_id, deployment.name)
        held = self.rows.get(key, deployment)
        if held.lock:
            raise ConflictError(f"{deployment.name!r} is locked")
        lock = Lock(run_id, held.fence + 1, user_id, now, held.last_run_id, held.unsaved_run_id)
        self.rows[key] = replace(
            held,
            blueprint=deployment.blueprint,
            provider=deployment.provider,
            project_id=deployment.project_id,
            region=deployment.region,
            lock=lock,
            fence=lock.fence,
            last_run_id=run_id,
        )
        return lock

    def release(self, guild_id: str, name: str, run_id: str, *, began: bool = True) -> bool:
        try:
            held = self._held(guild_id, name, run_id)
        except ConflictError:
            return False
        if held.status == "new":
            del self.rows[guild_id, name]
        else:
            before = held.lock.previous_run_id if held.lock and not began else held.last_run_id
            self.rows[guild_id, name] = replace(held, lock=None, last_run_id=before)
        return True

    def record(self, guild_id: str, name: str, run_id: str, changes: Mapping[str, Any]) -> None:
        row = replace(self._held(guild_id, name, run_id), **changes)
        check_item(asdict(row))
        self.rows[guild_id, name] = row

    def forget(self, guild_id: str, name: str, run_id: str) -> None:
        self._held(guild_id, name, run_id)
        del self.rows[guild_id, name]

    def _held(self, guild_id: str, name: str, run_id: str) -> Deployment:
        row = self.rows.get((guild_id, name))
        if row is None or row.lock is None or row.lock.run_id != run_id:
            raise ConflictError(f"{name!r} is not locked by run {run_id!r}")
        return row


class InMemoryTimings:
    """Seconds by guild and name."""

    def __init__(self) -> None:
        self.known: dict[str, Timed] = {}

    def of(self, guild_id: str) -> Timed:
        return self.known.get(guild_id, {})

    def add(self, guild_id: str, samples: Timed) -> None:
        known = remember(self.of(guild_id), samples)
        check_item(known)
        self.known[guild_id] = known

    def forget(self, guild_id: str) -> None:
        self.known.pop(guild_id, None)


class InMemoryInteractionStore:
    """Claims, what waits for a form, and links, in dicts."""

    def __init__(self) -> None:
        self.claims: dict[str, int | None] = {}  # until when somebody works on it; None when it is done
        self.waiting: dict[str, tuple[str, int]] = {}  # the payload's JSON text, and until when it is held
        self.taken: dict[str, str] = {}
        self.links: dict[str, tuple[str, str, int]] = {}

    def claim(self, interaction_id: str, now: int) -> bool:
        if interaction_id in self.claims:
            until = self.claims[interaction_id]
            if until is None:
                return False
            if until >= now:
                raise BusyError(f"interaction {interaction_id!r} is being worked on")
        self.claims[interaction_id] = now + LEASE_SECONDS
        return True

    def done(self, interaction_id: str) -> None:
        self.claims[interaction_id] = None

    def hold(self, interaction_id: str, payload: Mapping[str, Any], now: int) -> None:
        text = json.dumps(payload)
        check_item(text)
        if interaction_id not in self.taken:
            self.waiting[interaction_id] = (text, now + HELD_SECONDS)

    def held(self, interaction_id: str, by: str, now: int) -> Mapping[str, Any] | None:
        text, until = self.waiting.get(interaction_id, ("", 0))
        return dict(json.loads(text)) if until > now and self.taken.get(interaction_id, by) == by else None

    def take(self, interaction_id: str, by: str) -> bool:
        return interaction_id in self.waiting and self.taken.setdefault(interaction_id, by) == by

    def forget_expired(self, now: int) -> int:
        expired = [name for name, (_, until) in self.waiting.items() if until <= now]
        for name in expired:
            del self.waiting[name]
            self.taken.pop(name, None)
        return len(expired)

    def forget_held_of(self, *, guild_id: str = "", user_id: str = "") -> int:
        def theirs(text: str) -> bool:
            asked = json.loads(text).get("interaction") or {}
            person = asked.get("person") or {}
            return bool(asked.get("guild_id") == guild_id if guild_id else person.get("id") == user_id)

        found = [name for name, (text, _) in self.waiting.items() if theirs(text)]
        for name in found:
            del self.waiting[name]
            self.taken.pop(name, None)
        return len(found)

    def link_build(self, build_id: str, run_id: str, phase: str, started_at_ms: int) -> None:
        self.links[build_id] = (run_id, phase, started_at_ms)

    def run_of_build(self, build_id: str) -> tuple[str, str, int] | None:
        return self.links.get(build_id)
