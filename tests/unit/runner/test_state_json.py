"""When one state holds all that another one holds."""

from typing import Any

import pytest

from runner.state_json import instances

A = {"module": "module.m", "mode": "managed", "type": "t", "name": "a"}


def state(*resources: dict[str, Any], **around: Any) -> dict[str, Any]:
    return {"serial": 1, "lineage": "l", "resources": list(resources)} | around


def a(*attributes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    found = [{"index_key": number, "attributes": each} for number, each in enumerate(attributes)]
    return A | {"instances": found} | changes


def test_serial_lineage_and_order_of_keys_make_no_difference() -> None:
    one, other = state(a({"x": 1, "y": 2})), state(a({"y": 2, "x": 1}), serial=9, lineage="other")

    assert instances(one) == instances(other) != set()


@pytest.mark.parametrize(
    "other",
    [
        a({"x": 2}),
        a({"x": 1}, module="module.n"),
        a({"x": 1}, mode="data"),
        a({"x": 1}, type="u"),
        a({"x": 1}, name="b"),
        a(),
        A | {"instances": [{"index_key": "0", "attributes": {"x": 1}}]},
        A | {"instances": [{"index_key": 0, "attributes": {"x": 1}, "deposed": "1234"}]},
    ],
)
def test_another_instance_is_another_one(other: dict[str, Any]) -> None:
    assert not instances(state(a({"x": 1}))) <= instances(state(other))


def test_more_is_stored_than_was_kept() -> None:
    assert instances(state(a({"x": 1}))) <= instances(state(a({"x": 1}, {"x": 2}), a({}, name="b")))


@pytest.mark.parametrize("odd", [{}, {"resources": None}, {"resources": ["x"]}, {"resources": [{"instances": 5}]}])
def test_what_is_no_state_holds_nothing(odd: dict[str, Any]) -> None:
    assert instances(odd) == set()
