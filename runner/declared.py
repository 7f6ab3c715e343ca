"""What a module's text declares, as far as it can be told before Terraform has read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A block in one line ends where the next one begins.
_BLOCK_END = re.compile(r'^\}|^(?=variable[ \t]+")', re.MULTILINE)
_VARIABLE = re.compile(r'^variable[ \t]+"(?P<name>[\w-]+)"[ \t]*\{', re.MULTILINE)
_SENSITIVE = re.compile(r"^[ \t]*sensitive[ \t]*=[ \t]*true\b", re.MULTILINE)


def sensitive_variables(module: Path) -> Iterator[str]:
    """The names of the root module's variables that are sensitive; formatted HCL only, which blueprints are."""
    for path in sorted(module.glob("*.tf")):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for block in _BLOCK_END.split(text):
            variable = _VARIABLE.search(block)
            if variable and _SENSITIVE.search(block, variable.end()):
                yield variable["name"]
