"""CodeBuild's stand-in: a few builds at once, the others in a queue, and an event for each step of theirs."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from sandbox import phases
from sandbox.codebuild import SLOTS, CodeBuild

PATIENCE_SECONDS = 10


class Emulator:
    """Step Functions, CodeBuild and EventBridge, as far as the stand-in asks them."""

    def __init__(self) -> None:
        self.tasks: queue.Queue[dict[str, str]] = queue.Queue()
        self.told: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []

    def __call__(self, service: str) -> "Emulator":
        return self

    def start(self, run_id: str) -> None:
        """What the state machine does."""
        given = [{"Name": "RUN_ID", "Type": "PLAINTEXT", "Value": run_id}]
        arguments = {"ProjectName": "builds", "EnvironmentVariablesOverride": given}
        self.tasks.put({"taskToken": run_id, "input": json.dumps(arguments)})

    def get_activity_task(self, **_: str) -> dict[str, str]:
        try:
            return self.tasks.get(timeout=0.05)
        except queue.Empty:
            return {}

    def batch_get_projects(self, names: list[str]) -> dict[str, Any]:
        variables = [{"name": "RUN_AS", "type": "PLAINTEXT", "value": "nobody"}]
        return {"projects": [{"name": name, "environment": {"environmentVariables": variables}} for name in names]}

    def put_events(self, Entries: list[dict[str, str]]) -> None:  # noqa: N803 - boto3's name
        for entry in Entries:
            detail = json.loads(entry["Detail"])
            variables = detail["additional-information"]["environment"]["environment-variables"]
            (run_id,) = [each["value"] for each in variables if each["name"] == "RUN_ID"]
            self.events.append(entry)
            self.told.append((run_id, detail["completed-phase"]))


class Workers(CodeBuild):
    """Builds that work until they are let go, without a process."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Semaphore(0)
        self.ids: list[str] = []

    def _work(self, environment: Mapping[str, str]) -> bool:
        self.ids.append(json.loads(environment["SANDBOX_TASK"])["build_id"])
        self.let_go.acquire()
        return True


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def codebuild(emulator: Emulator) -> Iterator[Workers]:
    codebuild = Workers()
    codebuild.start()
    codebuild.start_builds(emulator, "arn:activity", {})
    yield codebuild
    codebuild.stop_builds()
    codebuild.let_go.release(100)
    codebuild.stop()


def eventually(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen()


def test_one_build_too_many_waits_until_another_has_ended(codebuild: Workers, emulator: Emulator) -> None:
    runs = [f"{number:016x}" for number in range(SLOTS)]
    for run in runs:
        emulator.start(run)
    assert eventually(lambda: {(run, "QUEUED") for run in runs} <= set(emulator.told))

    emulator.start("the last one")

    assert eventually(lambda: ("the last one", "SUBMITTED") in emulator.told)
    assert ("the last one", "QUEUED") not in emulator.told
    assert len(codebuild.ids) == SLOTS

    codebuild.let_go.release()

    assert eventually(lambda: ("the last one", "QUEUED") in emulator.told)
    assert eventually(lambda: len(set(codebuild.ids)) == SLOTS + 1)


def test_an_event_names_the_build_that_works(codebuild: Workers, emulator: Emulator) -> None:
    emulator.start("0123456789abcdef")

    assert eventually(lambda: len(emulator.events) == 2 and len(codebuild.ids) == 1)
    details = [json.loads(event["Detail"]) for event in emulator.events]
    assert [detail["completed-phase"] for detail in details] == ["SUBMITTED", "QUEUED"]
    assert {detail["build-id"].rpartition("/")[2] for detail in details} == set(codebuild.ids)
    assert {detail["project-name"] for detail in details} == {"builds"}
    assert {event["Source"] for event in emulator.events} == {phases.SOURCE}
