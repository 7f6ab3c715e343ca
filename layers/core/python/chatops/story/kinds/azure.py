"""Every kind of Azure resource that can be priced, by its Terraform type.

Conventions and defaults are those of published estimates (Infracost's goldens, which prices/unit_prices_azure.csv names
row by row), so that both can be compared. A type that Azure bills and that is not here is unknown, never free.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from chatops.story.kinds import (
    azure_apps,
    azure_containers,
    azure_databases,
    azure_disks,
    azure_edge,
    azure_machines,
    azure_management,
    azure_messaging,
    azure_network,
    azure_sql,
    azure_storage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.kinds import Kind

KINDS: Mapping[str, Kind] = MappingProxyType(
    azure_machines.KINDS
    | azure_disks.KINDS
    | azure_network.KINDS
    | azure_edge.KINDS
    | azure_containers.KINDS
    | azure_apps.KINDS
    | azure_storage.KINDS
    | azure_databases.KINDS
    | azure_sql.KINDS
    | azure_messaging.KINDS
    | azure_management.KINDS
)
