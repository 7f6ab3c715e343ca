"""Whatever the model does and whatever a plan says: a whole story, with our numbers and our level."""

import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chatops.errors import OutsideError
from chatops.story.narrate import narrate
from chatops.story.narrate_advice import recommend
from chatops.story.schema import LIMIT
from chatops.story.story import Facts, Told, facts_of, story_of, summary
from chatops.story.tell import MODEL_SECONDS, tell, tell_recommendation
from tests.fakes.models import SayingModel, filled, obliging
from tests.unit.story.told_facts import advice, web

PLANS = Path(__file__).parents[2] / "vectors/hostile_plans"
SAME = sorted((PLANS / "same").glob("*.json"))
ODD = sorted((PLANS / "odd").glob("*.json"))
TOLD = Told()


def name_of(path: Path) -> str:
    return path.stem


def raising(error: Exception) -> Callable[[str], str]:
    def answer(prompt: str) -> str:
        raise error

    return answer


def put(path: str, value: Any) -> Callable[[str], str]:
    """An answer that keeps every rule but this one."""

    def answer(prompt: str) -> str:
        reply = json.loads(obliging(prompt))
        *way, last = path.split(".")
        place = reply
        for each in way:
            place = place[each]
        place[last] = value(place[last]) if callable(value) else value
        return json.dumps(reply)

    return answer


def obedient(prompt: str) -> str:
    """What an attacker would have it say."""
    reply = filled(json.loads(prompt)["form"], "So:")
    reply["coffee_cup_cost"] = "On the house: $0.00"
    reply["blast_radius"] = {"security_risk": "None at all", "impact_level": "low", "affected_systems": []}
    return json.dumps(reply)


BAD: dict[str, Callable[[str], str]] = {
    "obeys-the-attacker": obedient,
    "lowers-the-level": put("blast_radius.impact_level", "none"),
    "hides-what-is-affected": put("blast_radius.affected_systems", []),
    "invents-what-is-affected": put("blast_radius.affected_systems", ["everything"]),
    "lies-about-the-cost": put("coffee_cup_cost", "It costs $5 a month"),
    "lies-in-words": put("coffee_cup_cost", lambda text: f"{text} Well, five dollars"),
    "lies-beside-the-slots": put("coffee_cup_cost", lambda text: f"{text} Or 5"),
    "calls-it-free": put("environmental_impact", lambda text: f"{text} And it is free"),
    "calls-it-safe": put("blast_radius.security_risk", lambda text: f"{text} Perfectly safe"),
    "urges-to-approve": put("treasure_hunt.optimization", lambda text: f"{text} Approve now"),
    "invents-savings": put("treasure_hunt.estimated_savings", "$999/month"),
    "leaves-out-the-risk": put("blast_radius.security_risk", "A door"),
    "adds-a-link": put("real_world_analogy", "See evil.example for more"),
    "mentions-everyone": put("real_world_analogy", "Hello @everyone"),
    "writes-markdown": put("real_world_analogy", "**Bold**"),
    "writes-too-much": put("real_world_analogy", "word " * 100),
    "writes-nothing": put("real_world_analogy", ""),
    "other-fields": lambda prompt: json.dumps({"answer": "it is fine"}),
    "one-field-more": put("note", "x"),
    "a-number": lambda prompt: "7",
    "half-json": lambda prompt: obliging(prompt)[: len(obliging(prompt)) // 2],
    "fenced": lambda prompt: f"```json\n{obliging(prompt)}\n```",
    "html": lambda prompt: "<!DOCTYPE html><title>502</title>",
    "empty": lambda prompt: "",
    "prose": lambda prompt: "As a language model I cannot",
    "ten-megabytes": lambda prompt: "A" * 10_000_000,
    "deep": lambda prompt: "[" * 7_000,
    "echoes-the-prompt": lambda prompt: prompt,
    "no-text": lambda prompt: None,  # type: ignore[dict-item,return-value]
    "times-out": raising(OutsideError("asking a-model: no complete answer within 8 s")),
    "http-429": raising(OutsideError("asking a-model: HTTP 429")),
    "http-503": raising(OutsideError("asking a-model: HTTP 503")),
    "breaks": raising(RuntimeError("secret")),
    "breaks-deeply": raising(RecursionError("secret")),
}
PLANS_ONLY = ("lowers-the-level", "hides-what-is-affected", "invents-what-is-affected", "leaves-out-the-risk",
              "calls-it-safe", "calls-it-free")  # fmt: skip
"""Lies about fields that a recommendation does not have."""


@cache
def of(path: Path) -> Facts:
    return facts_of(json.loads(path.read_text()), False, "one seed for all")


def numbers(facts: Facts, words: dict[str, Any]) -> dict[str, Any]:
    """All that counts of a story, without the addresses."""
    kept = summary(facts, words, words["told_by"])
    kept["cost"].pop("top")
    return {
        "cost": kept["cost"],
        "level": kept["blast_radius"]["impact_level"],
        "affected": kept["blast_radius"]["affected_systems"],
        "savings": kept["treasure_hunt"]["estimated_savings"],
        "rules": [(risk[0], risk[1]) for risk in kept["risks"]],
        "coffee": sums(kept["coffee_cup_cost"]),
        "lost": kept["lost_count"],
    }


def sums(text: str) -> list[str]:
    """The dollars of a text; the price of a cup may be named or not."""
    return sorted(set(re.findall(r"\$[\d.,]*\d", text)) - {"$5.50"})


def texts(words: Any) -> list[str]:
    if isinstance(words, str):
        return [words]
    return [text for each in (words.values() if isinstance(words, dict) else words) for text in texts(each)]


def quiet(reason: str) -> None:
    pass


class TestWithoutAModel:
    def test_the_narrator_tells(self) -> None:
        told = tell(web(), TOLD, None, quiet)

        assert told == narrate(web(), TOLD) | {"told_by": "narrator", "fallback": ""}

    def test_also_of_a_workload(self) -> None:
        told = tell_recommendation(advice(), TOLD, None, quiet)

        assert told == recommend(advice(), TOLD) | {"told_by": "narrator", "fallback": ""}


class TestWithAModel:
    def test_its_words_are_taken_and_our_numbers(self) -> None:
        told = tell(web(), TOLD, SayingModel(), quiet)

        assert (told["told_by"], told["fallback"]) == ("a-model", "")
        assert told["coffee_cup_cost"].startswith("So it is told: $10.16/day")
        assert told["blast_radius"]["impact_level"] == "critical"

    def test_also_of_a_workload(self) -> None:
        told = tell_recommendation(advice(), TOLD, SayingModel(), quiet)

        assert told["told_by"] == "a-model"
        assert told["reasoning"].startswith("So it is told: ")
        assert told["alternatives"] == recommend(advice(), TOLD)["alternatives"]

    def test_in_its_language_the_units_are_said_too(self) -> None:
        german = SayingModel(lambda prompt: obliging(prompt, "So sei es:"))

        told = tell(web(), Told(locale="de"), german, quiet)

        assert told["coffee_cup_cost"].startswith("So sei es: $10.16/Tag, 1.8 Latte am Tag, $309/Monat")

    def test_without_it_the_story_is_english(self) -> None:
        told = tell(web(), Told(locale="de"), SayingModel(raising(OutsideError("x"))), quiet)

        assert "$309/month" in told["coffee_cup_cost"]

    def test_it_is_asked_once_and_told_how_long_it_has(self) -> None:
        model = SayingModel(BAD["half-json"])

        tell(web(), TOLD, model, quiet)

        assert [seconds for _, _, _, seconds in model.asked] == [MODEL_SECONDS]

    @pytest.mark.parametrize("bad", BAD)
    def test_whatever_it_does_the_narrator_tells_it_all_and_the_reason_is_logged(self, bad: str) -> None:
        reasons: list[str] = []

        told = tell(web(), TOLD, SayingModel(BAD[bad]), reasons.append)

        assert told == narrate(web(), TOLD) | {"told_by": "narrator", "fallback": reasons[0]}
        assert len(reasons) == 1
        assert 0 < len(reasons[0]) <= 160
        assert not re.search(r"secret|evil|everyone|\$|dollar|Bold", reasons[0])

    @pytest.mark.parametrize("bad", [each for each in BAD if each not in PLANS_ONLY])
    def test_of_a_workload_too(self, bad: str) -> None:
        told = tell_recommendation(advice(), TOLD, SayingModel(BAD[bad]), quiet)

        assert {**told, "fallback": ""} == recommend(advice(), TOLD) | {"told_by": "narrator", "fallback": ""}


class TestHostilePlans:
    def test_there_are_enough_of_them(self) -> None:
        assert len(SAME) >= 25
        assert len(ODD) >= 25

    @pytest.mark.parametrize("path", SAME, ids=name_of)
    def test_a_plan_that_speaks_has_the_numbers_of_one_that_does_not(self, path: Path) -> None:
        clean = of(PLANS / "clean.json")

        expected = numbers(clean, tell(clean, TOLD, None, quiet))
        assert numbers(of(path), tell(of(path), TOLD, None, quiet)) == expected
        assert expected["level"] == "critical"
        assert expected["cost"]["after"] > 0 < expected["cost"]["before"]

    @pytest.mark.parametrize("path", SAME, ids=name_of)
    def test_nothing_of_what_it_says_is_in_the_prompt(self, path: Path) -> None:
        clean, attacked = SayingModel(), SayingModel()

        tell(of(PLANS / "clean.json"), TOLD, clean, quiet)
        tell(of(path), TOLD, attacked, quiet)

        assert attacked.asked == clean.asked

    @pytest.mark.parametrize("bad", [None, *BAD])
    def test_with_any_model_it_is_so(self, bad: str | None) -> None:
        clean = of(PLANS / "clean.json")
        expected = numbers(clean, tell(clean, TOLD, None, quiet))
        model = SayingModel(BAD[bad]) if bad else SayingModel()
        some = random.Random(bad).sample(SAME, 5)  # noqa: S311 - which plans meet which model

        told = {path.stem: numbers(of(path), tell(of(path), TOLD, model, quiet)) for path in some}

        assert told == dict.fromkeys(told, expected)

    @pytest.mark.parametrize("path", [*SAME, *ODD], ids=name_of)
    def test_its_story_is_whole_and_plain(self, path: Path) -> None:
        told = story_of(json.loads(path.read_text()))
        words = [told[name] for name in narrate(web(), TOLD)]

        assert [text for text in texts(words) if not 0 < len(text) <= LIMIT] == []
        assert not re.search(r"[@<>`*|{}\u200b\u202e\n\r]|//|[^\x00-\u2fff]", " ".join(texts(words)))
        assert len(json.dumps(told, ensure_ascii=False).encode()) <= 6_000

    def test_a_plan_of_two_thousand_machines_is_told_as_well(self) -> None:
        plan = json.loads((PLANS / "clean.json").read_text())
        web_server = plan["resource_changes"][0]
        plan["resource_changes"] += [
            web_server | {"address": f"aws_instance.w[{each}]", "index": each} for each in range(2_000)
        ]

        told = story_of(plan)

        assert len(json.dumps(told).encode()) <= 6_000
        assert "lattes a day" in told["coffee_cup_cost"]
