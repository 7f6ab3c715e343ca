"""The runner's side of every HTTP request: heartbeats, uploads, downloads. No address is ever printed."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from runner.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

TIMEOUT = 20.0
BEAT_TIMEOUT = 8.0
TRIES = 3
TRANSFER_SECONDS = 300.0
PIECE = 256 * 1024

Answer = Literal["go on", "cancel", "gone"]


@dataclass(frozen=True)
class ControlPlane:
    """Where a run says that it lives, and learns that it should end."""

    url: str
    run_id: str
    token: str = field(repr=False)

    def beat(self) -> Answer:
        """Say that the run lives; a run that the control plane does not know (any more) is "gone"."""
        body = json.dumps({"run_id": self.run_id, "token": self.token}).encode()
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}/runs/heartbeat", body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            answer = json.loads(_send(request, "the heartbeat", 65536, BEAT_TIMEOUT))
        except TransferError as error:
            if error.status in (403, 404, 409):
                return "gone"
            raise
        except ValueError as error:
            raise TransferError("the heartbeat was not answered with JSON") from error
        return "cancel" if isinstance(answer, dict) and answer.get("cancel") is True else "go on"


async def keep_beating(
    control: ControlPlane, seconds: float, on_end: Callable[[Answer], None], say: Callable[[str], None]
) -> None:
    """Beat until cancelled; `on_end` hears of every answer that is not "go on"."""
    silent = False
    while True:
        try:
            answer = await asyncio.to_thread(control.beat)
            if answer != "go on":
                on_end(answer)
        except TransferError as error:
            if not silent:
                say(f"{error}; trying on")
            silent = True
        await asyncio.sleep(seconds)


def upload(url: str, data: bytes, what: str, tries: int = TRIES, seconds: float = TRANSFER_SECONDS) -> None:
    """PUT to a signed address; tried again, each time after twice the pause, while network or server is at fault.

    `seconds` is how long each try may take to send.
    """
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(data))}
    for attempt in range(tries):
        body = _pieces(data, f"the upload of {what}", seconds)
        try:
            _send(urllib.request.Request(url, body, headers, method="PUT"), f"the upload of {what}", 65536)
        except TransferError as error:
            if attempt == tries - 1 or (error.status is not None and error.status < 500):
                raise
            time.sleep(2**attempt)
        else:
            return


def download(url: str, what: str, most: int) -> bytes:
    """GET at most this many bytes."""
    return _send(urllib.request.Request(url), f"the download of {what}", most)


def _send(request: urllib.request.Request, what: str, most: int, seconds: float = TIMEOUT) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return _read(response, what, most)
    except urllib.error.HTTPError as error:
        with error:
            raise TransferError(f"{what} was answered with HTTP {error.code}", error.code) from None
    except (OSError, http.client.HTTPException) as error:
        # The cause may quote the address, which is a secret: only its kind is told.
        cause = getattr(error, "reason", error)
        raise TransferError(f"{what} got no answer ({type(cause).__name__})") from None


def _pieces(data: bytes, what: str, seconds: float) -> Iterator[bytes]:
    deadline = time.monotonic() + seconds
    for start in range(0, len(data), PIECE):
        if time.monotonic() > deadline:
            raise TransferError(f"{what} takes longer than {seconds:.0f} s")
        yield data[start : start + PIECE]


def _read(response: IO[bytes], what: str, most: int) -> bytes:
    data = bytearray()
    deadline = time.monotonic() + TRANSFER_SECONDS
    while chunk := response.read(PIECE):
        data += chunk
        if len(data) > most:
            raise TransferError(f"{what} is larger than {most} bytes")
        if time.monotonic() > deadline:
            raise TransferError(f"{what} takes longer than {TRANSFER_SECONDS:.0f} s")
    return bytes(data)
