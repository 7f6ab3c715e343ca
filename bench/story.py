"""What the story of a plan costs in time and memory, part by part, beside parsing the plan's JSON.

Run: .venv/bin/python bench/story.py (about a minute).

The plans are models: twelve kinds of resources of two clouds in modules with for_each, each with as many attributes as
real ones have, with the configuration that refers from one to the next, and with what is made, changed, replaced,
destroyed and left alone in turn. A round measures all parts one after the other in CPU time, the price book being warm;
what is printed are medians over the rounds, and medians of each round's ratio to `json.loads` of the same bytes. Memory
is what tracemalloc counts beyond the parsed document, in a run of its own. Cold: fresh processes, imports and all.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
LAYER = ROOT / "layers" / "core" / "python"
sys.path[:0] = [str(LAYER)]

from chatops.story.blast import blast_radius  # noqa: E402
from chatops.story.estimate import estimate  # noqa: E402
from chatops.story.footprint import footprint  # noqa: E402
from chatops.story.planned import read  # noqa: E402
from chatops.story.prices import open_book  # noqa: E402
from chatops.story.treasure import treasure_hunt  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIZES, ROUNDS, LARGEST_ROUNDS, COLD_RUNS = (10, 100, 1_000, 10_000), 9, 3, 5
SIDES = (("create",), ("update",), ("no-op",), ("delete", "create"), ("delete",), ("no-op",))
KINDS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {
    "aws_vpc": ({"cidr_block": "10.0.0.0/16", "instance_tenancy": "default"}, {}),
    "aws_subnet": ({"cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a"}, {"vpc_id": "aws_vpc"}),
    "aws_security_group": (
        {"ingress": [{"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]},
        {"vpc_id": "aws_vpc"},
    ),
    "aws_instance": (
        {"instance_type": "m5.large", "root_block_device": [{"volume_size": 50, "volume_type": "gp3"}]},
        {"subnet_id": "aws_subnet", "vpc_security_group_ids": "aws_security_group"},
    ),
    "aws_ebs_volume": ({"size": 200, "type": "gp2", "availability_zone": "eu-west-1a"}, {}),
    "aws_db_instance": (
        {"instance_class": "db.t3.medium", "engine": "postgres", "allocated_storage": 100, "storage_type": "gp3"},
        {"vpc_security_group_ids": "aws_security_group"},
    ),
    "aws_nat_gateway": ({"connectivity_type": "public"}, {"subnet_id": "aws_subnet"}),
    "aws_s3_bucket": ({"force_destroy": False}, {}),
    "aws_iam_role": ({"assume_role_policy": json.dumps({"Statement": [{"Action": "sts:AssumeRole"}]})}, {}),
    "google_compute_network": ({"auto_create_subnetworks": False}, {}),
    "google_compute_instance": (
        {
            "machine_type": "n2-standard-4",
            "zone": "europe-west1-b",
            "boot_disk": [{"initialize_params": [{"size": 50}]}],
        },
        {"network_interface": "google_compute_network"},
    ),
    "google_sql_database_instance": (
        {"database_version": "POSTGRES_15", "region": "europe-west1", "settings": [{"tier": "db-custom-2-7680"}]},
        {},
    ),
}
FILLER = {f"attribute_{number}": value for number, value in enumerate(["text of usual length", None, True, 3, []] * 5)}


def change(kind: str, number: int) -> dict[str, Any]:
    """One resource's entry; its name and tags differ from the next one's, as they do."""
    attributes, _ = KINDS[kind]
    actions = SIDES[number % len(SIDES)]
    values = {**attributes, **FILLER, "id": f"{kind}-{number:08}", "name": f"n{number}", "tags": {"team": f"t{number}"}}
    key = f"k{number // len(KINDS)}"  # twelve resources in a row share a key, as one team's do
    address = f'module.part.{kind}.it["{key}"]'
    return {
        "address": address,
        "module_address": "module.part",
        "mode": "managed",
        "type": kind,
        "name": "it",
        "index": key,
        "provider_name": f"registry.terraform.io/hashicorp/{kind.partition('_')[0]}",
        "change": {
            "actions": list(actions),
            "before": None if actions == ("create",) else values,
            "after": None if actions == ("delete",) else {**values, "tags": {"team": "x"}, "id": None},
            "after_unknown": {"id": True, "arn": True},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def plan(size: int) -> bytes:
    """A plan's JSON with so many resources, in bytes."""
    kinds = list(KINDS)
    configured = [
        {
            "address": f"{kind}.it",
            "mode": "managed",
            "type": kind,
            "name": "it",
            "provider_config_key": kind.partition("_")[0],
            "expressions": {
                name: {"references": [f"{other}.it[each.key].id", f"{other}.it"]} for name, other in refers.items()
            },
            "for_each_expression": {"references": ["var.parts"]},
        }
        for kind, (_, refers) in KINDS.items()
    ]
    module = {"resources": configured, "variables": {"parts": {}}}
    call = {"source": "./part", "expressions": {"parts": {"references": ["var.parts"]}}, "module": module}
    regions = {"aws": "eu-west-1", "google": "europe-west1"}
    providers = {
        name: {"name": name, "expressions": {"region": {"constant_value": at}}} for name, at in regions.items()
    }
    changes = [change(kinds[number % len(kinds)], number) for number in range(size)]
    document = {
        "format_version": "1.2",
        "resource_changes": changes,
        "configuration": {"provider_config": providers, "root_module": {"module_calls": {"part": call}}},
    }
    return json.dumps(document).encode()


def measure(data: bytes, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each part, for each round; a part that is not written yet is left out."""
    times: dict[str, list[float]] = {}
    book = open_book()
    for _ in range(rounds):
        document = json.loads(data)
        costs = estimate(read(document), book)
        works: dict[str, Callable[[Any], object]] = {
            "json.loads": lambda _: json.loads(data),
            "read": lambda _, document=document: read(document),
            "estimate": lambda plan: estimate(plan, book),
            "blast": blast_radius,
            "treasure": lambda plan, costs=costs: treasure_hunt(plan, costs, book),
            "footprint": lambda _, costs=costs: footprint(costs, book),
        }
        for name, work in works.items():
            fresh = read(document)  # so that no part profits from what an earlier one worked out
            begun = time.process_time()
            try:
                work(fresh)
            except NotImplementedError:
                continue
            times.setdefault(name, []).append(time.process_time() - begun)
    return times


def speed() -> None:
    print("CPU milliseconds (ratio to json.loads of the same plan), medians")
    for size in SIZES:
        data = plan(size)
        times = measure(data, LARGEST_ROUNDS if size == max(SIZES) else ROUNDS)
        floors = times["json.loads"]
        cells = [f"json.loads {statistics.median(floors) * 1e3:8.2f}"]
        for name, each in list(times.items())[1:]:
            share = statistics.median(mine / floor for mine, floor in zip(each, floors, strict=True))
            cells.append(f"{name} {statistics.median(each) * 1e3:8.2f} (x{share:5.2f})")
        print(f"{size:6,} resources {len(data) / 1e6:6.2f} MB   {'   '.join(cells)}")


def memory() -> None:
    print("\nMegabytes that tracemalloc counts at the peak beyond the parsed document; and what that itself takes")
    open_book()
    for size in SIZES:
        data = plan(size)
        tracemalloc.start()
        document = json.loads(data)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        found = estimate(read(document), open_book())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"{size:6,} resources   {(peak - held) / 1e6:7.2f}   document {held / 1e6:7.2f}   {found.counts}")


def cold() -> None:
    """A whole process each time: start, imports, book, a plan of 100 resources, the bill."""
    code = (
        f"import sys, time; sys.path.insert(0, {str(LAYER)!r}); begun = time.perf_counter()\n"
        "import json\nfrom chatops.story.estimate import estimate\nfrom chatops.story.planned import read\n"
        "from chatops.story.prices import open_book\nimported = time.perf_counter()\n"
        "estimate(read(json.load(open(sys.argv[1]))), open_book())\n"
        "print(imported - begun, time.perf_counter() - imported)"
    )
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(plan(100))
        runs = [
            [
                float(each)
                for each in subprocess.run(
                    [sys.executable, "-c", code, file.name], check=True, capture_output=True, text=True
                ).stdout.split()
            ]
            for _ in range(COLD_RUNS)
        ]
    imports, first = (statistics.median(column) * 1e3 for column in zip(*runs, strict=True))
    print(f"\nCold: imports {imports:.0f} ms, first estimate of 100 resources {first:.0f} ms (wall time, medians)")


if __name__ == "__main__":
    speed()
    memory()
    cold()
