"""A build without a tool: does in a second, over the same addresses, what the runner does around Terraform.

It claims its bundle, beats, opens, locks and writes the deployment's state, uploads the files of a phase, prints log
lines, and ends. So everything around a build is real: the functions, their roles, the tables, the state machine.
"""

import gzip
import hashlib
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox import builds, phases

BEAT_SECONDS = 0.7
MOST_SECONDS = 60.0
FREE, PAID = "terraform_data", "aws_instance"
"""What a plan makes: without credentials what costs nothing, with those of AWS a machine."""


@dataclass(frozen=True)
class Manner:
    """How the builds of a deployment behave; phases are named `plan`, `apply`, `destroy`, or `` for none.

    `waits` goes on until it is told to stop, or `go_on` says so; `deaf` does its work in spite of that. `dies` ends
    without a word, as a lost host does. `unsaved` leaves a state that could not be saved. `moment` hears of every
    phase's begin: (phase, run id).
    """

    waits: str = ""
    fails: str = ""
    dies: str = ""
    deaf: bool = False
    unsaved: bool = False
    seconds: float = 0.0
    go_on: threading.Event | None = None
    moment: Callable[[str, str], None] = lambda phase, run_id: None


class Stopped(Exception):
    """The control plane wants the build to end."""


class FastRunner:
    """Stands in for `CodeBuild.run_build`. `client` makes a client as our account's root, `endpoint` is the AWS API."""

    def __init__(self, client: Callable[[str], Any], endpoint: str) -> None:
        self._logs, self._states, self._events = client("logs"), client("stepfunctions"), client("events")
        self._projects = client("codebuild")
        self._endpoint = endpoint
        self.manners: dict[str, Manner] = {}
        self.bundles: list[tuple[str, str, str]] = []
        """What was handed over: (guild id, deployment, run id) of each bundle."""

    def __call__(self, environment: Mapping[str, str]) -> bool:
        """Run a build to its end; False if it died."""
        task = json.loads(environment["SANDBOX_TASK"])
        arguments = task["arguments"]
        record = builds.begun(task["build_id"], arguments["ProjectName"])
        project = self._projects.batch_get_projects(names=[record.project])["projects"][0]
        variables = phases.given_to(project, arguments)
        phases.tell(self._events, record.id, variables, "PROVISIONING")
        given = {each["name"]: each["value"] for each in variables}
        build = _Build(self, record.id, environment["BUILD_CHATOPS_URL"], environment["SANDBOX_LOG_GROUP"])
        status = build.run(given["RUN_ID"], given["CLAIM_TOKEN"])
        record = replace(record, status=status)
        builds.save(record)
        if status != "FAULT":
            self._tell(task["token"], record)
        return status != "FAULT"

    def lines(self, group: str, build_id: str, lines: Sequence[str]) -> None:
        """Write log lines, as the build's own role would."""
        stream = build_id.partition(":")[2]
        with suppress(ClientError, BotoCoreError):  # there is one already
            self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        with suppress(ClientError, BotoCoreError):  # the emulator may be gone already
            self._logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def states_bucket(self, credentials: Mapping[str, str]) -> Any:
        """S3 with what the bundle lends for the state."""
        make: Callable[..., Any] = boto3.client
        return make(
            "s3",
            endpoint_url=self._endpoint,
            region_name="us-east-1",
            aws_access_key_id=credentials["access_key_id"],
            aws_secret_access_key=credentials["secret_access_key"],
            aws_session_token=credentials["session_token"],
            config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def _tell(self, token: str, record: builds.BuildRecord) -> None:
        described = json.dumps({"Build": record.described()}, default=str)
        with suppress(ClientError, BotoCoreError):  # the execution may have ended meanwhile
            if record.status == "SUCCEEDED":
                self._states.send_task_success(taskToken=token, output=described)
            else:
                self._states.send_task_failure(taskToken=token, error="States.TaskFailed", cause=described)


class _Build:
    def __init__(self, runner: FastRunner, build_id: str, url: str, group: str) -> None:
        self._runner, self._id, self._url, self._group = runner, build_id, url, group
        self._http = requests.Session()
        self._http.trust_env = False
        self._bundle: dict[str, Any] = {}
        self._printed: list[str] = []

    def run(self, run_id: str, claim_token: str) -> str:
        """The build's status at its end."""
        claim = {"run_id": run_id, "claim_token": claim_token, "build_id": self._id, "host": os.uname().nodename}
        try:
            answer = self._http.post(f"{self._url}/runs/claim", json=claim, timeout=60)
        except requests.RequestException:  # its function was made to start anew
            return "FAILED"
        if answer.status_code != 200:
            return "FAILED"
        self._bundle = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("bundle.json"))
        phase, manner = self._bundle["phase"], self._manner()
        try:
            if manner.dies == phase:
                return "FAULT"
            self._begin(manner)
            with self._state() as state:
                self._work(state, manner)
        except Stopped:
            return self._ended("cancelled", 2)
        except (requests.RequestException, ClientError, ValueError) as error:
            self._say(f"chatops: {type(error).__name__}")
            return self._ended("failed", 1)
        return self._ended("failed", 1) if manner.fails == phase else self._ended("succeeded", 0)

    def _manner(self) -> Manner:
        variables = self._bundle["variables"]
        known = (variables["guild_id"], variables["deployment"], self._bundle["run_id"])
        self._runner.bundles.append(known)
        return self._runner.manners.get(variables["deployment"], Manner())

    def _begin(self, manner: Manner) -> None:
        phase, run_id = self._bundle["phase"], self._bundle["run_id"]
        if self._bundle["blocked"]:
            raise ValueError(self._bundle["blocked"])
        self._say(f"chatops: {phase} phase of run {run_id}", f"chatops: step {'plan' if phase == 'plan' else 'apply'}")
        manner.moment(phase, run_id)
        if manner.waits == phase != "plan":
            self._say(_line("apply_start", self._addresses()[0], self._hook(self._addresses()[0])))
        until = time.monotonic() + MOST_SECONDS
        while manner.waits == phase and time.monotonic() < until and not (manner.go_on and manner.go_on.is_set()):
            self._beat(manner)
            self._say("chatops: still at work")  # so that the tracker has something to show
            time.sleep(BEAT_SECONDS)
        time.sleep(manner.seconds)
        self._beat(manner)

    def _beat(self, manner: Manner) -> None:
        body = {"run_id": self._bundle["run_id"], "token": self._bundle["heartbeat"]["token"]}
        answer = self._http.post(f"{self._url}/runs/heartbeat", json=body, timeout=30)
        stop = answer.status_code in (403, 404, 409) or (answer.ok and answer.json()["cancel"])
        if stop and not manner.deaf:
            raise Stopped

    def _state(self) -> "_State":
        return _State(self._runner.states_bucket(self._bundle["state_credentials"]), self._bundle["backend"])

    def _work(self, state: "_State", manner: Manner) -> None:
        if self._bundle["phase"] == "plan":
            if "errored_state" in self._bundle["downloads"]:
                state.write(self._get("errored_state"))
            return self._plan()
        if hashlib.sha256(self._get("plan")).hexdigest() != self._bundle["plan_sha256"]:
            raise ValueError("not the approved plan")
        for address in self._addresses():
            for kind in ("apply_start", "apply_errored" if manner.fails else "apply_complete"):
                self._say(_line(kind, address, self._hook(address)))
        if manner.unsaved:
            return self._put("errored_state", b"{}")
        state.write(json.dumps({"run": self._bundle["run_id"]}).encode())
        return self._put("outputs", json.dumps({"steps": {"value": len(self._addresses())}}).encode())

    def _plan(self) -> None:
        action = "delete" if self._bundle["destroy"] else "create"
        paid = self._bundle["credentials"]["provider"] == "aws"
        kind, there = (PAID, {"instance_type": "t3.micro"}) if paid else (FREE, {"input": "step"})
        changes = [
            {"address": each, "mode": "managed", "type": kind, "name": "step", "change": _change(action, there)}
            for each in self._addresses()
        ]
        document = {"format_version": "1.2", "terraform_version": "1.10.6", "resource_changes": changes}
        self._put("plan", f"the plan of {self._bundle['run_id']}".encode())
        self._put("plan_json", json.dumps(document).encode())
        self._put("lock_file", b"# no providers\n")

    def _addresses(self) -> list[str]:
        kind = PAID if self._bundle["credentials"]["provider"] == "aws" else FREE
        return [f"{kind}.step[{number}]" for number in range(int(self._bundle["variables"].get("steps", 2)))]

    def _hook(self, address: str) -> dict[str, Any]:
        return {"resource": {"addr": address}, "action": "delete" if self._bundle["destroy"] else "create"}

    def _ended(self, status: str, exit_code: int) -> str:
        phase = self._bundle["phase"]
        errors = [{"summary": "a step fails, as asked"}] if status == "failed" else []
        result = {"exit_code": exit_code, "phase": phase, "status": status, "errors": errors, "resources": []}
        self._say(f"chatops: {phase} phase {status}")
        with suppress(requests.RequestException):
            self._put("result", json.dumps(result).encode())
            self._put("log", gzip.compress("".join(f"{line}\n" for line in self._printed).encode()))
        return "SUCCEEDED" if exit_code == 0 else "FAILED"

    def _say(self, *lines: str) -> None:
        self._printed += lines
        self._runner.lines(self._group, self._id, lines)

    def _get(self, name: str) -> bytes:
        answer = self._http.get(self._bundle["downloads"][name], timeout=30)
        answer.raise_for_status()
        return answer.content

    def _put(self, name: str, body: bytes) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        self._http.put(self._bundle["uploads"][name], data=body, headers=headers, timeout=30).raise_for_status()


class _State:
    """What Terraform's backend does with the state: look for it, read it, lock it while it works."""

    def __init__(self, s3: Any, backend: Mapping[str, Any]) -> None:
        self._s3, self._bucket, self._key = s3, backend["bucket"], backend["key"]

    def __enter__(self) -> "_State":
        found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._key)
        if any(each["Key"] == self._key for each in found.get("Contents", ())):
            self._s3.get_object(Bucket=self._bucket, Key=self._key)
        lock = json.dumps({"ID": "11111111-2222-3333-4444-555555555555", "Who": "fast"}).encode()
        self._s3.put_object(Bucket=self._bucket, Key=f"{self._key}.tflock", Body=lock, IfNoneMatch="*")
        return self

    def __exit__(self, *raised: object) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=f"{self._key}.tflock")

    def write(self, body: bytes) -> None:
        """Keep a new state."""
        self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body)


def _change(action: str, there: Mapping[str, Any]) -> dict[str, Any]:
    before, after = (there, None) if action == "delete" else (None, there)
    return {"actions": [action], "before": before, "after": after, "after_unknown": {}}


def _line(kind: str, address: str, hook: Mapping[str, Any]) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    head = {"@level": "info", "@message": f"{address}: {kind}", "@module": "terraform.ui", "@timestamp": moment}
    return json.dumps({**head, "type": kind, "hook": hook})
