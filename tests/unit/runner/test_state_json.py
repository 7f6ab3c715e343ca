"""When one state holds all that another one holds."""

from typing import Any

import pytest

from runner.state_json import existing, instances, sensitive

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
    assert list(existing(odd)) == [] and sensitive(odd) == set()


def test_what_exists_is_told_by_address_and_what_will_be_made_anew_is_marked() -> None:
    several = [
        {"index_key": 0, "status": "tainted"},
        {"index_key": 'a"b\\c${d}%{e}'},
        {"deposed": "00abcdef"},
        {"deposed": "00abcdef", "status": "tainted"},
    ]
    inner = A | {"module": 'module.m["x"].module.n', "instances": [{}]}

    assert list(existing(state(A | {"module": "module.m", "instances": several}, a({}, mode="data"), inner))) == [
        "module.m.t.a[0] (tainted)",
        r'module.m.t.a["a\"b\\c$${d}%%{e}"]',
        "module.m.t.a (deposed object 00abcdef)",
        "module.m.t.a (deposed object 00abcdef) (tainted)",
        'module.m["x"].module.n.t.a',
    ]


def at(*steps: str | int) -> list[dict[str, Any]]:
    """A path, as the state has it."""
    return [
        {"type": "get_attr", "value": step}
        if place == 0
        else {"type": "index", "value": {"value": step, "type": "number" if isinstance(step, int) else "string"}}
        for place, step in enumerate(steps)
    ]


def test_what_is_marked_as_sensitive_is_found_by_its_path() -> None:
    attributes = {"a": "A", "b": [{"c": "C", "d": "D"}, {"c": 5}], "e": {"f": ["F", True]}, "open": "O"}
    paths = [at("a"), at("b", 0, "c"), at("b", 1), at("e"), at("missing"), at("b", 7), at("a", "x"), None, "odd"]
    instance = {"attributes": attributes, "sensitive_attributes": paths}
    outputs = {"o": {"sensitive": True, "value": ["out"]}, "p": {"value": "public"}, "q": None}

    assert sensitive(state(A | {"instances": [instance]}, outputs=outputs)) == {"A", "C", "5", "F", "out"}
