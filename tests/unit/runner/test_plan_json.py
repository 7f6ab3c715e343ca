"""Sensitive values leave the plan; everything else stays as Terraform wrote it."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runner.plan_json import HIDDEN, PlanRedactor, addresses, public_outputs, rewrite

PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.15.5",
    "variables": {"password": {"value": "SECRET-variable"}, "name": {"value": "web"}},
    "planned_values": {
        "outputs": {
            "token": {"sensitive": True, "value": "SECRET-planned-output"},
            "url": {"sensitive": False, "value": "u"},
        },
        "root_module": {
            "resources": [
                {
                    "address": "db.main",
                    "values": {
                        "password": "SECRET-planned",
                        "ports": [1, 2],
                        "users": [{"name": "a", "key": "SECRET-nested"}],
                    },
                    "sensitive_values": {"password": True, "users": [{"key": True}]},
                }
            ],
            "child_modules": [
                {
                    "address": "module.a",
                    "resources": [
                        {"address": "module.a.x.y", "values": {"k": "SECRET-child"}, "sensitive_values": {"k": True}}
                    ],
                }
            ],
        },
    },
    "prior_state": {
        "format_version": "1.0",
        "values": {
            "outputs": {"token": {"sensitive": True, "value": {"deep": ["SECRET-prior-output"]}}},
            "root_module": {
                "resources": [
                    {
                        "address": "db.main",
                        "values": {"password": "SECRET-prior"},
                        "sensitive_values": {"password": True},
                    }
                ]
            },
        },
    },
    "resource_changes": [
        {
            "address": "db.main",
            "change": {
                "actions": ["update"],
                "before": {"password": "SECRET-before", "size": 1},
                "after": {"password": "SECRET-after", "size": 2},
                "before_sensitive": {"password": True},
                "after_sensitive": {"password": True},
                "after_unknown": {},
            },
        },
        {
            "address": "secret.whole",
            "change": {
                "actions": ["delete"],
                "before": {"a": "SECRET-whole"},
                "after": None,
                "before_sensitive": True,
                "after_sensitive": False,
            },
        },
    ],
    "resource_drift": [
        {
            "address": "db.main",
            "change": {"before": {"p": "SECRET-drift"}, "after": None, "before_sensitive": {"p": True}},
        }
    ],
    "deferred_changes": [
        {
            "reason": "x",
            "resource_change": {
                "change": {"before": None, "after": {"p": "SECRET-deferred"}, "after_sensitive": {"p": True}}
            },
        }
    ],
    "output_changes": {
        "token": {
            "actions": ["create"],
            "before": None,
            "after": "SECRET-output",
            "before_sensitive": False,
            "after_sensitive": True,
        }
    },
    "configuration": {
        "provider_config": {"aws": {"name": "aws"}},
        "root_module": {
            "variables": {"password": {"sensitive": True, "default": "SECRET-default"}, "name": {"default": "web"}},
            "module_calls": {
                "a": {"module": {"variables": {"key": {"sensitive": True, "default": "SECRET-inner-default"}}}}
            },
        },
    },
}


def test_no_sensitive_value_is_left_anywhere() -> None:
    assert "SECRET" not in json.dumps(PlanRedactor().redact(PLAN))


def test_only_values_that_are_marked_are_changed() -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return HIDDEN if isinstance(value, str) and value.startswith("SECRET") else value

    expected = plain(PLAN)
    expected["prior_state"]["values"]["outputs"]["token"]["value"] = HIDDEN

    assert PlanRedactor().redact(PLAN) == expected


def test_the_plan_that_was_given_is_not_changed() -> None:
    before = copy.deepcopy(PLAN)

    PlanRedactor().redact(PLAN)

    assert before == PLAN


def test_the_hidden_texts_are_remembered() -> None:
    redactor = PlanRedactor()
    redactor.redact(PLAN)

    assert {"SECRET-after", "SECRET-nested", "SECRET-prior-output", "SECRET-variable"} <= redactor.found
    assert all(value.startswith("SECRET") for value in redactor.found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(json_values, json_values)
def test_any_mask_on_any_value_keeps_json(value: Any, mask: Any) -> None:
    json.dumps(PlanRedactor().hide(value, mask))


@given(st.dictionaries(st.sampled_from(sorted(PLAN)), json_values))
def test_a_plan_of_another_form_is_passed_on_and_not_refused(plan: dict[str, Any]) -> None:
    json.dumps(PlanRedactor().redact(plan))
    list(addresses(plan))


def test_addresses_are_those_of_changes_and_drift() -> None:
    assert list(addresses(PLAN)) == ["db.main", "secret.whole", "db.main"]


def test_an_output_is_public_only_when_it_says_so() -> None:
    outputs: dict[str, Any] = {
        "a": {"sensitive": False, "value": 1},
        "b": {"sensitive": True, "value": 2},
        "c": {"value": 3},
    }

    assert public_outputs(outputs) == {"a": outputs["a"], "b": {"sensitive": True}, "c": {"sensitive": True}}


def test_every_text_but_no_key_is_rewritten() -> None:
    assert rewrite({"a": ["x", 1, None, {"x": "x"}]}, str.upper) == {"a": ["X", 1, None, {"x": "X"}]}
