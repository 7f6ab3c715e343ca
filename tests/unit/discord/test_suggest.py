import threading

import pytest

from chatops.discord.suggest import within


def test_a_call_in_time_gives_its_result() -> None:
    assert within(5, lambda: ["shop"]) == ["shop"]


def test_a_call_that_fails_fails_here() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        within(5, fail)


def test_a_call_that_takes_too_long_is_given_up() -> None:
    answered = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            within(0.02, answered.wait)
    finally:
        answered.set()
