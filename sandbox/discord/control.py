"""The sandbox's own paths: another process on this machine types commands and reads messages (`/_sandbox/…`)."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from sandbox.discord import people
from sandbox.discord.api import Reply
from sandbox.discord.incoming import Upload
from sandbox.discord.options import ClientRefusalError
from sandbox.discord.protocol import ApiError, JsonObject
from sandbox.discord.render import render_message
from sandbox.discord.sending import NoEndpointError, is_loopback
from sandbox.discord.world import NobodyThereError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from sandbox.discord.incoming import Request
    from sandbox.discord.messages import Message
    from sandbox.discord.sending import InteractionResult
    from sandbox.discord.state import State
    from sandbox.discord.world import User

PREFIX = "/_sandbox/"
LONGEST_WAIT = 300.0
LONGEST_POLL = 25


class BadControlError(ValueError):
    """A control request that makes no sense."""


def handle(state: State, request: Request, stopping: threading.Event) -> Reply:
    """Answer a control request; only for programs on this machine, never for a web site in its browser."""
    refusal = _refusal(request)
    if refusal:
        return Reply(403, {"error": refusal}, {})
    action = ACTIONS.get((request.method, request.path.removeprefix(PREFIX)))
    if action is None:
        known = ", ".join(f"{method} {PREFIX}{name}" for method, name in ACTIONS)
        return Reply(404, {"error": f"unknown control path; known: {known}"}, {})
    try:
        return Reply(200, action(state, request), {})
    except (BadControlError, ClientRefusalError, NobodyThereError) as error:
        return Reply(400, {"error": str(error)}, {})
    except ApiError:
        return Reply(400, {"error": "send one JSON object with Content-Type: application/json"}, {})
    except NoEndpointError as error:
        return Reply(409, {"error": str(error)}, {})


def _refusal(request: Request) -> str | None:
    """A page from elsewhere reaches us by DNS rebinding (Host) or a cross-site request (Origin)."""
    if not is_loopback(f"//{request.headers.get('Host', '')}"):
        return "the Host header must be 127.0.0.1 or localhost"
    origin = request.headers.get("Origin")
    if origin is not None and not is_loopback(origin):
        return "requests from other origins are refused"
    return None


def _slash(state: State, request: Request) -> JsonObject:
    wanted = request.json_object()
    options = _values(wanted, "options", (str, int, float)) | _files(wanted)
    user, seconds, start = _user(state, wanted), _seconds(wanted), state.transcript.last
    place = (_text(wanted, "guild", None), _text(wanted, "channel", None))
    result = people.run_command(state, _text(wanted, "name"), options, user, *place)
    return _settled(state, result, user, start, seconds)


def _press(state: State, request: Request) -> JsonObject:
    wanted = request.json_object()
    user, seconds, start = _user(state, wanted), _seconds(wanted), state.transcript.last
    target = (_text(wanted, "message_id"), _text(wanted, "custom_id"))
    values = wanted.get("values")
    if values is not None and not (isinstance(values, list) and all(isinstance(v, str) for v in values)):
        raise BadControlError("'values' must be a list of texts")
    result = people.press(state, *target, user, values, unchecked=False)
    return _settled(state, result, user, start, seconds)


def _submit(state: State, request: Request) -> JsonObject:
    wanted = request.json_object()
    values = _values(wanted, "values", (str, list))
    user, seconds, start = _user(state, wanted), _seconds(wanted), state.transcript.last
    result = people.submit_modal(state, _text(wanted, "interaction_id", None), values, user)
    return _settled(state, result, user, start, seconds)


def _autocomplete(state: State, request: Request) -> JsonObject:
    wanted = request.json_object()
    options = _values(wanted, "options", (str, int, float))
    focused = _text(wanted, "focused")
    result = people.run_command(state, _text(wanted, "name"), options, _user(state, wanted), focused=focused)
    return _outcome(result) | {"choices": result.choices}


def _messages(state: State, request: Request) -> JsonObject:
    user = state.world.user(request.query.get("user", "owner"))
    return {"messages": [_shown(state, m) for m in state.messages.all() if _sees(state, user, m)]}


def _file(state: State, request: Request) -> JsonObject:
    """What is in the newest file of a name."""
    name = request.query.get("name", "")
    found = state.file(name, state.world.user(request.query.get("user", "owner")))
    if found is None:
        raise BadControlError(f"no message has a file {name!r}")
    return {"text": found.decode("utf-8", "replace")}


def _transcript(state: State, request: Request) -> JsonObject:
    """Events after `since`; waits up to `wait` seconds for the first."""
    try:
        since, wait = int(request.query.get("since", "0")), int(request.query.get("wait", "0"))
    except ValueError:
        raise BadControlError("'since' and 'wait' must be whole numbers") from None
    events = state.transcript.since(since, min(max(wait, 0), LONGEST_POLL))
    shown = [
        event.as_json() | ({"rendered": _rendered(state, event.message)} if event.message else {}) for event in events
    ]
    return {"events": shown, "last": events[-1].number if events else since}


def _commands(state: State, request: Request) -> JsonObject:
    return {"commands": list(state.commands_in(state.world.guild.id).values())}


def _problems(state: State, request: Request) -> JsonObject:
    return {"problems": [str(problem) for problem in state.transcript.problems]}


ACTIONS: dict[tuple[str, str], Callable[[State, Request], JsonObject]] = {
    ("POST", "slash"): _slash,
    ("POST", "press"): _press,
    ("POST", "submit"): _submit,
    ("POST", "autocomplete"): _autocomplete,
    ("GET", "messages"): _messages,
    ("GET", "file"): _file,
    ("GET", "transcript"): _transcript,
    ("GET", "commands"): _commands,
    ("GET", "problems"): _problems,
}


def _settled(state: State, result: InteractionResult, user: User, start: int, seconds: float) -> JsonObject:
    """The result, once the deferred answer has been edited or the time is over, with what the user saw meanwhile."""

    def answered() -> bool | None:
        message = state.messages.get(result.message_id)
        return None if message and message.thinking else True

    state.transcript.wait_until(answered, seconds)
    changed = {event.message.id for event in state.transcript.since(start) if event.message}
    seen = [m for m in state.messages.all() if m.id in changed and _sees(state, user, m)]
    return _outcome(result) | {"messages": [_shown(state, message) for message in seen]}


def _outcome(result: InteractionResult) -> JsonObject:
    return {
        "interaction_id": result.interaction_id,
        "status": result.status,
        "elapsed": round(result.elapsed, 3),
        "problem": result.problem,
        "reply": result.reply,
        "message_id": result.message_id,
        "modal": result.modal,
    }


def _sees(state: State, user: User, message: Message) -> bool:
    channel = state.world.channel_by_id(message.channel_id)
    return channel is not None and state.world.may_enter(user, channel) and message.visible_to(user)


def _shown(state: State, message: Message) -> JsonObject:
    return message.as_json() | {"rendered": _rendered(state, message)}


def _rendered(state: State, message: Message) -> str:
    return render_message(message, names=state.world.names())


def _user(state: State, wanted: JsonObject) -> User:
    return state.world.user(str(wanted.get("user") or "owner"))


def _text(wanted: JsonObject, key: str, default: Any = ...) -> Any:
    value = wanted.get(key, default)
    if value is ... or not (isinstance(value, str) or value is default):
        raise BadControlError(f"{key!r} must be a text")
    return value


def _values(wanted: JsonObject, key: str, kinds: tuple[type, ...]) -> dict[str, Any]:
    values = wanted.get(key) or {}
    if not isinstance(values, dict) or not all(isinstance(value, kinds) for value in values.values()):
        allowed = ", ".join({str: "texts", list: "lists", int: "numbers", float: "booleans"}[kind] for kind in kinds)
        raise BadControlError(f"{key!r} must be an object of {allowed}")
    return values


def _files(wanted: JsonObject) -> dict[str, Upload]:
    """Attached files by option: `{"name": …, "base64": …}`."""
    try:
        return {
            key: Upload(str(file["name"]), b64decode(file["base64"], validate=True), "application/octet-stream")
            for key, file in (wanted.get("files") or {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadControlError('\'files\' must be an object of {"name": …, "base64": …}') from None


def _seconds(wanted: JsonObject) -> float:
    value = wanted.get("wait_seconds", 10)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadControlError("'wait_seconds' must be a number, 0 or more")
    return min(float(value), LONGEST_WAIT)
