"""Approve, reject, cancel: what a person may say to a run. Nothing in a custom_id is believed but the run's name."""

from dataclasses import asdict

from chatops.commands.base import Button, Call
from chatops.commands.identity import check_may_apply
from chatops.commands.lookup import run_to_decide, view_of
from chatops.commands.reattach import reply_token
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord import render
from chatops.discord.story_card import CHEAPER, over_budget
from chatops.domain.runs import Run, Status
from chatops.errors import ConflictError, OutsideError, UserError
from chatops.runs.budget import budget_verdict
from chatops.runs.live import edit_or_leave_a_note

_TOO_LATE = "Somebody decided before you, or the time to decide is over. The message shows what became of it."


def approve(call: Call, services: Services) -> None:
    """Let the run apply the plan that is shown.

    Raises:
        DeniedError: it would use the guild's own cloud, and that is disconnected, or not for this person by now.
        UserError: the guild's budget does not allow it by now; the settings or other deployments may have changed.
    """
    run = run_to_decide(call.argument, call, services)
    check_may_apply(run, call, services)
    _check_budget(run, services)
    _decide("approve", call, services, action="approve")
    now = services.runs.get(call.argument)
    if now and now.status is Status.AWAITING:  # else its build shows more by now
        payload = render.approved(now, call.person.id).payload()
        edit_or_leave_a_note(services.runs, now, services.clock(), lambda: _edit(now, call, services, payload))


def reject(call: Call, services: Services) -> None:
    """End the run without a change."""
    _decide("reject", call, services, action="reject")


def press_cancel(call: Call, services: Services) -> None:
    """The Cancel button: like /cloud-cancel, with the live message as the answer."""
    cancel(call.argument, call, services)


def cancel(run_id: str, call: Call, services: Services) -> str:
    """Stop a run, at whatever it is, and return the words for the person who asked."""
    run = run_to_decide(run_id, call, services)
    record(call, services, "cancel", run=run)
    if not _waits(run):
        run = _stop(run, call, services)
    if run.status is Status.QUEUED:  # its wish to stop is kept: its turn cannot come any more
        services.report({"source": "commands", "run_id": run.id, "outcome": Status.CANCELLED.value, "cause": ""})
        return f"Cancelled: `{run.deployment}` was not touched, and whoever waits behind moves up."
    if _waits(run):  # perhaps only since a moment ago
        _decide("reject", call, services, run)
        return f"Cancelled: the plan of `{run.deployment}` is not applied."
    payload = render.progress(run, view_of(run, services)).payload()
    edit_or_leave_a_note(services.runs, run, services.clock(), lambda: _edit(run, call, services, payload))
    return (
        f"Stopping `{run.deployment}`: finishing the current resource. The message of the run tells when it has ended."
    )


def _check_budget(run: Run, services: Services) -> None:
    planned = run.plan.get("story", {}).get("cost", {})
    verdict = budget_verdict(run, planned, services.settings, services.deployments, services.runs)
    if verdict.blocked:
        told = "\n".join(text for _, text in over_budget(asdict(verdict)))
        raise UserError(f"💸 Not approved: this server's budget does not allow this plan.\n{told}\n{CHEAPER}")


def _waits(run: Run) -> bool:
    return run.status is Status.AWAITING and not (run.approval and run.approval.decision)


def _stop(run: Run, call: Call, services: Services) -> Run:
    now = int(services.clock())
    try:
        services.runs.request_cancel(run.id, call.person.id, now)
        _keep_token(run, call, services, now)
    except ConflictError as exc:
        now_it_is = services.runs.get(run.id)
        if now_it_is and now_it_is.status is Status.QUEUED:
            return now_it_is  # asked before; if nobody heard of it, this press is heard
        raise UserError("That run is stopping already; it finishes the current resource first.") from exc
    return services.runs.get(run.id) or run


def _keep_token(run: Run, call: Call, services: Services, now: int) -> None:
    """The token of a button may edit the message that the button is under, and only that one."""
    if _under_live_message(run, call):
        services.runs.keep_token(run.id, reply_token(call, now))


def _decide(decision: str, call: Call, services: Services, run: Run | None = None, action: str = "") -> None:
    """Keep the decision, record it if it is an `action` of its own, and only then wake the execution with it."""
    run = run or run_to_decide(call.argument, call, services)
    now = int(services.clock())
    try:
        approval = services.runs.decide(run.id, decision, call.person.id, now)
        _keep_token(run, call, services, now)
        if action:
            record(call, services, action, run=run)
        services.workflow.decide(approval.task_token, decision)
    except ConflictError as exc:
        raise UserError(_TOO_LATE) from exc


def _edit(run: Run, call: Call, services: Services, payload: dict[str, object]) -> None:
    """Show it at once; if Discord will not, the tracker's next edit does."""
    if run.message is None:
        return
    now = int(services.clock())
    token = reply_token(call, now) if _under_live_message(run, call) else run.token
    try:
        services.chat.edit(run.message, token, now, payload)
    except OutsideError:
        return


def _under_live_message(run: Run, call: Call) -> bool:
    return run.message is not None and call.message_id == run.message.message_id


APPROVE = Button("approve", approve)
REJECT = Button("reject", reject)
CANCEL = Button("cancel", press_cancel)
