"""Autocomplete of the option `variables`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.blueprints import Blueprint, Variable, parse_variables, suggest_variables

SIZES = tuple(f"t3.size{number}" for number in range(40))
BLUEPRINT = Blueprint(
    "demo/shop",
    "Shop",
    "For the tests",
    "none",
    (
        Variable("steps", "integer", "How many", default=5, minimum=1, maximum=50),
        Variable("title", "string", "Heading", default="Hello, you", max_length=80),
        Variable("noisy", "boolean", "Loud or not", default=False),
        Variable("owner", "string", "Whose it is"),
        Variable("size", "string", "How big", default="t3.size1", choices=SIZES),
    ),
)


def suggested(text: str) -> list[str]:
    return [value for _, value in suggest_variables(text, BLUEPRINT)]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["owner=", "steps=5", 'title="Hello, you"', "noisy=false", "size=t3.size1"]),
        ("st", ["steps=5"]),
        ("i", ['title="Hello, you"', "noisy=false", "size=t3.size1"]),
        ("noisy=", ["noisy=true", "noisy=false"]),
        ("noisy=t", ["noisy=true"]),
        ("owner=me, steps=3, no", ["owner=me, steps=3, noisy=false"]),
        ("owner=me,steps=3,no", ["owner=me,steps=3, noisy=false"]),
        ("nonsense=", []),
        ("steps=99", []),
        ('title="half', []),
        ("title=\u202e", []),
    ],
)
def test_the_text_so_far_is_continued(typed: str, offered: list[str]) -> None:
    assert suggested(typed) == offered


def test_a_complete_value_is_offered_first_and_then_the_next_variables() -> None:
    assert suggested("owner=me") == [
        "owner=me",
        "owner=me, steps=5",
        'owner=me, title="Hello, you"',
        "owner=me, noisy=false",
        "owner=me, size=t3.size1",
    ]


def test_a_variable_that_is_given_already_is_not_offered_again() -> None:
    assert not any("steps=5" in line for line in suggested("steps=3, "))


@pytest.mark.parametrize(
    "typed", ["owner=me", "owner=me, ", 'owner=me, title="a, b"', "owner=me, size=T3", "noisy=YES, owner=“x”"]
)
def test_whatever_is_suggested_can_be_sent(typed: str) -> None:
    for line in suggested(typed):
        assert parse_variables(line, BLUEPRINT)["owner"] in ("me", "x")


def test_no_more_than_discord_shows() -> None:
    assert len(suggested("size=")) == 25


def test_a_text_that_leaves_no_room_gets_no_suggestion() -> None:
    assert suggested(f"owner={'x' * 93}, ") == []


@given(st.text(max_size=120))
def test_every_suggestion_fits_discord_and_begins_as_the_person_typed(typed: str) -> None:
    offered = suggest_variables(typed, BLUEPRINT)

    assert len(offered) <= 25
    assert len({value for _, value in offered}) == len(offered)
    for label, value in offered:
        assert 1 <= len(label) <= 100
        assert 1 <= len(value) <= 100
