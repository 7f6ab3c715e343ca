"""A run in its guild's line: its message while it waits, and what became of it if its turn never came."""

from collections.abc import Mapping, Sequence

from chatops.discord.plan_card import run_footer
from chatops.discord.replies import Colour, Reply, ReplyButton
from chatops.discord.text import code, duration
from chatops.domain.queues import Place, Standing
from chatops.domain.runs import LINE_SECONDS, Run, Status

SHOWN = 8
"""So many lines fit into a field (1,024 characters), whatever the deployments are called."""


def waiting(run: Run, stands: Standing) -> Reply:
    """The live message of a run that waits for its turn; what is said of the run before it stays true while it runs."""
    return Reply(
        title="⏳ Waiting in Line",
        text=(
            f"{words(run, stands)}\nIt begins by itself, with the plan; nobody has to do anything. "
            f"If its turn has not come <t:{run.created_at + LINE_SECONDS}:R>, it is given up. "
            f"Should this message fall silent: `/cloud-status name:{run.deployment}`."
        ),
        colour=Colour.GREY,
        footer=run_footer(run),
        buttons=(cancel_button(run),),
    )


def words(run: Run, stands: Standing, ahead: Run | None = None) -> str:
    """Where a run stands, and behind whom; with what `ahead` is doing, where that is known at this moment."""
    if not stands.number:
        return f"**next**: the turn of {code(run.deployment)} has just come."
    place = f"**{_ordinal(stands.number)} in line** for {code(run.deployment)}"
    if stands.behind is None:
        return f"{place}: another run holds it."
    who = f"run `{stands.behind.run_id}` by <@{stands.behind.user_id}>"
    doing = f"{ahead.status.value}, " if ahead else ""
    since = f" ({doing}since <t:{stands.behind.since}:R>)"
    if stands.full:
        return f"{place}, behind {who}{since}: this server has as many runs at once as it may."
    return f"{place}, behind {who}{since}."


def ended(run: Run) -> Reply:
    """The last message of a run whose turn never came."""
    title, colour, told = _ENDINGS.get(run.status, _ENDINGS[Status.FAILED])
    cause = str(run.detail.get("cause", "")) if run.status is not Status.CANCELLED else ""
    return Reply(
        title=title.format(what="Destruction" if run.destroy else "Deployment"),
        text="\n".join(filter(None, (told.format(name=code(run.deployment)), cause))),
        colour=colour,
        footer=f"{run_footer(run)} · waited {duration(run.ended_at - run.created_at)}",
    )


_ENDINGS: Mapping[Status, tuple[str, Colour, str]] = {
    Status.CANCELLED: ("⏹️ {what} cancelled", Colour.GREY, "{name} was not touched: the run was still waiting in line."),
    Status.WAITED_OUT: (
        "⌛ Waited too long",
        Colour.GREY,
        "{name} was not touched. Run the command again if you want to.",
    ),
    Status.NO_CHANGES: (
        "✅ Nothing to change",
        Colour.GREEN,
        "Nothing of {name} was left when it was this run's turn.",
    ),
    Status.FAILED: ("❌ {what} not started", Colour.RED, "{name} was not touched by this run."),
}


def queue(places: Sequence[Place]) -> str:
    """Those who wait, first come first, a line each."""
    shown = [
        f"{number}. {code(each.deployment)} · run `{each.run_id}` · <@{each.user_id}>, since <t:{each.since}:R>"
        for number, each in enumerate(places[:SHOWN], 1)
    ]
    more = [f"… and {len(places) - SHOWN} more"] if len(places) > SHOWN else []
    return "\n".join(shown + more)


def cancel_button(run: Run) -> ReplyButton:
    """Ends the run, whatever it is doing."""
    return ReplyButton("Cancel", f"v1:cancel:{run.id}")


def _ordinal(number: int) -> str:
    suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
