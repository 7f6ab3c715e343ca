"""Errors in Terraform's own words, from -json and from the text of old and new versions."""

from __future__ import annotations

import json

import pytest

from runner.diagnostics import Diagnostic, errors_in

BOXED = """
aws_instance.web: Creating...
╷
│ Error: creating EC2 Instance: UnauthorizedOperation
│
│   with module.a["x y"].aws_instance.web,
│   on main.tf line 3, in resource "aws_instance" "web":
│    3: resource "aws_instance" "web" {
│
│ You are not authorized.
╵
╷
│ Warning: Deprecated attribute
│
│ Not our business.
╵
"""

PLAIN = """
Error: Invalid value

  on main.tf line 3, in variable "size":

size must be small

Error: Second
"""


def test_a_boxed_error_has_its_summary_detail_and_address() -> None:
    (error,) = errors_in(BOXED)

    assert error.summary == "creating EC2 Instance: UnauthorizedOperation"
    assert error.address == 'module.a["x y"].aws_instance.web'
    assert error.detail.startswith("on main.tf line 3")
    assert error.detail.endswith("You are not authorized.")


def test_plain_errors_follow_one_another() -> None:
    assert [error.summary for error in errors_in(PLAIN)] == ["Invalid value", "Second"]
    assert errors_in(PLAIN)[0].detail.endswith("size must be small")


def test_a_json_diagnostic_is_read_and_a_warning_is_not() -> None:
    def line(severity: str) -> str:
        return json.dumps({"type": "diagnostic", "diagnostic": {"severity": severity, "summary": "S", "detail": "D"}})

    assert errors_in(line("error") + "\n" + line("warning")) == (Diagnostic("S", "D"),)


def test_the_same_error_is_told_once_and_ten_at_most() -> None:
    many = "".join(f"Error: number {i % 20}\n\n" for i in range(60))

    assert [error.summary for error in errors_in(many)] == [f"number {i}" for i in range(10)]


def test_a_long_detail_is_cut() -> None:
    assert len(Diagnostic("s", "d" * 5000).as_json()["detail"]) == 1000


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", '{"diagnostic": 5}', '{"diagnostic": {"severity": "error"', "[" * 9]
)
def test_output_that_is_no_error_gives_none(text: str) -> None:
    assert errors_in(text) == ()
