"""A run's messages: the live one from start to end, and what a status looks like.

Whatever comes from Terraform, a variable or a person is shown inside code marks, where Discord reads no markdown.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatops.discord.replies import ButtonStyle, Colour, Reply, ReplyButton, cut
from chatops.domain.deployments import Deployment
from chatops.domain.progress import InFlight, OperationKind
from chatops.domain.runs import CHATOPS, Phase, Run, Status
from chatops.terraform.tracker import progress_bar

if TYPE_CHECKING:
    from chatops.runs.view import ProgressView

IN_FLIGHT_SHOWN = 5
ERRORS_SHOWN = 3
ADDRESS = 120

_VERBS = {
    OperationKind.CREATE: "Creating",
    OperationKind.UPDATE: "Changing",
    OperationKind.DELETE: "Destroying",
    OperationKind.READ: "Reading",
    OperationKind.IMPORT: "Importing",
    OperationKind.MOVE: "Moving",
    OperationKind.FORGET: "Forgetting",
}
_SIGNS = {"create": "+", "update": "~", "delete": "-", "read": "?", "import": "<", "move": ">", "forget": "."}


def code(text: str, limit: int = ADDRESS) -> str:
    """The text as inline code, on one line, with nothing that could end it."""
    flat = " ".join(text.replace("`", "ˋ").split())
    return f"`{cut(flat, limit) or ' '}`"


def block(lines: Iterable[str], limit: int = 1000, language: str = "") -> str:
    """The lines as a code block of at most `limit` characters, cut at a whole line where possible."""
    text = "\n".join(line.replace("```", "ˋˋˋ") for line in lines)
    return f"```{language}\n{cut(text, limit - 12)}\n```"


def started(run: Run) -> Reply:
    """The live message before anything is known."""
    title = "🧨 Destruction Started" if run.destroy else "🚀 Deployment Started"
    return Reply(
        title=title,
        text=f"{progress_bar(0, 0)}\nInitializing...\n(waiting for a build)",
        colour=Colour.GREY,
        footer=_footer(run),
        buttons=(_cancel(run),),
    )


def progress(run: Run, view: "ProgressView") -> Reply:
    """The live message while a build works."""
    if view.phase is Phase.PLAN:
        title, counts = "🔎 Planning", ""
    else:
        title = "🧨 Destruction in Progress" if run.destroy else "🚀 Deployment in Progress"
        counts = f"\n({view.progress.completed}/{view.progress.total or 0} resources)"
    if run.cancel_requested_by:
        title = "⏹️ Stopping: finishing the current resource"
    happening = _in_flight(view.progress.in_flight) or view.now or "Initializing..."
    fields = (("Failed", _errors(view.errors)),) if view.errors else ()
    return Reply(
        title=title,
        text=f"{progress_bar(view.progress.completed, view.progress.total or 0)}\n{happening}{counts}",
        colour=Colour.RED if view.errors else Colour.BLUE,
        fields=fields,
        footer=f"{_footer(run)} · {duration(view.elapsed)}",
        buttons=() if run.cancel_requested_by else (_cancel(run),),
    )


def approval(run: Run, expires_at: int) -> Reply:
    """The plan, for the person who decides."""
    plan = run.plan
    lines = [f"{'/'.join(_SIGNS.get(kind, '?') for kind in kinds):>3} {address}" for address, *kinds in plan["operations"]]
    more = plan["addresses"] - len(lines)
    if more > 0:
        lines.append(f"    … and {more} more")
    fields = []
    if plan["destroyed"]:
        fields.append((f"⚠️ {plan['destroy']} to destroy, for ever", block(plan["destroyed"])))
    if plan["outputs_changed"]:
        fields.append(("Outputs that change", ", ".join(code(name, 60) for name in plan["outputs_changed"][:10])))
    return Reply(
        title="🗺️ The plan is ready: " + ("destroy it?" if run.destroy else "deploy it?"),
        text=f"**{counts(plan)}**\n{block(lines, 2500, 'diff')}\nDecide <t:{expires_at}:R>: "
        f"<@{run.user_id}>, or a member with Manage Server.",
        colour=Colour.AMBER,
        fields=tuple(fields),
        footer=f"{_footer(run)} · plan {run.plan_sha256[:12]}",
        buttons=(
            ReplyButton("Approve", f"v1:approve:{run.id}", ButtonStyle.DANGER if run.destroy else ButtonStyle.SUCCESS),
            ReplyButton("Reject", f"v1:reject:{run.id}"),
        ),
    )


def approved(run: Run, person_id: str) -> Reply:
    """The live message between the decision and the build."""
    return Reply(
        title="👍 Approved",
        text=f"{progress_bar(0, int(run.plan.get('total', 0)))}\nApproved by <@{person_id}>. Waiting for a build...",
        colour=Colour.BLUE,
        footer=_footer(run),
        buttons=(_cancel(run),),
    )


def stopping(run: Run, cause: str) -> Reply:
    """The live message while a build is asked to end."""
    return Reply(
        title="⏹️ Stopping: finishing the current resource",
        text=f"{cause or 'A stop was asked for.'}\nThe lock is given back when the build has ended.",
        colour=Colour.AMBER,
        footer=_footer(run),
    )


def final(run: Run, view: "ProgressView") -> Reply:
    """The last message: what became of the run, and what to do next."""
    title, colour, told = _ENDINGS[run.status]
    what = "Destruction" if run.destroy else "Deployment"
    detail = run.detail
    lines = [told.format(name=code(run.deployment))]
    if detail.get("cause"):
        lines.append(str(detail["cause"]) if run.status is Status.INTERRUPTED else "")
    fields: list[tuple[str, str]] = []
    if view.phase is not Phase.PLAN:
        fields += _progress_fields(run, view, lines)
    if run.status in (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED):
        fields += _failure_fields(run, view, detail)
    if outputs := detail.get("outputs"):
        fields += [(name, code(value, 900)) for name, value in list(outputs.items())[:10]]
    return Reply(
        title=title.format(what=what),
        text="\n".join(line for line in lines if line),
        colour=colour,
        fields=tuple(fields),
        footer=f"{_footer(run)} · {duration(run.ended_at - run.created_at)}",
    )


_ENDINGS = {
    Status.SUCCEEDED: ("✅ {what} Complete!", Colour.GREEN, "{name} is as planned."),
    Status.NO_CHANGES: ("✅ Nothing to change", Colour.GREEN, "{name} is already as it should be; nobody has to approve anything."),
    Status.REJECTED: ("🚫 {what} rejected", Colour.GREY, "Nothing was changed in {name}."),
    Status.EXPIRED: ("⌛ Nobody approved in time", Colour.GREY, "Nothing was changed in {name}. Run the command again for a new plan."),
    Status.CANCELLED: ("⏹️ {what} cancelled", Colour.AMBER, "{name} was stopped gracefully."),
    Status.FAILED: ("❌ {what} failed", Colour.RED, "{name} did not get where the plan wanted it."),
    Status.INTERRUPTED: ("💥 {what} interrupted", Colour.RED, "The run of {name} was cut off."),
}  # fmt: skip


def _progress_fields(run: Run, view: "ProgressView", lines: list[str]) -> list[tuple[str, str]]:
    """The bar; after a success it is full whatever the log managed to tell."""
    total = int(run.plan.get("total", 0))
    done = total if run.status is Status.SUCCEEDED else view.progress.completed
    ready = "All resources destroyed" if run.destroy else "All resources deployed successfully"
    lines.insert(0, f"{progress_bar(done, total)}\n" + (f"{ready}\n" if done == total else "") + f"({done}/{total} resources)")
    return []


def _failure_fields(run: Run, view: "ProgressView", detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    fields = []
    errors = [_error_text(error) for error in detail.get("errors", ())] or list(view.errors)
    if errors:
        fields.append(("What went wrong", _errors(errors)))
    if view.progress.never_started:
        names = [operation.address for operation in view.progress.never_started]
        fields.append((f"Never started ({len(names)})", block(names[:10], 500)))
    if detail.get("phase") == Phase.PLAN:
        fields.append(("What exists now", "Nothing was changed: the plan did not finish."))
    elif resources := detail.get("resources"):
        fields.append((f"What exists now ({len(resources)})", block(resources[:20], 900)))
    if detail.get("phase") != Phase.PLAN:
        again = "/cloud-destroy" if run.destroy else "/cloud-deploy-v2"
        fields.append(
            ("What next", f"`{again}` plans and applies the rest; `/cloud-destroy` removes what exists. Nothing is forgotten: the state is kept.")
        )  # fmt: skip
    return fields


def status(deployment: Deployment, run: Run | None, view: "ProgressView | None") -> Reply:
    """One deployment, for /cloud-status."""
    fields = [("Blueprint", code(deployment.blueprint)), ("Status", deployment.status)]
    if run and deployment.lock:
        fields.append(("Running", f"{run.status.value}, started <t:{run.created_at}:R> by <@{run.user_id}>"))
        if view and view.progress.total:
            fields.append(("Progress", f"{progress_bar(view.progress.completed, view.progress.total)}\n{_in_flight(view.progress.in_flight)}"))  # fmt: skip
    elif run:
        fields.append(("Last run", f"{run.status.value} <t:{run.ended_at or run.created_at}:R>, by <@{run.user_id}>"))
    if deployment.variables:
        text = ", ".join(f"{name}={value}" for name, value in deployment.variables.items())
        fields.append(("Variables", code(text, 900)))
    fields += [(name, code(str(value), 900)) for name, value in list(deployment.outputs.items())[:15]]
    colour = Colour.BLUE if deployment.lock else Colour.GREEN if deployment.status == "deployed" else Colour.AMBER
    return Reply(title=f"☁️ {deployment.name}", colour=colour, fields=tuple(fields))


def counts(plan: Mapping[str, Any]) -> str:
    """The plan in Terraform's own words."""
    parts = [(plan.get("import", 0), "import"), (plan["add"], "add"), (plan["change"], "change"), (plan["destroy"], "destroy")]  # fmt: skip
    named = [f"{number} to {verb}" for number, verb in parts if number or verb != "import"]
    return "Plan: " + ", ".join(named)


def duration(seconds: int) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _in_flight(running: Sequence[InFlight]) -> str:
    lines = [f"{_VERBS[each.kind]} {code(each.address)}... {duration(each.elapsed)}" for each in running[:IN_FLIGHT_SHOWN]]
    if len(running) > IN_FLIGHT_SHOWN:
        lines.append(f"+{len(running) - IN_FLIGHT_SHOWN} more")
    return "\n".join(lines)


def _errors(errors: Sequence[str]) -> str:
    shown = [cut(error, 300) for error in errors[:ERRORS_SHOWN]]
    if len(errors) > ERRORS_SHOWN:
        shown.append(f"+{len(errors) - ERRORS_SHOWN} more")
    return block(shown, 1000)


def _error_text(error: Mapping[str, str]) -> str:
    where = f" ({error['address']})" if error.get("address") else ""
    detail = " ".join(error.get("detail", "").split())
    return f"{error.get('summary', '')}{where}" + (f": {detail}" if detail else "")


def _footer(run: Run) -> str:
    asked = " · stop asked for by the watchdog" if run.cancel_requested_by == CHATOPS else ""
    return f"{run.deployment} · {run.blueprint} · run {run.id}{asked}"


def _cancel(run: Run) -> ReplyButton:
    return ReplyButton("Cancel", f"v1:cancel:{run.id}")
