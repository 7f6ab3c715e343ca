"""Show a plan and wait for a person."""

from collections.abc import Callable

from chatops.discord import render
from chatops.domain.runs import APPROVAL_SECONDS, Approval
from chatops.errors import ConflictError
from chatops.ports import Chat, RunStore
from chatops.runs.live import show, take_over


def request_approval(
    runs: RunStore,
    chat: Chat,
    wake: Callable[[str, str], None],
    run_id: str,
    task_token: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Keep the task token with the run, bound to the plan's hash, and show the plan with its buttons.

    A run that was cancelled while it planned waits for nobody: `wake` (task token, decision) lets it end at once.
    """
    run = runs.get(run_id)
    now = int(clock())
    plan_sha256 = run.plan_sha256 if run else ""
    approval = Approval(task_token=task_token, plan_sha256=plan_sha256, expires_at=now + APPROVAL_SECONDS)
    try:
        runs.await_approval(run_id, approval)
    except ConflictError:
        wake(task_token, "cancelled")
        return
    if run and run.message:
        take_over(runs, run_id, clock, sleep)
        run = runs.get(run_id) or run  # it may have got a fresh message meanwhile
        show(chat, run, render.approval(run, approval.expires_at), now, until=approval.expires_at)
        runs.release_edit(run_id, clock())
