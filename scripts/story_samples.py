"""Prints docs/story-samples.md: plans of every sort, as the narrator tells them, to be read aloud.

PYTHONPATH=layers/core/python python scripts/story_samples.py > docs/story-samples.md
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chatops.story.story import story_of

CREATE, DELETE, UPDATE, REPLACE, KEEP = ["create"], ["delete"], ["update"], ["delete", "create"], ["no-op"]
PROVIDERS = {"aws": "hashicorp/aws", "google": "hashicorp/google", "azurerm": "hashicorp/azurerm"}
OPEN_SSH = {"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}
WEB = {"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}
DATABASE = {"engine": "postgres", "instance_class": "db.t3.medium", "allocated_storage": 100, "storage_type": "gp2"}
MACHINE = {"instance_type": "t3.large", "root_block_device": [{"volume_type": "gp2", "volume_size": 30}]}
AZURE_MACHINE = {
    "size": "Standard_D2s_v5",
    "location": "westeurope",
    "os_disk": [{"storage_account_type": "Premium_LRS", "disk_size_gb": 128}],
}
NODES = {"instance_types": ["m5.xlarge"], "scaling_config": [{"desired_size": 4, "min_size": 4, "max_size": 8}]}


def changed(address: str, actions: list[str], before: Any = None, after: Any = None) -> dict[str, Any]:
    """One resource change of a plan; with one side given, the actions say which sides there are."""
    kind, name = address.split(".")[-2:]
    side = after if after is not None else before
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": f"registry.terraform.io/{PROVIDERS.get(kind.partition('_')[0], 'acme/acme')}",
        "change": {
            "actions": actions,
            "before": None if actions == CREATE else before or side,
            "after": None if actions == DELETE else after or side,
            "after_unknown": {},
        },
    }


SITUATIONS: Mapping[str, list[dict[str, Any]]] = {
    "A first web server, with SSH open to the world": [
        changed("aws_instance.web", CREATE, after={"instance_type": "t3.micro"}),
        changed("aws_security_group.web", CREATE, after={"ingress": [OPEN_SSH, WEB]}),
        changed("aws_eip.web", CREATE, after={"domain": "vpc"}),
    ],
    "A web shop": [
        changed("module.shop.aws_instance.web[0]", CREATE, after=MACHINE),
        changed("module.shop.aws_instance.web[1]", CREATE, after=MACHINE),
        changed("aws_lb.front", CREATE, after={"load_balancer_type": "application", "internal": False}),
        changed("aws_db_instance.orders", CREATE, after=DATABASE | {"multi_az": True, "storage_encrypted": True}),
        changed("aws_nat_gateway.out", CREATE, after={"connectivity_type": "public"}),
        changed("aws_s3_bucket.images", CREATE, after={"bucket": "images"}),
    ],
    "Functions and a queue: paid by use alone": [
        changed("aws_lambda_function.resize", CREATE, after={"memory_size": 512, "function_name": "resize"}),
        changed("aws_sqs_queue.jobs", CREATE, after={"name": "jobs"}),
        changed("aws_s3_bucket.uploads", CREATE, after={"bucket": "uploads"}),
    ],
    "A network and nothing in it": [
        changed("aws_vpc.main", CREATE, after={"cidr_block": "10.0.0.0/16"}),
        changed("aws_subnet.a", CREATE, after={"cidr_block": "10.0.1.0/24"}),
        changed("aws_internet_gateway.main", CREATE, after={}),
    ],
    "A Kubernetes cluster": [
        changed("aws_eks_cluster.main", CREATE, after={"vpc_config": [{"endpoint_public_access": True}]}),
        changed("aws_eks_node_group.workers", CREATE, after=NODES),
    ],
    "A bigger machine": [
        changed("aws_instance.web", UPDATE, MACHINE, MACHINE | {"instance_type": "t3.2xlarge"}),
    ],
    "A smaller machine": [
        changed("google_compute_instance.web", UPDATE, {"machine_type": "n2-standard-8", "zone": "us-central1-a"},
                {"machine_type": "n2-standard-2", "zone": "us-central1-a"}),
    ],
    "A database that is built anew": [
        changed("aws_db_instance.orders", REPLACE, DATABASE, DATABASE | {"storage_encrypted": True}),
        changed("aws_instance.web", KEEP, MACHINE),
    ],
    "Two clouds at once": [
        changed("azurerm_linux_virtual_machine.app", CREATE, after=AZURE_MACHINE),
        changed("aws_s3_bucket.backup", CREATE, after={"bucket": "backup"}),
    ],
    "A deployment that is destroyed, with its data": [
        changed("aws_instance.web", DELETE, MACHINE),
        changed("aws_db_instance.orders", DELETE, DATABASE),
        changed("aws_ebs_volume.data", DELETE, {"size": 500, "type": "gp3"}),
    ],
    "Resources that nobody here has heard of": [
        changed("acme_rocket.moon", CREATE, after={"fuel": "plenty"}),
        changed("acme_launchpad.main", CREATE, after={}),
    ],
    "A fleet": [
        *(changed(f"aws_instance.worker[{each}]", CREATE, after={"instance_type": "m5.4xlarge"}) for each in range(40)),
    ],
}  # fmt: skip


def page() -> Iterator[str]:
    """The page, line by line."""
    yield "# The Dungeon Master, read aloud"
    yield ""
    yield "Plans of every sort, each as the narrator tells it: no language model had a hand in these sentences. A plan"
    yield "chooses its words by its hash, so the same plan is always told alike. Made by `scripts/story_samples.py`, to"
    yield "be made and read again when prices, rules or the voice (`story/voice.py`) change."
    for title, resources in SITUATIONS.items():
        yield from section(title, resources)


def section(title: str, resources: list[dict[str, Any]]) -> Iterator[str]:
    """One plan and its story."""
    told = story_of({"format_version": "1.2", "resource_changes": resources})
    blast, hunt, cost = told["blast_radius"], told["treasure_hunt"], told["cost"]
    yield ""
    yield f"## {title}"
    yield ""
    yield f"- ☕ {told['coffee_cup_cost']}"
    yield f"- 🎯 {told['real_world_analogy']}"
    reached = ", ".join(blast["affected_systems"])
    yield f"- 💥 **{blast['impact_level']}** · {blast['security_risk']} Reaches: {reached}."
    yield f"- 💎 {hunt['optimization']} → {hunt['estimated_savings']}"
    yield f"- 🌱 {told['environmental_impact']}"
    yield f"- *{cost['coverage']}, list prices of {cost['as_of']}*"


if __name__ == "__main__":
    print("\n".join(page()))
