"""Connections: a guild's own cloud, kept by its admins for everybody whom they trust with it."""

from collections.abc import Collection
from dataclasses import dataclass, field

CLOUDS = ("aws", "azure", "gcp")
"""The providers that a guild can connect."""
KEY, ROLE = "key", "role"
"""The kinds of connections: something that opens the cloud by itself, or an AWS role that we are let into."""


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

    @property
    def for_everybody(self) -> bool:
        """Whether the role is @everyone, which has its guild's id, and which Discord never lists among one's roles."""
        return self.role_id == self.guild_id

    def may_be_used(self, roles: Collection[str], manages_guild: bool) -> bool:
        """Whether somebody with these Discord roles may deploy with it."""
        return manages_guild or self.for_everybody or (bool(self.role_id) and self.role_id in roles)
