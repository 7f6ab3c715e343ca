import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chatops.errors import ConfigError
from events.sign import TEST_PUBLIC_KEY, signed

ROOT = Path(__file__).parents[3]
EVENTS = ROOT / "events"
APPLICATION = "1100000000000000001"
MODULE = "functions.interactions.app"

Handle = Callable[[dict[str, Any]], tuple[int, Any]]


def load(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("DISCORD_PUBLIC_KEY", "DISCORD_APPLICATION_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    sys.modules.pop(MODULE, None)
    return importlib.import_module(MODULE)


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    app = load({"DISCORD_PUBLIC_KEY": TEST_PUBLIC_KEY, "DISCORD_APPLICATION_ID": APPLICATION}, monkeypatch)

    def run(event: dict[str, Any]) -> tuple[int, Any]:
        response = app.handler(event, None)
        assert response["headers"]["content-type"] == "application/json"
        return response["statusCode"], json.loads(response["body"])

    yield run
    sys.modules.pop(MODULE, None)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"interactions-{name}.json").read_text())
    return event


def test_the_sample_ping_signed_again_is_answered(handle: Handle) -> None:
    assert handle(signed(sample("ping"), time.time())) == (200, {"type": 1})


SAMPLES = ["ping", "command", "button", "open-form", "form", "autocomplete", "bad-signature"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_as_it_is_stored_is_refused(handle: Handle, name: str) -> None:
    assert handle(sample(name)) == (401, {"error": "invalid request signature"})


def test_the_sample_autocomplete_is_answered_by_the_registry(handle: Handle) -> None:
    status, body = handle(signed(sample("autocomplete"), time.time()))

    assert (status, body["type"]) == (200, 8)
    assert "aws/web-app" in [choice["value"] for choice in body["data"]["choices"]]


def test_the_sample_button_opens_a_form_and_the_sample_form_is_that_one(handle: Handle) -> None:
    status, body = handle(signed(sample("open-form"), time.time()))
    filled = json.loads(sample("form")["body"])["data"]

    assert (status, body["type"]) == (200, 9)
    assert body["data"]["custom_id"] == filled["custom_id"]
    asked = [part["component"]["custom_id"] for part in body["data"]["components"]]
    assert asked == [part["component"]["custom_id"] for part in filled["components"]]


def test_the_readme_tells_of_every_sample() -> None:
    named = set(re.findall(r"`interactions-([a-z-]+)\.json`", (EVENTS / "README.md").read_text()))

    assert named == set(SAMPLES) == {path.stem.removeprefix("interactions-") for path in EVENTS.glob("interactions-*")}


@pytest.mark.parametrize("name", ["command", "button", "form"])
def test_the_samples_that_start_work_are_known_to_the_registry(handle: Handle, name: str) -> None:
    status, body = handle(signed(sample(name), time.time() - 10))

    assert (status, body["type"]) == (200, 4)
    assert "too long" in body["data"]["content"]


def test_the_sample_environment_holds_the_test_key() -> None:
    environ = json.loads((EVENTS / "env.json").read_text())["InteractionsFunction"]

    assert environ == {"DISCORD_PUBLIC_KEY": TEST_PUBLIC_KEY, "DISCORD_APPLICATION_ID": APPLICATION}


@pytest.mark.parametrize("event", [{}, {"body": None}, {"headers": None, "isBase64Encoded": True, "body": "%"}])
def test_an_event_that_is_no_request_of_discord_is_refused(handle: Handle, event: dict[str, Any]) -> None:
    assert handle(event)[0] == 401


@pytest.mark.parametrize("key", [None, "", "not a key", "0" * 64])
def test_a_bad_public_key_fails_the_start_and_no_request(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="DISCORD_PUBLIC_KEY"):
        load({} if key is None else {"DISCORD_PUBLIC_KEY": key}, monkeypatch)


FRESH = """
import json, sys
from functions.interactions.app import handler
answers = [handler(event, None) for event in json.load(sys.stdin)]
heavy = {"boto3", "botocore", "requests", "aws_lambda_powertools", "google", "cryptography"}
print(json.dumps({
    "statuses": [answer["statusCode"] for answer in answers],
    "types": [json.loads(answer["body"]).get("type") for answer in answers],
    "heavy": sorted(heavy & set(sys.modules)),
}))
"""


def test_ping_refusals_suggestions_and_opening_a_form_need_the_public_key_alone_and_no_heavy_package() -> None:
    now = time.time()
    unusable = signed({**sample("ping"), "body": '{"type": 99}'}, now)
    light = [sample("autocomplete"), sample("open-form"), _with_field(sample("form"), "short")]
    events = [signed(sample("ping"), now), sample("bad-signature"), unusable, *(signed(each, now) for each in light)]
    environ = {
        "DISCORD_PUBLIC_KEY": TEST_PUBLIC_KEY,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers/core/python")]),
    }

    done = subprocess.run(
        [sys.executable, "-c", FRESH],
        input=json.dumps(events),
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"statuses": [200, 401, 400, 200, 200, 200], "types": [1, None, None, 8, 9, 4], "heavy": []}


def _with_field(event: dict[str, Any], value: str) -> dict[str, Any]:
    """The form's event with another value in its one field."""
    body = json.loads(event["body"])
    body["data"]["components"][0]["component"]["value"] = value
    return {**event, "body": json.dumps(body)}
