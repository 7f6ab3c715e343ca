"""Gemini's adapter against a package of ours that behaves as google-generativeai 0.8.6 does.

The real package meets a server in tests/infrastructure/test_gemini_on_layers.py, and the same scenarios.
"""

import subprocess
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from chatops.adapters.gemini import MOST_TOKENS, Gemini
from chatops.errors import OutsideError

if TYPE_CHECKING:
    from chatops.ports import Model

KEY, PROMPT, ROLE, SECRET = "the-key", "the prompt", "the role", "secret-of-the-service"
SCHEMA = {"type": "object", "properties": {}}


class ApiError(Exception):
    """As google.api_core's: its text has what the service said."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code} {SECRET}")
        self.code = code


class Package:
    """The package, as far as it is used; an exception among the answers is raised, a function called."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers) or [answer("{}")]
        self.configured: list[dict[str, Any]] = []
        self.models: list[tuple[str, str]] = []
        self.asked: list[dict[str, Any]] = []
        self.loads = 0

    def load(self) -> "Package":
        self.loads += 1
        return self

    def configure(self, **settings: Any) -> None:
        self.configured.append(settings)

    def GenerativeModel(self, name: str, system_instruction: str) -> "Package":  # noqa: N802 - the package's name
        self.models.append((name, system_instruction))
        return self

    def generate_content(self, prompt: str, **settings: Any) -> Any:
        self.asked.append({"prompt": prompt, **settings})
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return given() if callable(given) else given


def answer(*parts: str, finish: int = 1) -> Any:
    content = SimpleNamespace(parts=[SimpleNamespace(text=part) for part in parts])
    return SimpleNamespace(candidates=[SimpleNamespace(finish_reason=finish, content=content)])


def gemini(package: Package, temperature: float | None = 0.7, key: str | None = KEY, **more: Any) -> Gemini:
    return Gemini(lambda: key, "gemini-x", temperature, "https://api.example/", package=package.load, **more)


def words(package: Package, seconds: float = 5, **more: Any) -> str:
    return gemini(package, **more).words(PROMPT, ROLE, SCHEMA, seconds)


def refused(package: Package, seconds: float = 5, **more: Any) -> str:
    with pytest.raises(OutsideError) as error:
        words(package, seconds, **more)
    shown = "".join(traceback.format_exception(error.value))
    assert [each for each in (KEY, PROMPT, ROLE, SECRET) if each in shown] == []
    return str(error.value)


def test_it_is_a_model() -> None:
    model: Model = gemini(Package())

    assert model.name == "gemini-x"


def test_it_asks_for_json_of_the_form_over_rest_and_without_the_packages_own_retries() -> None:
    package = Package(answer('{"a": ', '"b"}'))

    assert words(package) == '{"a": "b"}'

    assert package.configured == [
        {"api_key": KEY, "transport": "rest", "client_options": {"api_endpoint": "https://api.example"}}
    ]
    assert package.models == [("gemini-x", ROLE)]
    [asked] = package.asked
    assert asked["prompt"] == PROMPT
    assert asked["generation_config"] == {
        "response_mime_type": "application/json",
        "max_output_tokens": MOST_TOKENS,
        "response_schema": SCHEMA,
        "temperature": 0.7,
    }
    assert asked["request_options"]["retry"] is None
    assert 4 < asked["request_options"]["timeout"] <= 5


def test_without_a_temperature_none_is_sent() -> None:
    package = Package()

    words(package, temperature=None)

    assert "temperature" not in package.asked[0]["generation_config"]


def test_a_new_key_is_used_at_once() -> None:
    package, keys = Package(), ["old", "new"]
    model = Gemini(lambda: keys.pop(0), "gemini-x", package=package.load)

    model.words("p", "s", SCHEMA, 5)
    model.words("p", "s", SCHEMA, 5)

    assert [each["api_key"] for each in package.configured] == ["old", "new"]


def test_without_a_key_the_package_is_not_even_loaded() -> None:
    package = Package()

    assert "no key" in refused(package, key=None)
    assert package.loads == 0


def test_settings_that_a_model_refuses_are_left_out_once() -> None:
    package = Package(ApiError(400), answer("{}"))

    assert words(package) == "{}"
    assert package.asked[1]["generation_config"] == {
        "response_mime_type": "application/json",
        "max_output_tokens": MOST_TOKENS,
    }


def test_and_not_twice() -> None:
    package = Package(ApiError(400))

    assert refused(package) == "asking gemini-x: HTTP 400"
    assert len(package.asked) == 2


def test_nor_when_no_time_is_left() -> None:
    package = Package(ApiError(400))

    refused(package, seconds=0.5)

    assert len(package.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_other_errors_are_not_tried_again(status: int) -> None:
    package = Package(ApiError(status))

    assert refused(package) == f"asking gemini-x: HTTP {status}"
    assert len(package.asked) == 1


@pytest.mark.parametrize("error", [ValueError, ConnectionError, TimeoutError, RecursionError, ImportError])
def test_any_error_is_one_of_ours_and_says_its_kind_alone(error: type[Exception]) -> None:
    assert refused(Package(error(f"{SECRET} {KEY}"))) == f"asking gemini-x: {error.__name__}"


def test_a_question_that_is_blocked_has_no_answer() -> None:
    assert refused(Package(SimpleNamespace(candidates=[]))) == "asking gemini-x: the question was blocked"


@pytest.mark.parametrize("finish", [0, 2, 3, 4, 5, 10])
def test_an_answer_that_was_cut_off_is_none(finish: int) -> None:
    assert refused(Package(answer("{}", finish=finish))) == f"asking gemini-x: it ended with {finish}"


def test_whoever_asks_never_waits_longer() -> None:
    stop = threading.Event()
    package = Package(lambda: stop.wait(20))
    began = time.monotonic()

    text = refused(package, seconds=0.2)
    took = time.monotonic() - began
    stop.set()

    assert text == "asking gemini-x: no complete answer within 0.2 s"
    assert took < 5


def test_the_adapter_alone_loads_nothing_of_google() -> None:
    code = "import sys, chatops.adapters.gemini; sys.exit(any(each.split('.')[0] == 'google' for each in sys.modules))"

    subprocess.run([sys.executable, "-S", "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)}, timeout=60)
