import pytest

from chatops.domain.timings import KEPT_NAMES, KEPT_SAMPLES, LONGEST_NAME, remember


def test_new_times_come_after_the_old_ones() -> None:
    assert remember({"a:create": [1], "b:create": [2]}, {"a:create": [3, 4]}) == {
        "a:create": [1, 3, 4],
        "b:create": [2],
    }


def test_the_oldest_times_go_first() -> None:
    known = {"a:create": list(range(KEPT_SAMPLES))}

    assert remember(known, {"a:create": [90, 91]})["a:create"] == [*range(2, KEPT_SAMPLES), 90, 91]


def test_the_names_that_nobody_used_for_longest_go_first() -> None:
    known: dict[str, list[int]] = {}
    for number in range(KEPT_NAMES + 2):
        known = remember(known, {"always:create": [number], f"{number}:create": [1]})

    assert len(known) == KEPT_NAMES
    assert {"always:create", "301:create", "3:create"} <= known.keys()
    assert not {"0:create", "1:create", "2:create"} & known.keys()


def test_a_name_that_only_hostile_code_would_have_is_not_kept() -> None:
    assert list(remember({}, {"x" * LONGEST_NAME: [1], "x" * (LONGEST_NAME + 1): [1]})) == ["x" * LONGEST_NAME]


@pytest.mark.parametrize("samples", [{}, {"a:create": []}])
def test_a_run_that_tells_nothing_changes_nothing(samples: dict[str, list[int]]) -> None:
    assert remember({"b:create": [1]}, samples) == {"b:create": [1]}
    assert remember({}, samples) == {}


def test_what_was_known_stays_as_it_was() -> None:
    known = {"a:create": [1]}

    remember(known, {"a:create": [2]})

    assert known == {"a:create": [1]}
