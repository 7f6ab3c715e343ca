"""How resources of AWS are billed: the kinds of every service, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.kinds import (
    aws_brokers,
    aws_databases,
    aws_disks,
    aws_machines,
    aws_network,
    aws_platforms,
    aws_rds,
    aws_services,
    aws_storage,
    aws_usage,
)

if TYPE_CHECKING:
    from chatops.story.kinds import Kind

KINDS: dict[str, Kind] = (
    aws_brokers.KINDS
    | aws_databases.KINDS
    | aws_disks.KINDS
    | aws_machines.KINDS
    | aws_network.KINDS
    | aws_platforms.KINDS
    | aws_rds.KINDS
    | aws_services.KINDS
    | aws_storage.KINDS
    | aws_usage.KINDS
)
"""A kind for each Terraform type. What AWS bills and nobody here can price is left out: it is unknown, not free."""
