"""A stand-in for CodeBuild's API: the emulator knows projects, but runs no builds.

It serves BatchGetBuilds and StopBuild for the worker's builds, and replaces the worker when it dies, as CodeBuild
replaces a host; whatever the dead worker's builds left running is killed, as the end of a container would.
"""

import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sandbox import builds, processes
from sandbox.paths import HOME

if TYPE_CHECKING:
    import subprocess

_LOOK_SECONDS = 0.5


class CodeBuild:
    """The API on 127.0.0.1, and the worker's keeper."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve the API."""
        self._run(lambda: self._server.serve_forever(0.1))

    def start_worker(self, environment: Mapping[str, str]) -> None:
        """Start the worker and keep one running."""
        self._start_worker(environment)
        self._run(lambda: self._keep_worker(environment))

    def stop(self) -> None:
        """End the worker, its builds and the API."""
        self._stopping.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        if self.worker:
            processes.stop(self.worker)
            self._clean_up_after(self.worker.pid)

    def _run(self, work: Any) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _start_worker(self, environment: Mapping[str, str]) -> None:
        self.worker = processes.start([sys.executable, "-m", "sandbox.worker"], environment, HOME / "worker.log")

    def _keep_worker(self, environment: Mapping[str, str]) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            if self.worker and self.worker.poll() is not None:
                self._clean_up_after(self.worker.pid)
                self._start_worker(environment)

    def _clean_up_after(self, worker: int) -> None:
        for record in builds.of_worker(worker):
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
            self._answer(
                200, {"builds": known, "buildsNotFound": [name for name, record in found.items() if not record]}
            )
        elif operation == "StopBuild" and (record := builds.load(body.get("id", ""))):
            builds.save(replace(record, stop_requested=True))
            self._answer(200, {"build": record.described()})
        else:
            self._answer(
                400,
                {"__type": "ResourceNotFoundException", "message": f"no such build, or {operation!r} is not served"},
            )

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the terminal quiet."""
