"""Who may decide about a run."""

from chatops.domain.runs import Run


def may_decide(run: Run, person_id: str, guild_id: str, manages_guild: bool) -> bool:
    """Whether the person may approve, reject or cancel: the requester, or who has Manage Server, in this guild."""
    return guild_id == run.guild_id and (person_id == run.user_id or manages_guild)
