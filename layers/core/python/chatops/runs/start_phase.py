"""Begin a phase: let one new build claim its bundle."""

from chatops.domain.runs import CLAIM_SECONDS, Build, Phase, Run, Status, new_token, token_hash
from chatops.errors import ConflictError
from chatops.ports import RunStore


def start_phase(runs: RunStore, run_id: str, phase: Phase, now: int) -> dict[str, str]:
    """Make a phase's claim token and return it with the name of the run's final phase.

    Only the token's hash is stored. The token passes through the state machine's history in clear; that is bearable
    because it is good once, for minutes, and a second use stops the run and raises an alarm. Asked again, it makes a
    new token, and the one before is good no more.

    Raises:
        ConflictError: the run is unknown, has ended, was cancelled, its plan was not approved, or a build has claimed
            the bundle of this phase.
    """
    run = runs.get(run_id)
    if run is None:
        raise ConflictError(f"starting phase {phase.value!r}: there is no run {run_id!r}")
    if run.cancel_requested_by:
        raise ConflictError(f"starting phase {phase.value!r}: run {run_id!r} was cancelled")
    if phase is not Phase.PLAN and not _approved(run):
        raise ConflictError(f"starting phase {phase.value!r}: nobody approved the plan of run {run_id!r}")
    token = new_token()
    build = Build(phase=phase, claim_hash=token_hash(token), claim_until=now + CLAIM_SECONDS)
    runs.begin_phase(run_id, Status.during(phase), build)
    return {"claim_token": token, "final_phase": run.final_phase.value}


def _approved(run: Run) -> bool:
    """Whether a person approved this very plan."""
    approval = run.approval
    return approval is not None and approval.decision == "approve" and approval.plan_sha256 == run.plan_sha256
