"""Platforms with machines of their own: Elastic Beanstalk, SageMaker, Lightsail."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chatops.story.costs import Component, fixed, hourly
from chatops.story.kinds.aws_bill import Always, Use, billed, compute, count_of, line, nearest, sized, unit
from chatops.story.kinds.aws_disks import volume
from chatops.story.kinds.aws_machines import Launch, machines
from chatops.story.kinds.aws_network import balancer
from chatops.story.kinds.aws_rds import database
from chatops.story.kinds.basics import values_of
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatops.story.kinds import Asked, Kind

_TYPE = "t3.micro"
"""Of an environment that names none: Elastic Beanstalk's own default in most regions."""
_NOTEBOOK_GIB = 5.0
"""SageMaker's own default."""
_AUTOSCALING, _LAUNCH = "aws:autoscaling:asg", "aws:autoscaling:launchconfiguration"
_ENVIRONMENT, _DATABASE = "aws:elasticbeanstalk:environment", "aws:rds:dbinstance"
_DISK = {"RootVolumeType": "volume_type", "RootVolumeSize": "volume_size", "RootVolumeIOPS": "iops"}
_DATABASE_NAMES = {
    "DBEngine": "engine",
    "DBEngineVersion": "engine_version",
    "DBInstanceClass": "instance_class",
    "DBAllocatedStorage": "allocated_storage",
    "MultiAZDatabase": "multi_az",
}
_LOGS = Use("Logs taken in", "cloudwatch.logs_ingest", 0.5, 10, 500)


def _settings(asked: Asked) -> dict[tuple[str, str], str]:
    """An environment's options by namespace and name, as Elastic Beanstalk's developer guide lists them."""
    blocks = asked.values.blocks("setting") + asked.values.blocks("all_settings")
    return {(each.text("namespace"), each.text("name")): each.text("value") for each in reversed(blocks)}


def _named(settings: dict[tuple[str, str], str], namespace: str, names: dict[str, str]) -> Values:
    """The options of one namespace, under the names that the resource itself would have for them."""
    return Values({ours: settings[namespace, name] for name, ours in names.items() if settings.get((namespace, name))})


def _environment(asked: Asked) -> Iterator[Component]:
    settings = _settings(asked)
    single = settings.get((_ENVIRONMENT, "EnvironmentType")) == "SingleInstance"
    count = 1.0 if single else count_of(_named(settings, _AUTOSCALING, {"MinSize": "n"}), "n") or 1.0
    types = settings.get(("aws:ec2:instances", "InstanceTypes"), "").partition(",")[0].strip()
    machine = types or settings.get((_LAUNCH, "InstanceType")) or _TYPE
    yield from machines(asked, Launch(type=machine, count=count))
    yield from volume(asked, _named(settings, _LAUNCH, _DISK), count, "root volume")
    if not single:
        kind = settings.get((_ENVIRONMENT, "LoadBalancerType"), "classic")
        yield from balancer(asked, kind)
    instance = _named(settings, _DATABASE, _DATABASE_NAMES)
    if instance.attributes:
        yield from database(replace(asked, values=instance), instance.text("engine", "mysql"))
    if settings.get(("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs")) == "true":
        yield line(asked, _LOGS)


def _model(asked: Asked, machine_type: str, count: float) -> Component:
    name = machine_type.removeprefix("ml.")
    price = sized(asked, "sagemaker", name)
    return hourly(f"Instances{f' (ml.{name})' if price else ''}", price, count, compute=compute(asked, name, count))


def _endpoint(asked: Asked) -> Iterator[Component]:
    """The machines of its configuration; a variant without any is serverless, and billed by the call."""
    configuration = values_of(nearest(asked, "endpoint_config_name", "aws_sagemaker_endpoint_configuration"))
    variants = configuration.blocks("production_variants")
    for each in variants:
        yield _model(asked, each.text("instance_type"), count_of(each, "initial_instance_count"))
    if not variants:
        yield _model(asked, "", 1)


def _notebook(asked: Asked) -> Iterator[Component]:
    yield _model(asked, asked.values.text("instance_type"), 1)
    size = asked.values.number("volume_size") or _NOTEBOOK_GIB
    yield fixed("Storage", size, unit(asked, "sagemaker.gp2"))


def _server(asked: Asked) -> list[Component]:
    """Bundles are named anew in some regions (`_3_1`), and cost the same."""
    bundle = re.sub(r"_3_\d$", "_3_0", asked.values.text("bundle_id"))
    return [hourly("Virtual server", unit(asked, f"lightsail.{bundle}"))]


def _disk(asked: Asked) -> list[Component]:
    return [line(asked, Always("Storage", "lightsail.disk", asked.values.number("size_in_gb")))]


KINDS: dict[str, Kind] = {
    "aws_elastic_beanstalk_environment": _environment,
    "aws_lightsail_disk": _disk,
    "aws_lightsail_instance": _server,
    "aws_lightsail_lb": billed(Always("Load balancer", "lightsail.balancer")),
    "aws_sagemaker_endpoint": _endpoint,
    "aws_sagemaker_notebook_instance": _notebook,
}
