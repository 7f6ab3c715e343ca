"""A run's messages: the live one from start to end, and what a status looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.discord import line_card
from chatops.discord.line_card import cancel_button
from chatops.discord.plan_card import approval as approval
from chatops.discord.plan_card import decision, plan_fields, plan_text, run_footer
from chatops.discord.replies import ButtonStyle, Colour, Reply, ReplyButton
from chatops.discord.story_card import CHEAPER, change_of_cost, over_budget, priced_by
from chatops.discord.text import bar, code, duration, error_text, errors, flat, in_flight, left, listing
from chatops.domain.deployments import Deployment
from chatops.domain.progress import Step
from chatops.domain.runs import FILES_KEPT_DAYS, HEARTBEAT_SECONDS, Phase, Run, Status
from chatops.terraform.secret_shapes import shapes

if TYPE_CHECKING:
    from chatops.runs.view import ProgressView

Fields = list[tuple[str, str]]

_STOPPING = "⏹️ Stopping: finishing the current resource"


def started(run: Run) -> Reply:
    """The live message before anything is known."""
    return Reply(
        title="🧨 Destruction Started" if run.destroy else "🚀 Deployment Started",
        text=f"{bar(0, 0)}\nInitializing...\n(waiting for a build)",
        colour=Colour.GREY,
        footer=run_footer(run),
        buttons=(cancel_button(run),),
    )


def progress(run: Run, view: "ProgressView") -> Reply:
    """The live message while a build works, or is waited for: what went wrong, the bar, what is happening, the time."""
    done, total = view.progress.completed, view.progress.total or 0
    trouble = _trouble(view)
    lines = [trouble, bar(done, total), _happening(run, view), _counted(run, view), _time(run, view)]
    silent = view.silent >= SILENT_SECONDS
    colour = Colour.AMBER if silent or run.cancel_requested_by else Colour.BLUE
    return Reply(
        title=_stopping(view) if run.cancel_requested_by else _title(run, view, silent),
        text="\n".join(line for line in lines if line),
        colour=Colour.RED if trouble else Colour.GREY if _waits(view) else colour,
        footer=run_footer(run),
        buttons=() if run.cancel_requested_by else (cancel_button(run),),
    )


OUTPUTS_SHOWN = 10
SILENT_SECONDS = 180
"""After so long without a line of its log a build is called silent: Terraform says every ten seconds that it works."""
_HEARTBEATS = 4 * HEARTBEAT_SECONDS

_STEPS = {
    Step.QUEUED: "Waiting for a build machine...",
    Step.PROVISIONING: "A build machine is being prepared...",
    Step.BOOTING: "The build machine is starting...",
    Step.INIT: "Initializing...",
    Step.PROVIDERS: "Initializing: downloading the providers...",
    Step.READING: "Reading what exists...",
    Step.WORKING: "Working...",
}


def _stopping(view: "ProgressView") -> str:
    return "⏹️ Stopping before the work begins" if _waits(view) else _STOPPING


def _waits(view: "ProgressView") -> bool:
    """Whether Terraform has not begun yet."""
    return view.step is None or view.step < Step.INIT


def _title(run: Run, view: "ProgressView", silent: bool) -> str:
    if silent:
        return f"🔇 No news for {view.silent // 60} min"
    if view.phase is Phase.PLAN and not _waits(view):
        return "🔎 Planning"
    what = "🧨 Destruction" if run.destroy else "🚀 Deployment"
    return f"{what} in Progress" if view.step is Step.WORKING else f"{what} Started"


def _trouble(view: "ProgressView") -> str:
    """What failed; why, Terraform says only when everything else has ended."""
    failed = [each.address for each in view.progress.failed]
    return errors(view.errors) if view.errors else f"❌ {_named(failed)} failed" if failed else ""


def _happening(run: Run, view: "ProgressView") -> str:
    working = in_flight(view.progress.in_flight)
    if view.silent < SILENT_SECONDS:
        done = view.progress.total and view.progress.completed >= view.progress.total
        return working or ("Saving the state..." if done else _STEPS[view.step or Step.QUEUED])
    beat = view.elapsed - (run.build.heartbeat_at - run.build.claimed_at) if run.build else 0
    alive = "The build itself is alive: some things take long." if beat <= _HEARTBEATS else _SILENT_TOO
    return "\n".join(filter(None, (working, alive)))


_SILENT_TOO = "The build gives no sign of life either; the watchdog is looking after it."


def _counted(run: Run, view: "ProgressView") -> str:
    if view.phase is Phase.PLAN:
        return ""
    if view.progress.total is None:  # without names nothing can be counted
        return f"({run.plan.get('total', 0)} resources)"
    shortfall = _shortfall(view) if view.progress.failed_count else ""
    return f"({view.progress.completed}/{view.progress.total} resources){shortfall}"


def _shortfall(view: "ProgressView") -> str:
    progress = view.progress
    parts = {"failed": progress.failed_count, "not started": len(progress.never_started)}
    return "".join(f" · {number} {what}" for what, number in parts.items() if number)


def _time(run: Run, view: "ProgressView") -> str:
    known = view.left and view.silent < SILENT_SECONDS and not run.cancel_requested_by
    rest = f", {left(*view.left)}" if view.left and known else ""
    return f"⏱️ {'waiting for' if _waits(view) else view.phase.value + ','} {duration(view.elapsed)}{rest}"


def approved(run: Run, person_id: str) -> Reply:
    """The live message between the decision and the build."""
    return Reply(
        title="👍 Approved",
        text=f"{bar(0, int(run.plan.get('total', 0)))}\nApproved by <@{person_id}>. Waiting for a build...",
        colour=Colour.BLUE,
        footer=run_footer(run),
        buttons=(cancel_button(run),),
    )


def stopping(run: Run, cause: str) -> Reply:
    """The live message while a build is asked to end."""
    return Reply(
        title=_STOPPING,
        text=f"{cause or 'A stop was asked for.'}\nThe lock is given back when the build has ended.",
        colour=Colour.AMBER,
        footer=run_footer(run),
    )


def falling_silent(reply: Reply, run: Run) -> Reply:
    """The live message, when this may be the last time that Discord lets us edit it."""
    told = "⏳ Discord may not let this message be changed any more. The run goes on all the same:"
    return replace(reply, text=f"{reply.text}\n{told} `/cloud-status name:{run.deployment}`")


def moved(run: Run) -> Reply:
    """What an old live message becomes when the run has a fresh one."""
    return Reply(
        title="↪️ Continued in a newer message",
        text=f"The run of {code(run.deployment)} is shown further down in this channel.",
        colour=Colour.GREY,
        footer=run_footer(run),
    )


def live(run: Run, view: "ProgressView") -> Reply:
    """What the live message of a run shows right now, wherever it is; one that waits in line shows more (line_card)."""
    if run.status.ended:
        return final(run, view)
    if run.status is Status.AWAITING and run.approval:
        return approval(run, run.approval.expires_at)
    return progress(run, view) if run.build else started(run)


def reached(run: Run, view: "ProgressView") -> str:
    """How far a run got that did not finish, in a few words."""
    if view.phase is Phase.PLAN:
        return "it was still planning"
    total = int(run.plan.get("total", 0))
    told = f"{min(view.progress.completed, total)} of {total} done"
    failed = [each.address for each in view.progress.failed]
    working = [each.address for each in view.progress.in_flight]
    told += f", failed at {_named(failed)}" if failed else ""
    return told + (f", cut off at {_named(working)}" if working else "")


def _named(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 2} more" if len(addresses) > 2 else ""
    return ", ".join(code(address) for address in addresses[:2]) + more


def final(run: Run, view: "ProgressView") -> Reply:
    """The last message: what became of the run, and what to do next."""
    if run.never_began:
        return line_card.ended(run)
    title, colour, told = _ENDINGS[run.status]
    told = _OF_DESTRUCTION.get(run.status, told) if run.destroy else told
    if run.status is Status.FAILED and view.phase is Phase.PLAN:
        told = "The plan for {name} could not be made."
    lines = [told.format(name=code(run.deployment))]
    if run.status is Status.SUCCEEDED and run.cancel_requested_by:
        lines.append("The cancel came too late: everything had been done.")
    if run.detail.get("cause") and run.status is not Status.CANCELLED:
        lines.append(str(run.detail["cause"]))
    if view.phase is not Phase.PLAN:
        lines.insert(0, _bar(run, view))
    if run.status is Status.INTERRUPTED:
        lines.append(f"How far it got: {reached(run, view)}.")
    if run.status is Status.SUCCEEDED and (cost := change_of_cost(run.plan.get("story", {}))):
        lines.append(cost)
    broken = run.status in _BROKEN
    fields = _what_failed(run, view) + _what_exists(run, view) + _log_of(run) if broken else []
    fields += _outputs(run.detail.get("outputs", {}))
    if run.status is Status.OVER_BUDGET:
        fields += [*over_budget(run.plan.get("budget", {})), ("What to do", CHEAPER)]
    return Reply(
        title=title.format(what="Destruction" if run.destroy else "Deployment"),
        text="\n".join(lines),
        colour=colour,
        fields=tuple(fields),
        footer=f"{run_footer(run)} · {duration(run.ended_at - run.began_at)}",
        buttons=_ways_on(run),
    )


_BROKEN = (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)


def _ways_on(run: Run) -> tuple[ReplyButton, ...]:
    if not run.unfinished:
        return ()
    resume = ReplyButton("Resume", f"v1:resume:{run.id}", ButtonStyle.SUCCESS)
    if run.destroy or not (run.got_to_work or run.previous_run_id):
        return (resume,)  # there is nothing yet that could be destroyed
    return (resume, ReplyButton("Destroy", f"v1:destroy:{run.id}", ButtonStyle.DANGER))


_OF_DESTRUCTION = {
    Status.SUCCEEDED: "{name} is gone.",
    Status.NO_CHANGES: "Nothing of {name} was left to destroy.",
    Status.FAILED: "{name} was not destroyed completely.",
}

_ENDINGS: Mapping[Status, tuple[str, Colour, str]] = {
    Status.SUCCEEDED: ("✅ {what} Complete!", Colour.GREEN, "{name} is as planned."),
    Status.NO_CHANGES: (
        "✅ Nothing to change",
        Colour.GREEN,
        "{name} is already as it should be; nobody has to approve anything.",
    ),
    Status.OVER_BUDGET: (
        "💸 Over budget",
        Colour.RED,
        "Nothing was changed in {name}: this server's budget does not allow this plan.",
    ),
    Status.REJECTED: ("🚫 {what} rejected", Colour.GREY, "Nothing was changed in {name}."),
    Status.EXPIRED: (
        "⌛ Nobody approved in time",
        Colour.GREY,
        "Nothing was changed in {name}. Run the command again for a new plan.",
    ),
    Status.WAITED_OUT: (  # its turn came in the very moment in which it was given up (else: line_card)
        "⌛ Waited too long",
        Colour.GREY,
        "Nothing was changed in {name}. Run the command again if you want to.",
    ),
    Status.CANCELLED: ("⏹️ {what} cancelled", Colour.AMBER, "{name} was stopped gracefully."),
    Status.FAILED: ("❌ {what} failed", Colour.RED, "{name} did not get where the plan wanted it."),
    Status.INTERRUPTED: ("💥 {what} interrupted", Colour.RED, "The run of {name} was cut off."),
}


def _bar(run: Run, view: "ProgressView") -> str:
    """After a success the bar is full, whatever the log managed to tell."""
    total = int(run.plan.get("total", 0))
    done = total if run.status is Status.SUCCEEDED else min(view.progress.completed, total)
    ready = "All resources destroyed\n" if run.destroy else "All resources deployed successfully\n"
    shortfall = _shortfall(view) if run.status in _BROKEN else ""
    return f"{bar(done, total)}\n{ready if run.status is Status.SUCCEEDED else ''}({done}/{total} resources){shortfall}"


def _what_failed(run: Run, view: "ProgressView") -> Fields:
    fields: Fields = []
    told = [error_text(error) for error in run.detail.get("errors", ())] or list(view.errors)
    if not told and run.status is Status.FAILED and not run.detail.get("cause"):
        told = ["The build ended before Terraform could say why. Its log tells an administrator more."]
    if told:
        fields.append(("What went wrong", errors(told)))
    if never := view.progress.never_started:
        addresses = (flat(each.address) for each in never)
        fields.append((f"Never started ({len(never)})", listing(addresses, len(never), 500)))
    return fields


_UNSAVED = (
    f"Terraform could not write down what it did. Its state was kept, encrypted, for {FILES_KEPT_DAYS} days; the next "
    "run of this deployment saves it before anything else."
)


def _what_exists(run: Run, view: "ProgressView") -> Fields:
    """By the state, if the build could still say; else what it touched, since the state may not know of it."""
    if run.detail.get("phase") == Phase.PLAN or not (run.build and run.build.build_id):
        return [("What exists now", "Nothing was changed: the plan was not applied.")]
    fields: Fields = []
    if resources := run.detail.get("resources"):
        existing = int(run.detail.get("existing", len(resources)))
        fields.append((f"What exists now ({existing})", listing(map(flat, resources), existing, 900)))
    elif touched := [
        *(operation.address for operation in view.progress.done),
        *(running.address for running in view.progress.in_flight),
    ]:
        name = f"Touched before the cut ({len(touched)}): look for these if the next plan does not list them"
        fields.append((name, listing(map(flat, touched), len(touched), 900)))
    if run.detail.get("unsaved"):
        fields.append(("⚠️ The state could not be saved", _UNSAVED))
    rest = "plans the rest of the destruction" if run.destroy else "plans what is missing, asks you, and applies it"
    advice = f"**Resume** {rest}. " + ("" if run.destroy else "**Destroy** removes what exists. ")
    return [*fields, ("What next", f"{advice}The state is kept.")]


def _outputs(outputs: Mapping[str, str]) -> Fields:
    fields = [(name, code(shapes(value), 900)) for name, value in list(outputs.items())[:OUTPUTS_SHOWN]]
    if len(outputs) > len(fields):
        fields.append(("Outputs", f"+{len(outputs) - len(fields)} more"))
    return fields


def _log_of(run: Run) -> Fields:
    if not (run.build and run.build.build_id):
        return []
    where = f"`/cloud-logs name:{run.deployment} run:{run.id} part:failure`"
    return [("What the build printed", f"{where} (kept for {FILES_KEPT_DAYS} days)")]


def status(deployment: Deployment, run: Run | None, view: "ProgressView | None") -> Reply:
    """One deployment, for /cloud-status; with the plan's story where somebody has to decide about it."""
    waits = run is not None and run.status is Status.AWAITING
    fields: Fields = [("Blueprint", code(deployment.blueprint)), ("Status", deployment.status)]
    if run:
        fields += _run_fields(deployment, run, view)
    if deployment.unsaved_run_id:
        fields.append(("⚠️ The state could not be saved", _UNSAVED))
    if deployment.variables:
        text = ", ".join(f"{name}={value}" for name, value in deployment.variables.items())
        fields.append(("Variables now" if waits else "Variables", code(text, 300 if waits else 900)))
    title, text, foot = f"☁️ {deployment.name}", "", ""
    if run and run.status is Status.AWAITING:
        text, foot = (
            plan_text(run, run.approval.expires_at if run.approval else 0),
            priced_by(run.plan.get("story", {})),
        )
        taken = len(title) + len(text) + len(foot) + sum(len(name) + len(value) for name, value in fields)
        fields += plan_fields(run, taken)
    fields += [(name, code(str(value), 900)) for name, value in list(deployment.outputs.items())[:15]]
    colour = Colour.BLUE if deployment.lock else Colour.GREEN if deployment.status == "deployed" else Colour.AMBER
    buttons: tuple[ReplyButton, ...] = ()
    if run:
        buttons = decision(run) if waits else () if deployment.lock else _ways_on(run)
    return Reply(text, title, colour, tuple(fields), foot, buttons)


def _run_fields(deployment: Deployment, run: Run, view: "ProgressView | None") -> Fields:
    if not deployment.lock:
        return [("Last run", f"{run.status.value} <t:{run.ended_at or run.created_at}:R>, by <@{run.user_id}>")]
    fields = [("Running", f"{run.status.value}, started <t:{run.created_at}:R> by <@{run.user_id}>")]
    if view and view.progress.total:
        shown = (bar(view.progress.completed, view.progress.total), _happening(run, view), _time(run, view))
        fields.append(("Progress", "\n".join(shown)))
    return fields
