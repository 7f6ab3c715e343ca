"""A tiny app behind an interactions URL: verifies signatures as the product must, answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import requests
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from sandbox.discord import DiscordServer, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, Any, dict[str, str]]


def reply(body: Any, status: int = 200, content_type: str = "application/json") -> Answer:
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, data, {"Content-Type": content_type}


class FakeApp:
    """Set `answer` to a function of the decoded interaction; `received` keeps interactions and their headers."""

    def __init__(self, public_key_hex: str) -> None:
        self.answer: Callable[[dict[str, Any]], Answer] = lambda interaction: reply({"type": 5})
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.verifies = True
        key = VerifyKey(bytes.fromhex(public_key_hex))
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.headers.append(dict(self.headers))
                self._send(*app.respond(key, dict(self.headers), body))

            def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(data))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/interactions"

    def respond(self, key: VerifyKey, headers: dict[str, str], body: bytes) -> Answer:
        try:
            signature = bytes.fromhex(headers["X-Signature-Ed25519"])
            key.verify(headers["X-Signature-Timestamp"].encode() + body, signature)
        except BadSignatureError:
            if self.verifies:
                return reply({"error": "invalid request signature"}, 401)
        interaction = json.loads(body)
        self.received.append(interaction)
        return reply({"type": 1}) if interaction["type"] == 1 else self.answer(interaction)

    def __enter__(self) -> FakeApp:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class AppCalls:
    """The app's side of Discord's API: correct headers, quiet mentions, unless a test says otherwise."""

    HEADERS: ClassVar = {"User-Agent": "DiscordBot (https://chatops.example, 1.0)"}

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        headers = self.HEADERS | more.pop("headers", {})
        with requests.Session() as session:
            session.trust_env = False
            url = self._discord.base_url + path
            return session.request(method, url, json=body, headers=headers, timeout=5, **more)

    def bot(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.call(method, path, body, headers={"Authorization": f"Bot {self._discord.bot_token}"})

    def hook(self, method: str, token: str, message: str = "", body: Any = None, **more: Any) -> requests.Response:
        tail = f"/messages/{message}" if message else ""
        return self.call(method, f"/webhooks/{self._discord.application_id}/{token}{tail}", body, **more)

    def edit(self, token: str, content: str = "done", **fields: Any) -> requests.Response:
        return self.hook("PATCH", token, "@original", quiet(content=content, **fields))

    def follow_up(self, token: str, content: str = "more", **fields: Any) -> requests.Response:
        return self.hook("POST", token, body=quiet(content=content, **fields))

    def register(self, *commands: dict[str, Any]) -> requests.Response:
        app, guild = self._discord.application_id, self._discord.world.guild.id
        return self.bot("PUT", f"/applications/{app}/guilds/{guild}/commands", list(commands))


def quiet(**fields: Any) -> dict[str, Any]:
    return {"allowed_mentions": {"parse": []}, **fields}


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(buttons)}


def button(custom_id: str, label: str = "Press", style: int = 1, **fields: Any) -> dict[str, Any]:
    return {"type": 2, "style": style, "label": label, "custom_id": custom_id, **fields}


class Pair(NamedTuple):
    """A running Discord, the app behind it, and the app's calls back."""

    discord: DiscordServer
    app: FakeApp
    calls: AppCalls


@contextmanager
def running(settings: Settings | None = None) -> Iterator[Pair]:
    with DiscordServer(settings) as discord, FakeApp(discord.public_key_hex) as app:
        discord.interactions_url = app.url
        yield Pair(discord, app, AppCalls(discord))
