"""Virtual machines of EC2: one, many behind a group, or the nodes of a cluster."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, Component, by_use, fixed, hourly
from chatops.story.kinds.aws_bill import Always, Use, compute, count_of, line, nearest, unit
from chatops.story.kinds.aws_disks import volume
from chatops.story.kinds.basics import free, related, values_of
from chatops.story.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatops.story.kinds import Asked, Kind
    from chatops.story.prices import Machine, Price

_METRICS = 7
"""Metrics of an instance with detailed monitoring (AWS's CloudWatch price page: seven each)."""
_DEDICATED = 1.104
"""Of the shared price, for a machine on hardware of one's own: 0.074 for an m3.medium of 0.067 (Infracost's golden)."""
_BURSTABLE = ("t2", "t3", "t3a", "t4g")
_CREDITS = (0.0, 0.05, 0.25)
"""Of all its vCPU-hours, how much an unlimited machine runs above its baseline: never, now and then, often.
Without "unlimited" there is none: Infracost's convention, and cost.md's."""
_NODE_TYPE, _NODE_GIB = "t3.medium", 20.0
"""Of an EKS node group that says neither: AWS's own defaults."""
_ROOT_NAMES = ("/dev/xvda", "/dev/sda1", "xvda", "/dev/sda")
_ADDRESS_NOTE = "billed while the machine runs, since 2024-02; Infracost leaves it out of its totals, and so do these"


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started, and how."""

    type: str
    count: float = 1.0
    spot: bool = False
    windows: bool = False
    tenancy: str = ""
    unlimited: bool = False
    monitored: bool = False
    optimised: bool = False
    addressed: bool = False
    accelerators: tuple[str, ...] = ()


def machines(asked: Asked, launch: Launch) -> Iterator[Component]:
    """The components of machines, without their disks."""
    if not launch.count:
        return
    found = asked.book.machine("aws", asked.region, launch.type) if launch.type else None
    if launch.tenancy != "host":
        yield _instance(asked, launch, found)
    if launch.windows and found:
        yield hourly("Windows licence", _windows(asked, found), launch.count)
    if launch.optimised and (price := unit(asked, f"ec2.ebs_optimized.{launch.type}")):
        yield hourly("EBS-optimised usage", price, launch.count)
    if launch.monitored:
        yield line(asked, Always("EC2 detailed monitoring", "cloudwatch.metric", _METRICS * launch.count))
    for accelerator in launch.accelerators:
        yield hourly("Inference accelerator", unit(asked, f"ec2.eia.{accelerator}"), launch.count)
    if launch.unlimited and found and launch.type.partition(".")[0] in _BURSTABLE:
        yield _credits(asked, found.vcpu * launch.count)
    if launch.addressed:
        hours = HOURS * launch.count
        yield line(asked, Use("Public IPv4 address", "ipv4.public", hours, hours, hours), _ADDRESS_NOTE)


def _instance(asked: Asked, launch: Launch, found: Machine | None) -> Component:
    if not found:
        return hourly("Instance usage (type not in the book, or not known yet)", None, launch.count)
    price: Price | None = found.spot if launch.spot else found.hourly
    if price and launch.tenancy == "dedicated":
        price = price.times(_DEDICATED, "estimated: dedicated hardware is some 10 % dearer")
    how = "spot" if launch.spot else "on-demand"
    note = "about: spot prices move all the time" if launch.spot else ""
    name = f"Instance usage ({how}, {found.type})"
    return hourly(name, price, launch.count, note, compute(asked, found.type, launch.count))


def _windows(asked: Asked, found: Machine) -> Price | None:
    """The licence by the hour: burstable machines have rates of their own, all others pay by vCPU (cost.md §1)."""
    family, _, size = found.type.partition(".")
    if family in _BURSTABLE:
        return unit(asked, f"ec2.windows.t.{size}")
    rate = unit(asked, "ec2.windows")
    return replace(rate.times(found.vcpu, "estimated: 0.046 a vCPU-hour"), unit="hour") if rate else None


def _credits(asked: Asked, vcpu: float) -> Component:
    low, usual, high = (HOURS * vcpu * part for part in _CREDITS)
    return by_use("CPU credits above the baseline", unit(asked, "ec2.cpu_credit"), low, usual, high)


def _spot(values: Values) -> bool:
    return values.block("instance_market_options").text("market_type") == "spot"


def _unlimited(values: Values) -> bool:
    return values.block("credit_specification").text("cpu_credits") == "unlimited"


def _template_of(asked: Asked, *attributes: str) -> Values:
    """The launch template that a block refers to, or an empty one."""
    found = (nearest(asked, each, "aws_launch_template") for each in attributes)
    return values_of(next((each for each in found if each), None))


def _from_template(template: Values) -> Launch:
    """What a launch template starts."""
    addressed = any(each.flag("associate_public_ip_address") for each in template.blocks("network_interfaces"))
    return Launch(
        type=template.text("instance_type"),
        spot=_spot(template),
        tenancy=template.block("placement").text("tenancy"),
        unlimited=_unlimited(template),
        monitored=template.block("monitoring").flag("enabled"),
        optimised=template.flag("ebs_optimized"),
        addressed=addressed,
        accelerators=tuple(each.text("type") for each in template.blocks("elastic_inference_accelerator")),
    )


def _mapped(asked: Asked, template: Values, count: float, without: Iterable[str] = ()) -> Iterator[Component]:
    """The volumes that a launch template maps. Infracost adds no root volume to those, and neither do we."""
    for place, mapping in enumerate(template.blocks("block_device_mappings")):
        for disk in mapping.blocks("ebs") if mapping.text("device_name") not in without else ():
            yield from volume(asked, disk, count, f"block_device_mappings[{place}]")


def _further_disks(asked: Asked, values: Values, count: float = 1.0) -> Iterator[Component]:
    """What hangs on a machine besides its root volume, as the instance or the launch configuration says."""
    if _own(asked, "ebs_block_device"):
        for place, disk in enumerate(values.blocks("ebs_block_device")):
            yield from volume(asked, disk, count, f"ebs_block_device[{place}]")


def _own(asked: Asked, attribute: str) -> bool:
    """Whether it is the machine's own: once it runs, disks and addresses of other resources are in its state too."""
    if asked.resource.type != "aws_instance" or asked.resource.before is None:
        return True
    return asked.plan.configured(asked.resource, attribute) is not False


def _from_instance(values: Values, template: Values) -> Launch:
    """What an instance starts: its own attributes, and those of its template where it says nothing."""
    own, other = values, _from_template(template)
    return Launch(
        type=own.text("instance_type", other.type),
        spot=_spot(own) or other.spot or own.text("instance_lifecycle") == "spot",
        windows=own.flag("get_password_data"),
        tenancy=own.text("tenancy", own.text("placement_tenancy", other.tenancy)),
        unlimited=_unlimited(own) or other.unlimited,
        monitored=own.flag("monitoring", other.monitored),
        optimised=own.flag("ebs_optimized", other.optimised),
        addressed=own.flag("associate_public_ip_address", other.addressed),
        accelerators=other.accelerators,
    )


def _instance_kind(asked: Asked) -> Iterable[Component]:
    template = _template_of(asked, "launch_template")
    launch = _from_instance(asked.values, template)
    spot = launch.spot or asked.resource.type == "aws_spot_instance_request"
    addressed = launch.addressed and _own(asked, "associate_public_ip_address")
    yield from machines(asked, replace(launch, spot=spot, addressed=addressed))
    own = asked.values.has("root_block_device")
    roots = [each for each in template.blocks("block_device_mappings") if each.text("device_name") in _ROOT_NAMES]
    if own or not roots:
        yield from volume(asked, asked.values.block("root_block_device"), place="root_block_device")
    yield from _further_disks(asked, asked.values)
    yield from _mapped(asked, template, 1, without=_ROOT_NAMES if own else ())


def _wanted(values: Values) -> float:
    """Machines of a group: as many as it should have, else its least; Infracost counts one where that is zero."""
    if values.has("desired_capacity"):
        return count_of(values, "desired_capacity")
    return count_of(values, "min_size") or 1.0


def _group(asked: Asked) -> Iterable[Component]:
    """Machines of a launch configuration with its disks, or of a template with those that it maps."""
    count = _wanted(asked.values)
    if configuration := related(asked, "launch_configuration", "aws_launch_configuration"):
        values = values_of(configuration)
        launch = replace(
            _from_instance(values, Values()), count=count, monitored=values.flag("enable_monitoring", True)
        )
        yield from machines(asked, replace(launch, spot=values.number("spot_price") > 0))
        if count:
            yield from volume(asked, values.block("root_block_device"), count, "root_block_device")
            yield from _further_disks(asked, values, count)
        return
    policy = asked.values.block("mixed_instances_policy")
    template = _template_of(asked, "launch_template", "mixed_instances_policy")
    launch = _from_template(template)
    override = policy.block("launch_template").block("override")
    launch = replace(launch, type=override.text("instance_type", launch.type))
    count = math.ceil(count / max(1.0, override.number("weighted_capacity")))
    yield from _mixed(asked, replace(launch, count=count), policy.block("instances_distribution"))
    yield from _mapped(asked, template, count) if count else ()


def _mixed(asked: Asked, launch: Launch, distribution: Values) -> Iterator[Component]:
    """On-demand machines first, then spot ones, as the group's policy divides them."""
    base = min(launch.count, count_of(distribution, "on_demand_base_capacity", 0.0))
    percent = min(100.0, distribution.number("on_demand_percentage_above_base_capacity", 100.0))
    on_demand = base + math.ceil((launch.count - base) * percent / 100)
    if launch.spot:
        on_demand = 0.0
    yield from machines(asked, replace(launch, count=on_demand, spot=False))
    yield from machines(asked, replace(launch, count=launch.count - on_demand, spot=True))


def _node_group(asked: Asked) -> Iterable[Component]:
    values, scaling = asked.values, asked.values.block("scaling_config")
    count = count_of(scaling, "desired_size", scaling.number("min_size", 1.0))
    template = _template_of(asked, "launch_template")
    launch = _from_template(template)
    types = values.texts("instance_types")
    # A template that is not in this plan may name any type.
    usual = "" if values.blocks("launch_template") and not template.attributes else _NODE_TYPE
    launch = replace(
        launch,
        type=types[0] if types else launch.type or usual,
        count=count,
        spot=launch.spot or values.text("capacity_type") == "SPOT",
        windows=values.text("ami_type").startswith("WINDOWS"),
    )
    yield from machines(asked, launch)
    if values.blocks("launch_template"):
        yield from _mapped(asked, template, count) if count else ()
    elif count:
        yield fixed(
            "Storage (general purpose SSD, gp2)",
            count * (values.number("disk_size") or _NODE_GIB),
            unit(asked, "ebs.gp2"),
        )


def _host(asked: Asked) -> Iterable[Component]:
    family = asked.values.text("instance_family") or asked.values.text("instance_type").partition(".")[0]
    return [hourly("EC2 dedicated host", unit(asked, f"ec2.host.{family}"))]


KINDS: dict[str, Kind] = {
    "aws_autoscaling_group": _group,
    "aws_ec2_host": _host,
    "aws_eks_node_group": _node_group,
    "aws_instance": _instance_kind,
    "aws_launch_configuration": free,
    "aws_launch_template": free,
    "aws_spot_instance_request": _instance_kind,
}
