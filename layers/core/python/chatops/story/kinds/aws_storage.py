"""Where files lie: S3, EFS, FSx, backups, registries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.kinds.aws_bill import Always, Use, billed, line
from chatops.story.kinds.basics import free

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatops.story.costs import Component
    from chatops.story.kinds import Asked, Kind

_GB = (1, 50, 1000)
"""Kept: a handful of files, a small site's, an archive."""
_ZFS_FREE_IOPS = 3.0
"""For each GiB of an OpenZFS file system's disk (AWS's FSx price page)."""


def _files(asked: Asked) -> Iterator[Component]:
    values = asked.values
    one_zone = values.has("availability_zone_name")
    kind = "efs.one_zone" if one_zone else "efs.standard"
    yield line(asked, Use("Storage", kind, *_GB))
    if values.blocks("lifecycle_policy"):
        yield line(asked, Use("Storage, rarely read", "efs.one_zone.ia" if one_zone else "efs.ia", *_GB))
        yield line(asked, Use("Reads of what is rarely read", "efs.ia.read", 1, 10, 100))
    mibps = values.number("provisioned_throughput_in_mibps")
    if values.text("throughput_mode") == "provisioned" and mibps:
        # A twentieth of a MB/s comes along with each GB that is kept, which nobody knows yet.
        yield line(asked, Use("Provisioned throughput", "efs.provisioned", mibps, mibps, mibps))


def _windows(asked: Asked) -> Iterator[Component]:
    values = asked.values
    zones = "multi" if values.text("deployment_type").startswith("MULTI_AZ") else "single"
    disk = "hdd" if values.text("storage_type") == "HDD" else "ssd"
    speed, size = values.number("throughput_capacity", 8), values.number("storage_capacity", 32)
    yield line(asked, Always("Throughput capacity", f"fsx.windows.{zones}.throughput", speed))
    yield line(asked, Always(f"{disk.upper()} storage", f"fsx.windows.{zones}.{disk}", size))
    yield line(asked, Use("Backup storage", "fsx.backup", 0, 50, 1000))


def _zfs(asked: Asked) -> Iterator[Component]:
    values = asked.values
    single = values.text("deployment_type", "SINGLE_AZ_1") == "SINGLE_AZ_1"
    size = values.number("storage_capacity", 64)
    # The book has the rates of the first kind of deployment alone; what costs otherwise is not known.
    suffix = "" if single else ".other"
    yield line(
        asked,
        Always("Throughput capacity", f"fsx.openzfs.throughput{suffix}", values.number("throughput_capacity", 64)),
    )
    yield line(asked, Always("SSD storage", f"fsx.openzfs.ssd{suffix}", size))
    above = values.block("disk_iops_configuration").number("iops") - _ZFS_FREE_IOPS * size
    if above > 0:
        yield line(asked, Always("Provisioned IOPS above 3 a GiB", "fsx.openzfs.iops", above))
    yield line(asked, Use("Backup storage", "fsx.backup", 0, 50, 1000))


_BUCKET = billed(
    Use("Storage", "s3.standard", *_GB),
    Use("PUT, COPY, POST, LIST requests", "s3.put", 1, 100, 10_000),
    Use("GET and other requests", "s3.get", 10, 1000, 100_000),
)

KINDS: dict[str, Kind] = {
    "aws_backup_vault": billed(
        Use("Snapshots of volumes", "ebs.snapshot", *_GB),
        Use("Snapshots of databases", "rds.backup", *_GB),
        Use("Backups of tables", "dynamodb.backup", *_GB),
    ),
    "aws_codeartifact_domain": billed(Use("Storage", "codeartifact.storage", *_GB)),
    "aws_ecr_lifecycle_policy": free,
    "aws_ecr_repository": billed(Use("Storage", "ecr.storage", *_GB)),
    "aws_efs_file_system": _files,
    "aws_fsx_openzfs_file_system": _zfs,
    "aws_fsx_windows_file_system": _windows,
    "aws_glacier_vault": billed(Use("Storage", "s3.glacier", *_GB)),
    "aws_s3_bucket": _BUCKET,
    "aws_s3_bucket_analytics_configuration": billed(Use("Objects watched", "s3.analytics", 0.01, 1, 100)),
    "aws_s3_bucket_intelligent_tiering_configuration": billed(
        Use("Objects watched", "s3.tiering_watch", 1, 100, 10_000)
    ),
    "aws_s3_bucket_inventory": billed(Use("Objects listed", "s3.inventory", 0.01, 1, 100)),
    "aws_s3_bucket_lifecycle_configuration": billed(Use("Objects moved", "s3.lifecycle_transition", 0.1, 10, 1000)),
    "aws_s3_bucket_object": free,
    "aws_s3_bucket_versioning": free,
    "aws_s3_object": free,
    "aws_storagegateway_gateway": billed(Use("Data written", "storagegateway.written", *_GB)),
}
