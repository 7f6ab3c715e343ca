"""Stands between the functions and the emulated AWS: passes every call on, notes who asked what, and who was denied.

The emulator enforces IAM and writes down nothing of it.
"""

import http.client
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_CREDENTIAL = re.compile(r"(?:Credential=|X-Amz-Credential=)([A-Z0-9]+)(?:/|%2F)\d+(?:/|%2F)[\w-]+(?:/|%2F)([\w-]+)")
_DENIED = re.compile(r"User: (\S+) is not authorized to perform: (\S+)")
_LENT = re.compile(r"<AccessKeyId>(\w+)</AccessKeyId>.*?<Arn>[^<]*assumed-role/([^/<]+)/", re.DOTALL)
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_S3 = {"GET": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject", "HEAD": "s3:GetObject"}


@dataclass(frozen=True)
class Asked:
    """One call: the access key that signed it, the IAM action, and words by which its resource is known."""

    key: str
    action: str
    resource: str


@dataclass(frozen=True)
class Denial:
    """What IAM refused: the role's name and the action."""

    role: str
    action: str


class Witness:
    """A proxy on 127.0.0.1; `to` is the emulator's port."""

    def __init__(self, to: int) -> None:
        self.asked: list[Asked] = []
        self.denied: list[Denial] = []
        self.lent: dict[str, str] = {}
        """Access keys that STS lent, and the names of their roles."""
        witness = self

        class Handler(_Handler):
            port = to

            def heard(self, body: bytes, status: int, answer: bytes) -> None:
                witness._heard(self, body, status, answer)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Begin anew, with what STS lent still known."""
        self.asked.clear()
        self.denied.clear()

    def _heard(self, request: "_Handler", body: bytes, status: int, answer: bytes) -> None:
        if found := _asked(request, body):
            self.asked.append(found)
        if status in (400, 403) and (refused := _DENIED.search(answer.decode("utf-8", "replace"))):
            self.denied.append(Denial(refused[1].split("/")[1] if "/" in refused[1] else refused[1], refused[2]))
        if status == 200 and b"<AssumeRoleResponse" in answer and (lent := _LENT.search(answer.decode())):
            self.lent[lent[1]] = lent[2]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has gone: a function that was made to start anew, or the sandbox at its end."""


class Unseen(Witness):
    """Where nobody stands between: nothing is known."""

    def __init__(self) -> None:
        self.asked, self.denied, self.lent = [], [], {}


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on as it is, its Host header too, since that is signed."""

    protocol_version = "HTTP/1.1"
    port = 0

    def heard(self, body: bytes, status: int, answer: bytes) -> None:
        raise NotImplementedError

    def _pass_on(self) -> None:
        body = self._body()
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length", "expect"):
                    there.putheader(name, value)
            there.putheader("Content-Length", str(len(body)))
            there.endheaders(body)
            response = there.getresponse()
            answer = response.read()
        except OSError:  # the emulator has ended, and its functions have not yet
            self.close_connection = True
            return
        finally:
            there.close()
        self.heard(body, response.status, answer)
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header(
            "Content-Length", response.getheader("Content-Length", "0") if not answer else str(len(answer))
        )
        self.end_headers()
        self.wfile.write(answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the terminal quiet."""


def _asked(request: BaseHTTPRequestHandler, body: bytes) -> Asked | None:
    signed = _CREDENTIAL.search(request.headers.get("Authorization", "") or request.path)
    if not signed:
        return None
    key, service = signed[1], signed[2]
    if target := request.headers.get("X-Amz-Target"):
        given = json.loads(body or b"{}")
        return Asked(key, f"{service}:{target.rpartition('.')[2]}", _json_resource(given))
    if service == "s3":
        return _of_s3(request, key)
    if service == "lambda" and (invoked := _INVOKE.search(unquote(request.path))):
        return Asked(key, "lambda:InvokeFunction", invoked[1])
    form = parse_qs(body.decode("utf-8", "replace"))
    return Asked(key, f"{service}:{form.get('Action', ['?'])[0]}", form.get("RoleArn", [""])[0])


def _json_resource(given: dict[str, Any]) -> str:
    if table := given.get("TableName"):
        return f"{table}/index/{given['IndexName']}" if "IndexName" in given else str(table)
    for name in ("stateMachineArn", "executionArn", "SecretId", "KeyId"):
        if name in given:
            return str(given[name])
    return ""


def _of_s3(request: BaseHTTPRequestHandler, key: str) -> Asked:
    address = urlsplit(request.path)
    path, query = unquote(address.path).lstrip("/"), parse_qs(address.query)
    if "list-type" in query:
        return Asked(key, "s3:ListBucket", path.rstrip("/"))
    return Asked(key, _S3.get(request.command, f"s3:{request.command}"), path)
