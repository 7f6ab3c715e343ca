"""The state machine in Step Functions."""

import json
from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code
from chatops.errors import ConflictError


class StepFunctionsWorkflow:
    """`Workflow` over Step Functions; `client` is boto3's, `machine` the state machine's ARN."""

    def __init__(self, client: Any, machine: str) -> None:
        self._client = client
        self._machine = machine

    def start(self, name: str, run_id: str) -> None:
        """See Workflow."""
        with aws_call(f"starting execution {name!r}"):
            try:
                self._client.start_execution(
                    stateMachineArn=self._machine, name=name, input=json.dumps({"run_id": run_id})
                )
            except self._client.exceptions.ExecutionAlreadyExists:
                return

    def decide(self, task_token: str, decision: str) -> None:
        """See Workflow."""
        with aws_call("waking the waiting execution"):
            try:
                self._client.send_task_success(taskToken=task_token, output=json.dumps({"decision": decision}))
            except ClientError as exc:
                if error_code(exc) in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                    raise ConflictError("waking the waiting execution: it waits no more") from exc
                raise

    def status(self, name: str) -> str:
        """See Workflow."""
        with aws_call(f"asking about execution {name!r}"):
            try:
                return str(self._client.describe_execution(executionArn=self._execution(name))["status"])
            except self._client.exceptions.ExecutionDoesNotExist:
                return "MISSING"

    def stop(self, name: str, cause: str) -> None:
        """See Workflow."""
        with aws_call(f"stopping execution {name!r}"):
            try:
                self._client.stop_execution(
                    executionArn=self._execution(name), error="RunInterrupted", cause=cause[:32768]
                )
            except ClientError as exc:
                if error_code(exc) != "ExecutionDoesNotExist":
                    raise

    def _execution(self, name: str) -> str:
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"
