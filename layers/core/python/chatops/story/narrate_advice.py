"""The narrator on a workload: the guide's standard recommendation in sentences; candidates and prices are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.story import voice
from chatops.story.narrate import CAFE, TEAM
from chatops.story.narrate_amounts import chosen, cups_a_day, lattes, money, readable
from chatops.story.narrate_slots import CENT, latte_price, sentence
from chatops.story.schema import Given, Line, Script, told
from chatops.story.voice_units import ENGLISH, Units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.story.story import Candidate, Recommendation, Told

MOST_ALTERNATIVES = 3
_SERVICE = 60


def recommend(advice: Recommendation, how: Told) -> dict[str, Any]:
    """The guide's recommendation form in the narrator's own words."""
    return told(advice_script(advice, how))


def advice_script(advice: Recommendation, how: Told, units: Units = ENGLISH) -> Script:
    """What has to be said about a recommendation, and the slots for it."""
    best, others = advice.best, advice.alternatives[:MOST_ALTERNATIVES]
    cheaper = min(others, key=lambda each: each.middle, default=None)
    if cheaper is None or best.middle - cheaper.middle < CENT:
        cheaper = None
    slots = _slots(best, cheaper, latte_price(how.latte_usd), units)
    case = "cheaper" if cheaper else "cheapest"
    kind = best.kind if best.kind in voice.ANALOGY else "other"
    return Script(
        fields={
            "recommended_service": Given("{service}", slots["service"]),
            "estimated_monthly_cost": Given("{monthly}", _range(best)),
            "reasoning": Line((chosen(voice.ADVICE["reason"], advice.seed, "reason"),)),
            "coffee_cup_cost": _coffee(best, advice.seed, latte_price(how.latte_usd)),
            "real_world_analogy": Line((chosen(voice.ANALOGY[kind], advice.seed, "analogy"),)),
            "blast_radius": Line((chosen(voice.ADVICE["failure"], advice.seed, "failure"),)),
            "treasure_hunt": {
                "optimization": Line((chosen(voice.ADVICE[case], advice.seed, "treasure"),)),
                "estimated_savings": Given("{savings}", _savings(best, cheaper) if cheaper else voice.NO_TREASURE),
            },
            "alternatives": Given(
                [
                    {"service": f"{{other{place}}}", "cost_difference": f"{{difference{place}}}"}
                    for place in _range_of(others)
                ],
                [
                    {"service": readable(each.service, _SERVICE), "cost_difference": difference(best, each)}
                    for each in others
                ],
            ),
        },
        slots=slots,
        costs=best.monthly_high >= CENT,
    )


def _range_of(others: tuple[Candidate, ...]) -> range:
    return range(1, len(others) + 1)


def _coffee(best: Candidate, seed: str, latte: float) -> Line:
    if best.monthly_high < CENT:
        return Line((chosen(voice.ADVICE["free"], seed, "coffee"),))
    cups = cups_a_day(best.monthly_high, latte)
    case = "cups" if cups < TEAM else "team" if cups < CAFE else "cafe"
    return Line((chosen(voice.COFFEE[case], seed, "coffee"),), (voice.CUP,))


def _slots(best: Candidate, cheaper: Candidate | None, latte: float, units: Units) -> Mapping[str, str]:
    cups, daily = lattes(cups_a_day(best.monthly_high, latte), units), money(cups_a_day(best.monthly_high, 1))
    spread = best.monthly_high - best.monthly_low >= CENT
    return {
        "service": readable(best.service, _SERVICE),
        "reason": sentence(best.reason),
        "failure": sentence(best.failure),
        "monthly": units.month.format(_range(best)),
        "daily": units.day.format(units.up_to.format(daily) if spread else daily),
        "lattes": units.up_to.format(cups) if spread else cups,
        "latte": money(latte),
        "zero": money(0),
        "cheaper": readable(cheaper.service, _SERVICE) if cheaper else "",
        "caveat": sentence(cheaper.caveat) if cheaper and cheaper.caveat else "",
        "savings": _savings(best, cheaper) if cheaper else voice.NO_TREASURE,
    }


def _range(candidate: Candidate) -> str:
    """In the guide's form: "$35-$50", or one sum where both ends are the same to the eye."""
    low, high = _round(candidate.monthly_low), _round(candidate.monthly_high)
    return high if low == high else f"{low}-{high}"


def _round(usd: float) -> str:
    return f"${usd:,.0f}" if usd >= 9.995 else money(usd)


def _savings(best: Candidate, cheaper: Candidate) -> str:
    saved = best.middle - cheaper.middle
    return f"about {money(saved)}/month ({_percent(saved, best)}% cheaper)"


def difference(best: Candidate, other: Candidate) -> str:
    """What another choice changes, at the middle of both ranges: the guide's "cheaper/more expensive by X%"."""
    more = other.middle - best.middle
    if abs(more) < CENT or (best.middle >= CENT and abs(more) < 0.02 * best.middle):
        return "about the same price"
    which, than = ("more expensive", "more") if more > 0 else ("cheaper", "less")
    sums = f"about {money(abs(more))}/month {than}"
    return f"{_percent(abs(more), best)}% {which} ({sums})" if best.middle >= CENT else sums


def _percent(part: float, whole: Candidate) -> str:
    return f"{round(part / whole.middle * 100):,}"
