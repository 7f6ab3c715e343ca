"""What the tools for a terminal share: a file is read, an answer is printed for as long as somebody reads it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

BAD_INPUT = 2
"""The exit code of a tool that was given a file it cannot use."""


def run(main: Callable[[], int]) -> NoReturn:
    """End the process with the tool's exit code; a terminal that lacks a character shows another, and stops nothing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main())


def file_bytes(name: str) -> bytes:
    """What is in a file, or comes in for `-`; OSError where it cannot be read."""
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def show(text: str) -> None:
    """Print a text."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; keep the interpreter from complaining when it flushes again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def refuse(what: str, name: str, reason: str) -> int:
    """Say that a file cannot be used for this and why, and give the exit code."""
    sys.stderr.write(f"Cannot {what} {name!r}: {reason}.\n")
    return BAD_INPUT
