"""What Google Cloud charges for running things: DNS, keys, secrets, logs, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use, fixed
from chatops.story.kinds.gcp_machines import unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind

_QUERIES_M = (0.1, 1.0, 20.0)
"""Millions of DNS queries: a small site, a usual one, a busy one."""
_KEY_VERSIONS = (1.0, 2.0, 12.0)
"""Versions of a key that are active: one, one rotation, one a month."""
_OPERATIONS_10K = (0.1, 1.0, 100.0)
"""Uses of a key or a secret: at start-up, by every process, by every request."""
_SECRET_VERSIONS = (1.0, 1.0, 5.0)
"""Versions of a secret that are active: most have one."""
_ROTATIONS = (0.0, 0.0, 4.0)
"""Notifications of a rotation: few secrets have any."""
_LOGS_GB = (0.0, 5.0, 100.0)
"""Logs beyond the free 50 GB: none, an application's, a chatty cluster's."""
_METRICS_MIB = (0.0, 10.0, 500.0)
"""Metrics of one's own: a gauge, an application's, one for every customer."""
_METRIC_CALLS_K = (0.0, 10.0, 1000.0)
"""Reads of metrics: none, a dashboard, another monitoring system."""
_ASSESSMENTS_K = (0.0, 10.0, 200.0)
"""Assessments beyond the free ones: none, a sign-up form, every page."""
_DISTINCT = ("HSM", "EXTERNAL", "EXTERNAL_VPC", "HSM_SINGLE_TENANT")
"""Levels of protection that have prices of their own."""


def zone(asked: Asked) -> Iterator[Component]:
    """A DNS zone; its queries are counted with its records."""
    yield fixed("Managed zone", 1, unit(asked, "dns.zone"))


def record(asked: Asked) -> Iterator[Component]:
    """What is asked for a record."""
    yield by_use("Queries", unit(asked, "dns.queries"), *_QUERIES_M)


def key(asked: Asked) -> Iterator[Component]:
    """A key's versions, and what is done with them."""
    special = asked.values.block("version_template").text("protection_level") in _DISTINCT
    yield by_use("Key versions", None if special else unit(asked, "kms.key_version"), *_KEY_VERSIONS)
    yield by_use("Operations", None if special else unit(asked, "kms.operations"), *_OPERATIONS_10K)


def secret(asked: Asked) -> Iterator[Component]:
    """A secret's versions, how often it is read, and that its rotation is announced."""
    yield by_use("Active versions", unit(asked, "secret.version"), *_SECRET_VERSIONS)
    yield by_use("Reads", unit(asked, "secret.access"), *_OPERATIONS_10K)
    yield by_use("Rotation notifications", unit(asked, "secret.rotation"), *_ROTATIONS)


def secret_version(asked: Asked) -> Iterator[Component]:
    """A version of a secret: what it costs is counted with the secret, where the plan has it."""
    if not asked.plan.referred(asked.resource, "secret"):
        yield by_use("Active versions", unit(asked, "secret.version"), 1, 1, 1)
        yield by_use("Reads", unit(asked, "secret.access"), *_OPERATIONS_10K)


def logs(asked: Asked) -> Iterator[Component]:
    """What is taken in by a log's bucket or sink."""
    yield by_use("Logs taken in", unit(asked, "logging.data"), *_LOGS_GB)


def metric(asked: Asked) -> Iterator[Component]:
    """A metric of one's own."""
    yield by_use("Metrics taken in", unit(asked, "monitoring.data"), *_METRICS_MIB)
    yield by_use("Reads of metrics", unit(asked, "monitoring.api"), *_METRIC_CALLS_K)


def recaptcha(asked: Asked) -> Iterator[Component]:
    """Assessments of visitors."""
    yield by_use("Assessments", unit(asked, "recaptcha.assessments"), *_ASSESSMENTS_K)


KINDS: Mapping[str, Kind] = {
    "google_dns_managed_zone": zone,
    "google_dns_record_set": record,
    "google_kms_crypto_key": key,
    "google_secret_manager_secret": secret,
    "google_secret_manager_secret_version": secret_version,
    **{
        f"google_logging_{owner}_{kind}": logs
        for owner in ("billing_account", "folder", "organization", "project")
        for kind in ("bucket_config", "sink")
    },
    "google_monitoring_metric_descriptor": metric,
    "google_recaptcha_enterprise_key": recaptcha,
}
