"""A stand-in for Discord's HTTP side: signs interactions, serves the API, refuses what Discord refuses."""

from sandbox.discord.faults import Faults
from sandbox.discord.incoming import Upload
from sandbox.discord.limits import RateLimit
from sandbox.discord.messages import Button, Message
from sandbox.discord.options import ClientRefusalError
from sandbox.discord.protocol import CallbackType, Flag
from sandbox.discord.render import render_message
from sandbox.discord.sending import InteractionResult, NoEndpointError
from sandbox.discord.server import DiscordServer
from sandbox.discord.state import Settings
from sandbox.discord.transcript import Event, Problem, Transcript
from sandbox.discord.world import Channel, Guild, NobodyThereError, Role, User, World

__all__ = [
    "Button",
    "CallbackType",
    "Channel",
    "ClientRefusalError",
    "DiscordServer",
    "Event",
    "Faults",
    "Flag",
    "Guild",
    "InteractionResult",
    "Message",
    "NoEndpointError",
    "NobodyThereError",
    "Problem",
    "RateLimit",
    "Role",
    "Settings",
    "Transcript",
    "Upload",
    "User",
    "World",
    "render_message",
]
