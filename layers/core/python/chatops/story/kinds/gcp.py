"""How Google Cloud's kinds of resources are billed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.kinds import (
    gcp_compute,
    gcp_data,
    gcp_database,
    gcp_groups,
    gcp_kubernetes,
    gcp_network,
    gcp_operations,
    gcp_serverless,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.kinds import Kind

KINDS: Mapping[str, Kind] = {
    **gcp_compute.KINDS,
    **gcp_data.KINDS,
    **gcp_database.KINDS,
    **gcp_groups.KINDS,
    **gcp_kubernetes.KINDS,
    **gcp_network.KINDS,
    **gcp_operations.KINDS,
    **gcp_serverless.KINDS,
}
