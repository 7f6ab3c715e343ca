"""/cloud-cost: what deployments cost now, and what they come to if they stay."""

from chatops.commands import suggest
from chatops.commands.base import Call, Command, Option
from chatops.commands.lookup import deployment_named
from chatops.commands.services import Services
from chatops.discord import cost_card
from chatops.discord.replies import Reply


def handle(call: Call, services: Services) -> Reply:
    """One deployment in full, or all of them with their sum and the budgets."""
    now, budgets = int(services.clock()), services.settings.of(call.guild_id)
    if call.text("name"):
        return cost_card.one(deployment_named(call, services), budgets, now)
    return cost_card.all_of(services.deployments.of_guild(call.guild_id), budgets, now)


COMMAND = Command(
    name="cloud-cost",
    description="Show what this server's deployments cost a month",
    handle=handle,
    usage="/cloud-cost name:shop",
    options=(Option("name", "One deployment (default: all)", max_length=31, suggest=suggest.deployments),),
)
