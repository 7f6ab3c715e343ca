"""Which lines are Terraform's errors and warnings, and which are other programs' or only quoted."""

import pytest

from chatops.terraform.diagnostics import DiagnosticReader
from chatops.terraform.replay import Replay


def found(log: str) -> list[tuple[str, str]]:
    """What the reader makes of the lines of a log: "Error" or "Warning", and the summary."""
    reader = DiagnosticReader()
    for line in log.split("\n"):
        reader.feed(line)
    return [("Error" if each.is_error else "Warning", each.summary) for each in reader.take(everything=True)]


def count(log: str) -> tuple[int, int]:
    told = Replay(log.encode()).to_json()
    return told["errors"], told["warnings"]


BEFORE, PROGRESS = "aws_x.y: Creating...\n", "aws_x.y: Creation complete after 1s\n"


@pytest.mark.parametrize(
    "line",
    [
        "Warning: Permanently added 'host,10.0.0.1' (RSA) to the list of known hosts.\n",
        "Warning: Permanently added 'a' (RSA).\nWarning: Permanently added 'b' (RSA).\n",
        "Error: Cannot find module 'x'\n    at resolve (loader.js:636:15)\n",
        "Error: no such container: db\n",
    ],
)
class TestOtherPrograms:
    def test_a_line_in_the_midst_of_others_is_none_of_terraforms(self, line: str):
        assert found(f"{BEFORE}{line}{PROGRESS}") == []

    def test_nor_where_prose_and_a_blank_line_follow(self, line: str):
        assert found(f"Downloading modules\n{line}- vpc in modules/vpc\n\nInitializing the backend...\n") == []

    def test_it_takes_no_later_line_with_it(self, line: str):
        log = f"{BEFORE}{line}- prose\n\n  # aws_a.old has moved to aws_a.new\nApply complete! Resources: 0 added.\n"

        assert "aws_a.new" in Replay(log.encode()).to_json()["resources"]

    def test_an_error_of_terraforms_after_it_counts(self, line: str):
        assert found(f"{BEFORE}{line}prose\n\nError: boom\n\nbecause\n") == [("Error", "boom")]


@pytest.mark.parametrize(
    "log",
    [
        f"{BEFORE}\nError: boom\n\nbecause\n",
        f"{BEFORE}\nError: boom\n\n",
        f"{BEFORE}\nError: boom\n\n{PROGRESS}",
        f"{BEFORE}\nError: boom\n\tstatus code: 409, request id: 1\n\n{PROGRESS}",
        f"{BEFORE}\nError: boom\n\tstatus code: 409, request id: 1\n",
        f"{BEFORE}Error: boom\n\nbecause\n",
        f"{BEFORE}Error: boom\n  on main.tf line 3:\n   3: x\n{PROGRESS}",
        f"{BEFORE}Error: boom\n  with aws_x.y,\nbecause\n{PROGRESS}",
        f"{BEFORE}Error: boom\nbecause\n  with aws_x.y,\n{PROGRESS}",
        f"{BEFORE}Error: boom",
        f"{BEFORE}Error: boom\nError: Process completed with exit code 1.\nprose\n{PROGRESS}",
        f"{BEFORE}Error: boom\n╷\n╵\n{PROGRESS}",
        "Error: boom\n\tstatus code: 409, request id: 1\n\n",
    ],
)
def test_terraforms_own_stands_among_blank_lines_or_says_where_or_is_the_last(log: str):
    assert found(log) == [("Error", "boom")]


def test_an_error_of_an_old_terraform_is_known_by_its_words():
    log = f"{BEFORE}Error: Error locking state: Error acquiring the state lock: 2 is held\nLock Info:\n{PROGRESS}"

    assert count(log) == (1, 0)


class TestOneAfterTheOther:
    def test_errors_without_blank_lines_are_as_many_as_their_lines(self):
        assert found(f"{BEFORE}Error: one\nError: two\nWarning: three\n") == [
            ("Error", "one"),
            ("Error", "two"),
            ("Warning", "three"),
        ]

    def test_the_first_line_of_what_a_command_printed_is_no_second_error(self):
        log = "\nError: Error running command 'x': exit status 1. Output:\nError: refused\n\n"

        assert found(log) == [("Error", "Error running command 'x': exit status 1. Output:")]

    def test_a_word_in_the_second_line_begins_nothing(self):
        assert found("Error: one\nit said:\nError: two\n\n") == [("Error", "one")]


@pytest.mark.parametrize(
    "words",
    [
        "Error: The operation was canceled.",
        "Error: The runner has received a shutdown signal. This can happen when the runner service is stopped.",
        "Warning: Unexpected input(s) 'foo', valid inputs are ['bar']",
        "Warning: The `set-output` command is deprecated and will be disabled soon.",
    ],
)
def test_what_the_ci_system_says_of_its_job_is_no_error_and_ends_nothing(words: str):
    log = f"{BEFORE}aws_x.y: Still creating... [10s elapsed]\n{words}\n"

    told = Replay(log.encode()).to_json()

    assert (told["errors"], told["warnings"]) == (0, 0)
    assert told["resources"] == {"aws_x.y": {"ops": [{"kind": "create", "state": "in-progress"}]}}


@pytest.mark.parametrize("shell", ["+ terraform state list", "$ terraform state list"])
def test_the_next_command_of_a_script_is_no_detail(shell: str):
    log = f"aws_x.y: Creating...\naws_x.z: Creating...\n\nError: timeout\n\n{shell}\naws_x.y\naws_x.w\n"

    resources = Replay(log.encode()).to_json()["resources"]

    assert {entry["ops"][0]["state"] for entry in resources.values()} == {"failed"}


def test_signs_inside_a_detail_do_not_end_it():
    log = "aws_x.y: Creating...\naws_x.z: Creating...\n\nError: boom\n\nit wanted\n+ a\nfor aws_x.z\n"

    resources = Replay(log.encode()).to_json()["resources"]

    assert [entry["ops"][0]["state"] for entry in resources.values()] == ["in-progress", "failed"]


def test_a_warning_ends_where_the_plan_or_a_provisioner_goes_on():
    warning = "\nWarning: careful\n\nthis is why\n\n"
    moved = f"{warning}  # aws_a.old has moved to aws_a.new\n{PROGRESS}Apply complete! Resources: 1 added.\n"
    printed = f"{warning}aws_x.y (local-exec): Error: no\n\nError: boom\n\nit printed\n\nError: no\n\n"

    assert "aws_a.new" in Replay(moved.encode()).to_json()["resources"]
    assert count(printed) == (1, 1)


class TestQuotedWords:
    @pytest.mark.parametrize("opening", ["<<EOT", "<<-EOT"])
    def test_an_outputs_value_means_nothing(self, opening: str):
        log = f"Outputs:\n\nmotd = {opening}\n\nError: no\n\naws_x.y: Creating...\nEOT\nname = 1\n"

        assert found(log) == []
        assert Replay(log.encode()).to_json()["resources"] == {}

    def test_after_the_value_errors_count_again(self):
        assert found("motd = <<EOT\nhello\nEOT\n\nError: boom\n\n") == [("Error", "boom")]

    def test_what_an_action_prints_means_nothing(self):
        told = "Action action.a.b (triggered by aws_x.y):\n\nError: only printed\n\n"

        assert found(f"{told}Action complete: action.a.b (triggered by aws_x.y)\n") == []
        assert found(f"{told}Action failed: action.a.b (triggered by aws_x.y)\n\nError: boom\n\n") == [
            ("Error", "boom")
        ]
        assert found(f"{told}{PROGRESS}\nError: boom\n\n") == [("Error", "boom")]

    def test_a_box_is_never_what_an_action_printed(self):
        assert found("Action action.a.b (triggered by aws_x.y):\n\nwords\n╷\n│ Error: boom\n╵\n") == [("Error", "boom")]


def test_a_construct_of_cdktf_behind_the_address_does_not_hide_the_object():
    log = "aws_x.y: Creating...\naws_x.z: Creating...\n╷\n│ Error: boom\n│\n│   with aws_x.z (net/z),\n╵\n"

    assert Replay(log.encode()).to_json()["resources"] == {
        "aws_x.y": {"ops": [{"kind": "create", "state": "in-progress"}]},
        "aws_x.z": {"ops": [{"kind": "create", "state": "failed"}]},
    }


def test_the_error_that_is_printed_is_known_when_it_is_sure():
    reader = DiagnosticReader()
    seen = []
    for line in ["prose", "Error: boom", "", "because"]:
        reader.feed(line)
        seen.append(reader.current)

    assert seen == [None, None, "boom", "boom"]
