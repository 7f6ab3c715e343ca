"""Google Cloud's storage, warehouse and messages: billed by what is kept, read and sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, by_use
from chatops.story.kinds.gcp_machines import unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Price

_BUCKET_GB = (10.0, 100.0, 1000.0)
"""What a bucket keeps: a few files, an application's uploads, backups or media."""
_WRITES_10K = (0.1, 1.0, 10.0)
_READS_10K = (1.0, 10.0, 100.0)
"""Operations on a bucket: ten times as many reads as writes."""
_OUT_GB = (1.0, 10.0, 100.0)
"""What is downloaded of it: a tenth of what it keeps."""
_RETRIEVED_GB = (0.0, 1.0, 20.0)
"""What is read back of cold storage: hardly anything, which is why it is cold."""
_IMAGES_GB = (0.5, 5.0, 50.0)
"""Images in a registry: one application, a few with versions, a team's builds."""
_QUERIED_TIB = (0.01, 1.0, 10.0)
"""What queries read in BigQuery: a look now and then, daily reports, dashboards."""
_TABLE_GB = (1.0, 50.0, 1000.0)
"""What a table keeps: a demo, a year of an application's events, raw data."""
_WRITTEN_GB = (0.1, 5.0, 100.0)
"""What is written to it: a tenth of what it keeps."""
_MESSAGES_TIB = (0.001, 0.05, 1.0)
"""What is published or delivered: a gigabyte of events, a busy service, a stream."""
_RETAINED_GIB = (0.0, 1.0, 50.0)
"""Messages that are kept after delivery: seldom asked for."""
_MULTI = {"US": "us-multi", "EU": "europe-multi", "ASIA": "asia-multi"}
_DUAL = ("NAM4", "EUR4", "ASIA1")
_CLASSES = {
    "STANDARD": "standard",
    "MULTI_REGIONAL": "standard",
    "REGIONAL": "standard",
    "NEARLINE": "nearline",
    "COLDLINE": "coldline",
    "ARCHIVE": "archive",
    "DURABLE_REDUCED_AVAILABILITY": "dra",
}


def bucket(asked: Asked) -> Iterator[Component]:
    """A bucket: what it keeps, by class and location, operations and downloads."""
    kind = _CLASSES.get(asked.values.text("storage_class", "STANDARD").upper())
    yield by_use(f"Storage ({kind})" if kind else "Storage", _kept(asked, kind) if kind else None, *_BUCKET_GB)
    cold = ".coldline" if kind == "coldline" else ""
    if kind in ("standard", "coldline"):
        yield by_use("Writes and listings (class A)", unit(asked, f"gcs.class_a{cold}"), *_WRITES_10K)
        yield by_use("Reads (class B)", unit(asked, f"gcs.class_b{cold}"), *_READS_10K)
    if cold:
        yield by_use("Retrieval", unit(asked, "gcs.retrieval.coldline"), *_RETRIEVED_GB)
    yield by_use("Data to the internet", unit(asked, "egress.internet"), *_OUT_GB)


def _kept(asked: Asked, kind: str) -> Price | None:
    location = asked.values.text("location", "US").upper()
    if multi := _MULTI.get(location):
        return asked.book.unit("gcp", multi, f"gcs.{kind}-multi")
    if location in _DUAL:
        return asked.book.unit("gcp", location.lower(), f"gcs.{kind}-dual")
    return asked.book.unit("gcp", location.lower(), f"gcs.{kind}")


def registry(asked: Asked) -> Iterator[Component]:
    """A repository of images or packages."""
    yield by_use("Storage", unit(asked, "artifact_registry"), *_IMAGES_GB)


def dataset(asked: Asked) -> Iterator[Component]:
    """A BigQuery dataset: what queries read."""
    yield by_use("Queries (on demand)", unit(asked, "bigquery.query"), *_QUERIED_TIB)


def table(asked: Asked) -> Iterator[Component]:
    """A BigQuery table: what it keeps, and what is written to it."""
    yield by_use("Active storage", unit(asked, "bigquery.active"), *_TABLE_GB)
    yield by_use("Long-term storage", unit(asked, "bigquery.long_term"), 0, 0, _TABLE_GB[-1])
    yield by_use("Writes", unit(asked, "bigquery.write_api"), *_WRITTEN_GB)


def topic(asked: Asked) -> Iterator[Component]:
    """A Pub/Sub topic: what is published to it."""
    yield by_use("Messages published", unit(asked, "pubsub"), *_MESSAGES_TIB)


def subscription(asked: Asked) -> Iterator[Component]:
    """A Pub/Sub subscription: what is delivered, and kept after it."""
    yield by_use("Messages delivered", unit(asked, "pubsub"), *_MESSAGES_TIB)
    yield by_use("Messages kept", unit(asked, "pubsub.storage"), *_RETAINED_GIB)


KINDS: Mapping[str, Kind] = {
    "google_storage_bucket": bucket,
    "google_artifact_registry_repository": registry,
    "google_container_registry": registry,
    "google_bigquery_dataset": dataset,
    "google_bigquery_table": table,
    "google_pubsub_topic": topic,
    "google_pubsub_subscription": subscription,
}
