"""The message that asks for a decision: the plan, its story, and the buttons."""

from collections.abc import Mapping
from typing import Any

from chatops.discord.replies import EMBED_TOTAL, FIELD_VALUE, ButtonStyle, Colour, Reply, ReplyButton
from chatops.discord.story_card import Fields, over_budget, priced_by, told_fields
from chatops.discord.text import code, counts, flat, listing
from chatops.domain.money import amount
from chatops.domain.runs import CHATOPS, Run
from chatops.story.values import mapping, text_of
from chatops.terraform.secret_shapes import shapes

_SIGNS = {"create": "+", "update": "~", "delete": "-", "read": "?", "import": "<", "move": ">", "forget": "."}
_UNTOLD = "The story of this plan could not be told this time: what it costs and what it risks is not known here."
_LEAST_LIST = 120


def approval(run: Run, expires_at: int) -> Reply:
    """The plan and its story, for the person who decides."""
    title = "🗺️ The plan is ready: " + ("destroy it?" if run.destroy else "deploy it?")
    text = plan_text(run, expires_at)
    known_by = (run_footer(run), f"plan {run.plan_sha256[:12]}", priced_by(run.plan.get("story", {})))
    footer = " · ".join(filter(None, known_by))
    return Reply(
        title=title,
        text=text,
        colour=Colour.AMBER,
        fields=tuple(plan_fields(run, len(title) + len(text) + len(footer))),
        footer=footer,
        buttons=decision(run),
    )


def plan_text(run: Run, expires_at: int) -> str:
    """What it counts to, and who has to decide by when."""
    decide = f"Decide <t:{expires_at}:R>: <@{run.user_id}>, or a member with Manage Server."
    return f"**{counts(run.plan)}**\n{decide}"


def plan_fields(run: Run, taken: int) -> Fields:
    """What a person needs who decides: budgets, the story, what is lost, and then as many operations as there is room.

    `taken` is how many of the embed's 6000 characters stand elsewhere in it.
    """
    plan = run.plan
    fields = [*over_budget(plan.get("budget", {})), *_told(plan), *_lost(run), *_variables(run)]
    if changed := plan["outputs_changed"]:
        fields.append(("Outputs that change", ", ".join(code(name, 60) for name in changed[:10])))
    room = EMBED_TOTAL - taken - sum(len(name) + min(len(value), FIELD_VALUE) for name, value in fields)
    return fields + _operations(run, room)


def decision(run: Run) -> tuple[ReplyButton, ...]:
    """The buttons of a plan that waits."""
    style = ButtonStyle.DANGER if run.destroy else ButtonStyle.SUCCESS
    told = (ReplyButton("Details", f"v1:story:{run.id}"),) if run.plan.get("story") else ()
    approve = ReplyButton("Approve", f"v1:approve:{run.id}", style)
    return (approve, ReplyButton("Reject", f"v1:reject:{run.id}"), *told)


def run_footer(run: Run) -> str:
    """Which run this is, at the foot of each of its messages."""
    asked = " · stopped by the watchdog" if run.cancel_requested_by == CHATOPS else ""
    return f"{run.deployment} · {run.blueprint} · run {run.id}{asked}"


def _told(plan: Mapping[str, Any]) -> Fields:
    if "story" not in plan:
        return []  # a run of before stories were told
    addresses = (address for address, *_ in plan["operations"])
    return told_fields(plan["story"], addresses) if plan["story"] else [("📜 No story", _UNTOLD)]


def _lost(run: Run) -> Fields:
    plan, story = run.plan, mapping(run.plan.get("story"))
    fields: Fields = []
    if lost := story.get("lost"):
        in_all = int(amount(story.get("lost_count"))) or len(lost)
        fields.append((f"🕯️ Data lost for ever ({in_all})", listing(map(flat, map(text_of, lost)), in_all, 400)))
    if plan["destroyed"]:
        name = f"⚠️ {plan['destroy']} to destroy, for ever"
        fields.append((name, listing(map(flat, plan["destroyed"]), plan["destroy"], 700)))
    return fields


def _variables(run: Run) -> Fields:
    if not run.variables or run.destroy:
        return []
    text = ", ".join(f"{name}={value}" for name, value in run.variables.items())
    return [("Variables", code(shapes(text), 300))]


def _operations(run: Run, room: int) -> Fields:
    """Everything that the plan does, what it destroys first; less of it, or nothing, where there is no room."""
    plan, name = run.plan, "🧾 What it does"
    listed = sorted(plan["operations"], key=lambda each: "delete" not in each[1:])
    if plan["addresses"] == len(plan["destroyed"]) and all(kinds == ["delete"] for _, *kinds in listed):
        return []  # the list of what is destroyed says it all
    lines = (f"{'/'.join(_SIGNS[kind] for kind in kinds):>3} {flat(address)}" for address, *kinds in listed)
    limit = min(FIELD_VALUE, room - len(name))
    return [(name, listing(lines, plan["addresses"], limit, "diff"))] if limit >= _LEAST_LIST else []
