"""The audit's entries of what people do."""

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord.interactions import created_at
from chatops.domain.audit import Entry
from chatops.domain.runs import Run


def record(
    call: Call, services: Services, action: str, *, deployment: str = "", run: Run | None = None, note: str = ""
) -> None:
    """Keep what the person does. Done again by a second try of the same interaction, it is the same entry.

    Raises:
        OutsideError: it could not be kept; then it must not be done either.
    """
    services.audit.add(
        Entry(
            guild_id=call.guild_id,
            at_ms=int(created_at(call.interaction_id) * 1000),
            id=call.interaction_id,
            action=action,
            by=call.person.id,
            channel_id=call.channel_id,
            deployment=deployment or (run.deployment if run else ""),
            run_id=run.id if run else "",
            plan_sha256=run.plan_sha256 if run else "",
            note=note,
        )
    )
