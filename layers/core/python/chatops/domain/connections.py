"""Connections: a guild's own cloud, kept by its admins for everybody whom they trust with it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Connection:
    """A guild's identity in one cloud; `sealed` is its credentials, opened for a run alone.

    `role_id` is the Discord role whose members may use it; empty for those with Manage Server. `kind` is `key`, or
    `role` for an AWS role that is assumed with the guild's external id.
    """

    guild_id: str
    provider: str
    project_id: str
    region: str
    kind: str
    sealed: str = field(repr=False)
    role_id: str = ""
    connected_by: str = ""
    connected_at: int = 0
