"""What the commands' handlers work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the front door reads the registry too, and must not load the vault's cryptography for it
    from collections.abc import Callable, Mapping

    from chatops.blueprints import Catalogue
    from chatops.ports import Artefacts, Chat, DeploymentStore, GuildSettings, InteractionStore, RunStore, Workflow
    from chatops.vault.sessions import Sessions


@dataclass(frozen=True)
class Services:
    """The product's ports as the commands see them; made once per Lambda environment by `bootstrap`."""

    sessions: Sessions
    catalogue: Catalogue
    interactions: InteractionStore
    deployments: DeploymentStore
    settings: GuildSettings
    runs: RunStore
    artefacts: Artefacts
    workflow: Workflow
    chat: Chat
    seal_credentials: Callable[[str, str, Mapping[str, Any]], bytes]
    open_option: Callable[[str, Mapping[str, str]], str]
    advise: Callable[[Mapping[str, Any]], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
