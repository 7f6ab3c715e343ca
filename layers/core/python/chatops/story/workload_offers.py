"""What would carry a workload on three clouds, and of what its bill is made.

Data, without a price: every line of a bill names an item of the price book and how much of it a load takes. The
quantities per visit and per call are rules of thumb, and the card says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatops.story.costs import HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUESTS_PER_VISIT: Final = 30
"""Rule of thumb: a page, its scripts and pictures, or the calls behind it."""
GB_PER_VISIT: Final = 0.005
"""Rule of thumb: two pages of 2.5 MB."""
LARGEST_DATABASE: Final = 32
"""vCPU: beyond it no rule of thumb chooses a database."""
REQUESTS_PER_VCPU: Final = 50
"""A second, rule of thumb for interpreted code that asks a database."""
PEAK: Final = 10
"""How much more than the month's average the busiest seconds ask; rule of thumb."""
GB_SECONDS = 0.05
"""Of a call of a function: 0.1 s with half a GB; rule of thumb."""
VCPU_SECONDS = 0.1
"""The same call in a container that has a vCPU to itself meanwhile."""
TIERED: Final = frozenset({"cloudrun.cpu_req", "cloudrun.mem_req"})
"""Items that the book has by tiers of regions."""
_GHZ_SECONDS = 0.08
"""The same call on Google's functions, at 800 MHz."""
JOB = 60.0
"""GB-seconds of a job: a minute with one GB; rule of thumb."""
_SCANS = 10 / 1000
"""TB that queries read a month, for each GB that is stored: all of it ten times; rule of thumb."""

MACHINES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": (
        "t3.micro", "t3.small", "t3.medium", "t3.large", "t3.xlarge", "t3.2xlarge", "m6i.4xlarge", "m6i.8xlarge",
    ),
    "gcp": (
        "e2-micro", "e2-small", "e2-medium", "e2-standard-2", "e2-standard-4", "e2-standard-8", "e2-standard-16",
        "e2-standard-32",
    ),
    "azure": (
        "Standard_B1s", "Standard_B1ms", "Standard_B2s", "Standard_B2ms", "Standard_B4ms", "Standard_B8ms",
        "Standard_D16s_v5", "Standard_D32s_v5",
    ),
}  # fmt: skip
"""Usual machines, the smallest first; their sizes are the book's."""
DATABASES: Final[Mapping[str, tuple[tuple[str, float, float], ...]]] = {
    "aws": (
        ("db.t4g.micro", 2, 1), ("db.t4g.small", 2, 2), ("db.t4g.medium", 2, 4), ("db.t4g.large", 2, 8),
        ("db.m6g.xlarge", 4, 16), ("db.m6g.2xlarge", 8, 32), ("db.m6g.4xlarge", 16, 64), ("db.m6g.8xlarge", 32, 128),
    ),
    "azure": (
        ("pgflex.B1ms", 1, 2), ("pgflex.B2s", 2, 4), ("pgflex.B2ms", 2, 8), ("pgflex.B4ms", 4, 16),
        ("pgflex.B8ms", 8, 32), ("pgflex.B12ms", 12, 48), ("pgflex.B16ms", 16, 64), ("pgflex.B20ms", 20, 80),
    ),
}  # fmt: skip
"""Classes of PostgreSQL with vCPU and GiB, as the vendors name them (B…: Azure's burstable machines)."""
DISKS: Final = (("E4", 32), ("E6", 64), ("E10", 128), ("E15", 256), ("E20", 512), ("E30", 1024))
"""Azure's standard SSDs are billed by these sizes in GiB (learn.microsoft.com, managed disks)."""


@dataclass(frozen=True, slots=True)
class Line:
    """An item of the book, or `machine`, `database` and `disk`, which are sized; quantities a month are added up.

    `doubled` stands twice, and `ha` stands at all, where the workload has to be highly available.
    """

    item: str
    flat: float = 0
    request: float = 0
    stored: float = 0
    traffic: float = 0
    vcpu: float = 0
    gib: float = 0
    doubled: bool = False
    ha: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A service on a cloud that would carry a workload, with its bill, and sentences of ours."""

    cloud: str
    service: str
    analogy: str
    reason: str
    bill: tuple[Line, ...]
    caveat: str = ""
    blueprint: str = ""


def machine_lines(cloud: str, count: float = 1) -> tuple[Line, ...]:
    """A machine with its disk, address and traffic, and a load balancer before two of them."""
    address, out, balancer = {
        "aws": ("ipv4.public", "egress.internet", "alb.hour"),
        "gcp": ("ip.vm", "egress.internet", "lb.forwarding_rule_first5"),
        "azure": ("ip.standard_static", "cdn.microsoft_gb", "lb.standard_first5"),
    }[cloud]
    return (
        Line("machine", flat=HOURS * count, doubled=True),
        Line("disk", flat=count, doubled=True),
        Line(address, flat=HOURS * count, doubled=True),
        Line(out, traffic=1),
        Line(balancer, flat=HOURS, ha=True),
    )


DATABASE: Mapping[str, tuple[Line, ...]] = {
    "aws": (Line("database", flat=HOURS), Line("rds.gp3", stored=1, doubled=True)),
    "gcp": (
        Line("cloudsql.vcpu", vcpu=HOURS, doubled=True),
        Line("cloudsql.mem", gib=HOURS, doubled=True),
        Line("cloudsql.ssd", stored=1, doubled=True),
    ),
    "azure": (Line("database", flat=HOURS, doubled=True), Line("pgflex.storage", stored=1, doubled=True)),
}
VM = {"aws": "Amazon EC2", "gcp": "Compute Engine", "azure": "Azure Virtual Machine"}
SQL = {"aws": "Amazon RDS", "gcp": "Cloud SQL", "azure": "Azure Database"}
_CDN = "Its traffic is counted at the price of Azure's CDN."
PATCH = "You patch the machine yourself."
"""Beside every machine; of the other sentences, what one gives up by choosing the offer."""


def _mind(cloud: str) -> str:
    """A machine's caveat; the book has no price for what leaves Azure but that of its CDN."""
    return f"{PATCH} {_CDN}" if cloud == "azure" else PATCH


def machines(reason: str, blueprint: str = "") -> tuple[Offer, ...]:
    """A machine on each cloud; the blueprint is for AWS."""
    return tuple(
        Offer(
            cloud, VM[cloud], "compute", reason, machine_lines(cloud), _mind(cloud), blueprint if cloud == "aws" else ""
        )
        for cloud in VM
    )


def functions(call: float, calls: float, reason: str) -> tuple[Offer, ...]:
    """Functions where a call takes `call` GB-seconds; `calls` of the same by the API before them."""
    caveat = "The first call after a pause is slow, and a call may not last for hours."
    api = (Line("apigw.http", request=calls),) if calls else ()
    ghz = call * _GHZ_SECONDS / GB_SECONDS
    return (
        Offer(
            "aws",
            "AWS Lambda with API Gateway" if calls else "AWS Lambda",
            "serverless",
            reason,
            (Line("lambda.request", request=1), Line("lambda.gbs.x86", request=call), *api),
            caveat,
        ),
        Offer(
            "gcp",
            "Cloud Functions",
            "serverless",
            reason,
            (
                Line("functions.invocations", request=1),
                Line("functions.memory", request=call),
                Line("functions.ghz_second", request=ghz),
            ),
            caveat,
        ),
        Offer(
            "azure",
            "Azure Functions",
            "serverless",
            reason,
            (Line("functions.exec", request=1), Line("functions.gbs", request=call)),
            caveat,
        ),
    )


_FILES = "Files need no server: nothing runs, and nothing is paid, while nobody looks."
STATIC = (
    Offer(
        "aws",
        "Amazon S3 website",
        "storage",
        _FILES,
        (Line("s3.standard", stored=1), Line("s3.get", request=1), Line("egress.internet", traffic=1)),
        "It speaks HTTP only, without a certificate of yours.",
        "aws/static-site",
    ),
    Offer(
        "aws",
        "Amazon S3 with CloudFront",
        "storage",
        _FILES,
        (Line("s3.standard", stored=1), Line("cloudfront.https", request=1), Line("cloudfront.us", traffic=1)),
        "A change takes a while to reach every cache.",
    ),
    Offer(
        "gcp",
        "Cloud Storage website",
        "storage",
        _FILES,
        (Line("gcs.standard", stored=1), Line("gcs.class_b", request=1), Line("egress.internet", traffic=1)),
        "HTTPS under a name of your own needs a load balancer besides.",
    ),
    Offer(
        "azure",
        "Azure Blob Storage with CDN",
        "storage",
        _FILES,
        (Line("blob.hot_lrs", stored=1), Line("cdn.microsoft_gb", traffic=1)),
        "A change takes a while to reach every cache.",
    ),
)
_RUNS = "It runs your container, and no machine under it is yours to look after."
CLOUD_RUN = Offer(
    "gcp",
    "Cloud Run",
    "serverless",
    "It runs your container while somebody calls, and costs nothing while nobody does.",
    (
        Line("cloudrun.requests", request=1),
        Line("cloudrun.cpu_req", request=VCPU_SECONDS),
        Line("cloudrun.mem_req", request=GB_SECONDS),
        Line("egress.internet", traffic=1),
    ),
    "The first call after a pause is slow.",
)
CONTAINERS = (
    CLOUD_RUN,
    Offer(
        "aws",
        "AWS Fargate",
        "compute",
        _RUNS,
        (
            Line("fargate.vcpu", vcpu=HOURS, doubled=True),
            Line("fargate.gb", gib=HOURS, doubled=True),
            Line("ipv4.public", flat=HOURS, doubled=True),
            Line("egress.internet", traffic=1),
            Line("alb.hour", flat=HOURS, ha=True),
        ),
        "It is billed around the clock, also when nobody calls.",
    ),
    Offer(
        "gcp", "Compute Engine with containers", "compute", "A machine of yours runs it.", machine_lines("gcp"), PATCH
    ),
    Offer(
        "azure",
        "Azure Container Instances",
        "compute",
        _RUNS,
        (
            Line("aci.vcpu", vcpu=HOURS, doubled=True),
            Line("aci.gb", gib=HOURS, doubled=True),
            Line("cdn.microsoft_gb", traffic=1),
            Line("lb.standard_first5", flat=HOURS, ha=True),
        ),
        "It does not grow by itself.",
    ),
)
KUBERNETES = tuple(
    Offer(
        cloud,
        service,
        "kubernetes",
        "Many services share its nodes, and a failed one is started again.",
        (Line(control, flat=HOURS), *machine_lines(cloud, 2)),
        "Somebody has to know Kubernetes.",
    )
    for cloud, service, control in (
        ("aws", "Amazon EKS", "eks.cluster"),
        ("gcp", "Google Kubernetes Engine", "gke.cluster"),
        ("azure", "Azure Kubernetes Service", "aks.standard"),
    )
)
_KEPT = "It keeps files at the price of their size, and grows with them."
_COOL = "Reading it back costs extra, and so does deleting it within a month."
STORAGE = tuple(
    Offer(cloud, service, "storage", _KEPT, (Line(item, stored=1), Line(out, traffic=1)), caveat)
    for cloud, service, item, out, caveat in (
        ("aws", "Amazon S3 Standard", "s3.standard", "egress.internet", ""),
        ("gcp", "Cloud Storage Standard", "gcs.standard", "egress.internet", ""),
        ("azure", "Azure Blob Storage, hot", "blob.hot_lrs", "cdn.microsoft_gb", _CDN),
    )
)
BACKUP = tuple(
    Offer(cloud, service, "storage", "Cheap to keep, for what is seldom read.", (Line(item, stored=1),), _COOL)
    for cloud, service, item in (
        ("aws", "Amazon S3 Standard-IA", "s3.standard_ia"),
        ("gcp", "Cloud Storage Nearline", "gcs.nearline"),
        ("azure", "Azure Blob Storage, cool", "blob.cool_lrs"),
    )
)
_ASKED = "Queries are paid by what they read, and no server waits for them."
DATA = (
    Offer(
        "aws",
        "Amazon Athena over S3",
        "database",
        _ASKED,
        (Line("s3.standard", stored=1), Line("athena.scanned", stored=_SCANS)),
        "A careless query reads, and bills, everything.",
    ),
    Offer(
        "gcp",
        "BigQuery",
        "database",
        _ASKED,
        (Line("bigquery.active", stored=1), Line("bigquery.query", stored=_SCANS * 1000 / 1024)),
        "A careless query reads, and bills, everything.",
    ),
    Offer(
        "azure",
        "Azure Virtual Machine with Blob Storage",
        "compute",
        "A machine of yours reads the files.",
        (*machine_lines("azure"), Line("blob.hot_lrs", stored=1)),
        PATCH,
    ),
)
GPU = tuple(
    Offer(
        cloud,
        service,
        "compute",
        "The smallest machine of this cloud in our book that has a graphics processor.",
        (Line(f"machine:{machine}", flat=HOURS, doubled=True), Line("disk", flat=1, doubled=True)),
        "It is billed by the hour: switch it off when nothing trains.",
    )
    for cloud, service, machine in (
        ("aws", "Amazon EC2 with NVIDIA T4", "g4dn.xlarge"),
        ("gcp", "Compute Engine with NVIDIA L4", "g2-standard-4"),
    )
)
