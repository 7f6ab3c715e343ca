"""Attributes of a plan are anybody's text: what has the wrong type reads as nothing."""

import math

import pytest
from hypothesis import given

from chatops.story.values import HIDDEN, Values
from tests.unit.story.google_plans import JSON


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3.0), ("100", 100.0), (" 7 ", 7.0), (True, 9.0), (-1, 9.0), ("x", 9.0), (None, 9.0), ([5], 9.0), (0, 0.0)],
)
def test_a_number_is_what_reads_as_one_and_is_not_negative(value: object, number: float) -> None:
    assert Values({"size": value}).number("size", 9.0) == number


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, 1e13, "1e400", 10**400, "٣" * 20],
    ids=["nan", "inf", "large", "text", "huge", "digits"],
)
def test_a_number_that_no_plan_means_is_the_default(value: object) -> None:
    assert Values({"size": value}).number("size", 9.0) == 9.0


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("true", True), ("False", False), (1, None), ("yes", None)])
def test_a_flag_is_yes_or_no_or_not_said(value: object, flag: bool | None) -> None:
    read = Values({"on": value})

    assert read.flag("on", True) is (True if flag is None else flag)
    assert read.flag("on", False) is (False if flag is None else flag)


def test_a_hidden_value_is_as_good_as_none() -> None:
    read = Values({"tier": HIDDEN})

    assert read.text("tier", "small") == "small"
    assert not read.has("tier")
    assert read.is_unknown("tier")


def test_a_block_is_an_object_or_a_list_of_them_with_its_unknowns() -> None:
    read = Values(
        {"one": {"a": 1}, "many": [{"a": 2}, "no block", {"a": 3}]}, {"many": [{}, {}, {"b": True}], "one": True}
    )

    assert read.block("one").number("a") == 1
    assert [each.number("a") for each in read.blocks("many")] == [2, 3]
    assert read.blocks("many")[1].is_unknown("b")
    assert read.block("none") == Values()


@given(value=JSON, unknown=JSON)
def test_nothing_raises_whatever_stands_there(value: object, unknown: object) -> None:
    read = Values({"x": value}, {"x": unknown})

    assert read.number("x") >= 0
    assert math.isfinite(read.number("x"))
    assert isinstance(read.text("x"), str)
    assert isinstance(read.flag("x"), bool)
    assert all(isinstance(text, str) for text in read.texts("x"))
    assert all(isinstance(block, Values) for block in read.blocks("x"))
    assert isinstance(read.block("x"), Values)
    assert read.has("x") in (True, False)
    assert read.is_unknown("x") in (True, False)
