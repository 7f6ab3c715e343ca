"""The audit: who did what in a guild, when, from where, and with which plan."""

from dataclasses import dataclass

AUDIT_KEPT_DAYS = 365

REFUSED = "refused"
"""The action of whatever a person wanted, and may not do; the note names it."""
CLAIM_REFUSED = "claim-refused"
"""The action of a request in a build's name that was none of the run's own build."""
REMOVED = "removed"
"""The action of forgetting a guild that has removed the bot."""


@dataclass(frozen=True)
class Entry:
    """One thing that was done or refused.

    `at_ms` is when, in unix milliseconds; `id` is the interaction or the run that it came from, `action` a word of ours
    (`deploy`, `approve`, `refused`, `ended`, …), `by` a person's id or `chatops`, `channel_id` where it was asked for,
    `note` a few words of ours, which hold nothing that a person typed in confidence.
    """

    guild_id: str
    at_ms: int
    id: str
    action: str
    by: str
    channel_id: str = ""
    deployment: str = ""
    run_id: str = ""
    plan_sha256: str = ""
    note: str = ""
