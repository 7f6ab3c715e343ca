"""Plan JSON: counted as Terraform counts, and refused where believing it could hide a destroy."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.progress import Operation, OperationKind
from chatops.terraform.plan import PlanFormatError, index_from_plan, read_plan

VECTORS = Path(__file__).parents[2] / "vectors" / "terraform"
CREATE, UPDATE, DELETE = OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE


def plan(*changes: dict, **more: object) -> dict:
    return {"format_version": "1.2", "resource_changes": list(changes), **more}


def change(address: str, *actions: str, **more: object) -> dict:
    importing = {"importing": more.pop("importing")} if "importing" in more else {}
    return {"address": address, "change": {"actions": list(actions), **importing}, **more}


def recorded(name: str) -> dict:
    return json.loads((VECTORS / name).read_text())


def test_a_real_plan_with_both_kinds_of_replacement():
    facts = read_plan(recorded("change.plan.json"))

    assert (facts.add, facts.change, facts.destroy, facts.total) == (3, 13, 3, 19)
    assert facts.replaced == facts.destroyed == ("terraform_data.cbd", "terraform_data.dbc", "terraform_data.prov")
    assert facts.operations[:4] == (
        Operation("terraform_data.cbd", CREATE),
        Operation("terraform_data.cbd", DELETE),
        Operation("terraform_data.dbc", DELETE),
        Operation("terraform_data.dbc", CREATE),
    )


def test_a_real_plan_with_an_import_a_move_and_a_forget():
    facts = read_plan(recorded("silent.plan.json"))

    assert (facts.import_, facts.move, facts.forget, facts.total, facts.has_changes) == (1, 1, 1, 1, True)
    assert facts.operations == (
        Operation("terraform_data.gone", OperationKind.FORGET),
        Operation("terraform_data.imp", OperationKind.IMPORT),
        Operation("terraform_data.new", OperationKind.MOVE),
    )


def test_a_read_during_apply_is_an_operation_that_is_not_counted():
    facts = read_plan(recorded("reads.plan.json"))

    assert facts.total == 2
    assert Operation("data.terraform_remote_state.late", OperationKind.READ) in facts.operations


def test_no_operations_and_equal_outputs_change_nothing():
    assert not read_plan(plan(change("a.b", "no-op"), output_changes={"o": {"actions": ["no-op"]}})).has_changes


def test_an_output_alone_is_a_change():
    facts = read_plan(plan(output_changes={"o": {"actions": ["update"]}, "p": {"actions": ["no-op"]}}))

    assert facts.has_changes
    assert facts.outputs_changed == ("o",)


def test_a_plan_that_terraform_would_apply_is_a_change():
    assert read_plan(plan(applyable=True)).has_changes


def test_an_import_with_an_update_is_two_operations():
    facts = read_plan(plan(change("a.b", "update", importing={"id": "i-1"})))

    assert [each.kind for each in facts.operations] == [OperationKind.IMPORT, UPDATE]
    assert facts.total == 2


def test_a_deposed_object_keeps_its_id():
    index = index_from_plan(plan(change("a.b", "delete", deposed="abcd1234")))

    assert index.operations == (Operation("a.b", DELETE, "abcd1234"),)


def test_forgetting_before_creating_is_no_destroy():
    facts = read_plan(plan(change("a.b", "forget", "create")))

    assert (facts.add, facts.forget, facts.destroy, facts.destroyed) == (1, 1, 0, ())


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "expected an object"),
        ({}, "not a plan"),
        ({"format_version": "1.0", "values": {}}, "is this a state"),
        ({"format_version": "2.0", "resource_changes": []}, "newer than 1.x"),
        ({"format_version": "x", "resource_changes": []}, "newer than 1.x"),
        ({"format_version": "1.0", "resource_changes": {}}, "resource_changes is not a list"),
        (plan("a.b"), r"resource_changes\[0\] is not an object"),
        (plan({"change": {"actions": []}}), "has no address"),
        (plan({"address": "a.b"}), "change is not an object"),
        (plan({"address": "a.b", "change": {}}), "has no actions"),
        (plan(change("a.b", "no-op"), change("a.c", "obliterate")), r"\[1\] has the unknown action 'obliterate'"),
        (plan(output_changes=[1]), "output_changes is not an object"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(document: dict, reason: str):
    with pytest.raises(PlanFormatError, match=reason):
        read_plan(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["create", "delete", "1.0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["address", "change", "actions", "importing", "deposed", "previous_address"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_no_document_breaks_the_reader(changes: object, outputs: object):
    try:
        read_plan({"format_version": "1.2", "resource_changes": changes, "output_changes": outputs})
    except PlanFormatError as error:
        assert str(error).startswith("plan JSON: ")
