import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.discord.text import left


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0, 0, "less than 30 s left"),
        (12, 30, "less than 30 s left"),
        (12, 31, "less than 1 min left"),
        (59, 170, "less than 3 min left"),
        (60, 170, "about 1–3 min left"),
        (130, 240, "about 2–4 min left"),
        (120, 120, "about 2 min left"),
        (500, 660, "about 8–15 min left"),
        (719, 1500, "about 10–25 min left"),
        (600, 600, "about 10 min left"),
        (3500, 3700, "about 55–75 min left"),
        (4000, 7200, "about 60–120 min left"),
    ],
)
def test_a_range_is_told_as_a_person_would(low: int, high: int, text: str) -> None:
    assert left(low, high) == text


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_rounding_never_leaves_a_part_of_the_range_out(low: int, more: int) -> None:
    text = left(low, low + more)
    numbers = [int(number) for number in re.findall(r"\d+", text)]

    unit = 1 if " s " in text else 60
    assert low + more <= numbers[-1] * unit
    assert "less than" in text or numbers[0] * 60 <= low
