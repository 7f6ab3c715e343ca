"""Runs and their progress in DynamoDB."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import takewhile
from typing import Any

from chatops.adapters.dynamodb import Change, Item, Table
from chatops.domain.deployments import Lock
from chatops.domain.progress import ProgressDelta
from chatops.domain.runs import (
    RUN_KEPT_SECONDS,
    Approval,
    Build,
    MessageRef,
    Phase,
    ProgressItem,
    ReplyToken,
    Run,
    Status,
)
from chatops.errors import ConflictError, OutsideError

_SETS = ("started", "done", "failed", "steps", "heard")
_KNOWN = "attribute_exists({run_id})"
_NOT_ENDED = f"attribute_not_exists({{ended_at}}) AND {_KNOWN}"
_NOT_CANCELLED = "attribute_not_exists({cancel_requested_at})"


class DynamoRunStore:
    """`RunStore` over the runs table.

    A run carries `active` until its final message stands, so that the watchdog finds it through the sparse index.
    The progress of a phase is an item of its own: a heartbeat does not rewrite it, and the indexes do not hold it.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, run: Run) -> None:
        """See RunStore."""
        item = _run_item(run) | {"active": "1", "expires_at": run.created_at + RUN_KEPT_SECONDS}
        self._table.put(item, when="attribute_not_exists({run_id})")

    def get(self, run_id: str) -> Run | None:
        """See RunStore."""
        item = self._table.get({"run_id": run_id})
        return _run(item) if item else None

    def active(self) -> Sequence[str]:
        """See RunStore."""
        return [item["run_id"] for item in self._table.query("active", "1", index="active")]

    def of_session(self, guild_id: str, session_id: str, since: int) -> Sequence[Run]:
        """See RunStore."""
        return [run for run in self._of_guild(guild_id, since) if run.session_id == session_id]

    def of_deployment(self, guild_id: str, deployment: str, since: int, until: int) -> Sequence[Run]:
        """See RunStore."""
        return [run for run in self._of_guild(guild_id, since, until) if run.deployment == deployment]

    def last_of_deployment(self, guild_id: str, deployment: str, since: int) -> Run | None:
        """See RunStore; no run is read after the one that is found."""
        return next((run for run in self._of_guild(guild_id, since) if run.deployment == deployment), None)

    def _of_guild(self, guild_id: str, since: int, until: float = math.inf) -> Iterator[Run]:
        """A guild's runs, newest first, each read when it is its turn: the index, which lags, only names them."""
        named = self._table.query("guild_id", guild_id, index="guild", newest_first=True)
        for item in takewhile(lambda item: item["created_at"] >= since, named):
            if item["created_at"] <= until and (run := self.get(item["run_id"])):
                yield run

    def take_turn(self, run_id: str, lock: Lock, region: str, variables: Mapping[str, Any], now: int) -> Run:
        """See RunStore."""
        change = {
            "status": Status.STARTING.value,
            "fence": lock.fence,
            "previous_run_id": lock.previous_run_id,
            "unsaved_run_id": lock.unsaved_run_id,
            "region": region,
            "variables": json.dumps(variables),
            "turn_at": now,
        }
        when = f"{{status}} = :queued AND {_NOT_ENDED} AND {_NOT_CANCELLED}"
        return self._change(run_id, Change(set=change, when=when, expect={"queued": Status.QUEUED.value}))

    def begin_phase(self, run_id: str, status: Status, build: Build) -> None:
        """See RunStore; a first try that comes late must not take the run away from a build that works."""
        unclaimed = "attribute_not_exists({build}) OR {build.build_id} = :nobody OR {build.phase} <> :phase"
        change = Change(
            set={"status": status.value, "build": _plain(build)},
            when=f"{_NOT_ENDED} AND ({unclaimed})",
            expect={"nobody": "", "phase": build.phase.value},
        )
        self._change(run_id, change)

    def claim(self, run_id: str, build: Build) -> None:
        """See RunStore."""
        self._change(
            run_id,
            Change(
                set={"build": _plain(build)},
                when=f"{_NOT_ENDED} AND {{build.claim_hash}} = :hash AND {{build.build_id}} = :nobody"
                " AND {build.claim_until} >= :now",
                expect={"hash": build.claim_hash, "nobody": "", "now": build.claimed_at},
            ),
        )

    def heartbeat(self, run_id: str, heartbeat_hash: str, now: int) -> Run:
        """See RunStore."""
        return self._change(
            run_id,
            Change(
                set={"build.heartbeat_at": now},
                when="{build.heartbeat_hash} = :hash",
                expect={"hash": heartbeat_hash},
            ),
        )

    def record_plan(self, run_id: str, facts: Mapping[str, Any], plan_sha256: str) -> None:
        """See RunStore."""
        self._change(run_id, Change(set={"plan": json.dumps(facts), "plan_sha256": plan_sha256}, when=_NOT_ENDED))

    def await_approval(self, run_id: str, approval: Approval) -> None:
        """See RunStore."""
        change = {"status": Status.AWAITING.value, "approval": _plain(approval)}
        self._change(run_id, Change(set=change, when=f"{_NOT_ENDED} AND {_NOT_CANCELLED}"))

    def decide(self, run_id: str, decision: str, person_id: str, now: int) -> Approval:
        """See RunStore."""
        run = self._change(
            run_id,
            Change(
                set={"approval.decision": decision, "approval.decided_by": person_id},
                when=f"{_NOT_ENDED} AND {{status}} = :awaiting"
                " AND ({approval.decision} = :none OR {approval.decision} = :same AND {approval.decided_by} = :person)"
                " AND {approval.expires_at} > :now",
                expect={
                    "awaiting": Status.AWAITING.value,
                    "none": "",
                    "same": decision,
                    "person": person_id,
                    "now": now,
                },
            ),
        )
        if run.approval is None:
            raise ConflictError(f"deciding about run {run_id!r}: it has no approval")
        return run.approval

    def request_cancel(self, run_id: str, person_id: str, now: int, cause: str = "") -> None:
        """See RunStore."""
        change = {"cancel_requested_by": person_id, "cancel_requested_at": now, "cancel_cause": cause}
        self._change(run_id, Change(set=change, when=f"{_NOT_ENDED} AND {_NOT_CANCELLED}"))

    def finish(self, run: Run, status: Status, detail: Mapping[str, Any], now: int) -> None:
        """See RunStore."""
        change = {"status": status.value, "detail": json.dumps(detail, ensure_ascii=False), "ended_at": now}
        same_build = "(attribute_not_exists({build}) OR {build.build_id} = :seen)"
        seen = run.build.build_id if run.build else ""
        self._change(run.id, Change(set=change, when=f"{_NOT_ENDED} AND {same_build}", expect={"seen": seen}))

    def mark_reported(self, run_id: str) -> None:
        """See RunStore."""
        self._change(run_id, Change(set={"reported": True}, remove=("active", "approval", "token"), when=_KNOWN))

    def keep_message(self, run_id: str, message: MessageRef, token: ReplyToken | None = None) -> None:
        """See RunStore."""
        editor = {"token": _plain(token)} if token else {}
        unreported = f"{_KNOWN} AND attribute_not_exists({{reported}})"
        self._change(run_id, Change(set={"message": _plain(message), **editor}, when=unreported))

    def keep_token(self, run_id: str, token: ReplyToken) -> None:
        """See RunStore."""
        self._change(run_id, Change(set={"token": _plain(token)}, when=_NOT_ENDED))

    def add_progress(self, run_id: str, phase: str, delta: ProgressDelta) -> ProgressItem:
        """See RunStore."""
        add: dict[str, Any] = {name: set(numbers) for name in _SETS if (numbers := getattr(delta, name))}
        if delta.errors:
            add["errors"] = set(delta.errors)
        change = Change(set={"expires_at": int(time.time()) + RUN_KEPT_SECONDS}, add=add | {"version": 1})
        return _progress(self._table.update(_progress_key(run_id, phase), change))

    def progress(self, run_id: str, phase: str) -> ProgressItem:
        """See RunStore."""
        return _progress(self._table.get(_progress_key(run_id, phase)) or {})

    def lease_edit(self, run_id: str, now: float, seconds: float) -> bool:
        """See RunStore."""
        change = Change(
            set=_lease(now, seconds),
            when="attribute_not_exists({lease_until}) OR {lease_until} < :now",
            expect={"now": int(now * 1000)},
        )
        try:
            self._table.update(_edit_key(run_id), change)
        except ConflictError:
            return False
        return True

    def extend_edit(self, run_id: str, now: float, seconds: float) -> None:
        """See RunStore."""
        self._table.update(_edit_key(run_id), Change(set=_lease(now, seconds)))

    def release_edit(self, run_id: str, now: float) -> None:
        """See RunStore; whoever comes next may have a clock that is behind."""
        given_back = _lease(now, 0) | {"lease_until": 0, "edited_at": int(now * 1000)}
        self._table.update(_edit_key(run_id), Change(set=given_back))

    def edit_times(self, run_id: str) -> tuple[float, float]:
        """See RunStore."""
        item = self._table.get(_edit_key(run_id)) or {}
        return int(item.get("lease_until", 0)) / 1000, int(item.get("edited_at", 0)) / 1000

    def _change(self, run_id: str, change: Change) -> Run:
        return _run(self._table.update({"run_id": run_id}, change))


def _progress_key(run_id: str, phase: str) -> Item:
    return {"run_id": f"{run_id}#{phase}"}


def _edit_key(run_id: str) -> Item:
    """The right to edit is an item of its own: the progress of a large run is long, and every write pays for all."""
    return {"run_id": f"{run_id}#edit"}


def _lease(now: float, seconds: float) -> Item:
    return {"lease_until": int((now + seconds) * 1000), "expires_at": int(now) + RUN_KEPT_SECONDS}


def _plain(value: Any) -> Item:
    return {name: each.value if isinstance(each, Phase) else each for name, each in asdict(value).items()}


def _run_item(run: Run) -> Item:
    item = {name: value for name, value in asdict(run).items() if value not in (None, "", {}, (), 0, False)}
    item["run_id"] = item.pop("id")
    item["status"] = run.status.value
    for name in ("variables", "plan", "detail"):
        item[name] = json.dumps(getattr(run, name))
    for name in ("build", "approval", "message", "token"):
        if (part := getattr(run, name)) is not None:
            item[name] = _plain(part)
    return item


def _run(item: Item) -> Run:
    try:
        build, approval = item.get("build"), item.get("approval")
        message, token = item.get("message"), item.get("token")
        return Run(
            id=item["run_id"],
            guild_id=item["guild_id"],
            deployment=item["deployment"],
            blueprint=item["blueprint"],
            destroy=bool(item.get("destroy", False)),
            user_id=item["user_id"],
            created_at=int(item["created_at"]),
            interaction_id=item["interaction_id"],
            fence=int(item.get("fence", 0)),
            variables=json.loads(item.get("variables", "{}")),
            typed=tuple(item.get("typed", ())),
            provider=item.get("provider", "none"),
            region=item.get("region", ""),
            project_id=item.get("project_id", ""),
            session_id=item.get("session_id", ""),
            locale=item.get("locale", ""),
            previous_run_id=item.get("previous_run_id", ""),
            unsaved_run_id=item.get("unsaved_run_id", ""),
            status=Status(item["status"]),
            build=Build(**(_whole(build) | {"phase": Phase(build["phase"])})) if build else None,
            plan=json.loads(item.get("plan", "{}")),
            plan_sha256=item.get("plan_sha256", ""),
            approval=Approval(**_whole(approval)) if approval else None,
            cancel_requested_by=item.get("cancel_requested_by", ""),
            cancel_cause=item.get("cancel_cause", ""),
            cancel_requested_at=int(item.get("cancel_requested_at", 0)),
            message=MessageRef(**message) if message else None,
            token=ReplyToken(**_whole(token)) if token else None,
            detail=json.loads(item.get("detail", "{}")),
            ended_at=int(item.get("ended_at", 0)),
            reported=bool(item.get("reported", False)),
            turn_at=int(item.get("turn_at", 0)),
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise OutsideError(f"reading run {item.get('run_id')!r}: {exc}") from exc


def _whole(part: Item) -> Item:
    """DynamoDB's Decimals as the integers they were."""
    return {name: value if isinstance(value, str) else int(value) for name, value in part.items()}


def _progress(item: Item) -> ProgressItem:
    sets = {name: frozenset(map(int, item.get(name, ()))) for name in _SETS}
    seen = ProgressDelta(errors=tuple(sorted(item.get("errors", ()))), **sets)
    return ProgressItem(seen, int(item.get("version", 0)))
