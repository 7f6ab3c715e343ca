"""Saved logs: real ones recorded with Terraform 1.15 (and 1.11), and the wrappings that CI systems put around them."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from chatops.terraform.__main__ import main
from chatops.terraform.replay import NotALogError, Replay

VECTORS = Path(__file__).parents[2] / "vectors" / "terraform"
EXPECTED = json.loads((VECTORS / "expected.json").read_text())


def ops(log: str | bytes) -> dict[str, str]:
    document = Replay(log.encode() if isinstance(log, str) else log).to_json()
    return {
        address: ", ".join(f"{each['kind']} {each['state']}" for each in entry["ops"])
        for address, entry in document["resources"].items()
    }


def counts(log: str) -> tuple[int, int]:
    document = Replay(log.encode()).to_json()
    return document["errors"], document["warnings"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_log_says_what_happened(name: str):
    assert Replay((VECTORS / name).read_bytes()).to_json() == EXPECTED[name]


def test_every_recorded_log_has_its_expectation():
    logs = {path.name for path in VECTORS.glob("*.txt")} | {path.name for path in VECTORS.glob("*.jsonl")}

    assert logs == set(EXPECTED)


WRAPPINGS = {
    "github actions": "2022-09-02T04:33:57.3294526Z {}",
    "gh run view": "apply\tTerraform Apply\t2022-09-02T04:33:57.3294526Z {}",
    "terragrunt": "12:05:33.261 STDOUT terraform: {}",
    "terragrunt unit": "12:05:33.261 STDOUT [../live/unit-a] tofu: {}",
    "terratest": "TestApply/eu-1 2021-02-27T01:03:51-03:00 logger.go:66: {}",
    "schematics": " 2021/07/06 17:08:42 Terraform apply | {}",
    "logger": "INFO  {}",
    "gitlab": "2024-01-01T00:00:00.000000Z 00O {}",
    "jenkins": "[2023-01-01T00:00:00.000Z] {}",
    "compose": "runner-1  | {}",
    "branch": "[eu-west-1] {}",
    "unit": "[live/unit] terraform: {}",
    "syslog": "Jan  2 12:00:00 host terraform[12]: {}",
    "buildkite": "\x1b_bk;t=1690000000000\x07{}",
    "cloud build": 'Step #2 - "tf apply": {}',
    "drone": "[apply:7] {}",
    "teamcity": "[12:00:00] :\t [Step 2/3] {}",
    "comment": "# {}",
    "slashes": "//{}",
    "quote": "> {}",
    "indent": "    {}",
    "windows": "{}\r",
}


@pytest.mark.parametrize("name", ["fail.txt", "fail-color.txt", "loud-color.txt", "reads.jsonl", "create.txt"])
@pytest.mark.parametrize("wrapping", WRAPPINGS.values(), ids=WRAPPINGS)
def test_a_wrapper_changes_nothing(name: str, wrapping: str):
    lines = (VECTORS / name).read_text().split("\n")

    wrapped = "\n".join(wrapping.format(line) for line in lines)

    assert Replay(wrapped.encode()).to_json() == EXPECTED[name]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_windows_encodings_are_read(encoding: str):
    text = (VECTORS / "create.txt").read_text().replace("\n", "\r\n")

    assert Replay(text.encode(encoding)).to_json() == EXPECTED["create.txt"]


@pytest.mark.parametrize("escape", ["^[", "\\u001b", "␛", ""])
def test_colours_whose_escape_was_lost_are_removed(escape: str):
    text = (VECTORS / "fail-color.txt").read_text().replace("\x1b", escape)

    assert Replay(text.encode()).to_json() == EXPECTED["fail-color.txt"]


def test_a_box_in_the_wrong_code_page_is_still_a_box():
    text = (VECTORS / "loud-color.txt").read_text()
    for sign in "╷│╵":
        text = text.replace(sign, sign.encode().decode("cp437"))

    assert Replay(text.encode()).to_json() == EXPECTED["loud-color.txt"]


def test_invalid_utf8_survives():
    assert ops(b'aws_x.y["\xff\xfe"]: Creating...\naws_x.z: Creation complete after 1s\n')["aws_x.z"] == "create done"


OLD = """\
Plan: 3 to add, 0 to change, 1 to destroy.

aws_instance.web.0: Destroying... (ID: i-0123456789)
aws_instance.web.0: Still destroying... (ID: i-0123456789, 10s elapsed)
aws_instance.web.0: Destruction complete after 11s
aws_instance.web.0: Creating...
  ami:       "" => "ami-1"
  tags.Name: "" => "Creating..."
module.v.aws_eip.e: Creating...
aws_instance.web[1]: Creating...
aws_instance.web[1]: Creation complete after 1m11s (ID: i-0123)
aws_instance.w (deposed #0): Destroying... (ID: i-dead)
aws_instance.w: Destruction complete after 1s

Error: Error applying plan:

2 error(s) occurred:

* aws_instance.web[0]: 1 error(s) occurred:

* aws_instance.web.0: Error launching source instance: Unauthorized
	status code: 403
* module.v.aws_eip.e: 1 error(s) occurred:

* aws_eip.e: Failure

Terraform does not automatically rollback in the face of errors.
"""


def test_terraform_0_11_is_read():
    assert ops(OLD) == {
        "aws_instance.web.0": "delete done, create failed",
        "module.v.aws_eip.e": "create failed",
        "aws_instance.web[1]": "create done",
        "aws_instance.w": "delete done",
    }
    assert counts(OLD) == (2, 0)


def test_an_error_without_an_address_is_linked_by_its_block_or_by_an_id():
    log = """\
aws_db_instance.x: Creating...
aws_db_instance.y[0]: Creating...
aws_iam_role.z: Modifying... [id=my-role-name]
aws_iam_role.u: Modifying... [id=other-role]

Error: Error creating DB Instance: InvalidParameterValue

  on rds.tf line 1, in resource "aws_db_instance" "x":
   1: resource "aws_db_instance" "x" {


Error: AccessDenied modifying my-role-name now

"""
    assert ops(log) == {
        "aws_db_instance.x": "create failed",
        "aws_db_instance.y[0]": "create in-progress",
        "aws_iam_role.z": "update failed",
        "aws_iam_role.u": "update in-progress",
    }


def test_an_error_that_names_nothing_ends_what_was_open():
    assert ops("aws_x.y: Creating...\n\nError: timeout while waiting\n") == {"aws_x.y": "create failed"}


def test_an_error_before_an_operation_does_not_fail_it():
    assert ops("Error: no such backend\n\naws_x.y: Creating...\n") == {"aws_x.y": "create in-progress"}


def test_the_error_of_an_earlier_try_does_not_fail_the_next():
    failed = "aws_x.y: Creating...\n╷\n│ Error: a\n│\n│   with aws_x.y,\n╵\n"

    assert ops(failed + "aws_x.y: Creating...\n") == {"aws_x.y": "create failed, create in-progress"}


def test_a_later_try_in_json_is_not_failed_by_the_error_of_the_first():
    hook = {"resource": {"addr": "aws_x.y"}, "action": "create"}
    error = {"severity": "error", "summary": "boom", "detail": "", "address": "aws_x.y"}
    lines = [
        {"type": "apply_start", "hook": hook},
        {"type": "apply_errored", "hook": hook},
        {"type": "diagnostic", "diagnostic": error},
        {"type": "apply_start", "hook": hook},
    ]

    assert ops("\n".join(map(json.dumps, lines))) == {"aws_x.y": "create failed, create in-progress"}


def test_a_halt_leaves_open_what_it_does_not_name():
    assert ops("aws_x.y: Creating...\n\nError: execution halted\n") == {"aws_x.y": "create in-progress"}


def test_ticks_begin_an_operation_whose_start_was_cut_off_but_never_one_that_has_ended():
    assert ops("aws_x.y: Still creating... [10s elapsed]\n") == {"aws_x.y": "create in-progress"}
    assert ops("aws_x.y: Creation complete after 1s\naws_x.y: Still creating... [10s elapsed]\n") == {
        "aws_x.y": "create done"
    }


@pytest.mark.parametrize(
    "halves",
    [
        ('module.a["eu', 'west"].aws_x.y: Creating...'),
        ('module.a["eu west"].aws_x.y:', "Creating..."),
        ('module.a["eu west"].aws_x.y', ": Creating..."),
    ],
)
def test_a_progress_line_wrapped_over_two_is_one(halves: tuple[str, str]):
    assert ops("\n".join(halves)) == {'module.a["eu west"].aws_x.y': "create in-progress"}


def test_an_address_wrapped_inside_an_error_is_one():
    log = 'aws_x.y["eu west"]: Creating...\n╷\n│ Error: x\n│ \n│   with aws_x.y["eu\n│ west"],\n╵\n'

    assert ops(log) == {'aws_x.y["eu west"]': "create failed"}


def test_what_terragrunt_repeats_without_its_prefix_counts_once():
    box = ["╷", "│ Error: boom", "│ ", "│   with aws_x.y,", "╵"]
    log = "\n".join(
        [
            "12:05:33.261 STDOUT [a] terraform: aws_x.y: Creating...",
            *(f"12:05:33.262 STDERR [a] terraform: {line}" for line in box),
            "12:05:33.300 ERROR  error occurred:",
            '* Failed to execute "terraform apply" in ./a',
            *(f"  {line}" for line in box),
        ]
    )

    assert counts(log) == (1, 0)
    assert ops(log) == {"aws_x.y": "create failed"}


def test_equal_errors_of_two_instances_count_twice():
    assert counts("Error: boom\n\n  on a.tf line 1:\n\n\nError: boom\n\n  on a.tf line 1:\n") == (2, 0)


def test_the_words_of_a_ci_system_are_no_error_of_terraform():
    assert counts("Error: Terraform exited with code 1.\nError: Process completed with exit code 1.\n") == (0, 0)


def test_compact_warnings_are_counted_one_by_one():
    log = "Warnings:\n\n- One\n- Two\n  on a.tf line 1\n\nTo see the full warning notes, run Terraform without it.\n"

    assert counts(log + "\nPlan: 1 to add, 0 to change, 0 to destroy.\n") == (0, 2)


def test_trace_noise_is_no_progress():
    log = """\
aws_x.y: Creating...
2023-01-01T00:00:00.000Z [TRACE] vertex "aws_x.y": starting visit (*terraform.NodeApplyableResourceInstance)
2023-01-01T00:00:00.000Z [DEBUG] provider.foo: aws_x.y: Error: not one
2023-01-01T00:00:00.000Z [INFO]  provider: aws_z.z: applying
"""
    assert ops(log) == {"aws_x.y": "create in-progress"}
    assert counts(log) == (0, 0)


def test_opentofu_counts_what_it_forgets():
    log = """\
  # aws_x.y will be removed from the OpenTofu state but will not be destroyed

Plan: 1 to import, 2 to add, 0 to change, 0 to destroy, 1 to forget.

Apply complete! Resources: 1 imported, 2 added, 0 changed, 0 destroyed, 1 forgotten.
"""
    document = Replay(log.encode()).to_json()

    assert document["planned"] == {"total": 2, "add": 2, "change": 0, "destroy": 0, "import": 1, "forget": 1}
    assert document["summary"] == {"added": 2, "changed": 0, "destroyed": 0, "imported": 1, "forgotten": 1}
    assert ops(log) == {"aws_x.y": "forget done"}


def test_a_log_that_says_nothing_gives_nulls():
    assert Replay(b"").to_json() == {"planned": None, "summary": None, "errors": 0, "warnings": 0, "resources": {}}


def test_binary_data_is_refused():
    with pytest.raises(NotALogError, match="binary"):
        Replay(bytes(range(32)) * 200)


def test_a_newer_json_version_is_refused():
    with pytest.raises(NotALogError, match=r"2\.0"):
        Replay(b'{"@level":"info","@message":"x","@module":"terraform.ui","type":"version","ui":"2.0"}')


def test_the_command_prints_one_json_object(capsys: pytest.CaptureFixture[str]):
    assert main(["replay", str(VECTORS / "fail.txt"), "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == EXPECTED["fail.txt"]


def test_the_command_shows_each_change_and_the_last_state(capsys: pytest.CaptureFixture[str]):
    assert main(["replay", str(VECTORS / "create.txt")]) == 0

    frames = capsys.readouterr().out.split("\n\n")
    assert frames[0] == "[▒▒▒▒▒▒▒▒▒▒]\nInitializing...\n(0/? resources)"
    assert frames[-1] == "[▓▓▓▓▓▓▓▓▓▓] 100%\nAll resources deployed successfully\n(20/20 resources)\n"
    assert all(before != after for before, after in pairwise(frames))


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["replay", name]) == 2

    assert name in capsys.readouterr().err
