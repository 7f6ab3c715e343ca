"""The route table of Discord's API, and the order in which Discord checks a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sandbox.discord import bot_api, webhook_api
from sandbox.discord.faults import NoAnswer
from sandbox.discord.protocol import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.incoming import Request, Response
    from sandbox.discord.state import State

PREFIX = "/api/v10"
READY_SECONDS = 15.0  # within this time after an interaction a 404 may be Discord's own delay
_USER_AGENT = re.compile(r"DiscordBot \(\S+, ?[^)]+\)")

Secret = Literal["token", "bot"]  # an interaction token in the path, or the bot token in Authorization


@dataclass(frozen=True)
class Route:
    """One path with its methods; `bucket` names the path argument that a rate limit counts by."""

    pattern: re.Pattern[str]
    secret: Secret
    bucket: str | None
    methods: dict[str, Callable[[State, Request], Response]]


def _route(path: str, secret: Secret, bucket: str | None, **methods: Callable[[State, Request], Response]) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return Route(re.compile(pattern), secret, bucket, methods)


_ON_MESSAGE: dict[str, Callable[[State, Request], Response]] = {
    "GET": webhook_api.read_message,
    "PATCH": webhook_api.edit_message,
    "DELETE": webhook_api.delete_message,
}
_COMMANDS: dict[str, Callable[[State, Request], Response]] = {
    "GET": bot_api.read_commands,
    "PUT": bot_api.replace_commands,
}
ROUTES = (
    _route("/interactions/{interaction_id}/{token}/callback", "token", None, POST=webhook_api.create_callback),
    _route("/webhooks/{application_id}/{token}", "token", "token", POST=webhook_api.create_followup),
    _route("/webhooks/{application_id}/{token}/messages/@original", "token", "token", **_ON_MESSAGE),
    _route("/webhooks/{application_id}/{token}/messages/{message_id}", "token", "token", **_ON_MESSAGE),
    _route("/channels/{channel_id}/messages", "bot", "channel_id", POST=bot_api.create_message),
    _route(
        "/channels/{channel_id}/messages/{message_id}",
        "bot",
        "channel_id",
        GET=bot_api.read_message,
        PATCH=bot_api.edit_message,
        DELETE=bot_api.delete_message,
    ),
    _route("/applications/@me", "bot", None, GET=bot_api.read_application, PATCH=bot_api.edit_application),
    _route("/applications/{application_id}/commands", "bot", None, **_COMMANDS),
    _route("/applications/{application_id}/guilds/{guild_id}/commands", "bot", None, **_COMMANDS),
)


@dataclass(frozen=True)
class Reply:
    """Status, JSON body (None sends none) and extra headers."""

    status: int
    body: Any
    headers: dict[str, str]


def handle(state: State, request: Request) -> Reply:
    """Answer one request; raises `HtmlAnswer` or `NoAnswer` when a fault asks for it."""
    try:
        route, request = _find(request)
        _check_client(state, route, request)
    except ApiError as error:
        return _refused(state, request, error, {})
    fault = state.faults.take(request.method, request.path)
    if fault is None:
        return _work(state, route, request)
    state.transcript.add("fault", f"{request.where}: {fault}")
    if isinstance(fault, NoAnswer) and fault.after_work:
        _work(state, route, request)
    if isinstance(fault, ApiError):
        return Reply(fault.status, fault.body(), fault.headers)
    raise fault


def _work(state: State, route: Route, request: Request) -> Reply:
    headers: dict[str, str] = {}
    try:
        headers, too_many = _count(state, route, request)
        if too_many:
            raise too_many
        status, body = route.methods[request.method](state, request)
    except ApiError as error:
        return _refused(state, request, error, headers)
    return Reply(status, body, headers)


def _find(request: Request) -> tuple[Route, Request]:
    path = request.path.removeprefix(PREFIX)
    if path != request.path:
        for route in ROUTES:
            match = route.pattern.fullmatch(path)
            if match:
                if request.method not in route.methods:
                    raise ApiError(405, 0, "405: Method Not Allowed")
                return route, request.matched(match.groupdict())
    raise ApiError(404, 0, "404: Not Found")


def _check_client(state: State, route: Route, request: Request) -> None:
    if not _USER_AGENT.match(request.headers.get("User-Agent", "")):
        raise ApiError(403, 40333, "internal network error: User-Agent must be DiscordBot (url, version)")
    if route.secret == "bot" and request.headers.get("Authorization") != f"Bot {state.settings.bot_token}":
        raise ApiError(401, 0, "401: Unauthorized")


def _count(state: State, route: Route, request: Request) -> tuple[dict[str, str], ApiError | None]:
    if route.bucket is None:
        return {}, None
    headers, refused, impatient = state.limits.take(f"{route.secret}:{request.arguments[route.bucket]}")
    if impatient:
        state.problem(request.where, "came again before retry_after had passed", 429)
    return headers, refused


def _refused(state: State, request: Request, error: ApiError, headers: dict[str, str]) -> Reply:
    if error.status == 429:
        state.transcript.add("rate_limited", f"{request.where}: {error}")
    elif not _is_early(state, request, error):
        state.problem(request.where, str(error), error.code or error.status)
    return Reply(error.status, error.body(), headers | error.headers)


def _is_early(state: State, request: Request, error: ApiError) -> bool:
    """An edit may overtake the first answer; Discord says 10015 then, and the app may try again for a while."""
    interaction = state.interactions.find_token(request.arguments.get("token", ""))
    if error.code != 10015 or interaction is None or interaction.lost:
        return False
    return state.clock.now() - interaction.created_at < READY_SECONDS
