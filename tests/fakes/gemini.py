"""Gemini's HTTP side as the package speaks to it: answers what a test tells it to, also badly.

The form of requests and answers: ai.google.dev, API reference, models.generateContent.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Answered(NamedTuple):
    """An HTTP answer; with `drip` seconds after each byte, and `pause` before the first."""

    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=UTF-8"
    pause: float = 0
    drip: float = 0


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def said(text: str, finish: str = "STOP") -> Answered:
    """What the model says, as the service wraps it."""
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": finish, "index": 0}
    return Answered(json.dumps({"candidates": [candidate]}).encode())


def blocked() -> Answered:
    return Answered(json.dumps({"promptFeedback": {"blockReason": "SAFETY"}}).encode())


def failed(status: int, name: str = "UNAVAILABLE") -> Answered:
    error = {"code": status, "message": "secret-of-the-service", "status": name}
    return Answered(json.dumps({"error": error}).encode(), status)


class FakeGemini:
    """Set `answer` to a function of what was asked; `asked` keeps it all."""

    def __init__(self, answer: Callable[[Asked], Answered] = lambda asked: said("{}")) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self._send(fake.answer(fake.asked[-1]))

            def _send(self, answer: Answered) -> None:
                fake.stopped.wait(answer.pause)
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.content_type)
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    if not answer.drip:
                        self.wfile.write(answer.body)
                        return
                    for byte in answer.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if fake.stopped.wait(answer.drip):
                            return
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeGemini:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
