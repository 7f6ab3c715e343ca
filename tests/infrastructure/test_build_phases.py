"""What a build does before it has a log: which of CodeBuild's events reach the tracker, and what of them."""

import json
import re
from typing import Any

import pytest

from chatops.domain.progress import Step
from chatops.runs.build_events import BuildPhase, read_build_event
from tests.infrastructure.state_machine import builds, states
from tests.infrastructure.template import ROOT, resource, resources, role_statements, written

RUN = "0123456789abcdef"
TOKEN = "sample-claim-token"
VARIABLES = [
    {"name": "CHATOPS_URL", "type": "PLAINTEXT", "value": "https://example.invalid"},
    {"name": "RUN_ID", "type": "PLAINTEXT", "value": RUN},
    {"name": "CLAIM_TOKEN", "type": "PLAINTEXT", "value": TOKEN},
]


def event(**detail: Any) -> dict[str, Any]:
    """As CodeBuild sends it (AWS CodeBuild User Guide, "Build notifications input format reference"), shortened."""
    arn = "arn:aws:codebuild:eu-central-1:111122223333:build/${RunProject}:00000000-1111-4222-8333-444444444444"
    return {
        "version": "0",
        "id": "00000000-5555-4666-8777-888888888888",
        "detail-type": "CodeBuild Build Phase Change",
        "source": "aws.codebuild",
        "account": "111122223333",
        "time": "2026-01-01T00:00:01Z",
        "region": "eu-central-1",
        "resources": [arn],
        "detail": {
            "completed-phase": "SUBMITTED",
            "completed-phase-status": "SUCCEEDED",
            "completed-phase-context": "[]",
            "completed-phase-duration-seconds": 0,
            "completed-phase-start": "Jan 1, 2026 12:00:00 AM",
            "completed-phase-end": "Jan 1, 2026 12:00:01 AM",
            "project-name": "${RunProject}",
            "build-id": arn,
            "version": "1",
            "additional-information": {
                "build-complete": False,
                "initiator": "states/sample",
                "environment": {
                    "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                    "privileged-mode": False,
                    "type": "LINUX_CONTAINER",
                    "environment-variables": VARIABLES,
                },
                "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
                "phases": [{"phase-type": "SUBMITTED", "phase-status": "SUCCEEDED"}, {"phase-type": "QUEUED"}],
            },
        }
        | detail,
    }


def rule() -> dict[str, Any]:
    return resource("BuildPhasesRule")


def target() -> dict[str, Any]:
    (only,) = rule()["Targets"]
    return dict(only)


def matches(pattern: Any, value: Any) -> bool:
    """EventBridge's rule for patterns of exact values: every field that is named has one of its values."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(each, value.get(name)) for name, each in pattern.items())
    return value in [source() if each == "${BuildEventSource}" else each for each in pattern]


def source() -> str:
    return str(written()["Parameters"]["BuildEventSource"]["Default"])


def transformed(sent: Any) -> Any:
    """What the target gets: EventBridge puts the JSON that a path leads to where its name stands in brackets."""
    transformer = target()["InputTransformer"]
    text = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        found = sent
        for part in path.removeprefix("$.").split("."):
            found = found[part]
        text = text.replace(f"<{name}>", json.dumps(found))
    return json.loads(text)


@pytest.mark.parametrize(
    ("completed", "step"),
    [("SUBMITTED", Step.QUEUED), ("QUEUED", Step.PROVISIONING), ("PROVISIONING", Step.BOOTING)],
)
def test_what_codebuild_tells_of_a_build_reaches_the_tracker(completed: str, step: Step) -> None:
    sent = event(**{"completed-phase": completed})

    assert matches(rule()["EventPattern"], sent)
    assert read_build_event(transformed(sent)) == BuildPhase(RUN, step)


@pytest.mark.parametrize(
    "detail",
    [
        {"completed-phase": "BUILD"},
        {"completed-phase": "COMPLETED"},
        {"completed-phase-status": "TIMED_OUT"},
        {"completed-phase-status": "FAULT"},
        {"project-name": "another"},
    ],
    ids=lambda detail: "-".join(detail.values()),
)
def test_what_is_no_step_of_our_builds_wakes_nobody(detail: dict[str, str]) -> None:
    assert not matches(rule()["EventPattern"], event(**detail))


@pytest.mark.parametrize("changed", [{"source": "custom.codebuild"}, {"detail-type": "CodeBuild Build State Change"}])
def test_nobody_but_codebuild_is_believed(changed: dict[str, str]) -> None:
    """EventBridge lets nobody but AWS itself send under a name that begins with `aws.`."""
    assert source().startswith("aws.")
    assert not matches(rule()["EventPattern"], event() | changed)


def test_of_an_event_only_the_phase_and_the_variables_travel_on() -> None:
    assert transformed(event()) == {"build": {"completed": "SUBMITTED", "variables": VARIABLES}}


def test_every_placeholder_has_its_path() -> None:
    transformer = target()["InputTransformer"]

    assert set(re.findall(r"<(\w+)>", transformer["InputTemplate"])) == transformer["InputPathsMap"].keys()


def test_a_build_is_started_with_the_variable_that_names_its_run() -> None:
    for name in builds():
        given = {each["Name"] for each in states()[name]["Arguments"]["EnvironmentVariablesOverride"]}
        assert {each["name"] for each in VARIABLES} == given | {"CHATOPS_URL"}


def test_an_event_that_is_too_late_is_dropped_and_the_rule_keeps_no_claim_token() -> None:
    assert target()["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
    assert target()["RetryPolicy"]["MaximumRetryAttempts"] <= 2
    assert "DeadLetterConfig" not in target()


def test_the_rule_and_nothing_else_on_the_bus_may_call_the_tracker() -> None:
    assert target()["Arn"] == "${TrackProgressFunction.Arn}"
    assert resource("BuildPhasesPermission") == {
        "FunctionName": "${TrackProgressFunction}",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": "${BuildPhasesRule.Arn}",
    }


def test_nobody_in_the_stack_may_send_events() -> None:
    roles = resources("AWS::IAM::Role")

    assert not [role for role in roles for each in role_statements(role) if "events:PutEvents" in each["Action"]]


def test_the_sample_is_what_the_rule_passes_on() -> None:
    sample = json.loads((ROOT / "events/track-progress-phase.json").read_text())

    assert sample.keys() == transformed(event()).keys()
    assert sample["build"].keys() == transformed(event())["build"].keys()
    assert read_build_event(sample)
