"""Machine types of the same size: read from their names, and checked against all the types in the price book."""

from itertools import islice

import pytest

from chatops.story.prices import Machine, open_book
from chatops.story.treasure_rules_families import ARM, CORES, DISK, X86, neighbours, shape

BOOK = open_book()
HOMES = [("aws", "us-east-1"), ("gcp", "us-central1"), ("azure", "eastus")]
CLOUD_OF = {region: cloud for cloud, region in HOMES}


def known(region: str, name: str) -> Machine:
    found = BOOK.machine(CLOUD_OF[region], region, name)
    assert found is not None
    return found


def best(region: str, name: str, processor: str = X86, without: frozenset[str] = frozenset()) -> str:
    cloud = CLOUD_OF[region]
    found = neighbours(cloud, known(region, name), processor, BOOK.machines(cloud, region), without)
    return found[0].type if found else ""


@pytest.mark.parametrize(
    ("region", "old", "new"),
    [
        ("us-east-1", "t2.large", "t3a.large"),
        ("us-east-1", "m4.large", "m6a.large"),  # half a percent dearer than m5a, and a generation newer
        ("us-east-1", "c4.xlarge", "c6a.xlarge"),
        ("us-east-1", "m3.large", "m5ad.large"),  # keeps a local disk
        ("us-east-1", "m5d.large", "m5ad.large"),
        ("us-east-1", "m5n.large", ""),  # nothing cheaper has its network
        ("us-east-1", "m4.10xlarge", ""),  # a size that no newer family has
        ("us-east-1", "m5.metal", ""),
        ("us-east-1", "m6g.large", ""),
        ("us-central1", "n2-standard-4", "n2d-standard-4"),
        ("us-central1", "t2d-standard-4", ""),  # whole cores
        ("us-central1", "e2-standard-4", ""),
        ("eastus", "Standard_D4s_v5", "Standard_D4as_v5"),
        ("eastus", "standard_d4s_v5", "Standard_D4as_v5"),  # Azure does not mind the case
        ("eastus", "Standard_D2s_v3", ""),  # newer ones have no temporary disk, or cost more
        ("eastus", "Standard_DS2_v2", ""),  # its vCPUs are whole cores
    ],
)
def test_the_best_neighbour_of_the_same_kind(region: str, old: str, new: str) -> None:
    assert best(region, old) == new


@pytest.mark.parametrize(
    ("region", "old", "new"),
    [
        ("us-east-1", "t3.micro", "t4g.micro"),
        ("us-east-1", "m5.large", "m6g.large"),
        ("us-central1", "n2-standard-4", "t2a-standard-4"),
        ("us-central1", "n2-highmem-8", ""),
        ("eastus", "Standard_D2s_v5", "Standard_D2ps_v6"),
        ("eastus", "Standard_D2s_v3", "Standard_D2pds_v5"),
    ],
)
def test_the_best_neighbour_on_arm(region: str, old: str, new: str) -> None:
    assert best(region, old, ARM) == new


def test_a_neighbour_may_be_without_something() -> None:
    assert best("eastus", "Standard_D2s_v3", without=frozenset({DISK})) == "Standard_D2as_v5"
    assert best("eastus", "Standard_DS2_v2", without=frozenset({DISK, CORES})) == "Standard_D2as_v5"


@pytest.mark.parametrize(("cloud", "region"), HOMES)
@pytest.mark.parametrize("processor", [X86, ARM])
def test_no_neighbour_is_smaller_older_or_dearer(cloud: str, region: str, processor: str) -> None:
    """All types of the book's best known regions, every third of them."""
    machines = BOOK.machines(cloud, region)
    pairs = 0

    for machine in islice(machines, None, None, 3):
        for other in neighbours(cloud, machine, processor, machines):
            mine, its = shape(cloud, machine.type), shape(cloud, other.type)
            assert mine is not None
            assert its is not None
            assert (other.vcpu >= machine.vcpu, other.gib >= machine.gib) == (True, True), (machine.type, other.type)
            assert other.hourly.usd <= machine.hourly.usd
            assert its.generation >= mine.generation
            assert its.processor == processor
            pairs += 1

    assert pairs > 5


@pytest.mark.parametrize(
    "name",
    [
        *("", "m5", "m5.", ".large", "p3.2xlarge", "g5.xlarge", "m7i-flex.large", "u-6tb1.metal", "mac2.metal"),
        *("m5.large " * 9, "custom-4-8192", "n2-custom-4-8192", "e2-micro", "a2-highgpu-1g", "Standard_NC6s_v3"),
        *("Standard_E4-2s_v5", "m5.large\n", "Standard_D2s_v٣", "t٢.large", "n1-standard-", "\x00"),
        "Standard_" + "D" * 50 + "2",
    ],
    ids=ascii,
)
def test_a_type_without_neighbours_has_no_shape(name: str) -> None:
    assert all(shape(cloud, name) is None for cloud in ("aws", "gcp", "azure", "digitalocean", ""))
