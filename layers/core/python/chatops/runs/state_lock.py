"""Terraform's own lock of a state: who wrote it, and what a run that meets it may do.

The lock is an object beside the state. A build that is killed leaves it behind, and only a lock that such a build wrote
may be removed: Terraform writes who and when into it, and the control plane knows its builds, their machines and times.
What stands in the lock is a claim of untrusted code, but of code that may write this very state.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatops.domain.runs import Run

SLACK_SECONDS = 60
"""How far the clocks of a build and of the control plane may be apart."""
RUN_SECONDS = 5 * 3600
"""No run takes longer: the time-out of the state machine, and an hour for its last build."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ODD = re.compile(r"[^\w.@+-]", re.ASCII)


@dataclass(frozen=True)
class StateLock:
    """What Terraform writes when it takes a state; `who` is user@machine."""

    id: str
    who: str
    operation: str
    created: datetime

    @property
    def host(self) -> str:
        """The machine that it was written on."""
        return self.who.rpartition("@")[2]


@dataclass(frozen=True)
class Verdict:
    """What a plan build has to know: the id of a lock that it removes, or why it must not begin (a text of lines)."""

    stale_lock: str | None = None
    blocked: str | None = None


def read_lock(content: bytes) -> StateLock | None:
    """The lock, or None where Terraform could not read it either."""
    try:
        raw = json.loads(content)
        lock_id, created = raw["ID"], datetime.fromisoformat(raw["Created"])
        if not _ID.fullmatch(lock_id) or created.tzinfo is None:
            return None
        return StateLock(lock_id, _plain(raw.get("Who")), _plain(raw.get("Operation")), created.astimezone(UTC))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def judge(
    content: bytes | None, run: Run, earlier: Callable[[int, int], Sequence[Run]], bucket: str, key: str
) -> Verdict:
    """What becomes of the lock in front of `run`; `content` is None where there is none.

    `earlier` names the deployment's runs that were created between two times.
    """
    if content is None:
        return Verdict()
    removal = f"aws s3api delete-object --bucket {bucket} --key {key}"
    lock = read_lock(content)
    if lock is None:
        return Verdict(blocked=_unreadable(removal))
    moment = int(lock.created.timestamp())
    in_time = [
        each
        for each in earlier(moment - RUN_SECONDS, moment + SLACK_SECONDS)
        if each.id != run.id and _worked_at(each, moment)
    ]
    if any(each.build and each.build.host == lock.host != "" for each in in_time):
        return Verdict(stale_lock=lock.id)
    unproven = [each.id for each in in_time if each.build and not each.build.host]
    return Verdict(blocked=_held(lock, removal, unproven))


def _worked_at(run: Run, moment: int) -> bool:
    """Whether a build of the run, which has ended, was at work then."""
    build = run.build
    if not run.status.ended or build is None or not build.build_id:
        return False
    return build.claimed_at - SLACK_SECONDS <= moment <= run.ended_at + SLACK_SECONDS


def _unreadable(removal: str) -> str:
    return (
        "The lock file of this state cannot be read: nobody can tell who holds the state, so it is left alone.\n"
        "If nobody works on this state, an administrator of this ChatOps' AWS account removes the lock with:\n"
        f"{removal}"
    )


def _held(lock: StateLock, removal: str, unproven: Sequence[str]) -> str:
    since = f"{lock.created:%Y-%m-%d %H:%M:%S} UTC"
    doing = f" ({lock.operation.removeprefix('OperationType').lower()})" if lock.operation else ""
    why = "No build of ours that has ended wrote this lock, so it is left alone."
    if unproven:
        why = f"Run {unproven[0]} may have left it, but the machine of its build is not known, so it is left alone."
    return (
        f"Terraform's lock of this state is held by {lock.who or 'somebody'}{doing} since {since}.\n"
        f"{why} If nobody works on this state, an administrator of this ChatOps' AWS account removes it with "
        f"`terraform force-unlock {lock.id}`, or with:\n"
        f"{removal}"
    )


def _plain(text: Any) -> str:
    """A word of the lock as it may be shown."""
    return _ODD.sub("?", text)[:100] if isinstance(text, str) else ""
