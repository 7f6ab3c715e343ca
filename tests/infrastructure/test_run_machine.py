"""The state machine, without running it: whatever happens a run is reported, and nothing secret passes through."""

import json
import re
from typing import Any

import pytest

from chatops.domain.runs import APPROVAL_SECONDS, GRACE_SECONDS, Phase, Status
from chatops.errors import OutsideError, TryLater
from chatops.runs.report import WAIT_SECONDS, BuildStillRunning
from chatops.runs.track import LONGEST_WAIT_SECONDS
from tests.infrastructure.state_machine import (
    DEFINITION,
    builds,
    edges,
    expressions,
    function_of,
    is_last,
    known_at,
    machine,
    states,
    tasks,
    texts,
    variables,
)
from tests.infrastructure.template import ROOT, functions, resource, resources, written

REPORTS = tasks(calling="ReportRunFunction")
PAYLOADS = {name: state["Arguments"]["Payload"] for name, state in tasks().items() if "Payload" in state["Arguments"]}
# What may stand in a payload: ids, tokens, and words of ours.
CARRIED = {
    "run_id": {"{% $runId %}", "{% $states.input.run_id %}"},
    "phase": {"{% $phase %}", *Phase},
    "task_token": {"{% $states.context.Task.Token %}"},
    "outcome": {"{% $outcome %}", *Status},
    "cause": {"{% $told %}", ""},
}
JSON_PATH = {"InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "Variable"}
SERVICE_ERRORS = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
# A function that was killed, ran out of memory or took too long: every one of them may be called again
# (tests/unit/runs/test_crashed_functions.py).
CRASHES = {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"}
SAMPLES = {
    "StartPhaseFunction": "start-phase.json",
    "AdviseFunction": "advise.json",
    "RequestApprovalFunction": "request-approval.json",
    "ReportRunFunction": "report-run.json",
}

each_state = pytest.mark.parametrize("name", sorted(states()))
each_task = pytest.mark.parametrize("name", sorted(tasks()))
each_build = pytest.mark.parametrize("name", sorted(builds()))


def names_in(value: Any) -> set[str]:
    """Every name in a value, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_the_machine_speaks_one_language_jsonata() -> None:
    assert machine()["QueryLanguage"] == "JSONata"
    assert not names_in(machine()["States"]) & (JSON_PATH | {"QueryLanguage"})
    assert not [name for name in names_in(machine()) if name.endswith(".$")]
    assert not [text for text in texts(machine()) if text.startswith("$.") or "States." in text.partition("{%")[2]]


def test_every_expression_is_a_whole_value() -> None:
    assert list(expressions(machine()))
    for text in texts(machine()):
        assert text.count("{%") == text.count("%}") == (1 if re.fullmatch(r"\{%.*%\}", text, re.DOTALL) else 0), text


@each_state
def test_a_state_says_what_it_is_for(name: str) -> None:
    state = states()[name]
    ways = [*state.get("Choices", []), *state.get("Catch", [])]

    assert all(each["Comment"].endswith((".", "!")) for each in (state, *ways))
    assert " " in name, "a state's name can be read aloud"


def test_the_machine_says_what_it_is_for() -> None:
    assert machine()["Comment"]


@each_task
def test_no_task_waits_for_ever(name: str) -> None:
    assert 0 < states()[name]["TimeoutSeconds"] < machine()["TimeoutSeconds"]


@each_task
def test_whatever_goes_wrong_in_a_task_is_reported(name: str) -> None:
    state = states()[name]
    if name in REPORTS:
        # A report that fails fails the execution, which the rule on ended executions reports again.
        assert "Catch" not in state
        return
    last = state["Catch"][-1]

    assert last["ErrorEquals"] == ["States.ALL"]
    assert all(way["Next"] in REPORTS for way in state["Catch"])


def test_every_state_can_be_reached() -> None:
    reached, waiting = set(), [machine()["StartAt"]]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += [edge.target for edge in edges() if edge.source == name and edge.target not in reached]

    assert reached == set(states())


def test_every_next_state_exists() -> None:
    assert {edge.target for edge in edges()} | {machine()["StartAt"]} <= set(states())


def test_every_path_ends_after_a_report() -> None:
    ends = {name for name, state in states().items() if is_last(state)}

    assert ends
    for end in ends - REPORTS.keys():
        assert states()[end]["Type"] == "Fail"
        assert {edge.source for edge in edges() if edge.target == end} <= REPORTS.keys()
    leading_on = {edge.source for edge in edges()}
    assert {name for name in states() if name not in leading_on} == ends


def test_nothing_but_the_end_follows_a_report() -> None:
    assert all(is_last(states()[edge.target]) for edge in edges() if edge.source in REPORTS)


def test_no_state_comes_round_again() -> None:
    assert _longest(machine()["StartAt"], ()) > 0


def test_the_machine_outlives_its_longest_path() -> None:
    assert machine()["TimeoutSeconds"] > _longest(machine()["StartAt"], ())


OWN_ERRORS = {OutsideError.__name__, TryLater.__name__}  # AWS or Discord did not do their part, or asks to wait


@each_task
def test_only_errors_with_a_name_are_tried_again(name: str) -> None:
    retried = {error for rule in states()[name].get("Retry", []) for error in rule["ErrorEquals"]}

    assert retried <= SERVICE_ERRORS | CRASHES | OWN_ERRORS | (
        {BuildStillRunning.__name__} if name in REPORTS else set()
    )
    for rule in states()[name].get("Retry", []):
        assert rule["MaxAttempts"] <= 30
        assert rule["IntervalSeconds"] >= 1


@each_task
def test_who_is_asked_to_wait_waits(name: str) -> None:
    """Step Functions knows no subclasses: each error that may be tried again is named."""
    rules = {error: rule for rule in states()[name].get("Retry", []) for error in rule["ErrorEquals"]}

    assert (OutsideError.__name__ in rules) is (TryLater.__name__ in rules) is bool(function_of(states()[name]))
    if rule := rules.get(TryLater.__name__):
        waits = [rule["IntervalSeconds"] * rule["BackoffRate"] ** number for number in range(rule["MaxAttempts"])]
        assert sum(waits) > 2 * LONGEST_WAIT_SECONDS


@each_task
def test_a_function_that_aws_could_not_call_or_that_crashed_is_called_again(name: str) -> None:
    retried = {error for rule in states()[name].get("Retry", []) for error in rule["ErrorEquals"]}

    assert not function_of(states()[name]) or retried >= SERVICE_ERRORS | CRASHES


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_waits_longer_than_a_build_may_take_to_stop(name: str) -> None:
    (rule,) = [each for each in states()[name]["Retry"] if each["ErrorEquals"] == [BuildStillRunning.__name__]]

    assert rule["BackoffRate"] == 1
    assert rule["MaxAttempts"] * (rule["IntervalSeconds"] + WAIT_SECONDS) > GRACE_SECONDS + 60


@each_build
def test_a_build_is_never_started_twice(name: str) -> None:
    assert "Retry" not in states()[name]
    assert len([edge for edge in edges() if edge.target == name]) == 1


def test_there_is_a_build_that_plans_and_one_that_applies() -> None:
    assert sorted(builds()) == ["Apply the plan", "Plan the change"]


@each_build
def test_a_build_gets_the_runs_id_and_its_claim_token_and_nothing_else(name: str) -> None:
    arguments = builds()[name]["Arguments"]

    assert arguments.keys() == {"ProjectName", "EnvironmentVariablesOverride"}
    assert [(each["Name"], each["Type"], each["Value"]) for each in arguments["EnvironmentVariablesOverride"]] == [
        ("RUN_ID", "PLAINTEXT", "{% $runId %}"),
        ("CLAIM_TOKEN", "PLAINTEXT", "{% $claimToken %}"),
    ]


@each_build
def test_a_build_is_waited_for_until_codebuild_would_end_it(name: str) -> None:
    project = resource("RunProject")

    assert builds()[name]["TimeoutSeconds"] > 60 * (project["TimeoutInMinutes"] + project["QueuedTimeoutInMinutes"])


@each_build
def test_a_spent_claim_token_is_forgotten(name: str) -> None:
    assert builds()[name]["Assign"] == {"claimToken": "spent"}
    assert builds()[name]["Output"] == {}


def test_only_an_approved_plan_is_applied() -> None:
    choice = states()["Was the plan approved?"]

    assert [rule["Condition"] for rule in choice["Choices"]] == ["{% $decision = 'approve' %}"]
    assert choice["Default"] in REPORTS
    assert [edge.source for edge in edges() if edge.target == "Let a build claim the final phase"] == [
        "Was the plan approved?"
    ]


def test_nobody_is_asked_about_a_plan_that_the_budget_forbids_and_nothing_of_it_is_applied() -> None:
    choice = states()["Does the budget allow it?"]

    (rule,) = choice["Choices"]
    assert rule["Condition"] == "{% $blocked %}"
    assert PAYLOADS[rule["Next"]]["outcome"] == Status.OVER_BUDGET
    assert choice["Default"] == "Wait for approval"
    assert [edge.source for edge in edges() if edge.target == "Wait for approval"] == ["Does the budget allow it?"]
    assert states()["Explain the plan"]["Assign"].keys() == {"changes", "blocked"}


def test_a_person_has_as_long_as_the_message_says() -> None:
    state = states()["Wait for approval"]

    assert state["TimeoutSeconds"] == APPROVAL_SECONDS
    assert state["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_a_function_gets_ids_tokens_and_words_of_ours_only(name: str) -> None:
    for key, value in PAYLOADS[name].items():
        assert value in CARRIED[key]


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_a_sample_event_has_the_shape_of_what_the_machine_sends(name: str) -> None:
    sample = json.loads((ROOT / "events" / SAMPLES[function_of(states()[name])]).read_text())

    assert sample.keys() == PAYLOADS[name].keys()


def test_the_input_is_the_runs_id_and_nothing_else() -> None:
    read = {path for text in expressions(machine()) for path in re.findall(r"\$states\.input[\w.]*", text)}

    assert read == {"$states.input.run_id"}


def test_every_outcome_that_is_assigned_is_a_status() -> None:
    assigned = {
        way["Assign"]["outcome"]
        for state in states().values()
        for way in state.get("Catch", [])
        if "outcome" in way.get("Assign", {})
    }

    assert assigned <= set(Status)
    assert all(Status(word).ended for word in assigned)


def test_a_variable_is_assigned_on_every_path_to_its_use() -> None:
    known = known_at()
    missing = {name: used for name, state in states().items() if (used := variables(state) - known[name])}

    assert missing == {}


def test_variables_are_read_that_are_assigned() -> None:
    assigned = {name for edge in edges() for name in edge.assigned}

    assert {name for state in states().values() for name in variables(state)} == assigned


def test_no_state_passes_its_result_on() -> None:
    assert all(state["Output"] == {} for state in tasks().values())


def test_the_template_fills_exactly_the_names_in_the_definition() -> None:
    names = set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text()))

    assert names == set(resource("RunStateMachine")["DefinitionSubstitutions"])


def test_builds_run_in_codebuild_unless_a_parameter_says_otherwise() -> None:
    parameter = written()["Parameters"]["RunPhaseResource"]

    assert parameter["Default"] == "arn:aws:states:::codebuild:startBuild.sync"
    assert {state["Resource"] for state in builds().values()} == {"${RunPhaseResource}"}


@each_task
def test_a_state_waits_longer_than_its_function_may_take(name: str) -> None:
    called = function_of(states()[name]).removesuffix("Function")

    assert not called or states()[name]["TimeoutSeconds"] > functions()[called]["Timeout"]


def test_the_machine_is_traced_and_logged_without_the_tokens_that_pass_through_it() -> None:
    body = resource("RunStateMachine")

    assert body["StateMachineType"] == "STANDARD"
    assert body["TracingConfiguration"] == {"Enabled": True}
    assert (body["LoggingConfiguration"]["Level"], body["LoggingConfiguration"]["IncludeExecutionData"]) == (
        "ALL",
        False,
    )
    assert body["RoleArn"] == "${RunStateMachineRole.Arn}"


def test_an_execution_that_ended_without_reporting_is_reported() -> None:
    rule = resource("EndedExecutionsRule")

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": ["${RunStateMachine}"], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == "${ReportRunFunction.Arn}"
    assert target["DeadLetterConfig"] == {"Arn": "${ReportDeadLetters.Arn}"}
    (permission,) = [
        each
        for each in resources("AWS::Lambda::Permission").values()
        if each["SourceArn"] == "${EndedExecutionsRule.Arn}"
    ]
    assert permission["FunctionName"] == "${ReportRunFunction}"


def test_the_watchdog_looks_every_minute() -> None:
    rule = resource("SweepSchedule")

    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule.get("State", "ENABLED") == "ENABLED"
    assert [target["Arn"] for target in rule["Targets"]] == ["${SweepFunction.Arn}"]


def test_once_a_day_the_guilds_are_asked_about() -> None:
    rule = resource("ForgetGuildsSchedule")

    assert rule["ScheduleExpression"] == "rate(1 day)"
    assert [target["Arn"] for target in rule["Targets"]] == ["${ForgetGuildsFunction.Arn}"]


def _longest(name: str, behind: tuple[str, ...]) -> int:
    """The time-outs of the slowest path from a state on."""
    assert name not in behind, "the machine has a loop"
    onward = [_longest(edge.target, (*behind, name)) for edge in edges() if edge.source == name]
    return int(states()[name].get("TimeoutSeconds", 0)) + max(onward, default=0)
