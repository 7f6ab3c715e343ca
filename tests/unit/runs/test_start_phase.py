from dataclasses import replace

import pytest

from chatops.domain.runs import CLAIM_SECONDS, Approval, Phase, Run, Status, token_hash
from chatops.errors import ConflictError
from chatops.runs.start_phase import start_phase
from tests.fakes.runs import NOW, OWNER, a_run, applying, awaiting, planning
from tests.fakes.stores import InMemoryRunStore

APPROVED = awaiting(approval=Approval("task", "feed", NOW + 600, "approve", OWNER))


def test_the_plan_phase_gets_a_token_of_which_only_the_hash_is_stored() -> None:
    runs = InMemoryRunStore(a_run())

    answer = start_phase(runs, a_run().id, Phase.PLAN, NOW)

    stored = runs.runs[a_run().id]
    assert stored.status is Status.PLANNING
    assert stored.build and stored.build.claim_hash == token_hash(answer["claim_token"])
    assert stored.build.claim_until == NOW + CLAIM_SECONDS
    assert answer["claim_token"] not in repr(stored)
    assert answer["final_phase"] == "apply"


def test_a_destroying_run_names_its_own_final_phase() -> None:
    runs = InMemoryRunStore(a_run(destroy=True))

    assert start_phase(runs, a_run().id, Phase.PLAN, NOW)["final_phase"] == "destroy"


def test_no_two_tokens_are_the_same() -> None:
    tokens = {start_phase(InMemoryRunStore(a_run()), a_run().id, Phase.PLAN, NOW)["claim_token"] for _ in range(50)}

    assert len(tokens) == 50 and min(map(len, tokens)) >= 43


def test_an_approved_plan_lets_the_final_phase_begin() -> None:
    runs = InMemoryRunStore(APPROVED)

    start_phase(runs, APPROVED.id, Phase.APPLY, NOW)

    stored = runs.runs[APPROVED.id]
    assert stored.status is Status.APPLYING
    assert stored.build and (stored.build.phase, stored.build.build_id) == (Phase.APPLY, "")


@pytest.mark.parametrize(
    ("run", "phase"),
    [
        (replace(a_run(), cancel_requested_by=OWNER, cancel_requested_at=NOW), Phase.PLAN),
        (replace(APPROVED, cancel_requested_by=OWNER, cancel_requested_at=NOW), Phase.APPLY),
        (replace(a_run(), status=Status.FAILED, ended_at=NOW), Phase.PLAN),
        (replace(APPROVED, status=Status.INTERRUPTED, ended_at=NOW), Phase.APPLY),
        (replace(APPROVED, approval=None), Phase.APPLY),
        (awaiting(), Phase.APPLY),
        (replace(APPROVED, approval=Approval("task", "feed", NOW + 600, "reject", OWNER)), Phase.APPLY),
        (replace(APPROVED, plan_sha256="another plan"), Phase.DESTROY),
    ],
    ids=["cancelled", "cancelled late", "ended", "ended late", "no approval", "undecided", "rejected", "another plan"],
)
def test_a_phase_does_not_begin(run: Run, phase: Phase) -> None:
    runs = InMemoryRunStore(run)

    with pytest.raises(ConflictError):
        start_phase(runs, run.id, phase, NOW)

    assert runs.runs[run.id] == run


def test_asked_again_it_makes_a_new_token_and_the_one_before_is_good_no_more() -> None:
    runs = InMemoryRunStore(a_run())

    first, second = (start_phase(runs, a_run().id, Phase.PLAN, NOW)["claim_token"] for _ in range(2))

    build = runs.runs[a_run().id].build
    assert build and build.claim_hash == token_hash(second) != token_hash(first)


@pytest.mark.parametrize("run", [planning(), applying()], ids=lambda run: run.status.value)
def test_a_build_that_has_its_bundle_is_never_replaced(run: Run) -> None:
    """A first try of this function that comes late must not make the run forget the build that works."""
    runs = InMemoryRunStore(run)
    assert run.build

    with pytest.raises(ConflictError):
        start_phase(runs, run.id, run.build.phase, NOW)

    assert runs.runs[run.id] == run


def test_an_unknown_run_is_refused_by_name() -> None:
    with pytest.raises(ConflictError, match="no run 'ffff'"):
        start_phase(InMemoryRunStore(), "ffff", Phase.PLAN, NOW)
