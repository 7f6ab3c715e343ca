"""The builds' project: no source, no secrets, no privileges, and a buildspec that is short enough to read."""

import ast
import re
import subprocess
from functools import cache
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from chatops.domain.runs import CLAIM_SECONDS, PHASE_SECONDS, QUEUE_SECONDS
from tests.infrastructure.state_machine import builds, states
from tests.infrastructure.template import resource, resources

# Long enough for the claim, too short to hide a program in it.
MOST_BYTES = 2048
# On-demand machines take some tens of seconds; a large image on a bad day some minutes.
SLOWEST_MACHINE_SECONDS = 300


def project() -> dict[str, Any]:
    return resource("RunProject")


@cache
def buildspec() -> dict[str, Any]:
    return dict(yaml.safe_load(project()["Source"]["BuildSpec"]))


def script() -> str:
    (command,) = buildspec()["phases"]["build"]["commands"]
    return str(command)


def claim() -> str:
    found = re.search(r"<<'CLAIM'\n(.*?)^CLAIM$", script(), re.DOTALL | re.MULTILINE)
    assert found, "the claim's program stands between two lines CLAIM"
    return found[1]


def as_request(properties: Any) -> Any:
    """CloudFormation's names in the spelling of CodeBuild's API."""
    if isinstance(properties, list):
        return [as_request(each) for each in properties]
    if isinstance(properties, dict):
        return {_api_name(name): as_request(value) for name, value in properties.items()}
    return properties


def _api_name(name: str) -> str:
    return {"BuildSpec": "buildspec"}.get(name, name[0].lower() + name[1:])


def test_the_project_is_one_that_codebuild_takes() -> None:
    model = botocore.session.get_session().get_service_model("codebuild").operation_model("CreateProject")
    request = as_request(project()) | {"name": "runs"}
    assert model.input_shape is not None

    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(
    "path",
    [
        "artifacts.type",
        "environment.type",
        "environment.computeType",
        "source.type",
        "logsConfig.cloudWatchLogs.status",
    ],
)
def test_the_projects_words_are_codebuilds_words(path: str) -> None:
    model = botocore.session.get_session().get_service_model("codebuild").operation_model("CreateProject")
    shape: Any = model.input_shape
    value = as_request(project())
    for part in path.split("."):
        shape, value = shape.members[part], value[part]

    assert value in shape.enum


def test_there_is_one_project() -> None:
    assert list(resources("AWS::CodeBuild::Project")) == ["RunProject"]


def test_a_build_fetches_no_source_and_leaves_no_artefact() -> None:
    body = project()

    assert body["Source"]["Type"] == "NO_SOURCE"
    assert body["Artifacts"] == {"Type": "NO_ARTIFACTS"}
    assert not {"SecondarySources", "SecondaryArtifacts", "Triggers", "VpcConfig", "FileSystemLocations"} & body.keys()


def test_nothing_of_one_build_is_left_for_the_next() -> None:
    body = project()

    assert "Cache" not in body
    assert body["Environment"]["PrivilegedMode"] is False
    assert "Fleet" not in body["Environment"]


def test_a_build_is_told_where_to_claim_and_whom_to_run_as_and_no_secret() -> None:
    variables = {each["Name"]: each for each in project()["Environment"]["EnvironmentVariables"]}

    assert variables.keys() == {"CHATOPS_URL", "RUN_AS"}
    assert all(each.get("Type", "PLAINTEXT") == "PLAINTEXT" for each in variables.values())
    assert variables["CHATOPS_URL"]["Value"].startswith("https://${Api}.execute-api.")


def test_the_address_that_builds_call_has_no_path_of_its_own() -> None:
    assert '"/runs/claim"' in claim()
    assert not project()["Environment"]["EnvironmentVariables"][0]["Value"].endswith("/")


def test_a_build_ends_after_its_phase_and_its_claim_is_good_while_it_waits() -> None:
    body = project()

    assert body["TimeoutInMinutes"] * 60 > PHASE_SECONDS
    assert body["QueuedTimeoutInMinutes"] * 60 == QUEUE_SECONDS


def test_a_build_that_got_the_last_free_place_in_time_has_time_to_start_its_machine() -> None:
    assert CLAIM_SECONDS >= QUEUE_SECONDS + SLOWEST_MACHINE_SECONDS


@pytest.mark.parametrize("name", sorted(builds()))
def test_the_state_machine_waits_for_a_build_that_waited_and_then_took_its_full_time(name: str) -> None:
    longest = project()["TimeoutInMinutes"] * 60 + QUEUE_SECONDS

    assert states()[name]["TimeoutSeconds"] > longest


def test_a_builds_lines_go_to_the_group_that_the_tracker_reads() -> None:
    assert project()["LogsConfig"] == {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "${RunProjectLogs}"}}
    assert resource("RunProjectSubscription") == {
        "LogGroupName": "${RunProjectLogs}",
        "FilterPattern": "",
        "DestinationArn": "${TrackProgressFunction.Arn}",
    }


def test_the_buildspec_is_short_and_in_the_current_version() -> None:
    assert len(project()["Source"]["BuildSpec"].encode()) <= MOST_BYTES
    assert buildspec()["version"] == 0.2
    assert buildspec().keys() == {"version", "env", "phases"}
    assert buildspec()["env"] == {"shell": "bash"}
    assert buildspec()["phases"].keys() == {"build"}


def test_the_buildspecs_script_is_a_script() -> None:
    done = subprocess.run(["bash", "-n"], input=script(), capture_output=True, text=True, timeout=10, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert script().startswith("set -euo pipefail\numask 077\n")


def test_the_claims_program_is_python_of_the_standard_library_that_old_images_know() -> None:
    tree = ast.parse(claim(), feature_version=(3, 7))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert imported == {"io", "json", "os", "socket", "sys", "urllib.error", "urllib.request", "zipfile"}


def test_the_claim_token_is_gone_before_anything_of_the_bundle_runs() -> None:
    lines = script().splitlines()

    assert lines.index("unset CLAIM_TOKEN") < lines.index('python3 -I "$bundle/runner" "$bundle"')
    assert lines.index("unset CLAIM_TOKEN") > lines.index("CLAIM")


def test_what_was_claimed_is_removed_on_every_way_out() -> None:
    assert """trap 'rm -rf "$bundle"' EXIT""" in script()
