"""Step Functions, CodeBuild, S3 and Lambda, each against botocore's own model of the service."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from chatops.adapters.artefacts import MOST_BYTES, S3Artefacts
from chatops.adapters.builds import CodeBuildBuilds
from chatops.adapters.functions import AsyncFunction
from chatops.adapters.secrets import SecretsManager
from chatops.adapters.workflow import StepFunctionsWorkflow
from chatops.errors import ConflictError, OutsideError

MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:run"
EXECUTION = "arn:aws:states:us-east-1:111111111111:execution:run:i-1"

_make_client: Callable[..., Any] = boto3.client


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    client = _make_client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", endpoint_url="http://0"
    )
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()
    client.close()


@pytest.fixture
def states() -> Iterator[tuple[StepFunctionsWorkflow, Stubber]]:
    for client, stub in stubbed("stepfunctions"):
        yield StepFunctionsWorkflow(client, MACHINE), stub


@pytest.fixture
def codebuild() -> Iterator[tuple[CodeBuildBuilds, Stubber]]:
    for client, stub in stubbed("codebuild"):
        yield CodeBuildBuilds(client), stub


@pytest.fixture
def bucket() -> Iterator[tuple[S3Artefacts, Stubber]]:
    for client, stub in stubbed("s3"):
        yield S3Artefacts(client, "runs"), stub


def body(data: bytes, length: int | None = None) -> dict[str, Any]:
    return {
        "Body": StreamingBody(io.BytesIO(data), len(data)),
        "ContentLength": len(data) if length is None else length,
    }


class TestWorkflow:
    def test_an_execution_is_named_and_gets_the_runs_id_and_nothing_else(self, states: Any) -> None:
        workflow, stub = states
        expected = {"stateMachineArn": MACHINE, "name": "i-1", "input": '{"run_id": "aaaa"}'}
        stub.add_response("start_execution", {"executionArn": EXECUTION, "startDate": 0}, expected)

        workflow.start("i-1", "aaaa")

    def test_a_second_start_under_one_name_is_the_first(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("start_execution", "ExecutionAlreadyExists")

        workflow.start("i-1", "aaaa")

    def test_another_failure_to_start_names_the_execution_and_the_code(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("start_execution", "ThrottlingException")

        with pytest.raises(OutsideError, match=r"'i-1'.*ThrottlingException"):
            workflow.start("i-1", "aaaa")

    def test_a_decision_wakes_who_waits(self, states: Any) -> None:
        workflow, stub = states
        stub.add_response("send_task_success", {}, {"taskToken": "t", "output": '{"decision": "approve"}'})

        workflow.decide("t", "approve")

    @pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
    def test_who_waits_no_more_is_a_conflict(self, states: Any, code: str) -> None:
        workflow, stub = states
        stub.add_client_error("send_task_success", code)

        with pytest.raises(ConflictError):
            workflow.decide("secret-task-token", "approve")

    def test_another_failure_to_wake_does_not_show_the_token(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("send_task_success", "AccessDeniedException", "secret-task-token")

        with pytest.raises(OutsideError) as error:
            workflow.decide("secret-task-token", "approve")
        assert "secret-task-token" not in str(error.value)

    @pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
    def test_an_executions_status_is_told(self, states: Any, status: str) -> None:
        workflow, stub = states
        found = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": status, "startDate": 0}
        stub.add_response("describe_execution", found, {"executionArn": EXECUTION})

        assert workflow.status("i-1") == status

    def test_an_execution_that_never_was_is_missing(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist")

        assert workflow.status("i-1") == "MISSING"

    def test_not_being_told_is_not_missing(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("describe_execution", "AccessDeniedException")

        with pytest.raises(OutsideError):
            workflow.status("i-1")

    def test_a_stop_tells_its_cause_within_the_limit(self, states: Any) -> None:
        workflow, stub = states
        expected = {"executionArn": EXECUTION, "error": "RunInterrupted", "cause": "x" * 32768}
        stub.add_response("stop_execution", {"stopDate": 0}, expected)

        workflow.stop("i-1", "x" * 40_000)

    def test_stopping_what_never_was_is_done(self, states: Any) -> None:
        workflow, stub = states
        stub.add_client_error("stop_execution", "ExecutionDoesNotExist")

        workflow.stop("i-1", "cause")


class TestBuilds:
    @pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCEEDED", "FAILED", "STOPPED", "FAULT", "TIMED_OUT"])
    def test_a_builds_status_is_told(self, codebuild: Any, status: str) -> None:
        builds, stub = codebuild
        stub.add_response("batch_get_builds", {"builds": [{"buildStatus": status}]}, {"ids": ["p:1"]})

        assert builds.status("p:1") == status

    def test_an_unknown_build_is_none(self, codebuild: Any) -> None:
        builds, stub = codebuild
        stub.add_response("batch_get_builds", {"builds": [], "buildsNotFound": ["p:1"]})

        assert builds.status("p:1") is None

    def test_not_being_told_is_not_unknown(self, codebuild: Any) -> None:
        builds, stub = codebuild
        stub.add_client_error("batch_get_builds", "ThrottlingException")

        with pytest.raises(OutsideError, match="ThrottlingException"):
            builds.status("p:1")

    def test_a_build_is_asked_to_end(self, codebuild: Any) -> None:
        builds, stub = codebuild
        stub.add_response("stop_build", {}, {"id": "p:1"})

        builds.stop("p:1")


class TestArtefacts:
    def test_an_object_is_read(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_response("get_object", body(b"plan"), {"Bucket": "runs", "Key": "k"})

        assert artefacts.get("k") == b"plan"

    @pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied", "404"])
    def test_what_is_not_there_is_none(self, bucket: Any, code: str) -> None:
        artefacts, stub = bucket
        stub.add_client_error("get_object", code)

        assert artefacts.get("k") is None

    def test_what_is_too_large_to_be_ours_is_not_read(self, bucket: Any) -> None:
        artefacts, stub = bucket
        huge = body(b"", MOST_BYTES + 1)
        stub.add_response("get_object", huge)

        assert artefacts.get("k") is None

    def test_an_empty_object_is_none(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_response("get_object", body(b""))

        assert artefacts.get("k") is None

    def test_a_failure_to_read_names_the_key_and_the_code(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_client_error("get_object", "SlowDown")

        with pytest.raises(OutsideError, match=r"'k'.*SlowDown"):
            artefacts.get("k")

    def test_an_object_is_looked_for_without_being_read(self, bucket: Any) -> None:
        artefacts, stub = bucket
        asked = {"Bucket": "runs", "Prefix": "k", "MaxKeys": 1}
        stub.add_response("list_objects_v2", {"Contents": [{"Key": "k", "Size": 0}]}, asked)

        assert artefacts.exists("k") is True

    @pytest.mark.parametrize("found", [{}, {"Contents": [{"Key": "k-of-another"}]}], ids=["nothing", "a longer name"])
    def test_what_is_not_there_does_not_exist(self, bucket: Any, found: dict[str, Any]) -> None:
        artefacts, stub = bucket
        stub.add_response("list_objects_v2", found)

        assert artefacts.exists("k") is False

    def test_what_one_may_not_see_is_not_missing(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)

        with pytest.raises(OutsideError, match=r"'k'.*AccessDenied"):
            artefacts.exists("k")

    def test_a_failure_to_look_names_the_key_and_the_code(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_client_error("list_objects_v2", "SlowDown")

        with pytest.raises(OutsideError, match=r"'k'.*SlowDown"):
            artefacts.exists("k")

    def test_an_administrator_finds_an_object_by_its_address(self, bucket: Any) -> None:
        assert bucket[0].where("runs/1/k") == "s3://runs/runs/1/k"

    def test_an_object_is_written_and_removed(self, bucket: Any) -> None:
        artefacts, stub = bucket
        stub.add_response("put_object", {}, {"Bucket": "runs", "Key": "k", "Body": b"x"})
        stub.add_response("delete_object", {}, {"Bucket": "runs", "Key": "k"})

        artefacts.put("k", b"x")
        artefacts.delete("k")

    @pytest.mark.parametrize("operation", ["put_object", "delete_object"])
    def test_a_failure_to_change_is_ours(self, bucket: Any, operation: str) -> None:
        artefacts, stub = bucket
        stub.add_client_error(operation, "AccessDenied")

        with pytest.raises(OutsideError, match="AccessDenied"):
            artefacts.put("k", b"x") if operation == "put_object" else artefacts.delete("k")


def test_a_function_is_invoked_without_waiting() -> None:
    for client, stub in stubbed("lambda"):
        expected = {"FunctionName": "commands", "InvocationType": "Event", "Payload": json.dumps({"a": 1}).encode()}
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        AsyncFunction(client, "commands")({"a": 1})


def test_a_function_that_takes_nothing_is_an_error_without_the_payload() -> None:
    for client, stub in stubbed("lambda"):
        stub.add_client_error("invoke", "TooManyRequestsException")
        with pytest.raises(OutsideError, match="TooManyRequests") as error:
            AsyncFunction(client, "commands")({"token": "secret"})
        assert "secret" not in str(error.value)


def test_a_secret_is_asked_for_once_and_an_unknown_one_is_none() -> None:
    for client, stub in stubbed("secretsmanager"):
        stub.add_response("get_secret_value", {"SecretString": " s \n"}, {"SecretId": "a"})
        stub.add_client_error("get_secret_value", "ResourceNotFoundException")
        secrets = SecretsManager(client)

        assert [secrets.get("a"), secrets.get("a"), secrets.get("b")] == ["s", "s", None]


def test_a_network_that_is_away_is_an_outside_error() -> None:
    class Away:
        def batch_get_builds(self, ids: list[str]) -> None:
            raise EndpointConnectionError(endpoint_url="https://codebuild")

    with pytest.raises(OutsideError, match="EndpointConnectionError"):
        CodeBuildBuilds(Away()).status("p:1")
