"""Prefixes of CI systems and wrappers: the listed ones, those that a log itself teaches, and what is none."""

import pytest

from chatops.terraform.prefixes import Origin, unwrap
from chatops.terraform.replay import Replay

PLAIN = """\
Plan: 1 to add, 0 to change, 0 to destroy.
aws_x.y: Creating...

Error: boom

  with aws_x.y,
  on main.tf line 1, in resource "aws_x" "y":
   1: resource "aws_x" "y" {

"""


def document(log: str) -> dict:
    return dict(Replay(log.encode()).to_json())


def ops(log: str) -> dict[str, str]:
    return {
        address: ", ".join(f"{each['kind']} {each['state']}" for each in entry["ops"])
        for address, entry in document(log)["resources"].items()
    }


@pytest.mark.parametrize(
    ("line", "origin", "rest"),
    [
        ("aws_x.y: Creating...", Origin(), "aws_x.y: Creating..."),
        ("2022-09-02T04:33:57.32Z Error: x", Origin(), "Error: x"),
        ("12:05:33.261 STDOUT [live/a] tofu: Error: x", Origin("STDOUT [live/a] tofu:", "live/a"), "Error: x"),
        ("12:05:33.261 STDERR terraform: Error: x", Origin("STDERR terraform:"), "Error: x"),
        ("STDOUT [a] /bin/terraform: Error: x", Origin("STDOUT [a] /bin/terraform:", "a"), "Error: x"),
        ("STDOUT terraform_data.x: Creating...", Origin("STDOUT"), "terraform_data.x: Creating..."),
        (r"[stack\unit_03] terraform: Error: x", Origin(r"[stack\unit_03] terraform:", r"stack\unit_03"), "Error: x"),
        ("[/infra/live/eks] Error: x", Origin("[/infra/live/eks]", "/infra/live/eks"), "Error: x"),
        ("[/infra/live/eks]", Origin("[/infra/live/eks]", "/infra/live/eks"), ""),
        ("TestA/x 2024-01-01T00:00:00Z log.go:6: Error: x", Origin("TestA/x  log.go:6:", "TestA/x"), "Error: x"),
        ("Jan 02 12:00:00 host tf[9]: Error: x", Origin("Jan 02  host tf[9]:", "9"), "Error: x"),
        ("runner-1  | Error: x", Origin("runner-1  |", "runner-1"), "Error: x"),
        ("time=2 level=out prefix=a/b msg=Error: x", Origin("time=2 level=out prefix=a/b msg=", "a/b"), "Error: x"),
        ("2023-01-01T00:00:00Z [ERROR] vertex: Error: x", Origin(), "[ERROR] vertex: Error: x"),
        ("some pod aws_x.y: Creating...", Origin("some pod"), "aws_x.y: Creating..."),
        ("[apply:12] Error: x", Origin("[apply]", "apply"), "Error: x"),
        ("[apply:L3:12s] Error: x", Origin("[apply]", "apply"), "Error: x"),
        ("STDERR[0009] [app] terraform: Error: x", Origin("STDERR [app] terraform:", "app"), "Error: x"),
        ("[12:00:60]W:\t [Step 2/3] Error: x", Origin("[]W:\t [Step 2/3]", "Step 2/3"), "Error: x"),
        ('time="9" level=info msg="a.b[\\"c\\"]: x"', Origin('time="9" level=info msg='), 'a.b["c"]: x'),
        (r'time="9" level=info msg="\x41"', Origin('time="9" level=info msg='), r"\x41"),
        ('  time="9" level=error', Origin('time="9" level=error'), ""),
        ("##[error]Error: x", Origin("##[error]"), "Error: x"),
        ("12:05:33    Error: x", Origin(), "  Error: x"),
        ("\x1b_bk;t=1690000000000\x07Error: x", Origin(), "Error: x"),
    ],
)  # fmt: skip
def test_a_prefix_tells_the_writer_and_the_unit(line: str, origin: Origin, rest: str):
    assert list(unwrap([line])) == [(origin, rest)]


@pytest.mark.parametrize(
    "prefixes",
    [
        ['Step #2 - "tf apply": '],
        ["Jan 02 12:00:00 "],
        ["[0] "],
        ["2024-05-01T10:00:00.1+00:00 build/1a2b ", "2024-05-01T10:00:01+00:00 build/1a2b "],
        ["2024-03-01T10:00:00.123456789Z stdout F ", "2024-03-01T10:00:01Z stderr F "],
        ["INFO   01/03/2024 10:00:00   ", "ERROR  01/03/2024 10:00:07   "],
        ["09:32:00   Info     |       ", "09:32:05   Error    |       "],
        ["     9\t", "    10\t"],
        ["? "],
    ],
    ids=lambda prefixes: prefixes[0],
)
@pytest.mark.parametrize("short", [False, True])
def test_a_prefix_that_is_not_listed_is_learned(prefixes: list[str], short: bool):
    """Plain errors tell nothing of their prefix; progress and the places of errors do."""
    log = [f"{prefixes[n // 3 % len(prefixes)]}{line}" for n, line in enumerate(PLAIN.split("\n"))]

    found = "\n".join(line.rstrip() for line in log) if short else "\n".join(log)

    assert ops(found) == {"aws_x.y": "create failed"}
    assert document(found)["errors"] == 1


def test_the_place_of_an_error_alone_teaches_its_prefix():
    log = "pod-1: \npod-1: Error: Unsupported block type\npod-1: \npod-1:   on main.tf line 3:\npod-1:    3: x {}\n"

    assert document(log)["errors"] == 1


def test_azure_marks_each_line_of_standard_error():
    plan, progress, *error = PLAIN.split("\n")
    log = "\n".join([plan, progress, *(f"##[error]{line}" for line in error)])

    assert ops(log) == {"aws_x.y": "create failed"}
    assert document(f"{log}\n##[error]Error: The process 'terraform' failed with exit code 1\n")["errors"] == 1


def test_lines_with_numbers_of_their_own_are_of_one_writer():
    log = "aws_x.y: Creating...\naws_x.z: Creating...\n\nError: boom\n\n  with aws_x.y,\n"

    numbered = "\n".join(f"{number:6}\t{line}" for number, line in enumerate(log.split("\n"), start=7))

    assert ops(numbered) == {"aws_x.y": "create failed", "aws_x.z": "create in-progress"}


def test_the_prefix_of_an_indented_line_is_no_longer_than_that_of_others():
    assert document("pod aws_x.y: Creating...\npod     aws_x.z: Creating...\npod \npod Error: boom\n")["errors"] == 1


def test_writers_that_share_a_kind_of_prefix_are_units():
    log = "[0] aws_x.y: Creating...\n[1] aws_x.y: Creating...\n[1] \n[1] Error: boom\n[1] \n[1]   with aws_x.y,\n"

    assert ops(log) == {"aws_x.y": "create in-progress, create failed"}


def test_the_level_before_a_message_is_not_terraforms_error():
    log = "Info: aws_x.y: Creating...\n\nError: boom\n\n  with aws_x.y,\n"

    assert ops(log) == {"aws_x.y": "create failed"}


@pytest.mark.parametrize("prefix", ["", "12:05:33  ", "some pod ", "[a] terraform: "])
@pytest.mark.parametrize("tool", ["Terraform", "OpenTofu"])
def test_text_inside_a_plan_is_neither_progress_nor_an_error(prefix: str, tool: str):
    log = f"""\
{tool} will perform the following actions:

  # aws_x.y will be created
  + resource "aws_x" "y" {{
      + user_data = <<-EOT
            aws_x.fake: Creating...
            Plan: 7 to add, 8 to change, 9 to destroy.
            │ Error: not an error

            Error: nor this
        EOT
    }}

Plan: 1 to add, 0 to change, 0 to destroy.
  aws_x.y: Creating...
"""
    found = document("\n".join(prefix + line for line in log.split("\n")))

    assert found["planned"]["total"] == 1
    assert found["errors"] == 0
    assert list(found["resources"]) == ["aws_x.y"]


def test_a_message_of_logrus_is_unpacked():
    log = """\
   time="2021-06-10T22:20:09Z" level=debug msg="module.a[\\"b c\\"].aws_x.y: Creating..."
  time="2021-06-10T22:20:15Z" level=error
   time="2021-06-10T22:20:15Z" level=error msg="Error: Error applying plan:"
   time="2021-06-10T22:20:15Z" level=error
   time="2021-06-10T22:20:15Z" level=error msg="1 error occurred:\\n\\t* module.a[\\"b c\\"].aws_x.y: no"
"""
    assert ops(log) == {'module.a["b c"].aws_x.y': "create failed"}
    assert list(ops('time="9" level=info msg="a.b: Creating...\\na.c: Creating..."\n')) == ["a.b", "a.c"]
