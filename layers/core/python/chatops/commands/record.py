"""The audit's entries of what people do, and of what they wanted and may not."""

from chatops.commands.base import Call
from chatops.commands.services import Services
from chatops.discord.interactions import Interaction, InteractionType, button_target, created_at
from chatops.domain.audit import REFUSED, Entry
from chatops.domain.runs import Run, is_run_id
from chatops.errors import OutsideError
from chatops.ports import Log


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
            at_ms=_at_ms(call.interaction_id),
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


def record_refusal(interaction: Interaction, services: Services, log: Log) -> None:
    """Keep that the person was refused, and what: a command's name or a button's, and nothing that was typed.

    They get the same answer whether it is kept or not: the log tells where it is not.
    """
    if interaction.person is None or interaction.guild_id is None:
        return
    what, run_id = _asked_for(interaction)
    entry = Entry(
        guild_id=interaction.guild_id,
        at_ms=_at_ms(interaction.id),
        id=interaction.id,
        action=REFUSED,
        by=interaction.person.id,
        channel_id=interaction.channel_id or "",
        run_id=run_id,
        note=what,
    )
    try:
        services.audit.add(entry)
    except OutsideError as error:
        log("a refusal is not in the audit", {"interaction_id": interaction.id, "error": str(error)})


def _asked_for(interaction: Interaction) -> tuple[str, str]:
    """What was asked for in our own words, and the id of the run that a button names, if that is the id of any."""
    from chatops.commands import BUTTONS, COMMANDS, FORMS  # these registries hold handlers that record

    if interaction.type is InteractionType.COMMAND:
        return f"/{interaction.command}" if interaction.command in COMMANDS else "a command that is not ours", ""
    action, argument = button_target(interaction.custom_id) or ("", "")
    if action not in BUTTONS and action not in FORMS:
        return "a button that is not ours", ""
    kind = "form" if interaction.type is InteractionType.MODAL else "button"
    return f"{kind} {action}", argument if is_run_id(argument) else ""


def _at_ms(interaction_id: str) -> int:
    return int(created_at(interaction_id) * 1000)
