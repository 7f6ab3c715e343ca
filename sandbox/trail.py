"""The emulated AWS with an audit trail: who called what, and how it was answered, refusals too.

On AWS that is CloudTrail. The emulator's own recorder (CLOUDTRAIL_RECORDING) writes an event after a call was served,
and so none for a call that IAM denied, and no error code in any. This is the emulator's program with one thing around
it: a line of JSON for every request, in the file that TRAIL names. No body, no query and no secret is in it.
"""

import importlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Message = Mapping[str, Any]
App = Callable[[Mapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]

_SIGNED_BY = re.compile(r"Credential=([^/]+)/\d{8}/[^/]*/([^/]+)/|X-Amz-Credential=([^%/]+)(?:%2F|/)", re.ASCII)
_ERROR = re.compile(rb'<Code>(\w+)</Code>|"(?:__type|code|Code)"\s*:\s*"(?:[\w.]+#)?(\w+)"')
_ID = re.compile(rb"<RequestId>([\w-]+)</RequestId>")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_IDS = ("x-amzn-requestid", "x-amz-request-id")
_KEPT_BYTES = 8192


@dataclass(frozen=True)
class Call:
    """One request: `caller` is the access key's id, `what` the operation, `error` the code of a refusal."""

    at: float
    request_id: str
    caller: str
    service: str
    what: str
    status: int
    error: str = ""


def read(file: Path) -> Iterator[Call]:
    """Every call so far."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # one that is being written is read the next time
                yield Call(**json.loads(line))


@dataclass
class _Answer:
    """What is known of an answer while it is sent."""

    status: int = 0
    request_id: str = ""
    begin: bytearray = field(default_factory=bytearray)

    def take(self, message: Message) -> None:
        """Look at one message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            self.request_id = next((headers[name] for name in _IDS if name in headers), "")
        elif message["type"] == "http.response.body" and self.status >= 400:
            self.begin += message.get("body", b"")[: _KEPT_BYTES - len(self.begin)]

    @property
    def id(self) -> str:
        """The request's id; STS and IAM tell it in the body alone when they refuse."""
        found = _ID.search(self.begin)
        return self.request_id or (found[1].decode() if found else "")

    @property
    def error(self) -> str:
        """The error's code, if the answer is one."""
        found = _ERROR.search(self.begin)
        return next((group.decode() for group in found.groups() if group), "") if found else ""


def with_trail(app: App, file: Path) -> App:
    """The application, and a line in the file for every request that it answers."""

    async def recorded(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_ministack"):
            await app(scope, receive, send)
            return
        answer, at, asked = _Answer(), time.time(), bytearray()

        async def heard() -> Message:
            message: Message = await receive()
            asked.extend(message.get("body", b"")[: _KEPT_BYTES - len(asked)])
            return message

        async def noted(message: Message) -> None:
            answer.take(message)
            await send(message)

        try:
            await app(scope, heard, noted)
        finally:
            _write(file, _call(at, scope, bytes(asked), answer))

    return recorded


def _call(at: float, scope: Mapping[str, Any], asked: bytes, answer: _Answer) -> Call:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    signed = _SIGNED_BY.search(headers.get("authorization", "")) or _SIGNED_BY.search(query)
    caller, service = (signed[1] or signed[3], signed[2] or "s3") if signed else ("", "")
    form = _ACTION.search(asked) if "form" in headers.get("content-type", "") else None
    operation = form[1].decode() if form else headers.get("x-amz-target", "").rpartition(".")[2]
    what = operation or f"{scope['method']} {scope['path']}"
    return Call(at, answer.id, caller, service, what, answer.status, answer.error)


def _write(file: Path, call: Call) -> None:
    with file.open("a", encoding="utf-8") as trail:
        trail.write(json.dumps(call.__dict__) + "\n")


def main() -> None:
    """Run the emulator."""
    module = importlib.import_module("ministack.app")
    module.app = with_trail(module.app, Path(os.environ["TRAIL"]))  # type: ignore[attr-defined]
    module.main()


if __name__ == "__main__":
    main()
