import gzip
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chatops import bootstrap
from chatops.errors import OutsideError
from chatops.ports import Model
from chatops.runs.explain import Telling
from chatops.runs.telling import TELLING_SECONDS, Storyteller
from chatops.story.prices import open_book
from chatops.story.tell import MODEL_SECONDS
from tests.fakes.runs import planning
from tests.infrastructure.template import ROOT, functions

PLAN = json.loads((ROOT / "tests/vectors/hostile_plans/clean.json").read_text())
SHA = "feed" * 16


class Witness:
    """A model that notes what it is asked, and answers nothing of use."""

    name = "witness"

    def __init__(self, answer: Callable[[], str] = lambda: "{}") -> None:
        self.prompts: list[str] = []
        self.answer = answer

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        self.prompts.append(prompt)
        return self.answer()


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, message: str, fields: Mapping[str, Any]) -> None:
        self.lines.append((message, dict(fields)))


def teller(model: Callable[[], Model | None] = lambda: None, language: str = "", seconds: float = 20) -> Storyteller:
    return Storyteller(5.5, language, model, seconds)


def test_a_plan_is_told_with_its_numbers_out_of_the_price_book() -> None:
    told = teller()(planning(), PLAN, SHA, Log())

    assert isinstance(told, Telling)
    machine = open_book().machine("aws", "us-east-1", "m5.large")
    assert machine
    (web,) = [each for each in told.summary["cost"]["top"] if each[0] == "aws_instance.web"]
    assert web[1] > 730 * machine.hourly.usd > 0
    kept = json.loads(gzip.decompress(told.details))
    assert {each["address"] for each in kept["resources"]} >= {"aws_instance.web", "aws_db_instance.old"}


def test_the_same_plan_is_told_in_the_same_words() -> None:
    first, second = (teller()(planning(), PLAN, SHA, Log()) for _ in range(2))

    assert first == second


def test_the_region_of_the_run_prices_what_names_none() -> None:
    bare = {
        "format_version": "1.2",
        "resource_changes": [
            {
                "address": "aws_instance.web",
                "mode": "managed",
                "type": "aws_instance",
                "name": "web",
                "change": {"actions": ["create"], "before": None, "after": {"instance_type": "m5.large"}},
            }
        ],
    }

    def monthly(region: str) -> Any:
        told = teller()(planning(provider="aws", region=region), bare, SHA, Log())
        assert told
        return told.summary["cost"]["after"]

    assert monthly("sa-east-1") > monthly("us-east-1") > 0


def test_whatever_goes_wrong_ends_in_a_log_with_the_errors_type_and_nothing_of_the_plan() -> None:
    class Broken(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise RuntimeError("canary")

    log = Log()

    assert teller()(planning(), Broken(), SHA, log) is None
    assert log.lines == [
        ("the story could not be told", {"run_id": planning().id, "error_type": "RuntimeError"}),
    ]


def test_a_story_that_takes_too_long_is_left_untold() -> None:
    log, end = Log(), threading.Event()

    def stuck() -> Model | None:
        end.wait(10)
        return None

    assert teller(stuck, seconds=0.05)(planning(), PLAN, SHA, log) is None
    end.set()
    assert [message for message, _ in log.lines] == ["the story took too long to be told"]


def test_a_model_words_it_in_the_language_of_the_person_or_in_the_one_that_is_set() -> None:
    prompts = []
    for language, locale in (("", "pt-BR"), ("de", "pt-BR"), ("", "")):
        witness = Witness()
        teller(lambda witness=witness: witness, language)(planning(locale=locale), PLAN, SHA, Log())  # type: ignore[misc]
        prompts += witness.prompts

    assert len(prompts) == len(set(prompts)) == 3


def test_a_model_that_is_of_no_use_costs_the_story_nothing_and_the_reason_is_logged() -> None:
    log = Log()

    told = teller(Witness)(planning(), PLAN, SHA, log)
    alone = teller()(planning(), PLAN, SHA, Log())

    assert told and alone
    assert told.summary | {"fallback": ""} == alone.summary | {"fallback": ""}
    ((message, fields),) = log.lines
    assert message == "the model's words were not used" and fields["reason"]


def test_a_key_that_cannot_be_read_is_no_key() -> None:
    def refused() -> Model | None:
        raise OutsideError("reading secret 'gemini': AccessDeniedException")

    log = Log()

    told = teller(refused)(planning(), PLAN, SHA, log)

    assert told and told.summary["told_by"] == "narrator"
    assert [message for message, _ in log.lines] == ["no key for the model"]


def test_the_function_outlives_the_longest_story() -> None:
    assert MODEL_SECONDS < TELLING_SECONDS < functions()["Advise"]["Timeout"] - 20


def test_a_secrets_manager_that_does_not_answer_leaves_time_to_tell_it_without_a_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clients = []
    names = ("KEY_SECRET", "MODEL", "TEMPERATURE", "API_BASE_URL")
    for name, value in zip(names, ("name", "model", "0.7", "https://model.invalid"), strict=True):
        monkeypatch.setenv(f"GEMINI_{name}", value)
    monkeypatch.setattr(bootstrap, "_client", lambda service, manners=bootstrap._PATIENT: clients.append(manners))

    bootstrap._model()

    (manners,) = clients
    waits = (manners.connect_timeout + manners.read_timeout) * manners.retries["total_max_attempts"]
    assert waits + MODEL_SECONDS < TELLING_SECONDS / 2


@pytest.mark.parametrize("plan", [{}, {"resource_changes": 7}, {"resource_changes": [None, {"address": []}]}])
def test_a_plan_of_nothing_has_a_story_all_the_same(plan: dict[str, Any]) -> None:
    told = teller()(planning(), plan, SHA, Log())

    assert told and told.summary["cost"]["after"] == 0
