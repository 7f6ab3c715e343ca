"""Serverless, containers, messages, keys, and what watches over them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, fixed, hourly
from chatops.story.kinds.aws_bill import Always, Use, billed, count_of, line, nearest, unit
from chatops.story.kinds.basics import free, related, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.values import Values

_MILLIONS = (0.1, 1, 100)
"""Requests a month in millions: a hobby's, a small site's, a busy service's (100 M are 40 a second)."""
_SECONDS = 0.2
"""Of a function's run: a web request's."""
_FARGATE_FREE_GIB = 20.0
"""Of a task's own disk that come along (AWS's Fargate price page)."""
_EXTENDED_UNTIL = 29
"""The last minor version of Kubernetes 1 that Infracost (goldens of 2025) counts as out of standard support."""
_EKS_NOTE = "six times as much once the version leaves standard support, some 14 months after its release"
_NUMBER = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(vcpu|gb)?", re.IGNORECASE | re.ASCII)


def _function(asked: Asked) -> Iterator[Component]:
    values = asked.values
    arm = "arm64" in values.texts("architectures")
    gb = values.number("memory_size", 128.0) / 1024
    seconds = [requests * 1e6 * _SECONDS for requests in _MILLIONS]
    yield line(asked, Use("Requests", "lambda.request", *_MILLIONS))
    yield line(asked, Use("Duration", "lambda.gbs.arm" if arm else "lambda.gbs.x86", *(gb * each for each in seconds)))
    disk = values.block("ephemeral_storage").number("size", 512.0) - 512
    if disk > 0:
        yield line(asked, Use("Ephemeral storage", "lambda.ephemeral", *(disk / 1024 * each for each in seconds)))


def _provisioned(asked: Asked) -> Iterator[Component]:
    """Kept warm all month, whether it is called or not."""
    function = values_of(related(asked, "function_name", "aws_lambda_function", "aws_lambda_alias"))
    gb = function.number("memory_size", 128.0) / 1024
    item = "lambda.provisioned.arm" if "arm64" in function.texts("architectures") else "lambda.provisioned.x86"
    count = count_of(asked.values, "provisioned_concurrent_executions")
    yield line(asked, Always("Provisioned concurrency", item, count * gb * HOURS * 3600))


def _amount(values: Values, name: str, per_unit: float) -> float:
    """A task's processors or memory: "256", or "1 vCPU", or "2 GB", in whole ones."""
    match = _NUMBER.fullmatch(values.text(name).strip())
    if match and match[2]:
        return float(match[1])
    return values.number(name) / per_unit


def _service(asked: Asked) -> Iterator[Component]:
    """Fargate bills the tasks; on machines of one's own a service is free."""
    values = asked.values
    providers = [each.text("capacity_provider") for each in values.blocks("capacity_provider_strategy")]
    task = values_of(nearest(asked, "task_definition", "aws_ecs_task_definition"))
    count = count_of(values, "desired_count", 1.0 if values.is_unknown("desired_count") else 0.0)
    if not count or not _on_fargate(values.text("launch_type"), providers, task):
        return
    arm = task.block("runtime_platform").text("cpu_architecture").upper() == "ARM64"
    vcpu, gib = _amount(task, "cpu", 1024.0), _amount(task, "memory", 1024.0)
    spot = "FARGATE_SPOT" in providers and "FARGATE" not in providers
    note = "the on-demand rate; spot tasks cost up to 70 % less" if spot else ""
    yield from fargate(asked, count, vcpu, gib, note, arm=arm)
    disk = task.block("ephemeral_storage").number("size_in_gib") - _FARGATE_FREE_GIB
    if disk > 0:
        yield line(asked, Always("Ephemeral storage above 20 GiB", "fargate.ephemeral", HOURS * count * disk))


def _on_fargate(launch_type: str, providers: list[str], task: Values) -> bool:
    """Whether AWS brings the machines; where the service leaves it to its cluster, a task made for Fargate tells."""
    if launch_type or providers:
        return launch_type == "FARGATE" or any(each.startswith("FARGATE") for each in providers)
    return task.texts("requires_compatibilities") == ("FARGATE",)


def fargate(
    asked: Asked, count: float, vcpu: float, gib: float, note: str = "", *, arm: bool = False
) -> Iterator[Component]:
    """So many tasks of this size; of no known size, no price."""
    kind = "fargate.arm" if arm else "fargate"
    known = bool(vcpu and gib)
    compute = Compute(HOURS * count * vcpu, HOURS * count * gib, "fargate") if known else None
    yield hourly("vCPU", unit(asked, f"{kind}.vcpu") if known else None, count * vcpu, note, compute)
    yield hourly("Memory, in GB", unit(asked, f"{kind}.gb") if known else None, count * gib, note)


def _profile(asked: Asked) -> Iterable[Component]:
    return fargate(asked, 1, 1, 1, "one task of 1 vCPU and 1 GB, as Infracost counts")


def _cluster(asked: Asked) -> Iterable[Component]:
    values = asked.values
    major, _, minor = values.text("version").partition(".")
    old = major == "1" and minor.isdecimal() and len(minor) < 4 and int(minor) <= _EXTENDED_UNTIL
    if old and values.block("upgrade_policy").text("support_type") != "STANDARD":
        return [line(asked, Always("Control plane, extended support", "eks.cluster.extended"))]
    return [line(asked, Always("Control plane", "eks.cluster"), _EKS_NOTE if minor else "")]


def _http_api(asked: Asked) -> Iterator[Component]:
    if asked.values.text("protocol_type").upper() == "WEBSOCKET":
        yield line(asked, Use("Messages", "apigw.messages", *_MILLIONS))
        yield line(asked, Use("Connected", "apigw.connection", *_MILLIONS))
    else:
        yield line(asked, Use("Requests", "apigw.http", *_MILLIONS))


def _stage(asked: Asked) -> Iterable[Component]:
    size = asked.values.number("cache_cluster_size")
    if not size or not asked.values.flag("cache_cluster_enabled"):
        return []
    return [hourly(f"Cache of {size:g} GB", unit(asked, f"apigw.cache.{size:g}"))]


def _queue(asked: Asked) -> Iterable[Component]:
    item = "sqs.fifo" if asked.values.flag("fifo_queue") else "sqs.standard"
    return [line(asked, Use("Requests", item, *_MILLIONS))]


def _state_machine(asked: Asked) -> Iterator[Component]:
    if asked.values.text("type", "STANDARD").upper() == "EXPRESS":
        yield line(asked, Use("Requests", "sfn.express", *_MILLIONS))
        yield line(asked, Use("Duration", "sfn.express.gb", 1, 10, 500))
    else:
        yield line(asked, Use("Transitions", "sfn.transition", 1, 100, 10_000))


def _key(asked: Asked) -> Iterator[Component]:
    spec = asked.values.text("customer_master_key_spec", asked.values.text("key_spec", "SYMMETRIC_DEFAULT"))
    asymmetric = spec not in ("SYMMETRIC_DEFAULT", "RSA_2048")
    yield line(asked, Always("Key", "kms.key", 1))
    yield line(asked, Use("Requests", "kms.requests.asymmetric" if asymmetric else "kms.requests", 0.1, 10, 1000))


def _parameter(asked: Asked) -> Iterator[Component]:
    if asked.values.text("tier", "Standard") == "Advanced":
        yield line(asked, Always("Advanced parameter", "ssm.parameter", 1))
        yield line(asked, Use("Requests", "ssm.parameter.requests", 0.1, 10, 1000))


def _alarm(asked: Asked) -> Iterable[Component]:
    """By the metrics that it watches: three where it looks for what is unusual."""
    values = asked.values
    queries = values.blocks("metric_query")
    metrics = float(sum(1 for each in queries if each.blocks("metric")) or 1)
    unusual = values.text("comparison_operator") in _ANOMALIES or values.has("threshold_metric_id")
    periods = [each.block("metric").number("period", 60) for each in queries if each.blocks("metric")]
    quick = min([values.number("period", 60), *periods]) < 60
    item = "cloudwatch.alarm.high" if quick else "cloudwatch.alarm"
    return [line(asked, Always("Metrics watched", item, 3 if unusual else metrics))]


_ANOMALIES = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")


def _trail(asked: Asked) -> Iterator[Component]:
    """The first copy of management events is free: little use is none."""
    yield line(asked, Use("Further copies of management events", "cloudtrail.management", 0, 1, 10))
    yield line(asked, Use("Data events", "cloudtrail.data", 0, 10, 1000))
    if asked.values.blocks("insight_selector"):
        yield line(asked, Use("Insight events", "cloudtrail.insight", 1, 10, 100))


def _certificate(asked: Asked) -> Iterable[Component]:
    """Public ones are free; one from a private authority is paid once a year, which Infracost counts as by use."""
    if asked.values.has("certificate_authority_arn") or asked.values.is_unknown("certificate_authority_arn"):
        return [line(asked, Use("Certificate", "acm.private_certificate", 1, 1, 1))]
    return []


def _authority(asked: Asked) -> Iterator[Component]:
    short = asked.values.text("usage_mode") == "SHORT_LIVED_CERTIFICATE"
    yield line(asked, Always("Private authority", "acmpca.authority.short_lived" if short else "acmpca.authority", 1))
    item = "acmpca.certificate.short_lived" if short else "acm.private_certificate"
    yield line(asked, Use("Certificates", item, 1, 50, 1000))


def _directory(asked: Asked) -> Iterable[Component]:
    """Two domain controllers."""
    kind = asked.values.text("type", "SimpleAD")
    default = "Enterprise" if kind == "MicrosoftAD" else "Small"
    size = asked.values.text("edition" if kind == "MicrosoftAD" else "size", default)
    return [hourly("Domain controllers", unit(asked, f"directory.{kind}.{size}"), 2)]


def _transfer(asked: Asked) -> Iterator[Component]:
    protocols = len(set(asked.values.texts("protocols"))) or 1
    yield line(asked, Always("Protocols enabled", "transfer.protocol", HOURS * protocols))
    yield line(asked, Use("Data moved", "transfer.gb", 10, 100, 1000))


def _build(asked: Asked) -> Iterable[Component]:
    environment = asked.values.block("environment")
    system = "windows" if environment.text("type").startswith("WINDOWS") else "linux"
    size = environment.text("compute_type", "BUILD_GENERAL1_SMALL").rpartition("_")[2].lower()
    return [line(asked, Use("Minutes", f"codebuild.{system}.{size}", 100, 1000, 10_000))]


def _job(asked: Asked) -> Iterable[Component]:
    values = asked.values
    shell = values.block("command").text("name") == "pythonshell"
    per_worker = {"G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}.get(values.text("worker_type"), 1.0)
    units = (
        values.number("max_capacity") or per_worker * values.number("number_of_workers") or (0.0625 if shell else 10.0)
    )
    return [line(asked, Use("Processing units", "glue.dpu", units, 10 * units, 100 * units))]


def _runner(asked: Asked) -> Iterator[Component]:
    """Memory is paid while it waits; processors while it works: a tenth of the month, half of it, all of it."""
    shape = asked.values.block("instance_configuration")
    vcpu, gib = _amount(shape, "cpu", 1024.0) or 1.0, _amount(shape, "memory", 1024.0) or 2.0
    price = unit(asked, "apprunner.gb")
    yield fixed("Memory, kept ready", HOURS * gib, price)
    yield line(asked, Use("Processors at work", "apprunner.vcpu", *(HOURS * vcpu * part for part in (0.1, 0.5, 1))))


KINDS: dict[str, Kind] = {
    "aws_acm_certificate": _certificate,
    "aws_acmpca_certificate_authority": _authority,
    "aws_api_gateway_rest_api": billed(Use("Requests", "apigw.rest", *_MILLIONS)),
    "aws_api_gateway_stage": _stage,
    "aws_apigatewayv2_api": _http_api,
    "aws_apprunner_service": _runner,
    "aws_cloudtrail": _trail,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_codebuild_project": _build,
    "aws_directory_service_directory": _directory,
    "aws_ecs_cluster": free,
    "aws_ecs_cluster_capacity_providers": free,
    "aws_ecs_service": _service,
    "aws_eks_cluster": _cluster,
    "aws_eks_fargate_profile": _profile,
    "aws_glue_job": _job,
    "aws_kms_external_key": _key,
    "aws_kms_key": _key,
    "aws_lambda_function": _function,
    "aws_lambda_provisioned_concurrency_config": _provisioned,
    "aws_sfn_state_machine": _state_machine,
    "aws_sqs_queue": _queue,
    "aws_ssm_parameter": _parameter,
    "aws_transfer_server": _transfer,
}
