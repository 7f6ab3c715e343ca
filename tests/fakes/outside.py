"""S3, Step Functions, CodeBuild, STS, Discord and the time, without any of them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from chatops.domain.runs import MessageRef, ReplyToken
from chatops.errors import ConflictError, OutsideError
from chatops.ports import TextFile

T = TypeVar("T")


class FakeClock:
    """The time in seconds; `sleep` lets it pass, and then does what tests put into `meanwhile`."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self.meanwhile: list[Callable[[], None]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


class InMemoryArtefacts:
    """Objects in a dict."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key) or None

    def exists(self, key: str) -> bool:
        return key in self.objects

    def where(self, key: str) -> str:
        return f"s3://bucket/{key}"

    def put(self, key: str, body: bytes) -> None:
        self.objects[key] = body

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class FakeWorkflow:
    """Executions by name with their status; `waiting` holds the task tokens that wait for a person."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}
        self.inputs: dict[str, str] = {}
        self.waiting: set[str] = set()
        self.decisions: list[tuple[str, str]] = []
        self.stopped: list[tuple[str, str]] = []

    def start(self, name: str, run_id: str) -> None:
        if name not in self.executions:
            self.executions[name] = "RUNNING"
            self.inputs[name] = run_id

    def decide(self, task_token: str, decision: str) -> None:
        if task_token not in self.waiting:
            raise ConflictError("waking the waiting execution: it waits no more")
        self.waiting.remove(task_token)
        self.decisions.append((task_token, decision))

    def status(self, name: str) -> str:
        return self.executions.get(name, "MISSING")

    def stop(self, name: str, cause: str) -> None:
        self.stopped.append((name, cause))
        if self.executions.get(name) == "RUNNING":
            self.executions[name] = "ABORTED"


class FakeBuilds:
    """Builds by id with their status; CodeBuild does not know the others."""

    def __init__(self, **statuses: str) -> None:
        self.statuses = dict(statuses)
        self.stopped: list[str] = []

    def status(self, build_id: str) -> str | None:
        return self.statuses.get(build_id)

    def stop(self, build_id: str) -> None:
        self.stopped.append(build_id)
        self.statuses[build_id] = "STOPPED"


class FakeChat:
    """Records every payload in order; `messages` holds what each message shows now."""

    def __init__(self) -> None:
        self.answers: list[Mapping[str, Any]] = []
        self.files: list[TextFile] = []
        self.takes_files = True
        self.follow_ups: list[tuple[Mapping[str, Any], bool]] = []
        self.edits: list[Mapping[str, Any]] = []
        self.tokens: list[ReplyToken | None] = []
        self.messages: dict[str, Mapping[str, Any]] = {}
        self.editable = True

    def edit_original(
        self, application_id: str, token: str, payload: Mapping[str, Any], file: TextFile | None = None
    ) -> MessageRef:
        if file and not self.takes_files:
            raise OutsideError("PATCH to Discord answered 413, code 40005")
        self.answers.append(payload)
        self.files += [file] if file else []
        return MessageRef("channel", f"answer-{len(self.answers)}")

    def follow_up(self, application_id: str, token: str, payload: Mapping[str, Any], ephemeral: bool) -> MessageRef:
        self.follow_ups.append((payload, ephemeral))
        message = MessageRef("channel", f"message-{len(self.follow_ups)}")
        self.messages[message.message_id] = payload
        return message

    def edit(self, message: MessageRef, token: ReplyToken | None, now: int, payload: Mapping[str, Any]) -> bool:
        self.tokens.append(token)
        if self.editable:
            self.edits.append(payload)
            self.messages[message.message_id] = payload
        return self.editable


class FakeRunRole:
    """Lends credentials that name what they reach."""

    def __init__(self) -> None:
        self.lent: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = []

    def assume(self, run_id: str, state_key: str, read: tuple[str, ...], write: tuple[str, ...]) -> Mapping[str, str]:
        self.lent.append((run_id, state_key, read, write))
        return {"access_key_id": "ASIA", "secret_access_key": "lent", "session_token": f"session-of-{run_id}"}

    def addresses(
        self, credentials: Mapping[str, str], read: Mapping[str, str], write: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        return (
            {name: f"https://get/{key}?{credentials['session_token']}" for name, key in read.items()},
            {name: f"https://put/{key}?{credentials['session_token']}" for name, key in write.items()},
        )


class Faults:
    """Wraps ports so that one call, counted over all of them, fails: before its effect, or `late` after it.

    With KeyboardInterrupt as the `error` the process dies there, as far as our code can tell: nothing catches it.
    """

    def __init__(self, fail_at: int = -1, late: bool = False, error: type[BaseException] = OutsideError) -> None:
        self.fail_at = fail_at
        self.late = late
        self.error = error
        self.calls: list[str] = []

    def wrap(self, port: T) -> T:
        return cast("T", _Wrapped(port, self))

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        fails = len(self.calls) == self.fail_at
        self.calls.append(function.__name__)
        if fails and not self.late:
            raise self.error(f"{function.__name__} failed")
        result = function(*arguments, **named)
        if fails:
            raise self.error(f"the answer to {function.__name__} was lost")
        return result


class _Wrapped:
    def __init__(self, port: object, faults: Faults) -> None:
        self._port = port
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._port, name)
        return lambda *arguments, **named: self._faults.call(function, arguments, named)
