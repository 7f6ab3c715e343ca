"""The model's real package, as the advisor's layer brings it, against a server that behaves in every way there is."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from chatops.story.narrate import script_of
from chatops.story.prompt import plan_prompt
from chatops.story.schema import response_schema
from chatops.story.story import Told
from sandbox import stack
from sandbox.paths import BUILD
from tests.fakes.gemini import Answered, Asked, FakeGemini, blocked, failed, said
from tests.fakes.models import obliging
from tests.unit.story.told_facts import web

SECONDS = 1.5
DRIP = 0.2

# Each model's name is what the server does with it; what comes of it is the model's answer or the error's text.
SCENARIOS: dict[str, tuple[Answered, str]] = {
    "answers": (said('{"a": "ü"}'), '{"a": "ü"}'),
    "answers-much": (said("x" * 10_000_000), "x" * 100),
    "blocked": (blocked(), "the question was blocked"),
    "cut-off": (said("{", "MAX_TOKENS"), "it ended with MAX_TOKENS"),
    "unsafe": (said("{}", "SAFETY"), "it ended with SAFETY"),
    "recites": (said("{}", "RECITATION"), "it ended with RECITATION"),
    "refuses": (failed(400, "INVALID_ARGUMENT"), "HTTP 400"),
    "forbids": (failed(403, "PERMISSION_DENIED"), "HTTP 403"),
    "is-gone": (failed(404, "NOT_FOUND"), "HTTP 404"),
    "is-busy": (failed(429, "RESOURCE_EXHAUSTED"), "HTTP 429"),
    "breaks": (failed(500, "INTERNAL"), "HTTP 500"),
    "is-down": (failed(503, "UNAVAILABLE"), "HTTP 503"),
    "html": (Answered(b"<html>502</html>", content_type="text/html"), "ParseError"),
    "html-error": (Answered(b"<html>502</html>", 502, "text/html"), "HTTP 502"),
    "half": (Answered(said("{}").body[:30]), "ParseError"),
    "nothing": (Answered(b""), "ParseError"),
    "null": (Answered(b"null"), "ParseError"),
    "hangs": (said("{}")._replace(pause=30), "no complete answer within 1.5 s|ReadTimeout"),
    "drips": (said("{}")._replace(drip=DRIP), "no complete answer within 1.5 s"),
}
DRIVER = """
import json, sys, time
from chatops.adapters.gemini import Gemini
from chatops.errors import OutsideError
schema, prompt, url, seconds = json.load(sys.stdin)
results = {}
for name in sys.argv[1:]:
    began = time.monotonic()
    try:
        # The first one imports the package, which no Lambda does twice.
        text = Gemini(lambda: "the-key", name, 0.7, url).words(prompt, "role", schema, seconds if results else 20)
    except OutsideError as error:
        text = str(error)
    results[name] = [text[:20000], time.monotonic() - began]
print(json.dumps(results))
"""


class Service:
    """The server, and what came of asking it in a process that has the layers alone."""

    def __init__(self) -> None:
        self.script = script_of(web(), Told())
        self.prompt = plan_prompt(web(), self.script, "en-US")
        with FakeGemini(self.answer) as fake:
            given = [response_schema(self.script), self.prompt, fake.url, SECONDS]
            layers = [str(BUILD / name / "python") for name in ("CoreLayer", "AdvisorLayer")]
            done = subprocess.run(
                [sys.executable, "-S", "-W", "error", "-c", DRIVER, "obliges", *SCENARIOS],
                env={"PYTHONPATH": os.pathsep.join(layers), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nowhere"},
                input=json.dumps(given), cwd="/", capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.noise = done.stderr
        self.results: dict[str, tuple[str, float]] = json.loads(done.stdout)
        self.asked = fake.asked

    def answer(self, asked: Asked) -> Answered:
        model = asked.path.partition("/models/")[2].partition(":")[0]
        return said(obliging(self.prompt)) if model == "obliges" else SCENARIOS[model][0]

    def questions(self, model: str) -> list[Asked]:
        return [each for each in self.asked if f"/models/{model}:" in each.path]


@pytest.fixture(scope="module")
def service() -> Service:
    stack.build()
    return Service()


def test_the_form_is_asked_for_and_answered(service: Service) -> None:
    [asked] = service.questions("obliges")
    settings: dict[str, Any] = asked.body["generationConfig"]

    assert json.loads(service.results["obliges"][0]) == json.loads(obliging(service.prompt))
    assert asked.path.startswith("/v1beta/models/obliges:generateContent")
    assert asked.headers["x-goog-api-key"] == "the-key"
    assert asked.body["contents"] == [{"role": "user", "parts": [{"text": service.prompt}]}]
    assert asked.body["systemInstruction"]["parts"] == [{"text": "role"}]
    assert settings["responseMimeType"] == "application/json"
    assert settings["responseSchema"]["required"] == list(service.script.fields)
    assert settings["responseSchema"]["properties"]["blast_radius"]["required"] == [
        "security_risk", "impact_level", "affected_systems"
    ]  # fmt: skip


@pytest.mark.parametrize("model", SCENARIOS)
def test_whatever_it_does_there_is_an_answer_or_a_short_reason_in_time(service: Service, model: str) -> None:
    text, took = service.results[model]
    expected = SCENARIOS[model][1]

    if model.startswith("answers"):
        assert text.startswith(expected)
    else:
        assert text.removeprefix(f"asking {model}: ") in expected.split("|")
    assert took < SECONDS + 1


def test_only_settings_that_are_refused_are_asked_again(service: Service) -> None:
    often = {model: len(service.questions(model)) for model in SCENARIOS}

    assert {model for model, times in often.items() if times != 1} == {"refuses"}
    assert "responseSchema" not in service.questions("refuses")[1].body["generationConfig"]


def test_nothing_is_written_about_it(service: Service) -> None:
    assert service.noise == ""
