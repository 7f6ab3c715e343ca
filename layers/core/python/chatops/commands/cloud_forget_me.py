"""/cloud-forget-me: every session of the caller's ends, in whatever server, and what it held is deleted."""

from collections.abc import Iterable

from chatops.commands.base import Call, Command, Option
from chatops.commands.record import record
from chatops.commands.services import Services
from chatops.discord.replies import Colour, Reply
from chatops.discord.text import code
from chatops.domain.audit import AUDIT_KEPT_DAYS
from chatops.domain.runs import RUN_KEPT_SECONDS, Run
from chatops.errors import UserError
from chatops.runs.leaving import under_way

WORD = "forget"
MOST_NAMED = 10

_RUN_DAYS = RUN_KEPT_SECONDS // (24 * 3600)
_STAYS = (
    f"Your Discord id stays in the history of each server for {AUDIT_KEPT_DAYS} days (no command changes it), in runs "
    f"that you started for {_RUN_DAYS} days, and with a deployment as who changed it last. Messages stay in Discord "
    "until you or a moderator delete them."
)


def handle(call: Call, services: Services) -> Reply:
    """Say what would go; with the word, let it go. Whose it is comes from Discord's signature and from nothing typed.

    Raises:
        UserError: another word was typed.
    """
    runs = tuple(under_way(services.runs, user_id=call.person.id))
    if not confirmed(call):
        return _asked(runs)
    record(call, services, "forget-me")
    sessions = services.sessions.forget(user_id=call.person.id)
    forms = services.interactions.forget_held_of(user_id=call.person.id)
    return _forgotten(sessions, forms, runs)


def confirmed(call: Call) -> bool:
    """Whether the word was typed.

    Raises:
        UserError: it was another one.
    """
    typed = call.text("confirm")
    if typed and typed.lower() != WORD:
        raise UserError(f"Nothing was deleted. To go on, type `confirm:{WORD}`.")
    return bool(typed)


def counted(number: int, one: str, many: str) -> str:
    """The number with its noun."""
    return f"{number} {one if number == 1 else many}"


def _asked(runs: Iterable[Run]) -> Reply:
    return Reply(
        title="🧹 Forget me?",
        text="This ends all your sessions, in every server that uses this bot, and deletes their credentials "
        f"and every command of yours that waits for a form. It cannot be undone.\n`/cloud-forget-me confirm:{WORD}`",
        colour=Colour.AMBER,
        fields=(*_under_way(runs), ("What stays", _STAYS)),
    )


def _forgotten(sessions: int, forms: int, runs: Iterable[Run]) -> Reply:
    waited = f" and {counted(forms, 'command that waited', 'commands that waited')} for a form" if forms else ""
    return Reply(
        title="🧹 Forgotten",
        text=f"Deleted: {counted(sessions, 'session', 'sessions')} with the recovery blobs{waited}. Nobody can restore "
        "them.",
        colour=Colour.GREEN,
        fields=(*_under_way(runs), ("What stays", _STAYS)),
    )


def _under_way(runs: Iterable[Run]) -> tuple[tuple[str, str], ...]:
    lines = [f"{code(run.deployment)} (run {code(run.id)}) in server {code(run.guild_id)}" for run in runs]
    if not lines:
        return ()
    more = f"\nand {len(lines) - MOST_NAMED} more" if len(lines) > MOST_NAMED else ""
    told = "\n".join(lines[:MOST_NAMED]) + more
    return (
        (
            "Under way",
            f"{told}\nEach has a sealed copy of its credentials until it ends; `/cloud-cancel` there ends it.",
        ),
    )


COMMAND = Command(
    name="cloud-forget-me",
    description="Delete your sessions and credentials, in every server that uses this bot",
    handle=handle,
    usage=f"/cloud-forget-me confirm:{WORD}",
    options=(Option("confirm", f"Type {WORD} to go on; without it you see what would be deleted", max_length=20),),
)
