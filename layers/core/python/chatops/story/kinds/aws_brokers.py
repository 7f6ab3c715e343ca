"""Brokers, streams and search: MSK, MQ, Kinesis, Firehose, OpenSearch, managed Airflow and Flink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, hourly
from chatops.story.kinds.aws_bill import Always, Use, billed, compute, count_of, line, sized, unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_GB = (10, 100, 1000)
"""Moved or kept a month: a trial's, a small shop's, a busy one's."""
_TARGETS = ("extended_s3_configuration", "elasticsearch_configuration", "opensearch_configuration")
_MQ_NODES = {"ACTIVE_STANDBY_MULTI_AZ": 2.0, "CLUSTER_MULTI_AZ": 3.0}
_SEARCH_IOPS = 1000.0
"""Of an io1 disk that does not say (OpenSearch's least)."""
_SEARCH_GIB = 8.0
_SEARCH_DISKS = ("gp2", "gp3", "io1", "standard")
_WARM = 2.0
"""UltraWarm nodes where nobody says how many: AWS's least."""


def _kafka(asked: Asked) -> Iterator[Component]:
    values = asked.values
    group = values.block("broker_node_group_info")
    name = group.text("instance_type").removeprefix("kafka.")
    count = count_of(values, "number_of_broker_nodes")
    price = sized(asked, "msk", name)
    yield hourly(f"Brokers{f' ({name})' if price else ''}", price, count, compute=compute(asked, name, count))
    disk = group.block("storage_info").block("ebs_storage_info")
    size = disk.number("volume_size", group.number("ebs_volume_size", 1000.0))
    yield line(asked, Always("Storage", "msk.storage", count * size))


def _mq(asked: Asked) -> Iterator[Component]:
    values = asked.values
    name = values.text("host_instance_type").removeprefix("mq.")
    nodes = _MQ_NODES.get(values.text("deployment_mode"), 1.0)
    price = sized(asked, "mq", name)
    yield hourly(f"Broker{f' ({name})' if price else ''}", price, nodes, compute=compute(asked, name, nodes))
    rabbit = values.text("engine_type").lower() == "rabbitmq"
    disk = "mq.ebs" if rabbit or values.text("storage_type").lower() == "ebs" else "mq.efs"
    yield line(asked, Use("Storage", disk, 1, 20, 200))


def _stream(asked: Asked) -> Iterator[Component]:
    values = asked.values
    if values.block("stream_mode_details").text("stream_mode") == "ON_DEMAND":
        yield line(asked, Always("On-demand stream", "kinesis.on_demand"))
        yield line(asked, Use("Data taken in", "kinesis.in", *_GB))
        yield line(asked, Use("Data given out", "kinesis.out", *_GB))
        return
    shards = count_of(values, "shard_count") or 1.0
    yield line(asked, Always("Shards", "kinesis.shard", HOURS * shards))
    yield line(asked, Use("Put units", "kinesis.put", 1, 50, 1000))
    if values.number("retention_period") > 24:
        # Infracost takes this for a part by use, and the totals stay comparable.
        kept = HOURS * shards
        yield line(asked, Use("Kept longer than a day", "kinesis.extended", kept, kept, kept))


def _delivery(asked: Asked) -> Iterator[Component]:
    yield line(asked, Use("Data taken in", "firehose.in", *_GB))
    targets = [target for name in _TARGETS for target in asked.values.blocks(name)]
    formats = [each for target in targets for each in target.blocks("data_format_conversion_configuration")]
    if any(each.flag("enabled", True) for each in formats):
        yield line(asked, Use("Format conversion", "firehose.format", *_GB))
    zones = sum(len(vpc.texts("subnet_ids")) or 1 for each in targets for vpc in each.blocks("vpc_config"))
    if zones:
        yield line(asked, Always("Delivery into a network, by zone", "firehose.vpc", HOURS * zones))


def _search(asked: Asked) -> Iterator[Component]:
    values = asked.values
    cluster = values.block("cluster_config")
    count = count_of(cluster, "instance_count") or 1.0
    yield _search_nodes(asked, "Nodes", cluster.text("instance_type", "m4.large"), count)
    yield from _search_disks(asked, values.block("ebs_options"), count)
    if cluster.flag("dedicated_master_enabled"):
        masters = count_of(cluster, "dedicated_master_count", 3.0)
        yield _search_nodes(asked, "Dedicated masters", cluster.text("dedicated_master_type"), masters)
    if cluster.flag("warm_enabled"):
        yield _search_nodes(asked, "UltraWarm nodes", cluster.text("warm_type"), count_of(cluster, "warm_count", _WARM))


def _search_nodes(asked: Asked, what: str, machine_type: str, count: float) -> Component:
    name = machine_type.removesuffix(".search").removesuffix(".elasticsearch")
    # UltraWarm's sizes are not half and double of each other.
    price = unit(asked, f"opensearch.{name}") if name.startswith("ultrawarm") else sized(asked, "opensearch", name)
    return hourly(f"{what}{f' ({name})' if price else ''}", price, count, compute=compute(asked, name, count))


def _search_disks(asked: Asked, disk: Values, count: float) -> Iterator[Component]:
    if not disk.flag("ebs_enabled"):
        return
    kind, size = disk.text("volume_type", "gp2"), disk.number("volume_size", _SEARCH_GIB)
    item = f"opensearch.{kind}" if kind in _SEARCH_DISKS else ""
    yield line(asked, Always("Storage", item, count * size))
    if kind == "io1":
        yield line(asked, Always("Storage IOPS", "opensearch.io1.iops", count * (disk.number("iops") or _SEARCH_IOPS)))


def _search_serverless(asked: Asked) -> Iterator[Component]:
    """A unit for indexing and one for searching at least, halves of them twice over; without a spare, half of that."""
    units = 1.0 if asked.values.text("standby_replicas") == "DISABLED" else 2.0
    yield line(asked, Always("Least capacity", "opensearch.ocu", HOURS * units), "collections of an account share it")
    yield line(asked, Use("Managed storage", "opensearch.managed", *_GB))


def _airflow(asked: Asked) -> Iterator[Component]:
    size = asked.values.text("environment_class", "mw1.small")
    yield hourly("Environment", unit(asked, f"mwaa.{size}"))
    yield line(asked, Use("Workers beyond the first", f"mwaa.worker.{size}", 0, HOURS, 5 * HOURS))
    yield line(asked, Use("Meta database", "mwaa.database", 1, 5, 20))


def _flink(asked: Asked) -> Iterator[Component]:
    yield line(asked, Use("Processing units", "flink.kpu", HOURS, 2 * HOURS, 10 * HOURS))
    if asked.values.text("runtime_environment").startswith("FLINK"):
        yield line(asked, Always("Processing unit for orchestration", "flink.kpu"))
        # Each unit keeps 50 GB for running state (AWS's price page).
        yield line(asked, Use("Running storage", "flink.storage", 50, 100, 500))
        yield line(asked, Use("Backups", "flink.backup", 0, 10, 100))


KINDS: dict[str, Kind] = {
    "aws_elasticsearch_domain": _search,
    "aws_kinesis_analytics_application": billed(Use("Processing units", "flink.kpu", HOURS, 2 * HOURS, 10 * HOURS)),
    "aws_kinesis_firehose_delivery_stream": _delivery,
    "aws_kinesis_stream": _stream,
    "aws_kinesisanalyticsv2_application": _flink,
    "aws_kinesisanalyticsv2_application_snapshot": billed(Use("Backups", "flink.backup", 1, 10, 100)),
    "aws_mq_broker": _mq,
    "aws_msk_cluster": _kafka,
    "aws_msk_serverless_cluster": billed(
        Always("Cluster", "msk.serverless.cluster"),
        Use("Partitions", "msk.serverless.partition", 10 * HOURS, 50 * HOURS, 500 * HOURS),
        Use("Data taken in", "msk.serverless.in", *_GB),
        Use("Data given out", "msk.serverless.out", *_GB),
    ),
    "aws_mwaa_environment": _airflow,
    "aws_opensearch_domain": _search,
    "aws_opensearchserverless_collection": _search_serverless,
}
