"""/cloud-advise, from the command to the card in place of "thinking…"."""

import importlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from chatops import bootstrap
from chatops.commands.advice import Advisor
from chatops.errors import OutsideError
from chatops.story.recommend import Need
from tests.fakes.outside import FakeChat
from tests.fakes.runs import shown
from tests.unit.commands.bot import Bot

TEXT = "a portfolio site with 500 monthly visitors"


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, message: str, fields: Mapping[str, Any]) -> None:
        self.lines.append((message, fields))


class Garbled:
    name = "a model"

    def words(self, prompt: str, system: str, schema: Mapping[str, Any], seconds: float) -> str:
        return '{"estimated_monthly_cost": "$0"}'


class DeafChat(FakeChat):
    def edit_original(self, *args: object, **more: object) -> Any:
        raise OutsideError("Discord did not take it")


def advisor(chat: FakeChat, model: Any = None) -> Advisor:
    return Advisor(5.5, "", lambda: model, chat)


def asked(bot: Bot, **options: Any) -> Mapping[str, Any]:
    """What the command hands to `advise`, as it comes out of Lambda."""
    assert bot.say("cloud-advise", **options) == ""
    event: Mapping[str, Any] = json.loads(json.dumps(bot.advised[-1]))
    return event


def test_a_person_asks_and_reads_a_card(bot: Bot) -> None:
    chat, log = FakeChat(), Log()
    event = asked(bot, workload=TEXT)
    advisor(chat)(event["advise"], log)
    (payload,) = chat.answers

    text = shown(payload)
    assert "a static site, 500 visitors a month" in text
    assert "Amazon S3 website" in text
    assert "aws/static-site" in text
    assert payload["allowed_mentions"] == {"parse": []}
    assert log.lines == []


def test_the_persons_own_words_go_no_further(bot: Bot) -> None:
    event = asked(bot, workload=f"{TEXT}; my name is Guybrush", budget=5)

    assert "Guybrush" not in json.dumps(event)
    assert Need(**event["advise"]["need"]).budget == 5


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"workload": "hello"}, "I cannot tell"),
        ({"workload": "   "}, "I cannot tell"),
        ({"workload": "<@1100000000000000004>"}, "I cannot tell"),
        ({"workload": "a" * 1001}, "too long"),
        ({"workload": TEXT, "region": "atlantis"}, "no such region"),
        ({"workload": TEXT, "region": "eu-west-1", "provider": "gcp"}, "no such region"),
        ({"workload": TEXT, "provider": "oracle"}, "provider is one of"),
        ({"workload": TEXT, "budget": -1}, "A budget is"),
    ],
)
def test_what_cannot_be_read_is_said_at_once(bot: Bot, options: dict[str, Any], part: str) -> None:
    assert part in bot.say("cloud-advise", **options)
    assert bot.advised == []


def test_a_region_says_which_cloud(bot: Bot) -> None:
    need = asked(bot, workload=TEXT, region="EU-West-1")["advise"]["need"]

    assert (need["provider"], need["region"]) == ("aws", "eu-west-1")


def test_a_model_that_makes_up_numbers_is_not_believed(bot: Bot) -> None:
    event, log = asked(bot, workload=TEXT), Log()
    plain, garbled = FakeChat(), FakeChat()
    advisor(plain)(event["advise"], log)
    advisor(garbled, Garbled())(event["advise"], log)

    assert plain.answers == garbled.answers
    assert [message for message, _ in log.lines] == ["the model's words were not used"]


def test_asking_twice_answers_alike(bot: Bot) -> None:
    event, chat = asked(bot, workload=TEXT), FakeChat()
    for _ in range(2):
        advisor(chat)(event["advise"], Log())

    assert chat.answers[0] == chat.answers[1]


def test_nobody_is_left_thinking(bot: Bot) -> None:
    event, chat, log = dict(asked(bot, workload=TEXT)["advise"]), FakeChat(), Log()
    advisor(chat)(event | {"need": {"kind": "a castle"}}, log)

    assert "could not answer" in shown(chat.answers[0])
    assert log.lines == [("no advice", {"error_type": "KeyError"})]
    assert event["token"] not in repr(log.lines)


def test_a_missing_key_is_no_reason_to_say_nothing(bot: Bot) -> None:
    def model() -> None:
        raise OutsideError("no such secret")

    chat = FakeChat()
    Advisor(5.5, "", model, chat)(asked(bot, workload=TEXT)["advise"], Log())

    assert "Amazon S3 website" in shown(chat.answers[0])


def test_lambda_tries_again_where_discord_did_not_listen(bot: Bot) -> None:
    event = asked(bot, workload=TEXT)

    with pytest.raises(OutsideError):
        advisor(DeafChat())(event["advise"], Log())


def test_the_function_knows_its_two_duties(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = FakeChat()
    monkeypatch.setattr(bootstrap, "advisor", lambda: advisor(chat))
    app = importlib.import_module("functions.advise.app")

    assert app.handler(asked(bot, workload=TEXT), None) == {}
    assert len(chat.answers) == 1
