"""Electricity and carbon: the method's own example, regions without a figure, and what people can picture."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.story.costs import HOURS, Component, Compute, CostStatus, Usage
from chatops.story.estimate import Estimate, ResourceCost
from chatops.story.footprint import Footprint, footprint, in_human_words, watt_hours
from chatops.story.planned import Resource
from chatops.story.prices import Book, open_book

CASCADE_LAKE = (0.690298, 4.063194)  # Cloud Carbon Footprint's coefficients for AWS
M5_LARGE = Compute(2 * HOURS, 8 * HOURS, "m5.large")


class OneProcessor(Book):
    """A book in which every cloud runs on one processor, and only the regions named have a grid."""

    def __init__(self, watts: tuple[float, float], **grids: float) -> None:
        self._watts, self._grids = watts, grids

    def watts(self, cloud: str) -> tuple[float, float] | None:
        return self._watts

    def grid(self, cloud: str, region: str) -> tuple[float, str] | None:
        grams = self._grids.get(region.replace("-", "_"))
        return None if grams is None else (grams, "measured")


def cost(
    *computes: Compute,
    cloud: str = "aws",
    region: str = "us-east-1",
    actions: tuple[str, ...] = ("create",),
    status: CostStatus = CostStatus.PRICED,
) -> ResourceCost:
    gone = actions in (("delete",), ("forget",))
    resource = Resource(
        "aws_instance.x", "aws_instance", "x", "", cloud, region, actions, {} if gone else None, None if gone else {}
    )
    parts = tuple(Component("Machine", "hour", HOURS, 0.1, 73.0, "test", compute=each) for each in computes)
    return ResourceCost(resource, status, None, None, parts)


def of(*costs: ResourceCost, book: Book | None = None) -> Footprint:
    whole = Estimate(tuple(costs), 0.0, 0.0, Usage(0.0, 0.0, 0.0), "2026-07")
    return footprint(whole, book or OneProcessor(CASCADE_LAKE, us_east_1=360.0))


def test_the_published_example() -> None:
    """m5.large in us-east-1 on Cascade Lake (the method's worked example): 7.89 W, 6.54 kWh and 2.4 kg a month."""
    found = of(cost(M5_LARGE))

    assert watt_hours(M5_LARGE, CASCADE_LAKE, 1.0) / HOURS == pytest.approx(7.89, abs=0.005)
    assert found.kwh == pytest.approx(6.54, abs=0.005)
    assert found.kg == pytest.approx(2.4, abs=0.05)
    assert found.regions == ("us-east-1",)
    assert found.grids == ("us-east-1: 360 g CO2e/kWh (measured)",)


def test_the_real_book_has_what_it_takes_for_all_three_clouds() -> None:
    places = [("aws", "us-east-1"), ("gcp", "us-central1"), ("azure", "eastus")]

    found = of(*(cost(M5_LARGE, cloud=cloud, region=region) for cloud, region in places), book=open_book())

    assert found.kwh is not None
    assert 10 < found.kwh < 30  # three machines, each near the example's
    assert found.kg is not None
    assert all("CO2e/kWh" in words for words in found.grids)


def test_two_machines_draw_twice_as_much() -> None:
    one, two = of(cost(M5_LARGE)), of(cost(M5_LARGE), cost(M5_LARGE))

    assert two.kwh == pytest.approx(2 * (one.kwh or 0.0))
    assert two.kg == pytest.approx(2 * (one.kg or 0.0))


def test_a_region_without_a_figure_has_electricity_and_no_carbon() -> None:
    found = of(cost(M5_LARGE), cost(M5_LARGE, region="il-central-1"))

    assert found.kwh == pytest.approx(13.08, abs=0.01)
    assert found.kg is None
    assert "il-central-1: no figure for its grid" in found.grids


def test_an_unsaid_region_is_the_one_that_the_estimate_assumes() -> None:
    assert of(cost(M5_LARGE, region="")).regions == ("us-east-1",)


def test_what_cannot_be_measured_is_counted_as_left_out() -> None:
    found = of(cost(), cost(status=CostStatus.USAGE), cost(status=CostStatus.UNKNOWN), cost(status=CostStatus.FREE))

    assert (found.kwh, found.kg, found.left_out) == (None, None, 3)


def test_another_provider_is_not_guessed() -> None:
    assert of(cost(M5_LARGE, cloud="digitalocean", region="fra1")).kwh is None


def test_what_is_destroyed_is_saved_and_what_only_leaves_the_state_is_not() -> None:
    destroyed = of(cost(M5_LARGE, actions=("delete",)))
    forgotten = of(cost(M5_LARGE, actions=("forget",)))

    assert (destroyed.kwh, destroyed.left_out) == (None, 0)
    assert destroyed.saved_kwh == pytest.approx(6.54, abs=0.005)
    assert destroyed.saved_kg == pytest.approx(2.4, abs=0.05)
    assert (forgotten.saved_kwh, forgotten.saved_kg) == (None, None)


@pytest.mark.parametrize("amount", [math.nan, math.inf, 1e308], ids=str)
def test_absurd_machines_break_nothing(amount: float) -> None:
    found = of(cost(Compute(amount, amount)), cost(M5_LARGE))

    assert found.kwh is None or math.isfinite(found.kwh)
    assert found.kg is None or math.isfinite(found.kg)


@pytest.mark.parametrize(
    ("kg", "words"),
    [
        (2.4, "about 10 km (6 miles) in a petrol car, or what 5 tree seedlings take up in a month"),
        (0.5, "about 2 km (1 mile) in a petrol car"),
        (0.1, "about 8 smartphone charges"),
        (0.0124, "about 1 smartphone charge"),
        (0.001, ""),
        (0.0, ""),
        (-3.0, ""),
        (math.nan, ""),
        (math.inf, ""),
        (4321.0, "about 18,000 km (11,000 miles) in a petrol car, or what 8,600 tree seedlings take up in a month"),
    ],
    ids=str,
)
def test_human_words(kg: float, words: str) -> None:
    assert in_human_words(kg) == words


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5), st.floats(0, 1e6))
def test_more_machines_never_draw_less(vcpus: Sequence[float], more: float) -> None:
    parts = [Compute(each, each) for each in vcpus]

    less, greater = of(cost(*parts)), of(cost(*parts, Compute(more, more)))

    assert (greater.kwh or 0.0) >= (less.kwh or 0.0)
    assert (greater.kg or 0.0) >= (less.kg or 0.0)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_has_words_or_none(kg: float) -> None:
    assert len(in_human_words(kg)) < 800
