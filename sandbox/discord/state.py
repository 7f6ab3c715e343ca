"""What one stand-in remembers, shared by its HTTP endpoints and by the people who act in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.discord.clock import Clock, Snowflakes
from sandbox.discord.faults import Faults
from sandbox.discord.interactions import InteractionBook
from sandbox.discord.limits import RateLimit, RateLimiter
from sandbox.discord.messages import MessageBook
from sandbox.discord.protocol import ANSWER_SECONDS, JsonObject
from sandbox.discord.signing import KeyPair
from sandbox.discord.transcript import Problem, Transcript
from sandbox.discord.world import World

if TYPE_CHECKING:
    from sandbox.discord.incoming import Upload
    from sandbox.discord.world import User

APPLICATION_ID = "1061000000000000900"
OLD_MESSAGE_SECONDS = 3600.0


@dataclass(frozen=True)
class Settings:
    """How strict and how fast this Discord is."""

    application_id: str = APPLICATION_ID
    bot_token: str = field(default_factory=lambda: f"MTA2MTAw.Gsandb.{secrets.token_urlsafe(28)}", repr=False)
    key_seed: bytes | None = field(default=None, repr=False)
    interactions_url: str | None = None
    answer_seconds: float = ANSWER_SECONDS
    rate_limit: RateLimit | None = RateLimit()  # noqa: RUF009 – frozen


class State:
    """The pieces of one stand-in, wired."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.interactions_url = settings.interactions_url
        self.cdn_url = ""  # said by the server, which knows its port
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.world = World()
        self.keys = KeyPair(settings.key_seed)
        self.transcript = Transcript(self.clock)
        self.messages = MessageBook(self.clock, self.ids, self.world, self.transcript, self.bot_user())
        self.interactions = InteractionBook(self.clock, self.ids)
        self.faults = Faults()
        self.limits = RateLimiter(self.clock, settings.rate_limit)
        self.old_edits = RateLimiter(self.clock, RateLimit(3, 6.0) if settings.rate_limit else None)
        self.files: dict[str, bytes] = {}  # by attachment id, as Discord's CDN has them
        self.commands: dict[str | None, list[JsonObject]] = {}  # by guild id; None is the global scope

    def bot_user(self) -> JsonObject:
        """The app's own account, the author of every message here."""
        return {
            "id": self.settings.application_id,
            "username": "Cloud ChatOps",
            "global_name": None,
            "discriminator": "4242",
            "avatar": None,
            "primary_guild": None,
            "public_flags": 1 << 19,
            "flags": 1 << 19,
            "bot": True,
        }

    def store(self, upload: Upload) -> str:
        """Keep a file under a new attachment id."""
        attachment_id = self.ids.next()
        self.files[attachment_id] = upload.data
        return attachment_id

    def file(self, name: str, user: User) -> bytes | None:
        """The newest file of this name under a message that the user sees."""
        for message in reversed(self.messages.all()):
            channel = self.world.channel_by_id(message.channel_id)
            if channel and self.world.may_enter(user, channel) and message.visible_to(user):
                for attachment in message.body["attachments"]:
                    if attachment["filename"] == name:
                        return self.files.get(attachment["id"])
        return None

    def problem(self, where: str, text: str, code: int = 0) -> None:
        """Record a refusal or a broken habit."""
        self.transcript.add_problem(Problem(where, text, code))

    def commands_in(self, guild_id: str | None) -> dict[str, JsonObject]:
        """Registered slash commands by name, those of the guild before global ones."""
        scopes = [self.commands.get(None, []), self.commands.get(guild_id, []) if guild_id else []]
        return {c["name"]: c for scope in scopes for c in scope if (c.get("type") or 1) == 1}
