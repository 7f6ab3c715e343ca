"""Show a plan and wait for a person."""

from collections.abc import Callable

from chatops.discord import render
from chatops.domain.runs import APPROVAL_SECONDS, Approval, Phase
from chatops.errors import ConflictError
from chatops.ports import Chat, RunStore
from chatops.runs.live import take_over


def request_approval(
    runs: RunStore,
    chat: Chat,
    run_id: str,
    task_token: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Keep the task token with the run, bound to the plan's hash, and show the plan with its buttons.

    Raises:
        ConflictError: the run has ended or was cancelled while it planned.
    """
    run = runs.get(run_id)
    if run is None or run.cancel_requested_by:
        raise ConflictError(f"asking for approval: run {run_id!r} was cancelled")
    now = int(clock())
    approval = Approval(task_token=task_token, plan_sha256=run.plan_sha256, expires_at=now + APPROVAL_SECONDS)
    runs.await_approval(run_id, approval)
    if run.message:
        take_over(runs, run_id, Phase.PLAN, clock, sleep)
        chat.edit(run.message, run.token, now, render.approval(run, approval.expires_at).payload())
