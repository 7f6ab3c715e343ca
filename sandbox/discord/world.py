"""The people and places of the sandbox: two guilds, a channel in each, and users with different rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.discord.protocol import JsonObject

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
ALL_PERMISSIONS = (1 << 53) - 1
# What a new guild gives everyone: read, write, embed, attach, react, use application commands, voice.
MEMBER_PERMISSIONS = 2_248_473_465_835_073
JOINED_AT = "2023-04-12T18:25:43.511000+00:00"


class NobodyThereError(LookupError):
    """A user, guild or channel that the sandbox does not have, or a user who is not where the test wants them."""


@dataclass(frozen=True)
class User:
    """A Discord account; `dm_channel_id` is its private channel with the app."""

    id: str
    name: str
    dm_channel_id: str

    def as_json(self) -> JsonObject:
        """The user object that interactions and messages carry."""
        return {
            "id": self.id,
            "username": self.name,
            "global_name": self.name.capitalize(),
            "discriminator": "0",
            "avatar": None,
            "avatar_decoration_data": None,
            "collectibles": None,
            "primary_guild": None,
            "public_flags": 0,
            "flags": 0,
        }


@dataclass(frozen=True)
class Guild:
    """A Discord server."""

    id: str
    name: str


@dataclass(frozen=True)
class Role:
    """A role of a guild; it changes nobody's permissions."""

    id: str
    name: str
    guild: Guild

    def as_json(self) -> JsonObject:
        """The role object that an interaction carries."""
        return {
            "id": self.id,
            "name": self.name,
            "permissions": "0",
            "position": 1,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(frozen=True)
class Channel:
    """A text channel of a guild, or a direct-message channel when `guild` is None."""

    id: str
    name: str
    guild: Guild | None

    def as_json(self, permissions: int) -> JsonObject:
        """The partial channel object of an interaction."""
        if self.guild is None:
            return {"id": self.id, "type": 1, "flags": 0, "last_message_id": None}
        return {
            "id": self.id,
            "type": 0,
            "name": self.name,
            "guild_id": self.guild.id,
            "parent_id": None,
            "permissions": str(permissions),
            "position": 0,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "topic": None,
            "flags": 0,
            "last_message_id": None,
        }


class World:
    """Who exists, where, and with which permissions; ids never change, so that stored data survives a restart."""

    def __init__(self) -> None:
        self.guild = Guild("1061000000000000001", "Guild of Clouds")
        self.other_guild = Guild("1061000000000000002", "Another guild")
        self.channel = Channel("1061000000000000101", "operations", self.guild)
        self.other_channel = Channel("1061000000000000102", "general", self.other_guild)
        self.removed_from: set[str] = set()  # ids of guilds that have thrown the app out
        self._channels = [self.channel, self.other_channel]
        self._users: list[User] = []
        self._permissions: dict[tuple[str, str], int] = {}
        everyone = [Role(guild.id, "everyone", guild) for guild in (self.guild, self.other_guild)]  # as Discord has it
        self.deployers = Role("1061000000000000401", "deployers", self.guild)
        self._roles = [*everyone, self.deployers]
        self._holders: set[tuple[str, str]] = set()
        self.owner = self.add_user("owner", self.guild, ALL_PERMISSIONS)
        self.member = self.add_user("member", self.guild, MEMBER_PERMISSIONS)
        self.outsider = self.add_user("outsider", self.other_guild, ALL_PERMISSIONS)
        self.give(self.member, self.deployers)

    def add_guild(self, name: str) -> Guild:
        """One more server that has the app installed, with a channel of its own."""
        number = sum(channel.guild is not None for channel in self._channels) + 1
        guild = Guild(f"10610000000000010{number:02}", name)
        self._channels.append(Channel(f"10610000000000011{number:02}", "general", guild))
        self._roles.append(Role(guild.id, "everyone", guild))
        return guild

    def add_user(self, name: str, guild: Guild, permissions: int = MEMBER_PERMISSIONS) -> User:
        """Create an account that is a member of one guild."""
        number = len(self._users)
        user = User(f"10610000000000002{number:02}", name, f"10610000000000003{number:02}")
        self._users.append(user)
        self._channels.append(Channel(user.dm_channel_id, f"dm-{name}", None))
        self._permissions[user.id, guild.id] = permissions
        return user

    def user(self, who: User | str) -> User:
        """A user by account, name or id."""
        if isinstance(who, User):
            return who
        found = next((user for user in self._users if who in (user.name, user.id)), None)
        if found is None:
            names = ", ".join(user.name for user in self._users)
            raise NobodyThereError(f"there is no user {who!r}; the sandbox has: {names}")
        return found

    def role(self, which: Role | str) -> Role:
        """A role by id or by name, with or without its @; every guild has an `everyone`, the first is meant."""
        if isinstance(which, Role):
            return which
        found = next((role for role in self._roles if which.removeprefix("@") in (role.name, role.id)), None)
        if found is None:
            raise NobodyThereError(f"there is no role {which!r}; there are: {', '.join(r.name for r in self._roles)}")
        return found

    def give(self, user: User, role: Role) -> None:
        """Let a user have a role."""
        self._holders.add((user.id, role.id))

    def roles(self, user: User, guild: Guild) -> list[str]:
        """The ids of a user's roles in a guild; @everyone is never among them."""
        return [role.id for role in self._roles if role.guild == guild and (user.id, role.id) in self._holders]

    @property
    def guild_ids(self) -> set[str]:
        """The guilds that have the app installed."""
        return {channel.guild.id for channel in self._channels if channel.guild} - self.removed_from

    def channel_by_id(self, channel_id: str) -> Channel | None:
        """The channel with this id, direct messages included."""
        return next((channel for channel in self._channels if channel.id == channel_id), None)

    def place(self, user: User, guild: Guild | str | None = None, channel: Channel | str | None = None) -> Channel:
        """Where a user acts: the named channel, else the first of the named guild, else the user's home guild.

        `channel="dm"` is the user's private channel with the app.
        """
        wanted_channel = channel.id if isinstance(channel, Channel) else channel
        wanted_guild = guild.id if isinstance(guild, Guild) else guild
        if wanted_channel == "dm":
            wanted_channel = user.dm_channel_id
        for candidate in self._channels:
            if _matches(candidate, wanted_guild, wanted_channel) and self.may_enter(user, candidate):
                return candidate
        raise NobodyThereError(
            f"{user.name} has no channel {wanted_channel or ''!r} in guild {wanted_guild or 'home'!r}"
        )

    def may_enter(self, user: User, channel: Channel) -> bool:
        """Whether this user can see this channel."""
        if channel.guild is None:
            return channel.id == user.dm_channel_id
        return (user.id, channel.guild.id) in self._permissions

    def permissions(self, user: User, channel: Channel) -> int:
        """The user's permission bits in a channel."""
        return self._permissions.get((user.id, channel.guild.id), 0) if channel.guild else 0

    def names(self) -> dict[str, str]:
        """Display text for mentions: ids of users, roles and channels."""
        users = {user.id: f"@{user.name}" for user in self._users}
        roles = {role.id: f"@{role.name}" for role in self._roles}
        return users | roles | {channel.id: f"#{channel.name}" for channel in self._channels}


def _matches(candidate: Channel, guild: str | None, channel: str | None) -> bool:
    if channel is not None and channel not in (candidate.id, candidate.name):
        return False
    if channel is None and candidate.guild is None:
        return False
    return guild is None or (candidate.guild is not None and guild in (candidate.guild.id, candidate.guild.name))
