"""The HTTP listener: one thread per connection, all of them ended by `stop`."""

from __future__ import annotations

import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.discord import api, cdn, control
from sandbox.discord.faults import HtmlAnswer, NoAnswer
from sandbox.discord.incoming import Request

if TYPE_CHECKING:
    from sandbox.discord.state import State

BODY_LIMIT = 26 * 1024 * 1024


class Listener(ThreadingHTTPServer):
    """Serves one `State` on 127.0.0.1.

    Threads are daemons, so that a caller that dies without `stop` does not hang; `stop` joins them all the same.
    """

    request_queue_size = 64

    def __init__(self, state: State, port: int) -> None:
        self.state = state
        self.stopping = threading.Event()
        self._connections: dict[threading.Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), Handler)

    def stop(self) -> None:
        """Take no more requests, end idle connections, join every thread."""
        self.stopping.set()
        self.shutdown()
        for thread, connection in self._connections.items():
            _hang_up(connection)
            thread.join()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve the connection on a thread that `stop` knows."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        open_now = {thread: connection for thread, connection in self._connections.items() if thread.is_alive()}
        self._connections = open_now | {thread: request}
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no error; anything else is one of ours and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Handler(BaseHTTPRequestHandler):
    """Reads one request, hands it to the API or to the sandbox's own control paths, writes the answer."""

    protocol_version = "HTTP/1.1"
    server_version = "discord-sandbox"
    sys_version = ""
    wbufsize = -1  # headers and body leave in one piece
    disable_nagle_algorithm = True
    server: Listener

    def do_GET(self) -> None:
        """Every method is routed the same way."""
        request = self._read()
        if request is None:
            return
        if request.path.startswith(control.PREFIX):
            reply = control.handle(self.server.state, request, self.server.stopping)
            self._write(reply.status, reply.body, reply.headers)
            return
        if request.path.startswith(f"{cdn.PREFIX}/"):
            self._write_file(cdn.read(self.server.state, request))
            return
        try:
            reply = api.handle(self.server.state, request)
            self._write(reply.status, reply.body, reply.headers)
        except HtmlAnswer as answer:
            self._write_html(answer)
        except NoAnswer as silence:
            self.server.stopping.wait(silence.seconds)
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 – http.server's names

    def _read(self) -> Request | None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= BODY_LIMIT or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._write(413, {"message": "Request entity too large", "code": 40005}, {})
            return None
        url = urlsplit(self.path)
        body = self.rfile.read(length)
        return Request(self.command, url.path, dict(parse_qsl(url.query)), self.headers, body)

    def _write(self, status: int, body: Any, headers: dict[str, str]) -> None:
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        content = {} if body is None else {"Content-Type": "application/json"}
        self._send(status, data, headers | content)

    def _write_file(self, data: bytes | None) -> None:
        status, content = (404, b"This content is no longer available.") if data is None else (200, data)
        self._send(status, content, {"Content-Type": "text/plain" if data is None else "application/octet-stream"})

    def _write_html(self, answer: HtmlAnswer) -> None:
        wait = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
        self._send(answer.status, answer.text.encode(), wait | {"Content-Type": "text/html"})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the transcript is the log, and paths carry tokens."""
