"""What a plan is mostly about, for its analogy: the kind of the dearest resource, and how much machine there is."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from chatops.story.costs import HOURS, CostStatus

if TYPE_CHECKING:
    from chatops.story.estimate import Estimate, ResourceCost
    from chatops.story.story import Facts

# The first pattern that is found in a resource type gives its kind; the order matters (an eks_node_group is machines).
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("compute", r"node_group|node_pool|_batch_|emr_|service_plan|environment"),
        ("kubernetes", r"eks_cluster|container_cluster|kubernetes_cluster|gke_hub"),
        ("database", r"db_|_rds|rds_|_sql|sql_|mssql|postgres|mysql|mariadb|dynamodb|redis|elasticache|memcache|"
                     r"cosmosdb|spanner|bigtable|bigquery|firestore|redshift|docdb|neptune|opensearch|elasticsearch"),
        ("serverless", r"lambda|cloud_?functions|cloud_run|function_app|apprunner|app_runner|api_?gateway|"
                       r"step_?function|_sfn_|workflows|logic_app"),
        ("toll", r"nat_gateway|router_nat|_lb|_alb|_elb|load_?balancer|forwarding_rule|_eip|public_ip|_address|vpn|"
                 r"cloudfront|cdn|transit_gateway|application_gateway|firewall_policy|azurerm_firewall|vpc_endpoint"),
        ("storage", r"s3_|bucket|ebs_|_disk|storage|efs_|filestore|fsx|backup|snapshot|image|_ecr_|artifact_registry"),
        ("messaging", r"sqs|sns|pubsub|servicebus|eventhub|kinesis|kafka|_msk_|_mq_|queue|topic|eventgrid|event_rule"),
        ("dns", r"route53|dns|domain"),
        ("monitoring", r"cloudwatch|logging|monitor|log_analytics|application_insights|_log_|alert"),
        ("identity", r"iam|_kms|key_vault|secret|role|policy|service_account|certificate|acm_|identity"),
        ("compute", r"instance|virtual_machine|vm_|autoscaling|scale_set|_ecs_|fargate|machine|launch_template|"
                    r"app_service|web_app|container_group"),
        ("network", r"vpc|subnet|network|route|security_group|firewall|peering|gateway|router"),
    )
)  # fmt: skip

# Up to so many vCPUs, or so many GiB of memory. A vCPU is a thread, half a core: 4 of them are a laptop of two cores.
_SIZES = (
    (1, 2, "a small home server, room for a hobby site or a bot"),
    (4, 16, "an office laptop, room for a small shop or a team's tool"),
    (16, 64, "a strong workstation, room for a busy site"),
    (64, 512, "a big server, room for a company's back office"),
    (2048, 16384, "a rack of servers"),
    (math.inf, math.inf, "a hall of servers"),
)


def kind_of(resource_type: str) -> str:
    """The kind of a resource type, of those that the voice has an analogy for."""
    return next((kind for kind, pattern in _KINDS if pattern.search(resource_type[:100])), "other")


def dominant_kind(facts: Facts) -> str:
    """What the money goes to; where nothing is billed, what there is most of."""
    resources = facts.estimate.resources
    if not any(_changes(each) for each in resources):
        return "idle"
    if facts.destroy:
        return "no_undo" if facts.lost else "gone"
    alive = [each for each in resources if each.resource.after is not None]
    if not alive:
        return "no_undo" if facts.lost else "gone"
    dearest = max(alive, key=_weight)
    if _weight(dearest) > 0:
        return _billed_kind(dearest)
    if any(each.status is CostStatus.UNKNOWN for each in alive):
        return "unknown"
    return Counter(kind_of(each.resource.type) for each in alive).most_common(1)[0][0]


def _billed_kind(dearest: ResourceCost) -> str:
    """A serverless thing that is paid by the hour is no taxi: it is a machine."""
    kind = kind_of(dearest.resource.type)
    return "compute" if kind == "serverless" and (dearest.after or 0) > 0 else kind


def _weight(cost: ResourceCost) -> float:
    return (cost.after or 0) + sum(part.usage.medium for part in cost.components if part.usage is not None)


def _changes(cost: ResourceCost) -> bool:
    return bool(set(cost.resource.actions) - {"no-op", "read"})


def machine_size(estimate: Estimate) -> str:
    """All machines after the apply, compared with one that people know; "" where there is none, or it is not known."""
    parts = [
        part.compute
        for cost in estimate.resources
        if cost.resource.after is not None
        for part in cost.components
        if part.compute is not None
    ]
    vcpus = math.fsum(part.vcpu_hours for part in parts) / HOURS
    gib = math.fsum(part.gib_hours for part in parts) / HOURS
    if not 0 < vcpus < math.inf or not 0 < gib < math.inf:
        return ""
    name = next(name for most, memory, name in _SIZES if vcpus <= most or gib <= memory)
    return f"{name} ({_short(vcpus)} vCPU{'' if vcpus == 1 else 's'}, {_short(gib)} GiB of memory)"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.2g}"
