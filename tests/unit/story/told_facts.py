"""Facts made by hand, small and exact: what a story says is tested apart from how it is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.story.blast import BlastRadius, Level, Risk
from chatops.story.costs import Component, Compute, CostStatus, Usage
from chatops.story.estimate import Estimate, ResourceCost
from chatops.story.footprint import Footprint
from chatops.story.planned import Resource
from chatops.story.story import Candidate, Facts, Recommendation
from chatops.story.treasure import Treasure, TreasureHunt

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = Usage(0, 0, 0)
NO_POWER = Footprint(None, None, (), "a method")
CALM = BlastRadius(Level.LOW, (), {"compute": ("aws_instance.web",)}, 0)
OPEN_DOOR = Risk(
    "public-ssh",
    Level.CRITICAL,
    "aws_security_group.web",
    "ingress[0].cidr_blocks",
    "0.0.0.0/0",
    "Anybody on the internet can knock at SSH",
)
TREASURE = Treasure(
    "gp3", ("aws_ebs_volume.data",), "gp3 instead of gp2", -18.0, 20, False, "Test its throughput first", "a source"
)


def resource(
    address: str = "aws_instance.web",
    actions: Sequence[str] = ("create",),
    cloud: str = "aws",
) -> Resource:
    before = None if "create" in actions and "delete" not in actions else {}
    after = None if tuple(actions) == ("delete",) else {}
    return Resource(address, address.partition(".")[0], address, "", cloud, "us-east-1", tuple(actions), before, after)


def cost(
    address: str = "aws_instance.web",
    before: float | None = None,
    after: float | None = None,
    actions: Sequence[str] = ("create",),
    status: CostStatus = CostStatus.PRICED,
    *,
    cloud: str = "aws",
    note: str = "",
    vcpus: float = 0,
    usage: Usage | None = None,
    name: str = "machine",
) -> ResourceCost:
    compute = Compute(730 * vcpus, 730 * 4 * vcpus) if vcpus else None
    part = Component(name, "hours", 730, 0.1, after, "a source", usage is not None, usage, note, compute)
    return ResourceCost(resource(address, actions, cloud=cloud), status, before, after, (part,))


def facts(
    *costs: ResourceCost,
    blast: BlastRadius = CALM,
    best: Treasure | None = None,
    alternatives: tuple[Treasure, ...] = (),
    power: Footprint = NO_POWER,
    usage: Usage = NOTHING,
    seed: str = "seed",
    **more: Any,
) -> Facts:
    before, after = sum(each.before or 0 for each in costs), sum(each.after or 0 for each in costs)
    estimate = Estimate(costs, before, after, usage, "2024-09 to 2026-07")
    destroy = more.pop("destroy", False)
    return Facts(estimate, blast, TreasureHunt(best, alternatives), power, destroy, seed, **more)


def web(seed: str = "seed") -> Facts:
    """A plan with a bit of everything."""
    return facts(
        cost(after=219.0, vcpus=2),
        cost("aws_ebs_volume.data", after=90.0),
        cost("aws_s3_bucket.logs", usage=Usage(0.1, 2, 30), status=CostStatus.USAGE),
        cost("aws_odd_thing.x", status=CostStatus.UNKNOWN),
        blast=BlastRadius(Level.CRITICAL, (OPEN_DOOR,), {"compute": ("aws_instance.web",), "network": ("a", "b")}, 3),
        best=TREASURE,
        alternatives=(TREASURE, TREASURE),
        power=Footprint(40.0, 14.4, ("us-east-1",), "a method", left_out=2),
        usage=Usage(0.1, 2, 30),
        seed=seed,
    )


def advice(seed: str = "seed", **best: Any) -> Recommendation:
    """The guide's own example: Cloud Run for a container with little traffic."""
    chosen = {
        "service": "Cloud Run",
        "kind": "serverless",
        "monthly_low": 35.0,
        "monthly_high": 50.0,
        "reason": "It suits containers with little traffic",
        "failure": "your site goes offline; no data is lost",
    } | best
    others = (
        Candidate("Cloud Functions", "serverless", 20, 30, "r", "f", "Every function is written anew"),
        Candidate("GKE", "kubernetes", 120, 180, "r", "f"),
    )
    return Recommendation(Candidate(**chosen), others, seed)
