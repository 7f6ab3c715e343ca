"""Google Cloud's serverless computing: Cloud Run, functions, scheduled jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, Compute, by_use, fixed, scaled
from chatops.story.kinds.gcp_machines import unit
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Price

_SECONDS = HOURS * 3600
_REQUESTS_M = (0.1, 1.0, 20.0)
"""Millions of requests a month: a small site, a usual application, a busy one."""
_REQUEST_SECONDS = 0.2
"""Of work for a request, on a processor of its own: a page with a query or two."""
_JOB_HOURS = (1.0, 15.0, 240.0)
"""Of a job's tasks in a month: a weekly one, half an hour daily, eight hours daily."""
_DEFAULT_CPU, _DEFAULT_GIB = 1.0, 0.5
"""Of a container that does not say: what Cloud Run gives it."""
_DEFAULT_FUNCTION_MB = 256
_GHZ = {128: 0.2, 256: 0.4, 512: 0.8, 1024: 1.4, 2048: 2.4, 4096: 4.8, 8192: 4.8}
"""What a first-generation function of so many megabytes has of a processor, as Google rounds it up."""
_OUT_GB = (0.1, 5.0, 50.0)
"""What functions send to the internet: answers, documents, media."""
_TIER_1 = frozenset(
    (
        "asia-east1",
        "asia-northeast1",
        "asia-northeast2",
        "europe-north1",
        "europe-southwest1",
        "europe-west1",
        "europe-west4",
        "europe-west8",
        "europe-west9",
        "me-west1",
        "us-central1",
        "us-east1",
        "us-east4",
        "us-east5",
        "us-south1",
        "us-west1",
    )
)
"""The cheaper regions of Cloud Run and functions (cloud.google.com/functions/docs/locations); all others are tier 2."""
_QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([a-zA-Z]{0,2})")
_GIB = {"": 2**-30, "Ki": 2**-20, "Mi": 2**-10, "Gi": 1.0, "K": 1e3 / 2**30, "M": 1e6 / 2**30, "G": 1e9 / 2**30}


def service_v2(asked: Asked) -> Iterator[Component]:
    """A Cloud Run service: by requests, or, where processors are always given, by instances all month."""
    template = asked.values.block("template")
    resources = [each.block("resources") for each in template.blocks("containers")] or [Values()]
    least = template.block("scaling").number("min_instance_count")
    least = max(least, asked.values.block("scaling").number("min_instance_count"))
    cpu, gib = _limits(resources)
    always = not all(each.flag("cpu_idle", True) for each in resources)
    yield from _service(asked, cpu, gib, least if always else None)


def service_v1(asked: Asked) -> Iterator[Component]:
    """The same, as Knative describes it: its choices stand in annotations."""
    template = asked.values.block("template")
    containers = template.block("spec").blocks("containers")
    notes = {**_annotations(asked.values), **_annotations(template)}
    cpu, gib = _limits([each.block("resources") for each in containers] or [Values()])
    always = str(notes.get("run.googleapis.com/cpu-throttling", "true")).lower() == "false"
    least = Values(notes).number("autoscaling.knative.dev/minScale")
    yield from _service(asked, cpu, gib, least if always else None)


def _annotations(values: Values) -> Mapping[str, object]:
    return values.block("metadata").block("annotations").attributes


def _service(asked: Asked, cpu: float, gib: float, always: float | None) -> Iterator[Component]:
    """By requests; or `always` instances at least, with processors of their own all month."""
    if always is None:
        seconds = scaled(_REQUESTS_M, 1e6 * _REQUEST_SECONDS)
        yield by_use("vCPU while requests run", _tiered(asked, "cpu_req"), *scaled(seconds, cpu))
        yield by_use("Memory while requests run", _tiered(asked, "mem_req"), *scaled(seconds, gib))
        yield by_use("Requests", unit(asked, "cloudrun.requests"), *_REQUESTS_M)
    elif always:
        compute = Compute(cpu * HOURS * always, gib * HOURS * always)
        yield fixed("vCPU, always given", _SECONDS * always * cpu, _tiered(asked, "cpu_inst"), compute=compute)
        yield fixed("Memory, always given", _SECONDS * always * gib, _tiered(asked, "mem_inst"))
    else:
        yield from _instances(asked, cpu, gib)


def _instances(asked: Asked, cpu: float, gib: float) -> Iterator[Component]:
    seconds = scaled(_JOB_HOURS, 3600)
    yield by_use("vCPU while instances run", _tiered(asked, "cpu_inst"), *scaled(seconds, cpu))
    yield by_use("Memory while instances run", _tiered(asked, "mem_inst"), *scaled(seconds, gib))


def job(asked: Asked) -> Iterator[Component]:
    """A Cloud Run job: by how long its tasks run."""
    containers = asked.values.block("template").block("template").blocks("containers")
    yield from _instances(asked, *_limits([each.block("resources") for each in containers] or [Values()]))


def function(asked: Asked) -> Iterator[Component]:
    """A function of the first generation."""
    megabytes = asked.values.number("available_memory_mb", _DEFAULT_FUNCTION_MB)
    ghz = next((ghz for most, ghz in _GHZ.items() if megabytes <= most), max(_GHZ.values()))
    seconds = scaled(_REQUESTS_M, 1e6 * _REQUEST_SECONDS)
    yield by_use("CPU (GHz-seconds)", unit(asked, "functions.ghz_second"), *scaled(seconds, ghz))
    yield by_use("Memory", unit(asked, "functions.memory"), *scaled(seconds, megabytes / 1024))
    yield by_use("Invocations", unit(asked, "functions.invocations"), *_REQUESTS_M)
    yield by_use("Data to the internet", unit(asked, "egress.internet"), *_OUT_GB)


def function_v2(asked: Asked) -> Iterator[Component]:
    """A function of the second generation is a Cloud Run service."""
    config = asked.values.block("service_config")
    gib = _quantity(config.text("available_memory"), _GIB) or _DEFAULT_FUNCTION_MB / 1024
    yield from _service(asked, _cpus(config.text("available_cpu")) or _DEFAULT_CPU, gib, None)


def scheduled(asked: Asked) -> Iterator[Component]:
    """A scheduled job; the first three of a billing account are free."""
    yield by_use("Job", unit(asked, "scheduler.job"), 0, 1, 1, "the first three of a billing account are free")


def tier(region: str) -> str:
    """Under which of its two names the book has Cloud Run's prices for a region."""
    return "tier1" if region in _TIER_1 else "tier2"


def _tiered(asked: Asked, item: str) -> Price | None:
    return asked.book.unit("gcp", tier(asked.region), f"cloudrun.{item}")


def _limits(resources: list[Values]) -> tuple[float, float]:
    """The vCPU and GiB of an instance: of all its containers together."""
    limits = [each.block("limits") for each in resources]
    cpu = sum(_cpus(each.text("cpu")) or _DEFAULT_CPU for each in limits)
    return cpu, sum(_quantity(each.text("memory"), _GIB) or _DEFAULT_GIB for each in limits)


def _cpus(text: str) -> float:
    return _quantity(text, {"": 1.0, "m": 0.001})


def _quantity(text: str, factors: Mapping[str, float]) -> float:
    """What a quantity of Kubernetes says, such as 512Mi; 0 for anything else."""
    match = _QUANTITY.fullmatch(text)
    return float(match[1]) * factors[match[2]] if match and match[2] in factors else 0.0


KINDS: Mapping[str, Kind] = {
    "google_cloud_run_service": service_v1,
    "google_cloud_run_v2_service": service_v2,
    "google_cloud_run_v2_job": job,
    "google_cloudfunctions_function": function,
    "google_cloudfunctions2_function": function_v2,
    "google_cloud_scheduler_job": scheduled,
}
