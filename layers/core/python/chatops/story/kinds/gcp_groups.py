"""Google Compute Engine: groups of machines that are made from a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.story.costs import Component, hourly
from chatops.story.kinds.basics import related, values_of
from chatops.story.kinds.gcp_compute import licence
from chatops.story.kinds.gcp_machines import LOCAL_SSD_GB, Disk, accelerators, disk, is_spot, local_ssd, machine
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.story.kinds import Asked, Kind
    from chatops.story.planned import Plan, Resource

_TEMPLATE_DISK_GB = 100
"""Of a template's disk whose size is not said, as published estimates assume."""
_TEMPLATES = ("google_compute_instance_template", "google_compute_region_instance_template")
_AUTOSCALERS = ("google_compute_autoscaler", "google_compute_region_autoscaler")
_CONNECTOR = ("e2-micro", 2)
"""Machines of a VPC connector that does not say: its smallest type, and the fewest there can be."""


def instance_group(asked: Asked) -> Iterator[Component]:
    """A managed group: as many machines as it wants now, or as few as its autoscaler allows."""
    template = _template(asked, "version.instance_template") or _template(asked, "instance_template")
    count = _size(asked)
    if template is None:
        yield hourly("Machines of a template that the plan does not show", None, count)
        return
    yield from _machines(asked, template, count)


def from_template(asked: Asked) -> Iterator[Component]:
    """One machine from a template; what it says itself wins."""
    template = _template(asked, "source_instance_template")
    if template is None:
        yield hourly("Machine of a template that the plan does not show", None)
        return
    own = {name: value for name, value in asked.values.attributes.items() if value not in (None, "", [], {})}
    yield from _machines(asked, Values({**template.attributes, **own}), 1)


def _machines(asked: Asked, template: Values, count: float) -> Iterator[Component]:
    spot, kind = is_spot(template), template.text("machine_type")
    yield from machine(asked, kind, count, spot)
    yield from accelerators(asked, template.blocks("guest_accelerator"), kind, count, spot)
    scratch = 0.0
    for block in template.blocks("disk"):
        size = block.number("disk_size_gb")
        if block.text("type") == "SCRATCH":
            scratch += size or LOCAL_SSD_GB
        elif not block.has("source"):
            note = "" if size else f"size not said: {_TEMPLATE_DISK_GB} GB assumed"
            wanted = Disk(block.text("disk_type", "pd-standard"), size or _TEMPLATE_DISK_GB, note)
            yield from disk(asked, wanted, count)
        yield from licence(block.text("source_image"))
    yield from local_ssd(asked, scratch * count, spot)


def _template(asked: Asked, attribute: str) -> Values | None:
    """The template that the configuration refers to, on the same side of the change."""
    found = related(asked, attribute, *_TEMPLATES)
    return _same_side(asked, found) if found else None


def _same_side(asked: Asked, other: Resource) -> Values:
    if asked.values.attributes is asked.resource.before and other.before is not None:
        return Values(other.before)
    return values_of(other)


def _size(asked: Asked) -> float:
    if asked.values.has("target_size"):
        return asked.values.number("target_size", 1)
    scaler = asked.once("gcp autoscalers", _autoscalers).get(asked.resource.address)
    return _same_side(asked, scaler).block("autoscaling_policy").number("min_replicas", 1) if scaler else 1


def _autoscalers(plan: Plan) -> dict[str, Resource]:
    """The autoscalers by the address of the group that they scale."""
    scalers = (each for each in plan.resources if each.type in _AUTOSCALERS)
    return {group.address: each for each in scalers for group in plan.referred(each, "target")}


def vpc_connector(asked: Asked) -> Iterator[Component]:
    """A connector runs machines of its own, at their usual price."""
    kind, fewest = _CONNECTOR
    values = asked.values
    yield from machine(
        asked, values.text("machine_type", kind), values.number("min_instances", fewest) or fewest, False
    )


KINDS: Mapping[str, Kind] = {
    "google_compute_instance_group_manager": instance_group,
    "google_compute_region_instance_group_manager": instance_group,
    "google_compute_instance_from_template": from_template,
    "google_vpc_access_connector": vpc_connector,
}
