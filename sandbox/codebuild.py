"""A stand-in for CodeBuild: the emulator knows projects, but runs no builds.

It takes what StartBuild would get from the state machine's activity and gives every build a worker process of its own
(`sandbox.worker`), to a few at once; the others wait. It tells of their phases and serves BatchGetBuilds and StopBuild.
When a worker is killed, what its build left running is killed too, as the end of a container would; the state machine
hears of it late, so that the watchdog must find out.
"""

import json
import os
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox import builds, phases, processes
from sandbox.paths import HOME

LOST_HOST_SECONDS = 150
"""When the state machine hears of a build whose host was lost. Nobody says how long that takes on AWS."""
SLOTS = 4
"""How many builds run at once; more wait for a free place, as they would in CodeBuild's queue."""


class CodeBuild:
    """The API on 127.0.0.1, and the builds."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._places = threading.Semaphore(SLOTS)
        self.run_build: Callable[[Mapping[str, str]], bool] = self._work
        """Runs a build to its end, False if it was killed; tests may put something quicker here."""

    def start(self) -> None:
        """Serve the API."""
        self._run(lambda: self._server.serve_forever(0.1))

    def start_builds(self, client: Callable[[str], Any], activity: str, environment: Mapping[str, str]) -> None:
        """Take builds from the activity; `client` makes a client of a service, `environment` is the workers'."""
        states, projects, events = client("stepfunctions"), client("codebuild"), client("events")

        def build(task: Mapping[str, str]) -> None:
            arguments = json.loads(task["input"])
            name = arguments["ProjectName"]
            build_id = f"{name}:{uuid.uuid4()}"
            variables = phases.given_to(projects.batch_get_projects(names=[name])["projects"][0], arguments)
            phases.tell(events, build_id, variables, "SUBMITTED")
            with self._places:
                if self._stopping.is_set():
                    return
                phases.tell(events, build_id, variables, "QUEUED")
                given = json.dumps({"token": task["taskToken"], "arguments": arguments, "build_id": build_id})
                ended_well = self.run_build(dict(environment) | {"SANDBOX_TASK": given})
            if not ended_well:
                self._tell_late(states, task["taskToken"])

        self._run(lambda: self._take_builds(states, activity, build))

    def stop_builds(self) -> None:
        """Take no more, and kill what runs."""
        self._stopping.set()
        for record in builds.unfinished():
            _kill(record)

    def stop(self) -> None:
        """End the API; the activity must be gone by now, or its long polls are waited for."""
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _take_builds(self, states: Any, activity: str, build: Callable[[Mapping[str, str]], None]) -> None:
        while not self._stopping.is_set():
            try:
                task = states.get_activity_task(activityArn=activity)
            except (ClientError, BotoCoreError):
                self._stopping.wait(1)
                continue
            if task.get("taskToken"):
                self._run(partial(build, task))

    def _work(self, environment: Mapping[str, str]) -> bool:
        """Run a worker to its end; False if it was killed."""
        worker = processes.start([sys.executable, "-m", "sandbox.worker"], environment, HOME / "worker.log")
        status = worker.wait()
        for record in builds.unfinished():
            if record.worker == worker.pid:
                _kill(record)
        return status == 0

    def _tell_late(self, states: Any, token: str) -> None:
        if self._stopping.wait(LOST_HOST_SECONDS):
            return
        cause = json.dumps({"Build": {"BuildStatus": "FAULT"}})
        with suppress(ClientError, BotoCoreError):  # the execution may have ended meanwhile
            states.send_task_failure(taskToken=token, error="States.TaskFailed", cause=cause)


def _kill(record: builds.BuildRecord) -> None:
    if processes.alive(record.worker) and record.worker != os.getpid():
        processes.kill_session(record.worker)
    if record.session:
        processes.kill_session(record.session)
    builds.save(replace(record, status="FAULT"))


class _Handler(BaseHTTPRequestHandler):
    """CodeBuild's JSON protocol: the operation is in the X-Amz-Target header."""

    def do_POST(self) -> None:
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        if operation == "BatchGetBuilds":
            found = {build_id: builds.load(build_id) for build_id in body.get("ids", [])}
            known = [record.described() for record in found.values() if record]
            unknown = [name for name, record in found.items() if not record]
            self._answer(200, {"builds": known, "buildsNotFound": unknown})
        elif operation == "StopBuild" and (record := builds.load(body.get("id", ""))):
            builds.request_stop(record.id)
            self._answer(200, {"build": record.described()})
        else:
            message = f"no such build, or {operation!r} is not served"
            self._answer(400, {"__type": "ResourceNotFoundException", "message": message})

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the terminal quiet."""
