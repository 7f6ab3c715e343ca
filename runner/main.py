"""One phase from start to exit code: signals, deadline, heartbeat, the steps, and a result in every case."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runner import bundle as bundles
from runner import credentials, kept_log
from runner.control import ControlPlane, keep_beating, upload
from runner.declared import sensitive_variables
from runner.diagnostics import Diagnostic
from runner.engine import IACEngineManager, tool_environment
from runner.errors import BundleError, RunnerError, StoppedError, ToolError, TransferError
from runner.kept_log import LogUpload
from runner.log import Log
from runner.plan_json import texts
from runner.redact import Secrets
from runner.steps import Steps, prepare
from runner.stop import Stop
from runner.workspace import Workspace, identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.bundle import Bundle
    from runner.control import Answer

EXIT_CODES = {"succeeded": 0, "failed": 1, "cancelled": 2, "timed_out": 3}
SIGNAL_GRACE = 30.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Outcome:
    """How a phase ended."""

    status: str
    errors: tuple[Diagnostic, ...] = ()
    resources: Sequence[str] = field(default=())

    def as_json(self, phase: str) -> dict[str, object]:
        """The shape of the uploaded result."""
        return {
            "exit_code": EXIT_CODES[self.status],
            "phase": phase,
            "status": self.status,
            "errors": [error.as_json() for error in self.errors],
            "resources": list(self.resources),
        }


def main(arguments: Sequence[str], environment: Mapping[str, str], stream: TextIO) -> int:
    """Run the phase that the folder describes; the process's exit code."""
    secrets = Secrets()
    log = Log(stream, secrets)
    try:
        if len(arguments) != 1:
            raise BundleError("give the folder of one unpacked bundle")
        folder = Path(arguments[0]).absolute()
        bundle = bundles.take(folder)
        _check(bundle, environment)
    except RunnerError as error:
        log.say(f"refused: {error}")
        return EXIT_CODES["failed"]
    remember(secrets, bundle)
    given = [bundle.variables.get(name) for name in sensitive_variables(folder / "blueprint")]
    secrets.add_all(texts([*given]), public="")
    return asyncio.run(_Run(bundle, folder, environment, secrets, log).run())


def remember(secrets: Secrets, bundle: Bundle) -> None:
    """Make every credential of the bundle a secret of the log; names, regions and addresses stay readable."""
    values, state = bundle.credentials.values, bundle.state_credentials
    secrets.add(values.get("client_secret", ""), shortest=1)
    for name in ("aws_secret_access_key", "aws_session_token", "private_key", "private_key_id"):
        secrets.add(values.get(name, ""))
    for value in (state.secret_access_key, state.session_token or "", bundle.heartbeat_token):
        secrets.add(value)
    for key_id in (values.get("aws_access_key_id", ""), state.access_key_id):
        # An emulator's key id is an account number, and that is in every ARN.
        if not key_id.isdigit():
            secrets.add(key_id, shortest=16)


def _check(bundle: Bundle, environment: Mapping[str, str]) -> None:
    if not environment.get("CHATOPS_URL", "").startswith(("http://", "https://")):
        raise BundleError("CHATOPS_URL must be the http(s) address of the control plane")
    run_id = environment.get("RUN_ID", bundle.run_id)
    if run_id != bundle.run_id:
        raise BundleError(f"the bundle is of run {bundle.run_id!r}, this build is of run {run_id!r}")


class _Run:
    def __init__(
        self, bundle: Bundle, folder: Path, environment: Mapping[str, str], secrets: Secrets, log: Log
    ) -> None:
        self._bundle = bundle
        self._folder = folder
        self._environment = environment
        self._secrets = secrets
        self._log = log
        self._stop = Stop()
        self._steps: Steps | None = None

    async def run(self) -> int:
        url = self._bundle.uploads.get("log")
        log_upload = LogUpload(self._log.kept, kept_log.to(url), self._log.say) if url else None
        self._log.say(f"{self._bundle.phase} phase of run {self._bundle.run_id}")
        with self._watched():
            outcome = await self._outcome()
            await self._hand_in(outcome)
            self._log.say(f"{self._bundle.phase} phase {outcome.status.replace('_', ' ')}")
            if log_upload:
                await log_upload.finish()
        return EXIT_CODES[outcome.status]

    async def _outcome(self) -> Outcome:
        try:
            await self._work()
        except StoppedError as stopped:
            return Outcome(stopped.reason, resources=self._resources())
        except ToolError as error:
            self._log.say(str(error))
            return Outcome("failed", error.errors or (Diagnostic(str(error)),), self._resources())
        except RunnerError as error:
            self._log.say(str(error))
            return Outcome("failed", (Diagnostic(str(error)),), self._resources())
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = f"unexpected {type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"
            self._log.say(text)
            return Outcome("failed", (Diagnostic(self._secrets.text(text)),), self._resources())
        return Outcome("succeeded")

    async def _work(self) -> None:
        bundle = self._bundle
        with Workspace(bundle.run_id, identity(self._environment.get("RUN_AS", ""))) as workspace:
            executable = await asyncio.to_thread(prepare, bundle, workspace, self._folder, self._environment)
            injection = credentials.build(bundle.credentials, bundle.state_credentials, workspace.private.path)
            engine = IACEngineManager(
                executable,
                workspace,
                environment=tool_environment(self._environment, workspace),
                sessions={bundle.run_id: injection},
                secrets=self._secrets,
                stop=self._stop,
                say=self._log.say,
            )
            self._steps = Steps(bundle, workspace, engine, self._secrets, self._stop, self._log)
            await self._steps.run()

    def _resources(self) -> Sequence[str]:
        return self._steps.resources if self._steps else ()

    async def _hand_in(self, outcome: Outcome) -> None:
        url = self._bundle.uploads.get("result")
        data = json.dumps(outcome.as_json(self._bundle.phase)).encode()
        try:
            if url:
                await asyncio.to_thread(upload, url, data, "the result")
        except TransferError as error:
            self._log.say(str(error))

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Signals, the deadline and the heartbeat, for as long as the block runs."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        deadline = loop.call_later(self._bundle.deadline_seconds, self._on_deadline)
        control = ControlPlane(self._environment["CHATOPS_URL"], self._bundle.run_id, self._bundle.heartbeat_token)
        beating = keep_beating(control, self._bundle.heartbeat_seconds, self._on_answer, self._log.say)
        heartbeat = asyncio.ensure_future(beating)
        try:
            yield
        finally:
            heartbeat.cancel()
            deadline.cancel()

    def _on_signal(self) -> None:
        if self._stop.request("cancelled", SIGNAL_GRACE):
            self._log.say("asked to end: finishing the current resource")

    def _on_deadline(self) -> None:
        if self._stop.request("timed_out", self._bundle.grace_seconds):
            self._log.say("time limit reached: finishing the current resource")

    def _on_answer(self, answer: Answer) -> None:
        if self._stop.reason is None:
            self._stop.request("cancelled", self._bundle.grace_seconds)
            why = "cancel requested" if answer == "cancel" else "this run is over for the control plane"
            self._log.say(f"{why}: finishing the current resource")


def start() -> int:
    """The process: real arguments, environment and output."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return main(sys.argv[1:], os.environ, sys.stdout)
