"""Which operation an error is about, when the log itself does not say it."""

import pytest

from chatops.terraform.addresses import addresses_in, within_modules
from chatops.terraform.replay import Replay


def ops(log: str) -> dict[str, str]:
    resources = Replay(log.encode()).to_json()["resources"]
    return {
        address: ", ".join(f"{each['kind']} {each['state']}" for each in entry["ops"])
        for address, entry in resources.items()
    }


def errors(log: str) -> int:
    return Replay(log.encode()).to_json()["errors"]


def test_addresses_are_found_in_a_text():
    text = 'When a_b.c["x y"], "module.m.d_e.f[0]" (g_h.i) change: j_k.l; not m_n.o.id, p_q.r[ or -s_t.u'

    assert list(addresses_in(text)) == ['a_b.c["x y"]', "module.m.d_e.f[0]", "g_h.i", "j_k.l"]


def test_an_address_is_known_by_what_its_modules_call_it():
    assert list(within_modules('module.a["x.y"].module.b.aws_x.y[0]')) == [
        'module.a["x.y"].module.b.aws_x.y[0]',
        "module.b.aws_x.y[0]",
        "aws_x.y[0]",
    ]


def test_the_object_of_that_very_address_comes_before_the_one_in_a_module():
    log = "aws_x.y: Creating...\nmodule.m.aws_x.y: Creating...\n\nError: boom\n\n  with aws_x.y,\n"

    assert ops(log) == {"aws_x.y": "create failed", "module.m.aws_x.y": "create in-progress"}


def test_an_address_that_terraform_has_wrapped_in_the_detail_is_found():
    complaint = """
Error: Provider produced inconsistent result after apply

When applying changes to aws_x.y["TestAWS
EKS/EKS"], provider "provider[\\"registry.terraform.io/a/b\\"]" produced an
unexpected new value: .input[{}].enabled: was cty.True, but now cty.False.
"""
    log = 'aws_x.y["TestAWS EKS/EKS"]: Creating...\naws_x.z: Creating...\n' + complaint.format(0) + complaint.format(4)

    assert errors(log) == 2
    assert ops(log) == {'aws_x.y["TestAWS EKS/EKS"]': "create failed", "aws_x.z": "create in-progress"}


def test_a_complaint_about_an_object_that_never_began_ends_nothing():
    log = """\
aws_x.y: Creating...

Error: Provider produced inconsistent final plan

When expanding the plan for aws_eip.e to include new values learned so far
during apply, provider "x" produced an invalid new value for .zone.
"""
    assert ops(log) == {"aws_x.y": "create in-progress"}


def test_instances_of_one_block_fail_in_the_order_they_began():
    error = '\nError: boom\n\n  on main.tf line 1, in resource "aws_x" "y":\n   1: resource\n\n'
    log = "aws_x.y[0]: Creating...\naws_x.y[1]: Creating...\naws_x.y[2]: Creating...\n" + error + error

    assert list(ops(log).values()) == ["create failed", "create failed", "create in-progress"]


def test_an_id_that_a_tick_has_shortened_still_links():
    whole, short = f"/subscriptions/{'a' * 60}/groups/{'b' * 60}", f"/subscriptions/{'a' * 20}...{'b' * 30}"
    log = f"""\
azurerm_x.y: Destroying... [id={whole}]
azurerm_x.z: Destroying... [id=/subscriptions/other]
azurerm_x.y: Still destroying... [id={short}, 10s elapsed]

Error: deleting {whole}: conflict
"""
    assert ops(log) == {"azurerm_x.y": "delete failed", "azurerm_x.z": "delete in-progress"}


def test_a_list_inside_a_box_is_one_error():
    log = "╷\n│ Error: 2 errors occurred:\n│ * error creating A\n│ * error creating B\n│ \n╵\n"

    assert errors(log) == 1


def test_an_error_after_the_end_of_its_operation_undoes_nothing():
    log = "aws_x.y: Creating...\naws_x.y: Creation complete after 1s\n\nError: postcondition\n\n  with aws_x.y,\n"

    assert ops(log) == {"aws_x.y": "create done"}


@pytest.mark.parametrize("top", ["╷\n", ""])
@pytest.mark.parametrize("blanks", [" ", "  ", ""])
def test_a_box_that_an_editor_has_touched_is_read(top: str, blanks: str):
    assert errors(f"{top}│{blanks}Error: boom\n│{blanks}with aws_x.y,\n") == 1


def test_errors_stay_apart_where_a_wrapper_drops_blank_lines():
    error = 'Error: boom\n  with aws_x.{0},\n  on a.tf line 1, in resource "aws_x" "{0}":\n   1: {{\nError in words\n'
    log = "aws_x.y: Creating...\naws_x.z: Creating...\n" + error.format("y") + error.format("z")

    assert errors(log) == 2
    assert ops(log) == {"aws_x.y": "create failed", "aws_x.z": "create failed"}


def test_the_word_error_in_a_detail_begins_nothing():
    log = "Error: boom\n\n  with aws_x.y,\n  on a.tf line 1:\n   1: {\n\nThe tool said:\nError: no\n"

    assert errors(log) == 1


BLOCK = '\n  on main.tf line 9, in resource "aws_x" "z":\n   9: resource {\n'


def test_the_block_an_error_is_in_comes_before_a_name_in_its_words():
    log = f"aws_x.y: Creating...\naws_x.z: Creating...\n\nError: aws_x.y is not active\n{BLOCK}"

    assert ops(log) == {"aws_x.y": "create in-progress", "aws_x.z": "create failed"}


def test_the_words_choose_among_the_instances_of_the_block():
    begun = "".join(f"aws_x.z[{n}]: Destroying... [id=subnet-{n}]\n" for n in range(3))

    assert ops(f"{begun}\nError: deleting subnet-1: no\n{BLOCK}")["aws_x.z[1]"] == "delete failed"
    assert ops(f"{begun}\nError: deleting aws_x.z[2]: no\n{BLOCK}")["aws_x.z[2]"] == "delete failed"
    assert ops(f"{begun}\nError: deleting: no\n{BLOCK}")["aws_x.z[0]"] == "delete failed"


def test_a_name_counts_where_nothing_of_the_block_is_open():
    log = 'aws_x.y: Creating...\n\nError: no access to aws_x.y\n\n  on a.tf line 1, in provider "aws":\n   1: x\n'

    assert ops(log) == {"aws_x.y": "create failed"}


def test_a_block_of_a_configuration_in_json_is_known():
    log = "aws_x.y: Creating...\naws_x.z: Creating...\n\nError: boom\n\n  on cdk.tf.json line 3, in {}:\n   3: x\n"
    failed = {"aws_x.y": "create in-progress", "aws_x.z": "create failed"}

    assert ops(log.format("resource.aws_x.z")) == failed
    assert ops(log.format("resource.aws_x.z (net/z)")) == failed
    assert ops(log.format("resource.aws_x.w")) == {"aws_x.y": "create in-progress", "aws_x.z": "create in-progress"}
