"""Send a signed interaction to the app and judge its answer as Discord does."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from sandbox.discord import payloads
from sandbox.discord.answers import answer
from sandbox.discord.incoming import decode_json
from sandbox.discord.protocol import ApiError, CallbackType, InteractionType, JsonObject
from sandbox.discord.signing import signed_headers, with_bad_signature

if TYPE_CHECKING:
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.state import State

SHOWN_FAILURE = {
    InteractionType.PING: "The interactions endpoint URL could not be verified",
    InteractionType.COMMAND: "The application did not respond",
    InteractionType.COMPONENT: "This interaction failed",
    InteractionType.AUTOCOMPLETE: "Loading options failed",
    InteractionType.MODAL_SUBMIT: "Something went wrong. Try again.",
}


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    try:
        return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:
        return False


class NoEndpointError(RuntimeError):
    """An interaction was sent before the app's interactions URL was known."""


@dataclass(frozen=True)
class InteractionResult:
    """What came of one interaction; `problem` is what Discord would show instead of an answer, with the reason."""

    interaction_id: str
    token: str = field(repr=False)
    status: int | None  # None: no HTTP answer at all
    reply: JsonObject | None
    elapsed: float  # seconds
    callback: CallbackType | None = None
    message_id: str | None = None  # of @original
    problem: str | None = None

    @property
    def choices(self) -> list[JsonObject]:
        """Autocomplete suggestions."""
        return [choice for choice in ((self.reply or {}).get("data") or {}).get("choices") or [] if choice]

    @property
    def modal(self) -> JsonObject | None:
        """The modal that opened."""
        return (self.reply or {}).get("data") if self.callback is CallbackType.MODAL else None


@dataclass(frozen=True)
class _Answer:
    """The HTTP side of an answer, before it is judged."""

    status: int | None
    content_type: str
    body: bytes
    elapsed: float
    failure: str | None


def deliver(state: State, interaction: Interaction, payload: JsonObject) -> InteractionResult:
    """Send an interaction, apply its answer, and void its token if there is none in time."""
    interaction.payload = payload
    state.transcript.add("sent", f"{interaction.user.name}: {_describe(interaction)}")
    got = _post(state, payload, bad_signature=False)
    reply, failure = _judge(state, interaction, got)
    if failure and state.interactions.lose(interaction):
        problem = f"{SHOWN_FAILURE[interaction.kind]} ({failure})"
        state.problem(_describe(interaction), problem)
    else:
        problem = None
    state.transcript.add("answered", problem or f"{_describe(interaction)}: {_outcome(interaction)}")
    return InteractionResult(
        interaction_id=interaction.id,
        token=interaction.token,
        status=got.status,
        reply=reply,
        elapsed=got.elapsed,
        callback=interaction.callback,
        message_id=interaction.original_id,
        problem=problem,
    )


def _describe(interaction: Interaction) -> str:
    match interaction.kind:
        case InteractionType.COMMAND:
            return f"/{interaction.name}"
        case InteractionType.AUTOCOMPLETE:
            return f"/{interaction.name} (autocomplete)"
        case InteractionType.COMPONENT:
            return f"[{interaction.name}]"
        case InteractionType.MODAL_SUBMIT:
            return f"modal {interaction.name}"
        case _:
            return "ping"


def _outcome(interaction: Interaction) -> str:
    return interaction.callback.name.lower() if interaction.callback else "no answer"


def _judge(state: State, interaction: Interaction, got: _Answer) -> tuple[JsonObject | None, str | None]:
    """The reply, and why it does not count as an answer."""
    limit = state.settings.answer_seconds
    by_callback = interaction.answered.is_set()
    if not by_callback and got.status in (202, 204) and not got.body:
        by_callback = interaction.answered.wait(max(0.0, limit - got.elapsed))
        if not by_callback:
            return None, f"HTTP {got.status} without a body, and no callback within {limit:g} s"
    if by_callback:
        if got.body and got.status == 200:
            state.problem(_describe(interaction), "answered twice: by callback and in the HTTP reply")
        return None, None
    if got.failure:
        return None, got.failure
    if got.elapsed > limit:
        return None, f"the answer took {got.elapsed:.1f} s, the limit is {limit:g} s"
    return _apply_inline(state, interaction, got)


def _apply_inline(state: State, interaction: Interaction, got: _Answer) -> tuple[JsonObject | None, str | None]:
    if got.status != 200:
        return None, f"HTTP {got.status}: {got.body[:200].decode('utf-8', 'replace')}"
    if got.content_type.split(";")[0].strip().lower() != "application/json":
        return None, f"the reply's Content-Type is {got.content_type!r}, not application/json"
    try:
        reply: Any = decode_json(got.body)
    except ValueError:
        return None, "the reply is not JSON in UTF-8"
    try:
        answer(state, interaction, reply, _describe(interaction))
    except ApiError as error:
        return reply if isinstance(reply, dict) else None, str(error)
    return reply, None


def _post(state: State, payload: JsonObject, *, bad_signature: bool, url: str | None = None) -> _Answer:
    url = url or state.interactions_url
    if not url:
        raise NoEndpointError("no interactions URL is set: deploy the app, then set server.interactions_url")
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    headers = signed_headers(state.keys, str(int(state.clock.wall())), body)
    if bad_signature:
        headers = with_bad_signature(headers)
    limit = state.settings.answer_seconds
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = not is_loopback(url)  # a proxy cannot reach our own machine
            with session.post(url, data=body, headers=headers, timeout=limit, allow_redirects=False) as response:
                elapsed = time.monotonic() - started
                content_type = response.headers.get("Content-Type", "")
                return _Answer(response.status_code, content_type, response.content, elapsed, None)
    except requests.Timeout:
        failure = f"no answer within {limit:g} s"
    except requests.RequestException as error:
        failure = f"the request did not arrive: {type(error).__name__}"
    return _Answer(None, "", b"", time.monotonic() - started, failure)


def send_ping(state: State) -> InteractionResult:
    """One PING to the app's URL."""
    interaction = state.interactions.open(InteractionType.PING, state.world.owner, state.world.channel, "ping")
    return deliver(state, interaction, payloads.ping(state, interaction))


def verify_endpoint(state: State, url: str) -> str | None:
    """The two requests that guard a registration: a good PING and one with a wrong signature. None when both pass."""
    interaction = state.interactions.open(InteractionType.PING, state.world.owner, state.world.channel, "probe")
    payload = payloads.ping(state, interaction)
    good = _post(state, payload, bad_signature=False, url=url)
    if good.failure or good.status != 200:
        return good.failure or f"a correct PING was answered with HTTP {good.status}, not 200"
    if not good.content_type.lower().startswith("application/json"):
        return f"the PONG's Content-Type is {good.content_type!r}, not application/json"
    try:
        pong = decode_json(good.body)
    except ValueError:
        pong = None
    if not isinstance(pong, dict) or pong.get("type") != CallbackType.PONG:
        return 'a correct PING was not answered with {"type": 1}'
    bad = _post(state, payload, bad_signature=True, url=url)
    if bad.failure or bad.status != 401:
        return bad.failure or f"a PING with a wrong signature was answered with HTTP {bad.status}, not 401"
    return None
