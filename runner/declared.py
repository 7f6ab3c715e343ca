"""What a module's text declares, as far as it can be told before Terraform has read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VARIABLE = re.compile(r'^variable\s+"(?P<name>[\w-]+)"\s*\{(?P<body>.*?)^\}', re.MULTILINE | re.DOTALL)
_SENSITIVE = re.compile(r"^\s*sensitive\s*=\s*true\b", re.MULTILINE)


def sensitive_variables(module: Path) -> Iterator[str]:
    """The names of the root module's variables that are sensitive; formatted HCL only, which blueprints are."""
    for path in sorted(module.glob("*.tf")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        yield from (each["name"] for each in _VARIABLE.finditer(text) if _SENSITIVE.search(each["body"]))
