"""The sensitive variables of a module's text, whatever else is in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from runner.declared import sensitive_variables

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
variable "region" {}
variable "password" {
  type      = string

  sensitive = true
}

output "key" {
  value     = 1
  sensitive = true
}

variable "size" {
  description = "not sensitive = true"
}
variable   "token"   { # of the registry
  sensitive=true
}
"""


def names(folder: Path, text: str) -> list[str]:
    (folder / "main.tf").write_text(text, encoding="utf-8")
    return list(sensitive_variables(folder))


def test_the_variables_that_are_sensitive_are_named(tmp_path: Path) -> None:
    assert names(tmp_path, MODULE) == ["password", "token"]
    assert names(tmp_path, MODULE.replace("\n", "\r\n")) == ["password", "token"]


@pytest.mark.parametrize("part", ["\n", " ", 'variable "a" {\n', 'variable "', "variable", "{", "}\n", "  sensitive"])
def test_a_hostile_module_costs_no_more_than_its_length(tmp_path: Path, part: str) -> None:
    size = 256 * 1024
    costs = []
    for text in (MODULE, part):
        began = time.process_time()
        names(tmp_path, 'variable "x" {\n' + (text * size)[:size])
        costs.append(time.process_time() - began)

    assert costs[1] < 20 * costs[0]
