from collections.abc import Mapping
from typing import Any

from chatops.domain.adoption import CloudObject, Owner
from chatops.runs.adopt import Orphans
from tests.fakes.runs import GUILD, a_run

RUN = a_run(provider="aws", region="eu-west-1", blueprint="aws/web-app")
MODULE = b'resource "aws_eip" "web" {\n}\nresource "aws_eip_association" "web" {\n}\n'


class Cloud:
    """An inventory that remembers what it was asked."""

    def __init__(self, *objects: CloudObject) -> None:
        self.objects = list(objects)
        self.asked: list[tuple[Owner, frozenset[str], str, Mapping[str, Any]]] = []

    def __call__(
        self, owner: Owner, kinds: frozenset[str], region: str, credentials: Mapping[str, Any]
    ) -> list[CloudObject]:
        self.asked.append((owner, kinds, region, credentials))
        return self.objects


def eip(id: str, **tags: str) -> CloudObject:
    return CloudObject("aws_eip", id, Owner(GUILD, "shop").tags | {"Resource": "aws_eip.web"} | tags)


def orphans(cloud: Cloud, said: list[str] | None = None) -> Orphans:
    say = said.append if said is not None else lambda _: None
    return Orphans({"aws": cloud}, lambda blueprint: {"main.tf": MODULE} if blueprint == "aws/web-app" else {}, say)


def test_the_guilds_cloud_is_asked_for_what_the_blueprint_makes() -> None:
    cloud = Cloud(eip("eipalloc-00000001"))

    found = orphans(cloud)(RUN, {"aws_access_key_id": "key"})

    assert found == {"aws_eip.web": "eipalloc-00000001"}
    assert cloud.asked == [
        (Owner(GUILD, "shop"), frozenset({"aws_eip"}), "eu-west-1", {"aws_access_key_id": "key"}),
    ]


def test_what_belongs_to_another_deployment_is_not_found() -> None:
    assert orphans(Cloud(eip("eipalloc-00000001", Deployment="other")))(RUN, {}) == {}


def test_a_doubled_object_is_said_with_its_run() -> None:
    said: list[str] = []

    orphans(Cloud(eip("eipalloc-00000001"), eip("eipalloc-00000002")), said)(RUN, {})

    assert said == [
        f"run {RUN.id}: aws_eip.web exists more than once: 'eipalloc-00000001' is taken, 'eipalloc-00000002' is not"
    ]


def test_a_provider_without_an_inventory_has_no_orphans() -> None:
    cloud = Cloud(eip("eipalloc-00000001"))

    for provider in ("none", "gcp", "azure"):
        assert orphans(cloud)(a_run(provider=provider, blueprint="aws/web-app"), {}) == {}
    assert cloud.asked == []
