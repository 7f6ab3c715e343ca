"""`python -m chatops.story estimate`: what it prints, and how it refuses."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatops.story.__main__ import main
from chatops.story.bill import WIDTH, action, table
from chatops.story.estimate import estimate
from chatops.story.planned import read
from chatops.story.prices import open_book
from tests.unit.story.google_plans import change, disk, plan

ROOT = Path(__file__).parents[3]
PLAN = plan(
    disk("made"),
    change("google_compute_disk", "grown", disk("x", 300)["change"]["after"], disk("x", 100)["change"]["after"]),
    change("google_compute_disk", "gone", None, disk("x", 50)["change"]["after"]),
    change("google_pubsub_topic", "t", {}),
    change("google_new_thing", "n", {}),
    change("google_service_account", "free", {}),
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["estimate", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    return path


class TestJson:
    def test_it_has_the_form_that_was_promised(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, str(file), "--json")
        bill = json.loads(out)

        assert (code, err) == (0, "")
        assert bill["currency"] == "USD"
        assert bill["as_of"].startswith("20")
        assert bill["monthly"] == {"before": 6.0, "after": 16.0, "diff": 10.0}
        assert bill["counts"] == {"priced": 3, "free": 1, "usage": 1, "unknown": 1}
        assert bill["coverage"] == {"priced": 4, "billed": 5}
        by_address = {each["address"]: each for each in bill["resources"]}
        component = by_address["google_compute_disk.made"]["components"][0]
        assert (
            component.items()
            >= {
                "name": "Standard disk (pd-standard)",
                "unit": "GB-month",
                "quantity": 100.0,
                "price": 0.04,
                "monthly": 4.0,
                "source": "cyclenerd 2026-07-30, A",
            }.items()
        )
        states = {each["address"].partition(".")[2]: (each["status"], each["monthly"]) for each in bill["resources"]}
        assert states == {
            "made": ("priced", 4.0),
            "grown": ("priced", 12.0),
            "gone": ("priced", 0.0),
            "t": ("usage", None),
            "n": ("unknown", None),
            "free": ("free", 0.0),
        }
        assert [each["action"] for each in bill["resources"]][:3] == ["create", "update", "delete"]

    def test_the_resources_add_up_to_the_total(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bill = json.loads(run(capsys, str(file), "--json")[1])

        assert sum(each["monthly"] or 0 for each in bill["resources"]) == bill["monthly"]["after"]
        assert sum(each["before"] or 0 for each in bill["resources"]) == bill["monthly"]["before"]


class TestTable:
    def test_it_tells_people_what_they_must_know(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, str(file))

        assert code == 0
        assert "google_compute_disk.grown (update, was $4.00)" in out
        assert "google_compute_disk.gone (delete, was $2.00)" in out
        assert "100 x $0.04 per GB-month" in out
        assert "before $6.00, difference +$10.00" in out
        assert "Coverage: 4 of 5 priced (1 by use alone; 1 free)" in out
        assert "Prices of 20" in out
        assert "Note: 1 resource unknown, in no total" in out
        assert "google_service_account" not in out

    def test_it_fits_its_columns_whatever_names_a_plan_has(self) -> None:
        long = disk("long") | {"address": "module.a[" + "é" * 500 + "].google_compute_disk.long"}
        printed = table(estimate(read(plan(long, *PLAN["resource_changes"])), open_book()))

        assert max(map(len, printed.splitlines())) <= WIDTH

    def test_a_name_cannot_talk_to_the_terminal(self) -> None:
        hostile = disk("d") | {"address": "google_compute_disk.\x1b[2J\u202e\ud800\nTotal $0.00"}
        printed = table(estimate(read(plan(hostile)), open_book()))

        assert "\x1b" not in printed
        assert "\u202e" not in printed
        assert "google_compute_disk.?[2J???Total $0.00" in printed

    @pytest.mark.parametrize(
        ("actions", "word"),
        [
            (("delete", "create"), "replace"),
            (("create", "forget"), "replace"),
            (("no-op",), "no-op"),
            (("forget",), "forget"),
            ((), "no-op"),
        ],
        ids=["replace", "leave behind", "no-op", "forget", "nothing"],
    )
    def test_what_is_done_is_one_word(self, actions: tuple[str, ...], word: str) -> None:
        assert action(actions) == word


STATE: dict[str, Any] = {
    "root_module": {
        "resources": [
            {
                "address": "google_compute_disk.d",
                "mode": "managed",
                "type": "google_compute_disk",
                "name": "d",
                "provider_name": "registry.terraform.io/hashicorp/google",
                "values": disk("d")["change"]["after"],
            }
        ]
    }
}


class TestInput:
    @pytest.mark.parametrize(
        ("document", "before", "after"),
        [
            ({"planned_values": STATE}, 0, 4),
            ({"format_version": "1.0", "values": STATE}, 4, 4),
            ({"prior_state": {"values": STATE}, "planned_values": {"root_module": {}}}, 4, 0),
            ({"format_version": "1.0"}, 0, 0),
        ],
        ids=["planned values", "a state", "a prior state", "an empty state"],
    )
    def test_other_documents_of_terraform_are_read_too(
        self, document: dict[str, Any], before: float, after: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "x"
        path.write_text(json.dumps(document))

        assert json.loads(run(capsys, str(path), "--json")[1])["monthly"] == {
            "before": before,
            "after": after,
            "diff": after - before,
        }

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    @pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
    def test_any_encoding_will_do(
        self, encoding: str, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path, data = tmp_path / "x", json.dumps(PLAN).encode(encoding)
        path.write_bytes(gzip.compress(data) if packed else data)

        assert json.loads(run(capsys, str(path), "--json")[1])["monthly"]["after"] == 16

    def test_a_dash_is_standard_input(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PLAN).encode())))

        assert run(capsys, "-")[0] == 0

    def test_a_region_can_be_given(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "x"
        path.write_text(json.dumps(plan(change("google_compute_disk", "d", {"type": "pd-ssd", "size": 100}))))

        assert json.loads(run(capsys, str(path), "--json")[1])["monthly"]["after"] == 17
        bill = json.loads(run(capsys, str(path), "--json", "--region", "africa-south1")[1])
        assert bill["monthly"]["after"] == pytest.approx(18.664)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "it is not JSON"),
            (b"Terraform will perform the following actions:", "it is not JSON"),
            (b'{"@level":"info"}\n{"@level":"info"}', "it is not JSON"),
            (b"\xff\xfe\x00", "it is not JSON"),
            (b"1" * 5000, "it is not JSON"),
            (b"[]", "it is JSON, but no plan"),
            (b"{}", "it is JSON, but neither a plan nor a state"),
            (b'{"resource_changes": 7}', "it is JSON, but neither a plan nor a state"),
            (b'{"lineage": "x", "serial": 3, "resources": []}', "it is a state file"),
            (b"PK\x03\x04rest", "it is a saved plan"),
            (b"\x1f\x8brest", "cannot be unpacked"),
            (b"[" * 100_000, "nested too deeply"),
        ],
        ids=["empty", "text", "lines", "binary", "digits", "list", "object", "number", "state", "zip", "gzip", "deep"],
    )
    def test_what_is_no_plan_is_refused_in_one_sentence(
        self, data: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "x"
        path.write_bytes(data)
        code, out, err = run(capsys, str(path))

        assert (code, out) == (2, "")
        assert reason in err
        assert err.startswith("Cannot estimate ")
        assert err.count("\n") == 1

    def test_so_are_a_missing_file_a_folder_and_a_region_of_nobody(
        self, tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "No such file" in run(capsys, str(tmp_path / "none"))[2]
        assert "directory" in run(capsys, str(tmp_path))[2]
        code, _, err = run(capsys, str(file), "--region", "moon-1")
        assert (code, err.partition(": ")[2]) == (2, "the price book knows no region 'moon-1'.\n")

    def test_a_packed_file_that_is_larger_than_any_plan_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("chatops.story.__main__._MOST_BYTES", 1000)
        path = tmp_path / "x"
        path.write_bytes(gzip.compress(b" " * 1001))

        assert "larger than any plan" in run(capsys, str(path))[2]


def test_it_runs_from_the_clone_and_minds_no_reader_that_leaves(file: Path) -> None:
    command = [sys.executable, "-m", "chatops.story", "estimate", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers" / "core" / "python"), "PYTHONIOENCODING": "ascii"}
    whole = subprocess.run(command, env=environment, capture_output=True, check=True)
    left = subprocess.run(["sh", "-c", '"$@" | true', "sh", *command], env=environment, capture_output=True, check=True)

    assert b"$16.00" in whole.stdout
    assert whole.stderr == left.stderr == b""
