"""/cloud-advise: what would carry a workload, and for how much. Read here, answered by the function `advise`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.commands.base import Call, Command, Option, OptionType
from chatops.domain.money import checked_budget
from chatops.errors import UserError

if TYPE_CHECKING:
    from chatops.commands.services import Services

MOST_TEXT = 1000
PROVIDERS = ("aws", "gcp", "azure")
_EXAMPLES = (
    "Say what it is and how much it is used, for example:\n"
    "• `a portfolio site with 500 monthly visitors`\n"
    "• `an online shop, 10k users/day, production`\n"
    "• `a Minecraft server with 2 vCPU and 8 GB`"
)


def handle(call: Call, services: Services) -> None:
    """Read the workload and hand it to `advise`, which edits the deferred answer; the text itself goes no further.

    Raises:
        UserError: the text names no workload, or an option is wrong.
    """
    from chatops.story.prices import open_book  # the front door reads the registry, and needs no price
    from chatops.story.recommend import cloud_of, read_need

    text, region, provider = call.text("workload"), call.text("region").lower(), call.text("provider")
    if len(text) > MOST_TEXT:
        raise UserError(f"That is too long: a workload has at most {MOST_TEXT:,} characters.")
    if provider and provider not in PROVIDERS:
        raise UserError(f"The provider is one of {', '.join(PROVIDERS)}.")
    if region:
        cloud = cloud_of(region, open_book())
        if not cloud or provider not in ("", cloud):
            raise UserError("Our price book has no such region of that cloud. Leave it out, or try `eu-west-1`.")
        provider = cloud
    budget = checked_budget(float(call.options.get("budget") or 0))
    need = read_need(text, provider, region, budget)
    if need is None:
        raise UserError(f"I cannot tell what you want to run. {_EXAMPLES}")
    asked = {"application_id": call.application_id, "token": call.token, "locale": call.locale}
    services.advise({"advise": asked | {"need": need.facts()}})


COMMAND = Command(
    name="cloud-advise",
    description="Ask what would carry a workload, and what it costs a month",
    handle=handle,
    usage="/cloud-advise workload:a portfolio site with 500 monthly visitors",
    options=(
        Option("workload", "What you want to run, and how much it is used", required=True, max_length=MOST_TEXT),
        Option("provider", "On this cloud (default: any)", choices=PROVIDERS),
        Option("region", "In this region, such as eu-west-1", max_length=40),
        Option("budget", "US dollars a month that it may cost", OptionType.NUMBER),
    ),
)
