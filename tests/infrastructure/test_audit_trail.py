"""The optional trail: a valid template, which sees what an attacker tries and which nobody who is watched may write."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.template import ROOT, read

TRAIL = ROOT / "audit-trail.yaml"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return dict(read(TRAIL)["Resources"])


def test_the_template_is_valid() -> None:
    lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([str(lint), str(TRAIL)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_it_sees_objects_rows_invocations_and_everything_else(resources: dict[str, Any]) -> None:
    selectors = resources["AuditTrail"]["Properties"]["AdvancedEventSelectors"]
    fields = [{each["Field"]: each for each in selector["FieldSelectors"]} for selector in selectors]

    assert fields[0]["eventCategory"]["Equals"] == ["Management"]
    assert {each["resources.type"]["Equals"][0] for each in fields[1:]} == {
        "AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::Lambda::Function"
    }  # fmt: skip
    assert not any("readOnly" in each or "eventName" in each for each in fields), "reads are attempts, too"


def test_only_cloudtrail_writes_and_nothing_is_lost_with_the_stack(resources: dict[str, Any]) -> None:
    bucket = resources["TrailBucket"]
    statements = resources["TrailBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert bucket["DeletionPolicy"] == "Retain"
    assert {each["Principal"]["Service"] for each in statements if each["Effect"] == "Allow"} == {
        "cloudtrail.amazonaws.com"
    }
    assert resources["AuditTrail"]["Properties"]["EnableLogFileValidation"] is True
