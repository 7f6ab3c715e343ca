"""Runs one command of Terraform or OpenTofu: its output line by line, its credentials only while it lives."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from runner.credentials import Injection
from runner.errors import RunnerError
from runner.lines import shown
from runner.redact import LogFilter
from runner.stop import Stop
from runner.streams import Delivery, Pipe, Tail

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
    from pathlib import Path

    from runner.redact import Secrets
    from runner.streams import ProgressCallback
    from runner.workspace import Workspace

    Follow = Callable[[asyncio.StreamReader], Coroutine[None, None, None]]

CHUNK = 64 * 1024
# A process that left the tool's group may keep the pipes open for ever.
DRAIN_SECONDS = 2.0
CAPTURED = 256 * 2**20

PASSED_ON = (
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
    "AWS_ENDPOINT_URL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "AWS_CA_BUNDLE",
)


def tool_environment(inherited: Mapping[str, str], workspace: Workspace) -> dict[str, str]:
    """The tool's whole environment, built up: what is not named here does not reach guild code."""
    passed = {
        name: value for name, value in inherited.items() if name in PASSED_ON or name.startswith("AWS_ENDPOINT_URL_")
    }
    return passed | {
        "PATH": inherited.get("PATH", os.defpath),
        "HOME": str(workspace.root),
        "TMPDIR": str(workspace.temporary),
        "LANG": "C.UTF-8",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }


class IACEngineManager:
    """Starts the tool, streams it, and makes sure that neither a process nor a credential stays behind."""

    def __init__(
        self,
        executable: Path,
        workspace: Workspace,
        *,
        environment: Mapping[str, str],
        sessions: Mapping[str, Injection],
        secrets: Secrets,
        stop: Stop,
        say: Callable[[str], None],
    ) -> None:
        self._executable = executable
        self._workspace = workspace
        self._environment = environment
        self._sessions = sessions
        self._secrets = secrets
        self._stop = stop
        self._say = say

    async def execute_iac(
        self,
        args: Sequence[str],
        *,
        session_id: str | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> tuple[bool, str, str]:
        """Run the tool with the credentials of a session; success, and the last redacted lines of stdout and stderr.

        The callback gets every redacted line of both, in the order they were read.
        """
        stdout, stderr, deliver = Tail(), Tail(), Delivery(progress_callback, self._say)
        follow_out = self._follow(stdout, deliver)
        code = await self._run(args, session_id, self._stop, follow_out, self._follow(stderr, deliver))
        return code == 0, stdout.text(), stderr.text()

    async def capture(
        self,
        args: Sequence[str],
        *,
        session_id: str | None = None,
        progress_callback: ProgressCallback | None = None,
        limit_seconds: float = 120.0,
    ) -> tuple[bool, bytes, str]:
        """Run the tool and keep its stdout unprinted and unredacted; stderr is streamed, and returned redacted.

        Only for what writes no state: it does not hear the run's stop, and gets two seconds when its limit is over.
        """
        stop, stdout, stderr = Stop(), bytearray(), Tail()
        timer = asyncio.get_running_loop().call_later(limit_seconds, stop.request, "timed_out", DRAIN_SECONDS)

        async def keep(reader: asyncio.StreamReader) -> None:
            while chunk := await reader.read(CHUNK):
                stdout.extend(chunk[: CAPTURED - len(stdout)])

        try:
            follow_err = self._follow(stderr, Delivery(progress_callback, self._say))
            code = await self._run(args, session_id, stop, keep, follow_err)
        finally:
            timer.cancel()
        return code == 0, bytes(stdout), stderr.text()

    def _follow(self, tail: Tail, deliver: Delivery) -> Follow:
        async def follow(reader: asyncio.StreamReader) -> None:
            lines = LogFilter(self._secrets)
            # Reading by chunks: `readline` fails on a line that is longer than its buffer.
            while chunk := await reader.read(CHUNK):
                for line in lines.feed(chunk):
                    tail.add(line)
                    await deliver(shown(line))
            for line in lines.close():
                tail.add(line)
                await deliver(shown(line))

        return follow

    async def _run(self, args: Sequence[str], session_id: str | None, stop: Stop, out: Follow, err: Follow) -> int:
        injection = self._injection(session_id)
        with self._workspace.private.holding(injection.files):
            stdout, stderr = await Pipe.open(), await Pipe.open()
            try:
                process = await self._start(args, injection.variables, stdout, stderr)
                async with _supervised(process, stop):
                    readers = asyncio.gather(out(stdout.reader), err(stderr.reader))
                    return await _finish(process, readers, (stdout, stderr))
            finally:
                stdout.close()
                stderr.close()

    def _injection(self, session_id: str | None) -> Injection:
        if session_id is None:
            return Injection()
        try:
            return self._sessions[session_id]
        except KeyError:
            raise RunnerError(f"there are no credentials for session {session_id!r}") from None

    async def _start(self, args: Sequence[str], variables: Mapping[str, str], stdout: Pipe, stderr: Pipe) -> Process:
        owner = self._workspace.owner
        try:
            return await asyncio.create_subprocess_exec(
                self._executable,
                *args,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout.write_end,
                stderr=stderr.write_end,
                cwd=self._workspace.module,
                env={**self._environment, **variables},
                umask=0o077,
                process_group=0,
                user=owner.uid if owner else None,
                group=owner.gid if owner else None,
                extra_groups=[] if owner else None,
            )
        except OSError as error:
            raise RunnerError(f"starting {self._executable.name!r}: {error.strerror}") from error
        finally:
            stdout.close_write_end()
            stderr.close_write_end()


async def _finish(process: Process, readers: asyncio.Future[tuple[None, None]], pipes: Sequence[Pipe]) -> int:
    """Wait for the end of the process and of its output; a reader that fails ends both."""
    ended = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((ended, readers), return_when=asyncio.FIRST_COMPLETED)
        if readers.done():
            await readers
        code = await ended
        _kill_group(process)
        for pipe in pipes:
            pipe.close_after(DRAIN_SECONDS)
        await readers
        return code
    finally:
        readers.cancel()
        ended.cancel()


@asynccontextmanager
async def _supervised(process: Process, stop: Stop) -> AsyncIterator[None]:
    interrupter = asyncio.ensure_future(_interrupt(process, stop))
    try:
        yield
    finally:
        interrupter.cancel()
        _kill_group(process)
        await process.wait()


async def _interrupt(process: Process, stop: Stop) -> None:
    """One SIGINT to the tool itself: it finishes the current resource; a second one would make it drop everything."""
    await stop.wait()
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    await stop.grace_over()
    _kill_group(process)


def _kill_group(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
