import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.money import (
    MOST_BUDGET,
    Budgets,
    Over,
    Verdict,
    accrued,
    amount,
    checked_budget,
    cost_of,
    judge,
    priced,
)
from chatops.errors import UserError
from tests.fakes.runs import NOW
from tests.fakes.story import COST, STORY, told_of

KNOWN = {"unknown": 0}
MONTH = 730 * 3600
amounts = st.floats(0, 10_000)


def planned(before: float, after: float, unknown: int = 0) -> dict[str, object]:
    return {"before": before, "after": after, "counts": {"unknown": unknown}}


def deployed(monthly: float, unknown: int = 0) -> dict[str, object]:
    return {"monthly": monthly, "counts": {"unknown": unknown}}


def test_a_plan_within_its_budgets_is_not_held_up() -> None:
    assert judge(planned(0, 10), [deployed(5)], Budgets(10, 15, block=True)) == Verdict()


def test_who_sets_no_budget_has_none() -> None:
    assert judge(planned(0, 10**9), [], Budgets(block=True)) == Verdict()


@pytest.mark.parametrize("block", [False, True])
def test_both_budgets_are_looked_at_and_only_block_blocks(block: bool) -> None:
    verdict = judge(planned(1, 10.5), [deployed(5), deployed(7)], Budgets(10, 20, block))

    assert verdict.over == (Over("deployment", 10.5, 10), Over("guild", 22.5, 20))
    assert verdict.blocked is block and not verdict.at_least


@given(amounts, amounts, st.lists(amounts, max_size=4))
def test_a_plan_that_does_not_raise_the_cost_is_never_blocked(a: float, b: float, others: list[float]) -> None:
    dearer, cheaper = max(a, b), min(a, b)

    assert judge(planned(dearer, cheaper), map(deployed, others), Budgets(0.01, 0.01, block=True)) == Verdict()


@given(amounts, amounts, amounts)
def test_a_larger_budget_never_blocks_what_a_smaller_one_lets_pass(after: float, small: float, more: float) -> None:
    blocked = judge(planned(0, after), [], Budgets(small, block=True)).blocked

    assert blocked or not judge(planned(0, after), [], Budgets(small + more, block=True)).blocked


def test_what_has_no_known_price_is_said() -> None:
    budgets = Budgets(1, 1)

    assert judge(planned(0, 9, unknown=1), [], budgets).at_least
    assert judge(planned(0, 9), [deployed(1, unknown=2)], budgets).at_least
    assert judge(planned(0, 9), [{}], budgets).at_least
    assert not judge(planned(0, 9), [{}], Budgets(1)).at_least  # the others are no part of this budget
    assert not judge(planned(0, 9), [deployed(1)], budgets).at_least


@pytest.mark.parametrize("value", [None, "7", True, math.nan, math.inf, -math.inf, [], {}, 10**400])
def test_what_is_no_amount_is_none(value: object) -> None:
    assert amount(value) == 0
    assert judge({"before": value, "after": value}, [{"monthly": value}], Budgets(0.01, block=True)) == Verdict()


def test_a_story_that_was_never_told_has_no_price() -> None:
    assert judge({}, [], Budgets(0.01, 0.01, block=True)) == Verdict()
    assert not priced({}) and not priced({"counts": []})


class TestWhatTheRowKeeps:
    def test_after_a_success_it_is_what_was_planned(self) -> None:
        kept = cost_of(STORY, {}, NOW, complete=True)

        assert (kept["monthly"], kept["since"], kept["spent"], kept["partial"]) == (COST["after"], NOW, 0, False)
        assert {name: kept[name] for name in ("counts", "usage", "as_of", "top")} == {
            name: COST[name] for name in ("counts", "usage", "as_of", "top")
        }
        assert kept["treasure"] == STORY["treasure_hunt"]

    def test_the_same_price_goes_on_from_when_it_began(self) -> None:
        first = cost_of(STORY, {}, NOW, complete=True)

        assert cost_of(STORY, first, NOW + MONTH, complete=True) == first

    def test_another_price_begins_anew_and_what_was_spent_stays_spent(self) -> None:
        first = cost_of(told_of(after=10.0), {}, NOW, complete=True)

        second = cost_of(told_of(before=10.0, after=30.0), first, NOW + MONTH, complete=True)

        assert (second["monthly"], second["since"], second["spent"]) == (30.0, NOW + MONTH, 10.0)
        assert accrued(second, NOW + 2 * MONTH) == 40.0

    @pytest.mark.parametrize(("before", "after"), [(10.0, 30.0), (30.0, 10.0), (30.0, 0.0)])
    def test_a_run_that_broke_off_may_have_made_the_dearer_side_of_it(self, before: float, after: float) -> None:
        kept = cost_of(told_of(before=before, after=after), {}, NOW, complete=False)

        assert (kept["monthly"], kept["partial"]) == (30.0, True)

    @pytest.mark.parametrize("story", [{}, {"cost": None}, {"cost": {}}, {"cost": []}])
    def test_what_was_not_told_is_not_known(self, story: dict[str, object]) -> None:
        assert cost_of(story, deployed(7), NOW, complete=True) == {}


@pytest.mark.parametrize(("seconds", "spent"), [(0, 0), (-60, 0), (3600, 0.01), (MONTH, 7.3)])
def test_what_a_deployment_has_cost_grows_by_the_hour(seconds: int, spent: float) -> None:
    assert accrued({"monthly": 7.3, "since": NOW}, NOW + seconds) == pytest.approx(spent)


@pytest.mark.parametrize(
    ("given", "kept"), [(0, None), (0.01, 0.01), (25, 25), (9.999, 10.0), (MOST_BUDGET, MOST_BUDGET)]
)
def test_a_budget_is_an_amount_in_cents_and_zero_is_none(given: float, kept: float | None) -> None:
    assert checked_budget(given) == kept


@pytest.mark.parametrize("given", [-1, -0.01, 0.004, MOST_BUDGET + 1, math.nan, math.inf, -math.inf])
def test_no_other_amount_is_a_budget(given: float) -> None:
    with pytest.raises(UserError):
        checked_budget(given)
