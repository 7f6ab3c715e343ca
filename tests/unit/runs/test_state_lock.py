"""Whose Terraform lock it is: only one that a dead build of ours wrote may be removed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.runs import Phase, Run, Status
from chatops.runs.state_lock import RUN_SECONDS, SLACK_SECONDS, StateLock, Verdict, judge, read_lock
from runner.diagnostics import SUMMARY
from tests.fakes.runs import NOW, a_build, a_run, applying
from tests.fakes.stores import InMemoryRunStore
from tests.infrastructure.state_machine import machine

LOCK_ID = "0123abcd-0123-0123-0123-0123456789ab"
BUCKET = "b" * 63
RUN = a_run(deployment="d" * 31)
KEY = f"{RUN.state_key}.tflock"
REMOVAL = f"aws s3api delete-object --bucket {BUCKET} --key {KEY}"

CLAIMED, ENDED = NOW - 3600, NOW - 3000
WRITER = applying(
    id="before",
    deployment=RUN.deployment,
    created_at=CLAIMED - 300,
    status=Status.INTERRUPTED,
    ended_at=ENDED,
    build=a_build(Phase.APPLY, host="build-1", claimed_at=CLAIMED),
)


def content(created: float | str = CLAIMED + 100, who: Any = "nobody@build-1", **changes: Any) -> bytes:
    moment = created if isinstance(created, str) else datetime.fromtimestamp(created, UTC).isoformat()
    lock = {"ID": LOCK_ID, "Operation": "OperationTypeApply", "Who": who, "Created": moment, "Version": "1.15.5"}
    return json.dumps(lock | changes).encode()


def verdict(lock: bytes | None, *earlier: Run, run: Run = RUN) -> Verdict:
    runs = InMemoryRunStore(*earlier)

    def of_deployment(since: int, until: int) -> Sequence[Run]:
        return runs.of_deployment(run.guild_id, run.deployment, since, until)

    return judge(lock, run, of_deployment, BUCKET, KEY)


@pytest.mark.parametrize("phase", [Phase.PLAN, Phase.APPLY, Phase.DESTROY])
@pytest.mark.parametrize("status", [status for status in Status if status.ended])
def test_the_lock_of_a_build_that_has_ended_is_removed_whatever_became_of_its_run(status: Status, phase: Phase) -> None:
    build = a_build(phase, host="build-1", claimed_at=CLAIMED)

    assert verdict(content(), replace(WRITER, status=status, build=build)) == Verdict(stale_lock=LOCK_ID)


@pytest.mark.parametrize(
    ("created", "removed"),
    [
        (CLAIMED - SLACK_SECONDS - 1, False),
        (CLAIMED - SLACK_SECONDS, True),
        (CLAIMED, True),
        (ENDED + SLACK_SECONDS, True),
        (ENDED + SLACK_SECONDS + 1, False),
    ],
)
def test_it_was_written_while_that_build_lived_give_or_take_a_minute(created: int, removed: bool) -> None:
    assert bool(verdict(content(created), WRITER).stale_lock) is removed
    assert bool(verdict(content(created), WRITER).blocked) is not removed


@pytest.mark.parametrize(
    "writer",
    [
        replace(WRITER, status=Status.APPLYING, ended_at=0),
        replace(WRITER, status=Status.APPLYING),
        replace(WRITER, build=None),
        replace(WRITER, build=a_build(Phase.APPLY, host="build-2", claimed_at=CLAIMED)),
        replace(WRITER, build=a_build(Phase.APPLY, host="build-1", claimed_at=CLAIMED, build_id="")),
        replace(WRITER, deployment="another"),
        replace(WRITER, guild_id="another"),
        replace(WRITER, id=RUN.id),
    ],
    ids=[
        "alive",
        "alive for all that its row says",
        "no build",
        "another machine",
        "never claimed",
        "another deployment",
        "another guild",
        "this run",
    ],
)
def test_the_lock_of_anybody_else_is_never_removed(writer: Run) -> None:
    told = verdict(content(), writer)

    assert told.stale_lock is None and told.blocked
    assert told.blocked.startswith("Terraform's lock of this state is held by nobody@build-1 (apply) since 2027-01-15")
    assert f"`terraform force-unlock {LOCK_ID}`" in told.blocked
    assert told.blocked.splitlines()[-1] == REMOVAL


def test_any_of_the_earlier_runs_may_have_written_it() -> None:
    others = [replace(WRITER, id=f"other-{n}", created_at=CLAIMED - n, build=None) for n in range(30)]

    assert verdict(content(), *others, WRITER).stale_lock == LOCK_ID


def test_a_build_whose_machine_is_not_known_proves_nothing_and_that_is_said() -> None:
    told = verdict(content(), replace(WRITER, build=a_build(Phase.APPLY, claimed_at=CLAIMED)))

    assert told.stale_lock is None and told.blocked
    assert f"Run {WRITER.id} may have left it, but the machine of its build is not known" in told.blocked


def test_a_lock_without_a_machine_is_not_that_of_a_build_without_one() -> None:
    assert verdict(content(who=""), replace(WRITER, build=a_build(Phase.APPLY, claimed_at=CLAIMED))).stale_lock is None


UNREADABLE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff",
    b"[" * 100_000,
    content(ID=None),
    content(ID=7),
    content(ID="-help"),
    content(ID=f"{LOCK_ID}\n"),
    content(ID="0123abcd"),
    content("long ago"),
    content(Created=5),
    content("2027-01-15T08:00:00"),
    content("0001-01-01T00:00:00+23:59"),
]


@pytest.mark.parametrize("lock", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_lock_that_cannot_be_read_is_never_removed_and_the_administrator_is_told_how(lock: bytes) -> None:
    told = verdict(lock, WRITER)

    assert told.stale_lock is None and told.blocked
    assert told.blocked.startswith("The lock file of this state cannot be read")
    assert told.blocked.splitlines()[-1] == REMOVAL


def test_terraforms_nanoseconds_are_read() -> None:
    moment = datetime(2027, 1, 15, 8, 0, 0, 123456, UTC)

    assert read_lock(content("2027-01-15T08:00:00.123456789Z")) == StateLock(
        LOCK_ID, "nobody@build-1", "OperationTypeApply", moment
    )


@pytest.mark.parametrize("who", [None, 5, {"a": 1}, "x\n@everyone [a](http://evil)\u202e", "😀" * 9000, "\ud800"])
def test_whatever_stands_in_a_lock_is_told_as_plain_words(who: Any) -> None:
    told = verdict(content(who=who, Operation=who)).blocked

    assert told and told.isascii() and "http://" not in told
    assert len(told.splitlines()) == 3


@given(st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))
def test_every_line_fits_a_message(who: str, operation: str, moment: datetime) -> None:
    """The message shows three errors and cuts each; a command that is cut is none."""
    created = int(moment.timestamp())
    odd = replace(WRITER, build=a_build(Phase.APPLY, claimed_at=created), ended_at=created, created_at=created)
    lock = content(moment.isoformat(), who, Operation=operation)
    for told in (verdict(lock), verdict(lock, odd), verdict(b"")):
        assert told.blocked
        assert len(told.blocked.splitlines()) == 3
        assert max(map(len, told.blocked.splitlines())) <= SUMMARY


def test_runs_are_looked_for_as_far_back_as_a_run_may_last() -> None:
    assert machine()["TimeoutSeconds"] + 3600 <= RUN_SECONDS
