"""The choice of crashes, and that a blow kills its victim and nobody else."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import blows, builds, processes
from sandbox.blows import DEPLOYING, DESTROYING, Blow, Strike, choose
from sandbox.builds import BuildRecord

ROUNDS = 1000


def test_the_same_seed_gives_the_same_crashes_and_another_seed_others() -> None:
    assert [choose(7, number) for number in range(50)] == [choose(7, number) for number in range(50)]
    assert [choose(7, number) for number in range(50)] != [choose(8, number) for number in range(50)]


def test_every_place_has_its_turn_and_every_crash_falls_within_its_moment() -> None:
    chosen = [blow for number in range(ROUNDS) for blow in choose(1, number)]
    moments = DEPLOYING | DESTROYING

    assert {(blow.moment, blow.victim) for blow in chosen} == {
        (name, victim) for name, moment in moments.items() for victim in moment.victims
    }
    assert all(0 <= blow.after <= moments[blow.moment].seconds for blow in chosen)
    assert len(chosen) > ROUNDS  # some rounds have a second one, on the way back
    assert all(choose(1, number)[0].moment in DEPLOYING for number in range(ROUNDS))


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """An emulator with two functions and a child of its own, and a build: worker, runner, tool."""
    monkeypatch.setattr(builds, "FOLDER", tmp_path / "builds")
    monkeypatch.setattr(blows, "RUN", tmp_path)
    names = [f"AWS_LAMBDA_FUNCTION_NAME=stack-{name}Function-1" for name in ("Commands", "Sweep")]
    os.mkfifo(tmp_path / "typed")
    command = f"read line < {tmp_path}/typed; while :; do :; done"
    emulator = _shell(f"{names[0]} bash -c '{command}' & {names[1]} sleep 60 & sleep 60 & wait")
    build = _shell("sh -c 'sleep 60; true'; true")
    worker = _shell("sleep 60; true")
    (tmp_path / "emulator.pid").write_text(str(emulator.pid))
    builds.save(BuildRecord("project:1", "project", worker.pid, "IN_PROGRESS", build.pid, time.time() + 1))
    _wait_for(lambda: len(processes.children(emulator.pid)) == 3 and len(processes.members(build.pid)) == 3)
    yield [emulator, build, worker]
    for process in (emulator, build, worker):
        processes.kill_session(process.pid)
        process.wait()


def _shell(text: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["bash", "-c", text], start_new_session=True)


def _wait_for(holds: object) -> None:
    deadline = time.monotonic() + 5
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("victim", "left"),
    [
        ("worker", (3, 3, 1)),  # what the worker ran is ended by CodeBuild's stand-in
        ("runner", (3, 1, 2)),
        ("terraform", (3, 0, 2)),
        ("functions", (1, 3, 2)),
    ],
)
def test_a_blow_kills_its_victim_alone(
    started: list[subprocess.Popen[bytes]], victim: str, left: tuple[int, int, int]
) -> None:
    strike = Strike((Blow("apply", victim, 0.0),))

    strike.at("plan")
    assert strike.told == []
    strike.at("apply")

    _wait_for(lambda: living(started) == left)
    assert "killed" in strike.told[0]
    strike.at("apply")
    assert len(strike.settle()) == 1


def living(started: list[subprocess.Popen[bytes]]) -> tuple[int, ...]:
    emulator, build, worker = started
    return len(processes.children(emulator.pid)), len(processes.members(build.pid)), len(processes.members(worker.pid))


def test_a_command_is_killed_only_once_it_is_at_work(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike = Strike((Blow("deploy", "command", 0.0), Blow("approve", "command", 0.0)))

    strike.at("deploy")
    time.sleep(0.3)
    assert living(started)[0] == 3
    (tmp_path / "typed").write_text("/cloud-deploy-v2\n")

    assert strike.settle() == ["deploy +0.0 s command: 1 killed"]
    _wait_for(lambda: living(started) == (2, 3, 2))

    monkeypatch.setattr(blows, "_COMMAND_COMES_WITHIN", 0.1)
    strike.at("approve")
    assert strike.settle()[1:] == ["approve +0.0 s command: came too late, so the functions: 1 killed"]


def test_a_blow_that_comes_too_late_for_the_build_falls_on_the_functions(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, build, worker = started
    builds.save(BuildRecord("project:1", "project", worker.pid, "SUCCEEDED", build.pid, time.time() + 1))
    monkeypatch.setattr(blows, "_COMES_WITHIN", 0.1)
    strike = Strike((Blow("apply", "worker", 0.0),))

    strike.at("apply")

    assert "came too late, so the functions: 2 killed" in strike.told[0]
    assert processes.alive(worker.pid)
