import json
from pathlib import Path
from typing import Any

import pytest

from chatops.terraform.log_lines import Entry, read_entry

VECTORS = Path(__file__).parents[2] / "vectors/terraform"


def message(text: str = "words", **more: Any) -> str:
    return json.dumps({"@level": "info", "@message": text, "@timestamp": "2027-01-15T08:00:01.5Z", **more})


def vector(name: str) -> list[Entry]:
    return [read_entry(line) for line in (VECTORS / name).read_text().splitlines()]


def test_a_message_is_shown_by_its_time_and_words() -> None:
    assert read_entry(message("aws_s3_bucket.a: Creating...", type="apply_start")) == Entry(
        "08:00:01 aws_s3_bucket.a: Creating..."
    )


def test_a_type_that_nobody_knows_is_shown_by_its_words_too() -> None:
    assert read_entry(message(type="quantum_leap", hook=[1])).text == "08:00:01 words"
    assert read_entry(message(**{"@module": "provider.aws", "@level": "debug"})).text == "08:00:01 words"


@pytest.mark.parametrize(
    ("timestamp", "shown"),
    [
        ("2027-01-15T08:00:01Z", "08:00:01"),
        ("2027-01-15T08:00:01.123456Z", "08:00:01"),
        ("2027-01-15T23:30:01.123456+02:00", "21:30:01"),
        ("2027-01-15T08:00:01", "08:00:01"),
        ("9999-12-31T23:59:59-12:00", "11:59:59"),
        ("1969-12-31T23:59:58+00:00", "23:59:58"),
        ("٢٠٢٧-01-15T08:00:01Z", "        "),
        ("yesterday", "        "),
        ("", "        "),
        (5, "        "),
        (None, "        "),
    ],
)
def test_the_time_is_utc_or_blank(timestamp: object, shown: str) -> None:
    assert read_entry(message(**{"@timestamp": timestamp})).text == f"{shown} words"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain words",
        "chatops: plan started",
        "{",
        "{}",
        "[1]",
        '{"@message": ""}',
        '{"@message": " \\n"}',
        '{"@message": 5}',
        '{"@message": null, "x": 1}',
        '{"@message": "cut off in the mid',
        '{"a":' * 30_000,
        '{"@message": "a"} and more',
        "  - indented",
    ],
)
def test_what_is_no_message_with_words_stays_as_it_is(line: str) -> None:
    assert read_entry(line) == Entry(line)


def test_words_of_several_lines_stand_under_each_other() -> None:
    assert read_entry(message("one\ntwo\n")).text == "08:00:01 one\n         two"


def test_an_error_of_real_terraform_is_shown_in_full() -> None:
    (error,) = [entry for entry in vector("fail.jsonl") if "local-exec provisioner error" in entry.text]

    assert error.is_error
    assert error.text.splitlines() == [
        "00:31:09 Error: local-exec provisioner error",
        '         │ with terraform_data.bad["k 1"],',
        '         │ on main.tf line 4, in resource "terraform_data" "bad":',
        '         │    4:   provisioner "local-exec" { command = "echo hello; sleep 1; exit 3" }',
        "         │",
        "         │ Error running command 'echo hello; sleep 1; exit 3': exit status 3. Output: hello",
    ]


def test_the_values_that_an_expression_had_are_shown() -> None:
    diagnostic = {
        "severity": "error",
        "summary": "Invalid index",
        "detail": "",
        "range": {"filename": "main.tf", "start": {"line": 7}},
        "snippet": {
            "context": None,
            "code": "locals {\n  a = var.list[3]\n}",
            "start_line": 6,
            "values": [{"traversal": "var.list", "statement": "is list of string with 2 elements"}, 5],
        },
    }

    shown = read_entry(message("Error: Invalid index", type="diagnostic", diagnostic=diagnostic)).text

    assert shown.splitlines()[1:] == [
        "         │ on main.tf line 7:",
        "         │    6: locals {",
        "         │    7:   a = var.list[3]",
        "         │    8: }",
        "         │       var.list is list of string with 2 elements",
    ]


@pytest.mark.parametrize(
    "diagnostic",
    [
        {},
        {"detail": 5, "address": [], "range": "main.tf", "snippet": [1]},
        {"range": {"filename": "a", "start": 3}, "snippet": {"code": "x", "start_line": "1", "values": {"a": 1}}},
        {"snippet": {"values": [{"traversal": 1}, None]}},
    ],
)
def test_a_diagnostic_of_any_shape_is_shown(diagnostic: Any) -> None:
    shown = read_entry(message("Error: x", diagnostic=diagnostic))

    assert shown.text.startswith("08:00:01 Error: x") and not shown.is_error


def test_a_warning_is_no_error() -> None:
    assert not any(entry.is_error for entry in vector("silent.jsonl"))


def test_failed_operations_are_errors_too() -> None:
    errors = [entry.text[9:] for entry in vector("fail.jsonl") if entry.is_error]

    assert errors[:2] == [
        'terraform_data.bad["k 1"]: (local-exec) Provisioning errored',
        'terraform_data.bad["k 1"]: Creation errored after 1s',
    ]


@pytest.mark.parametrize(
    ("line", "is_error"),
    [
        ("Error: Unsupported argument", True),
        ("│ Error: Unsupported argument", True),
        ("\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0mUnsupported", True),
        ("chatops: init failed", True),
        ("chatops: refused: no bundle", True),
        ("chatops: plan started", False),
        ("No Error: at all", False),
        ("0 failed", False),
    ],
)
def test_errors_in_plain_lines_are_known_by_terraforms_word_and_by_the_runners_own(line: str, is_error: bool) -> None:
    assert read_entry(line).is_error is is_error
