"""The worker of one build: does what CodeBuild would do with a build of the product's project.

It runs the project's real buildspec commands as processes of their own, with the variables that StartBuild was given,
and writes their output to the project's real log group. Started by `sandbox.codebuild`.
"""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox import builds, phases, processes

_STOP_GRACE_SECONDS = 45
_FLUSH_SECONDS = 0.5


def main() -> None:
    """Run the one build that the environment describes, and tell the state machine as `startBuild.sync` would."""
    signal.signal(signal.SIGTERM, _end)
    task = json.loads(os.environ.pop("SANDBOX_TASK"))
    record = _run(task["build_id"], task["arguments"])
    described = json.dumps({"Build": record.described()}, default=str)
    states = _client("stepfunctions")
    with suppress(ClientError):  # the execution may have ended meanwhile
        if record.status == "SUCCEEDED":
            states.send_task_success(taskToken=task["token"], output=described)
        else:
            states.send_task_failure(taskToken=task["token"], error="States.TaskFailed", cause=described)


def _end(*_: object) -> None:
    """End at once, and the build with us."""
    for record in builds.unfinished():
        if record.worker == os.getpid() and record.session:
            processes.kill_session(record.session)
    os._exit(1)


def _run(build_id: str, arguments: Mapping[str, Any]) -> builds.BuildRecord:
    name = arguments["ProjectName"]
    project = _client("codebuild").batch_get_projects(names=[name])["projects"][0]
    record = builds.begun(build_id, name)
    variables = phases.given_to(project, arguments)
    phases.tell(_client("events"), build_id, variables, "PROVISIONING")
    with tempfile.TemporaryDirectory(prefix="build-") as home:
        process = subprocess.Popen(
            ["bash", "-c", _commands(project)],
            cwd=home,
            env=_environment(variables, record.id, home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        record = replace(record, session=process.pid)
        builds.save(record)
        status = _followed(process, record, os.environ["SANDBOX_LOG_GROUP"])
    record = replace(record, status=status)
    builds.save(record)
    return record


def _commands(project: Mapping[str, Any]) -> str:
    phases = yaml.safe_load(project["source"]["buildspec"])["phases"]
    return "\n".join(command for phase in phases.values() for command in phase["commands"])


def _environment(given: Sequence[Mapping[str, str]], build_id: str, home: str) -> dict[str, str]:
    """The build's variables, and what stands for the build image of the real thing."""
    variables = {variable["name"]: variable["value"] for variable in given}
    stand_ins = {name.removeprefix("BUILD_"): value for name, value in os.environ.items() if name.startswith("BUILD_")}
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": tempfile.gettempdir(),
        "CODEBUILD_BUILD_ID": build_id,
        **variables,
        **stand_ins,
    }


def _followed(process: "subprocess.Popen[bytes]", record: builds.BuildRecord, group: str) -> str:
    """Send the build's lines to its log stream until it ends; stop it when that was asked for."""
    lines: queue.Queue[bytes] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    logs = _client("logs")
    stream = record.id.partition(":")[2]
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    stop_at = 0.0
    while process.poll() is None:
        _flush(logs, group, stream, lines)
        if builds.stop_requested(record.id):
            if not stop_at:
                stop_at = time.monotonic() + _STOP_GRACE_SECONDS
                processes.terminate_children(process.pid)
            elif time.monotonic() > stop_at:
                processes.kill_session(process.pid)
        time.sleep(_FLUSH_SECONDS)
    processes.kill_session(process.pid)  # a container ends with its first process
    reader.join()
    _flush(logs, group, stream, lines)
    if stop_at:
        return "STOPPED"
    return "SUCCEEDED" if process.returncode == 0 else "FAILED"


def _read(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes]") -> None:
    for line in process.stdout or ():
        lines.put(line)


def _flush(logs: Any, group: str, stream: str, lines: "queue.Queue[bytes]") -> None:
    """One PutLogEvents for what has come; the emulator may be gone already when the sandbox ends."""
    for batch in _batches(lines):
        try:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
        except (ClientError, BotoCoreError):
            return


def _batches(lines: "queue.Queue[bytes]") -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    while not lines.empty() and len(batch) < 1000:
        text = lines.get().decode("utf-8", "replace").rstrip("\n")
        batch.append({"timestamp": int(time.time() * 1000), "message": text or " "})
    if batch:
        yield batch


def _client(service: str) -> Any:
    make: Callable[..., Any] = boto3.client
    return make(service, config=Config(read_timeout=75, retries={"max_attempts": 2}))


if __name__ == "__main__":
    main()
