"""Noting what went on, without secrets."""

from collections.abc import Callable, Mapping
from typing import Any

Log = Callable[[str, Mapping[str, Any]], None]
"""Takes a message and its fields."""
