"""The engine alone: streaming, order, limits, credentials and clean-up."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from runner.credentials import Injection
from runner.engine import IACEngineManager
from runner.errors import RunnerError
from runner.redact import Secrets
from runner.stop import Stop
from runner.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SESSION = Injection({"key": "the key"}, {"CLOUD_KEY": "in private/key"})


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Workspace("run-000000") as workspace:
        yield workspace


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def engine(workspace: Workspace, tmp_path: Path, stop: Stop, said: list[str]) -> Callable[[str], IACEngineManager]:
    def build(script: str) -> IACEngineManager:
        path = tmp_path / "tool"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        secrets = Secrets()
        secrets.add("very-secret-value")
        return IACEngineManager(
            path,
            workspace,
            environment={"PATH": "/usr/bin:/bin"},
            sessions={"abc": SESSION},
            secrets=secrets,
            stop=stop,
            say=said.append,
        )

    return build


def test_success_and_both_outputs_come_back(engine: Callable[[str], IACEngineManager]) -> None:
    manager = engine("echo out $1; echo err >&2; exit 3")

    success, stdout, stderr = asyncio.run(manager.execute_iac(["plan"]))

    assert (success, stdout, stderr) == (False, "out plan\n", "err\n")


def test_lines_of_both_streams_reach_the_callback_as_they_come(engine: Callable[[str], IACEngineManager]) -> None:
    lines: list[str] = []

    async def hear(line: str) -> None:
        await asyncio.sleep(0)
        lines.append(line)

    script = "echo 1; sleep 0.2; echo 2 >&2; sleep 0.2; printf '3 without end'"
    asyncio.run(engine(script).execute_iac([], progress_callback=hear))

    assert lines == ["1", "2", "3 without end"]


def test_a_line_is_heard_while_the_tool_still_runs(engine: Callable[[str], IACEngineManager]) -> None:
    heard: list[float] = []
    began = time.monotonic()

    asyncio.run(engine("echo now; sleep 1").execute_iac([], progress_callback=lambda _: heard.append(time.monotonic())))

    assert heard[0] - began < 0.8


def test_a_line_of_any_length_is_streamed_and_cut(engine: Callable[[str], IACEngineManager]) -> None:
    lines: list[str] = []

    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after"
    success, _, _ = asyncio.run(engine(script).execute_iac([], progress_callback=lines.append))

    assert success
    assert [len(line) for line in lines] == [16 * 1024, 5]


def test_what_is_returned_is_bounded_and_redacted(engine: Callable[[str], IACEngineManager]) -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo line $i very-secret-value and then some more; i=$((i+1)); done"

    _, stdout, _ = asyncio.run(engine(script).execute_iac([]))

    assert len(stdout) <= 512 * 1024
    assert stdout.endswith("line 19999 [redacted] and then some more\n")
    assert "very-secret-value" not in stdout


def test_a_session_brings_its_credentials_for_the_call_only(
    engine: Callable[[str], IACEngineManager], workspace: Workspace
) -> None:
    manager = engine("echo $CLOUD_KEY; cat ../private/key")

    _, stdout, _ = asyncio.run(manager.execute_iac([], session_id="abc"))
    success, without, _ = asyncio.run(manager.execute_iac([]))

    assert stdout == "in private/key\nthe key\n"
    assert (success, without) == (False, "\n")
    assert not list(workspace.private.path.iterdir())


def test_an_unknown_session_is_refused(engine: Callable[[str], IACEngineManager]) -> None:
    with pytest.raises(RunnerError, match="no credentials for session 'other'"):
        asyncio.run(engine("echo").execute_iac([], session_id="other"))


def test_a_tool_that_cannot_start_is_a_clear_error(
    engine: Callable[[str], IACEngineManager], tmp_path: Path, workspace: Workspace
) -> None:
    manager = engine("")
    (tmp_path / "tool").write_text("#!/no/such/interpreter\n")

    with pytest.raises(RunnerError, match="starting 'tool'"):
        asyncio.run(manager.execute_iac([], session_id="abc"))

    assert not list(workspace.private.path.iterdir())


def test_a_callback_that_fails_does_not_harm_the_run(
    engine: Callable[[str], IACEngineManager], said: list[str]
) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    success, stdout, _ = asyncio.run(engine("echo 1; echo 2").execute_iac([], progress_callback=fail))

    assert (success, stdout) == (True, "1\n2\n")
    assert said == ["progress is no longer reported: ValueError"]


def test_what_is_captured_is_neither_shown_nor_changed(engine: Callable[[str], IACEngineManager]) -> None:
    lines: list[str] = []

    answer = asyncio.run(engine("echo very-secret-value; echo warn >&2").capture([], progress_callback=lines.append))

    assert answer == (True, b"very-secret-value\n", "warn\n")
    assert lines == ["warn"]


def test_a_capture_ends_at_its_limit(engine: Callable[[str], IACEngineManager]) -> None:
    success, _, _ = asyncio.run(engine("exec sleep 30").capture([], limit_seconds=0.2))

    assert not success


def test_the_group_dies_when_the_grace_is_over(
    engine: Callable[[str], IACEngineManager], stop: Stop, tmp_path: Path
) -> None:
    async def scenario() -> bool:
        running = asyncio.ensure_future(manager.execute_iac([]))
        await asyncio.sleep(0.3)
        stop.request("cancelled", 60)
        stop.request("cancelled", 0.2)
        return (await running)[0]

    marker = tmp_path / "survived"
    manager = engine(f"trap '' INT; (trap '' INT; sleep 2; touch {marker}) & wait; sleep 5")
    began = time.monotonic()

    assert asyncio.run(scenario()) is False
    assert time.monotonic() - began < 2
    time.sleep(2)
    assert not marker.exists()


def test_cancelling_the_call_kills_the_tool_and_removes_the_credentials(
    engine: Callable[[str], IACEngineManager], workspace: Workspace, tmp_path: Path
) -> None:
    async def scenario() -> None:
        await asyncio.wait_for(manager.execute_iac([], session_id="abc"), 0.4)

    marker = tmp_path / "survived"
    manager = engine(f"sleep 1; touch {marker}")

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())
    time.sleep(1)
    assert not marker.exists()
    assert not list(workspace.private.path.iterdir())
