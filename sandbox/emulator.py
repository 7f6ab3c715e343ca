"""The emulated AWS: ministack in a process of its own, with IAM enforced."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sandbox import processes
from sandbox.paths import HOME, ROOT, RUN

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

REGION = "us-east-1"
ACCOUNT = "000000000000"
GUILD_ACCOUNT = "222222222222"
"""The account that the demo's guild brings along: not ours, so that nothing of ours can be meant by mistake."""
_START_SECONDS = 60


class Emulator:
    """ministack on 127.0.0.1; a 12-digit access key is that account's root (its convention, not AWS's).

    What it and its functions leave in files goes into `folder`; `more` is added to its environment.
    """

    def __init__(
        self, port: int = 0, codebuild_url: str = "", folder: Path = RUN, more: Mapping[str, str] | None = None
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._codebuild_url = codebuild_url
        self._folder = folder
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.trail = folder / "trail.jsonl"
        """Who called what, refused calls too (`sandbox.trail`)."""

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = [sys.executable, "-P", str(ROOT / "sandbox" / "trail.py")]
        self._process = processes.start(program, self._environment(), HOME / "emulator.log", signal.SIGINT)
        # For who cleans up after a sandbox that was killed.
        (self._folder / "emulator.pid").write_text(str(self._process.pid))
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the emulator did not start; see {HOME / 'emulator.log'}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it; SIGINT, because it leaves its functions' processes behind on SIGTERM."""
        if self._process:
            processes.stop(self._process, signal.SIGINT)

    def client(self, service: str, account: str = ACCOUNT, **options: Any) -> Any:
        """A boto3 client with an account's root credentials."""
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="sandbox",
            config=Config(read_timeout=75, retries={"max_attempts": 2}, **options),
        )

    def variables(self, account: str = ACCOUNT) -> dict[str, str]:
        """The environment of a tool that works as an account's root."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": REGION,
        }

    def _environment(self) -> dict[str, str]:
        """Built up, not inherited: the functions' processes see all of it."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "HOME": str(_made(self._folder / "home")),
            "TMPDIR": str(_made(self._folder / "tmp")),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # As Lambda spaces the second and third try of an asynchronous call; the emulator's own are 1 and 2 s.
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "60",
            "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "120",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_CODEBUILD": self._codebuild_url,
            "TRAIL": str(self.trail),
            **self._more,
        }

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
