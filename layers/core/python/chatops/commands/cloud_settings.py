"""/cloud-settings: the server's budgets and limits; anyone may look, members with Manage Server may change them."""

from typing import Any

from chatops.commands.base import Call, Command, Option, OptionType
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import dollars
from chatops.domain.money import Budgets, checked_budget
from chatops.domain.queues import Limits, checked_limit
from chatops.errors import DeniedError

WARN, BLOCK = "warn", "block"

_BUDGETS = {"deployment-budget": "deployment", "guild-budget": "guild"}
_LIMITS = {"concurrent-runs": "concurrent", "runs-per-hour": "hourly"}


def handle(call: Call, services: Services) -> Reply:
    """Show the settings, after what was changed in them.

    Raises:
        DeniedError: somebody without Manage Server wants to change something.
        UserError: an amount that no budget can have, or a limit above the operator's.
    """
    changes = _changes(call, services.limits)
    if not changes:
        return _shown(services.settings.of(call.guild_id), "⚙️ Settings of this server", call, services)
    if not call.person.manages_guild:
        raise DeniedError("Only a member with Manage Server may change the settings; without options you see them.")
    record(call, services, "settings", note=", ".join(f"{name} {value}" for name, value in call.options.items()))
    by = {"changed_by": call.person.id, "changed_at": int(services.clock())}
    return _shown(services.settings.change(call.guild_id, changes | by), "⚙️ Settings changed", call, services)


def _changes(call: Call, limits: Limits) -> dict[str, Any]:
    amounts = {field: call.options[name] for name, field in _BUDGETS.items() if name in call.options}
    changes: dict[str, Any] = {field: checked_budget(float(value)) for field, value in amounts.items()}
    for name, field in _LIMITS.items():
        if name in call.options:
            changes[field] = checked_limit(int(call.options[name]), getattr(limits, field), f"`{name}`")
    return changes | ({"block": call.text("over-budget") == BLOCK} if call.text("over-budget") else {})


def _shown(budgets: Budgets, title: str, call: Call, services: Services) -> Reply:
    over = (
        "**block**: a plan that goes beyond a budget ends without being asked about"
        if budgets.block
        else "**warn**: the plan says so, and whoever approves decides"
    )
    changed = f"\nChanged <t:{budgets.changed_at}:R> by <@{budgets.changed_by}>." if budgets.changed_at else ""
    limits = services.limits.lowered(services.settings.limits(call.guild_id))
    return Reply(
        title=title,
        text=f"A plan that does not raise the cost is never held up.{changed}",
        colour=Colour.BLUE,
        fields=(
            ("Budget of each deployment", _amount(budgets.deployment)),
            ("Budget of all of them together", _amount(budgets.guild)),
            ("Over budget", over),
            ("Runs at once", f"{limits.concurrent} of at most {services.limits.concurrent}; more wait in line"),
            ("Runs in an hour", f"{limits.hourly} of at most {services.limits.hourly}; a destroy does not count"),
        ),
        footer="List prices, in US dollars a month, without what is billed by use.",
    )


def _amount(budget: float | None) -> str:
    return "none" if budget is None else f"{dollars(budget)} a month"


COMMAND = Command(
    name="cloud-settings",
    description="Show this server's budgets and limits, or change them (Manage Server)",
    handle=handle,
    usage="/cloud-settings deployment-budget:25 over-budget:block",
    options=(
        Option("deployment-budget", "US dollars a month for each deployment; 0 removes it", OptionType.NUMBER),
        Option("guild-budget", "US dollars a month for all deployments together; 0 removes it", OptionType.NUMBER),
        Option(
            "concurrent-runs",
            "How many runs at once; more wait in line. 0 for as many as there may be",
            OptionType.INTEGER,
        ),
        Option("runs-per-hour", "How many runs in an hour; 0 for as many as there may be", OptionType.INTEGER),
        Option("over-budget", "What happens to a plan beyond a budget", choices=(WARN, BLOCK)),
    ),
)
