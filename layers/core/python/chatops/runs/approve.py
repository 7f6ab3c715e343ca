"""Show a plan and wait for a person."""

from collections.abc import Callable

from chatops.discord import render
from chatops.domain.runs import APPROVAL_SECONDS, Approval
from chatops.errors import ConflictError, OutsideError
from chatops.ports import Chat, RunStore
from chatops.runs.live import show, take_over

SHOWING_SECONDS = 90
"""For so long it is tried to show the plan: a run must not end because Discord does not take a message."""


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
    Called again, because Discord asked to wait, it gives nobody more time.

    Raises:
        OutsideError: the plan could not be shown, and not even a minute and a half has been tried.
    """
    run = runs.get(run_id)
    now = int(clock())
    plan_sha256 = run.plan_sha256 if run else ""
    asked_before = run.approval if run and run.approval and run.approval.expires_at > now else None
    expires_at = asked_before.expires_at if asked_before else now + APPROVAL_SECONDS
    approval = Approval(task_token=task_token, plan_sha256=plan_sha256, expires_at=expires_at)
    try:
        runs.await_approval(run_id, approval)
    except ConflictError:
        wake(task_token, "cancelled")
        return
    if run and run.message:
        take_over(runs, run_id, clock, sleep)
        run = runs.get(run_id) or run  # it may have got a fresh message meanwhile
        try:
            show(chat, run, render.approval(run, expires_at), now, until=expires_at)
        except OutsideError:
            if now < expires_at - APPROVAL_SECONDS + SHOWING_SECONDS:
                raise  # to be called again; after that, /cloud-status has the plan's buttons
        finally:
            runs.release_edit(run_id, clock())
