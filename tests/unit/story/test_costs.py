"""A component is a quantity at a price, or says that it has none."""

from chatops.story.costs import HOURS, Compute, Usage, by_use, fixed, hourly, span
from chatops.story.prices import Price

PRICE = Price(0.04, "GB-month", "2026-07", "a list 2026-07, A")


def test_a_fixed_component_multiplies_and_names_its_price() -> None:
    part = fixed("Disk", 20, PRICE, "size not said", Compute(1, 2))

    assert (part.quantity, part.price, part.monthly, part.unit) == (20, 0.04, 0.8, "GB-month")
    assert (part.source, part.as_of, part.note) == ("a list 2026-07, A", "2026-07", "size not said")
    assert part.compute == Compute(1, 2)
    assert not part.by_use


def test_an_hourly_component_runs_all_month() -> None:
    assert hourly("Machine", Price(0.1, "hour", "2026", "x"), 3).monthly == HOURS * 3 * 0.1 == 219.0


def test_a_component_without_a_price_is_unknown_and_not_free() -> None:
    for part in (fixed("Disk", 20, None), hourly("Machine", None), by_use("Traffic", None, 1, 2, 3)):
        assert part.monthly is None
        assert part.usage is None
        assert part.note == "no price known"


def test_what_is_by_use_has_three_sums_and_counts_in_no_total() -> None:
    part = by_use("Traffic", PRICE, 1, 10, 100)

    assert part.usage == Usage(0.04, 0.4, 4.0)
    assert part.monthly is None
    assert part.quantity is None
    assert part.by_use


def test_the_note_of_an_estimated_price_is_kept() -> None:
    estimated = Price(0.04, "GB-month", "2026-07", "x", "estimated: home rate")

    assert fixed("Disk", 1, estimated, "size not said").note == "size not said; estimated: home rate"
    assert by_use("Traffic", estimated, 1, 2, 3).note == "estimated: home rate"


def test_dates_are_told_from_the_first_to_the_last() -> None:
    assert span({"2026-02", "2024-09", "2025"}) == "2024-09 to 2026-02"
    assert span(["2026", "2026"]) == "2026"
    assert span([]) == ""
