"""What is accepted of a model: exactly the form, our facts, and words that add nothing to them."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatops.story.narrate import script_of
from chatops.story.narrate_advice import advice_script
from chatops.story.prompt import advice_prompt, plan_prompt
from chatops.story.schema import LIMIT, Given, Line, Refused, Script, accept, response_schema, told
from chatops.story.story import Told
from chatops.story.voice_units import units_of
from tests.fakes.models import obliging
from tests.unit.story.told_facts import advice, web

SCRIPT = script_of(web(), Told())
GOOD: dict[str, Any] = json.loads(obliging(plan_prompt(web(), SCRIPT, "en-US")))
ONE = Script(
    {"text": Line(("It costs {monthly}.",), ("By day {daily}.",)), "level": Given("high", "high")},
    {"monthly": "$219/month", "daily": "$7.20/day", "savings": "$5"},
)


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    reply = json.loads(json.dumps(GOOD))
    change(reply)
    return json.dumps(reply)


def said(text: Any, locale: str = "en-US", script: Script = ONE) -> str:
    return str(accept(json.dumps({"text": text, "level": "high"}), script, locale)["text"])


def reason(text: Any, locale: str = "en-US") -> str:
    with pytest.raises(Refused) as refused:
        said(text, locale)
    return str(refused.value)


def put(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(reply: dict[str, Any]) -> None:
        for name in path[:-1]:
            reply = reply[name]
        reply[path[-1]] = value

    return change


class TestForm:
    def test_what_keeps_the_rules_is_accepted(self) -> None:
        words = accept(json.dumps(GOOD), SCRIPT, "en-US")

        assert words["coffee_cup_cost"].startswith("So it is told: $10.16/day, 1.8 lattes a day, $309/month")
        assert words["blast_radius"]["affected_systems"] == ["compute (1)", "network (2)"]
        assert words["treasure_hunt"]["estimated_savings"] == "$18/month (20%)"

    def test_so_is_a_recommendation(self) -> None:
        script = advice_script(advice(), Told())
        words = accept(obliging(advice_prompt(advice(), script, "en-US")), script, "en-US")
        ours = told(script)

        assert words.keys() == ours.keys()
        assert {name for name in words if words[name] == ours[name]} == {
            "recommended_service", "estimated_monthly_cost", "alternatives"
        }  # fmt: skip

    @pytest.mark.parametrize(
        "change",
        [
            put("blast_radius", "impact_level", value="low"),
            put("blast_radius", "affected_systems", value=[]),
            put("blast_radius", "affected_systems", value=["network", "compute"]),
            put("treasure_hunt", "estimated_savings", value="{monthly}"),
            put("treasure_hunt", "estimated_savings", value="No treasure here"),
            put("coffee_cup_cost", value=""),
            put("coffee_cup_cost", value=" "),
            put("coffee_cup_cost", value=None),
            put("coffee_cup_cost", value=7),
            put("coffee_cup_cost", value=["{monthly}"]),
            put("coffee_cup_cost", value={"text": "{monthly}"}),
            put("coffee_cup_cost", value=GOOD["coffee_cup_cost"] + "a" * LIMIT),
            put("blast_radius", value="safe"),
            put("blast_radius", value=[]),
            put("blast_radius", "more", value="x"),
            put("more", value="x"),
            lambda reply: reply.pop("environmental_impact"),
            lambda reply: reply["treasure_hunt"].pop("optimization"),
        ],
        ids=[f"change{each}" for each in range(18)],
    )
    def test_another_form_or_another_fact_is_refused(self, change: Callable[[dict[str, Any]], None]) -> None:
        with pytest.raises(Refused):
            accept(changed(change), SCRIPT, "en-US")

    @pytest.mark.parametrize(
        "reply",
        [
            "",
            "null",
            "[]",
            "{}",
            "7",
            '"text"',
            "<html><body>502</body></html>",
            json.dumps(GOOD)[:-1],
            json.dumps(GOOD)[:200],
            f"```json\n{json.dumps(GOOD)}\n```",
            f"Here you are: {json.dumps(GOOD)}",
            json.dumps(GOOD) * 2,
            "[" * 5_000,
            '{"a":' * 1_000,
            "NaN",
            '{"text": NaN}',
            "x" * 10_000_000,
            json.dumps(GOOD)[:-1] + ', "coffee_cup_cost": "free"}',
            "9" * 5_000,
        ],
        ids=[f"reply{each}" for each in range(19)],
    )
    def test_garbage_is_refused(self, reply: str) -> None:
        with pytest.raises(Refused):
            accept(reply, SCRIPT, "en-US")

    def test_the_schema_is_the_form(self) -> None:
        schema = response_schema(SCRIPT)

        assert schema["required"] == list(GOOD)
        assert schema["properties"]["blast_radius"]["properties"]["affected_systems"] == {
            "type": "array", "items": {"type": "string"}
        }  # fmt: skip
        assert response_schema(advice_script(advice(), Told()))["properties"]["alternatives"]["items"]["required"] == [
            "service", "cost_difference"
        ]  # fmt: skip


class TestWords:
    @pytest.mark.parametrize(
        ("text", "locale"),
        [
            ("The dragon's upkeep: {monthly}, or {daily}!", "en-US"),
            ("Mind the step; {monthly} (that is {daily}) - no more, no less.", "en-GB"),
            ("Der Drache frisst {monthly}, also {daily}. Und er hört nicht auf!", "de"),
            ("Ein Gasthaus für müde Helden: eine Nacht kostet, im Monat sind es {monthly}.", "de"),
            ("L’auberge réclame {monthly} – c'est le prix d'une chambre\u202f!", "fr"),
            ("La posada pide {monthly}; así es la vida en la mazmorra.", "es-ES"),
            ("¡Cuidado con el dragón! Pide {monthly}.", "es-419"),
            ("A taverna cobra {monthly} por mês, e não é um conto de fadas…", "pt-BR"),
            ("Трактир берёт {monthly}.", "ru"),
            ("宿屋の代金は {monthly} です。", "ja"),
            ("Het kasteel vraagt {monthly}.", "nl"),
        ],
    )
    def test_plain_prose_in_many_languages_is_accepted(self, text: str, locale: str) -> None:
        assert "$219/month" in said(text, locale)

    @pytest.mark.parametrize(
        "text",
        [
            "{monthly} and 7 more", "{monthly} or ７", "{monthly} ½ off", "{monthly} ² ", "{monthly} ٣", "{monthly} Ⅷ",
            "{monthly} ①", "{monthly} 三", "{monthly}0", "{monthly}{daily}0",
        ],
    )  # fmt: skip
    def test_no_digit_of_any_script_is_accepted(self, text: str) -> None:
        assert reason(text) == "text: a digit"

    @pytest.mark.parametrize(
        ("locale", "words"),
        [
            ("en-US", "zero one two nine twelve thirteen fourteen nineteen twenty forty-two hundred thousand million "
                      "billion dozen dozens half twice double triple quarter third percent dollars cents euros bucks "
                      "tenfold Two TWELVE latte lattes VIII XL"),
            ("de", "null zwei drei sieben elf zwölf dreizehn sechzehn siebzehn zwanzig einundzwanzig "
                   "fünfundsiebzig dreißig hundert zweihundert tausend Million Millionen Dutzend halb Hälfte doppelt "
                   "zweimal dreifach Prozent Dollar Euro Cent two"),
            ("fr", "zéro deux trois sept onze seize vingt vingt-deux soixante-dix cent cents mille million milliards "
                   "dizaine douzaine moitié double pourcent euros"),
            ("es-ES", "cero dos tres siete once dieciséis veinte veintidós cuarenta cien mil millón millones docena "
                      "mitad doble dólares euros"),
            ("pt-BR", "zero dois duas três sete onze dezesseis vinte quarenta cem mil milhão milhões dúzia metade "
                      "dobro dólares"),
            ("nl", "two hundred dollars"),
        ],
    )  # fmt: skip
    def test_number_words_are_refused(self, locale: str, words: str) -> None:
        accepted = [word for word in words.split() if not refused(f"Es {{monthly}}, {word} x", locale)]

        assert accepted == []

    @pytest.mark.parametrize(
        "text",
        [
            "{monthly} https:evil", "{monthly} http://evil.example", "{monthly} evil.example", "{monthly} www evil",
            "{monthly} discord.gg", "{monthly}.com", "{monthly} @everyone", "{monthly} <@123>", "{monthly} <#abc>",
            "{monthly} [free](x)", "{monthly} **bold**", "{monthly} _x_", "{monthly} `x`", "{monthly} ~~x~~",
            "{monthly} ||x||", "# {monthly}", "> {monthly}", "{monthly}\n- x", "{monthly}\tx", "{monthly} \u202egnp",
            "{monthly} a\u200bb", "{monthly} \u2066x", "{monthly} x\u0300\u0300\u0300\u0300", "{monthly} \U0001f4b0",
            "{monthly} \U0001f51f", "{monthly} \ue000", "{monthly} \ud800", "{monthly} $", "{monthly} %", "{monthly} €",
            "{monthly} ＠everyone", "{monthly} <@&x>", "{monthly} a/b", "{monthly} \\", "{monthly} { x }",
            "{monthly} {}",
            "{monthly} \u0442wo", "{monthly} \u03bf\u03bd\u03b5", "{monthly} \U0001d7d9", "{monthly} t\u20e3",
        ],
        ids=[f"text{each}" for each in range(40)],
    )  # fmt: skip
    def test_what_is_no_plain_prose_is_refused(self, text: str) -> None:
        assert reason(text)

    def test_letters_that_only_look_otherwise_are_read_as_what_they_are(self) -> None:
        assert reason("{monthly} \U0001d42d\U0001d430\U0001d428") == "text: a number word"

    @pytest.mark.parametrize(
        "word",
        ["free", "Gratis", "nothing", "cheap", "safe", "harmless", "secure", "approve", "click", "ignore", "password"],
    )
    def test_what_plays_the_facts_down_or_presses_is_refused(self, word: str) -> None:
        assert "a word that" in reason(f"{{monthly}}, {word}, they say")

    @pytest.mark.parametrize(("locale", "part"), [("en-US", "nine"), ("en-US", "tenfold"), ("fr", "cent")])
    def test_a_word_that_is_almost_made_of_numbers_takes_no_time(self, locale: str, part: str) -> None:
        """As a pattern it took twice as long for each part more: a minute for 27 of them, and there is room for 70."""
        began = time.process_time()

        assert said(f"{{monthly}} {part * 27}x", locale)
        assert time.process_time() - began < 1

    def test_of_a_plan_without_cost_and_danger_that_may_be_said(self) -> None:
        calm = Script(ONE.fields, ONE.slots, costs=False, danger=False)

        assert said("{monthly}: nothing to fear", script=calm)
        with pytest.raises(Refused):
            said("{monthly}: approve it", script=calm)


class TestSlots:
    def test_a_required_slot_may_not_be_left_out(self) -> None:
        assert reason("A latteless day: {daily}.") == "text: a slot is missing"

    @pytest.mark.parametrize("slot", ["{savings}", "{nonsense}", "{__class__}", "{monthly.x}", "{monthly!r}", "{0}"])
    def test_no_other_slot_is_filled(self, slot: str) -> None:
        assert reason(f"{{monthly}} {slot}")

    def test_nor_is_one_filled_again_and_again(self) -> None:
        assert reason("{monthly} {monthly} {monthly}") == "text: a slot again and again"

    def test_what_a_slot_brings_is_not_read_for_slots(self) -> None:
        script = Script({"text": Line(("{risk_at} costs {monthly}",)), "level": Given("high", "high")},
                        {"risk_at": "{monthly}", "monthly": "$9"})  # fmt: skip

        assert said("{risk_at}: {monthly}", script=script) == "{monthly}: $9"

    def test_slots_that_run_into_a_number_are_refused(self) -> None:
        script = Script({"text": Line(("{a}{b}",)), "level": Given("high", "high")}, {"a": "1", "b": "2"})

        with pytest.raises(Refused, match="number that is not ours"):
            said("{a}{b}", script=script)

    def test_a_text_that_is_too_long_once_filled_is_refused(self) -> None:
        script = Script({"text": Line(("{a}",)), "level": Given("high", "high")}, {"a": "x" * LIMIT})

        with pytest.raises(Refused, match="too long with its slots"):
            said("{a}!", script=script)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300), st.sampled_from(["en-US", "de", "fr", "ja", "odd", ""]))
@example("{monthly} for a word\u00a0or more", "fr")
def test_whatever_is_accepted_has_only_our_numbers(text: str, locale: str) -> None:
    try:
        shown = said(f"{{monthly}} {text}", locale)
    except Refused:
        return

    assert len(shown) <= LIMIT
    assert set(re.findall(r"\d+(?:\.\d+)?", shown)) <= {"219", "7.20"}
    assert not re.search(r"[@<>\[\]`*_|\\\n\r\u200b\u202e]|//|\w\.\w", shown.replace("$7.20/day", ""))


@pytest.mark.parametrize("locale", ["en-US", "de", "fr", "es-ES", "pt-BR", "ja", "xx"])
def test_an_obliging_answer_is_accepted_in_every_language(locale: str) -> None:
    script = script_of(web(), Told(), units_of(locale))

    assert accept(obliging(plan_prompt(web(), script, locale)), script, locale)


def refused(text: str, locale: str) -> bool:
    try:
        said(text, locale)
    except Refused:
        return True
    return False
