"""What the product needs from the outside, as Protocols; `adapters/` has the real ones."""

from chatops.ports.discord import Attachments, Chat, Installations, InteractionStore, TextFile
from chatops.ports.guilds import (
    AuditLog,
    Connections,
    DeploymentStore,
    GuildAws,
    GuildRegister,
    GuildSettings,
    Lines,
    Timings,
)
from chatops.ports.log import Log
from chatops.ports.model import Model
from chatops.ports.runs import Artefacts, Builds, RunRole, RunStore, Workflow
from chatops.ports.vault import BlobRow, BlobTable, Context, DataKeys

__all__ = [
    "Artefacts",
    "Attachments",
    "AuditLog",
    "BlobRow",
    "BlobTable",
    "Builds",
    "Chat",
    "Connections",
    "Context",
    "DataKeys",
    "DeploymentStore",
    "GuildAws",
    "GuildRegister",
    "GuildSettings",
    "Installations",
    "InteractionStore",
    "Lines",
    "Log",
    "Model",
    "RunRole",
    "RunStore",
    "TextFile",
    "Timings",
    "Workflow",
]
