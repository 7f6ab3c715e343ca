"""What the commands' handlers work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the front door reads the registry too, and must not load the vault's cryptography for it
    from collections.abc import Callable, Mapping

    from chatops.blueprints import Catalogue
    from chatops.domain.queues import Limits
    from chatops.ports import (
        Artefacts,
        Attachments,
        AuditLog,
        Builds,
        Chat,
        Connections,
        DeploymentStore,
        GuildAws,
        GuildSettings,
        InteractionStore,
        Lines,
        RunStore,
        Timings,
        Workflow,
    )
    from chatops.vault.sessions import Sessions


@dataclass(frozen=True)
class Services:
    """The product's ports as the commands see them; made once per Lambda environment by `bootstrap`.

    `seal_connection` and `open_connection` take (guild id, provider, credentials or sealed text). `limits` is what the
    operator allows each guild at most. `report` has a run ended, by report_run's event. `broker_arn` is who asks for a
    guild's AWS role.
    """

    sessions: Sessions
    catalogue: Catalogue
    interactions: InteractionStore
    deployments: DeploymentStore
    settings: GuildSettings
    connections: Connections
    guild_aws: GuildAws
    attachments: Attachments
    lines: Lines
    timings: Timings
    audit: AuditLog
    runs: RunStore
    artefacts: Artefacts
    workflow: Workflow
    builds: Builds
    chat: Chat
    seal_credentials: Callable[[str, str, Mapping[str, Any]], bytes]
    seal_connection: Callable[[str, str, Mapping[str, Any]], str]
    open_connection: Callable[[str, str, str], dict[str, Any]]
    open_option: Callable[[str, Mapping[str, str]], str]
    advise: Callable[[Mapping[str, Any]], None]
    report: Callable[[Mapping[str, Any]], None]
    limits: Limits
    broker_arn: str
    clock: Callable[[], float]
    sleep: Callable[[float], None]
