"""`python -m chatops.terraform replay FILE [--json]`: show what the tracker reads in a saved log."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatops.terraform.replay import NotALogError, Replay

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 0, or 2 for a file that cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        replay = Replay(_read(options.file))
    except OSError as error:
        return _refuse(options.file, error.strerror or str(error))
    except NotALogError as error:
        return _refuse(options.file, str(error))
    try:
        print(json.dumps(replay.to_json()) if options.json else "\n\n".join(replay.frames))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; keep the interpreter from complaining when it flushes again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatops.terraform", description="Read Terraform's output.")
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("replay", help="show the progress messages of a saved log")
    replay.add_argument("file", metavar="FILE", help="a saved log, -json or text; - is standard input")
    replay.add_argument("--json", action="store_true", help="print what the log says as one JSON object instead")
    return parser


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _refuse(name: str, reason: str) -> int:
    print(f"Cannot replay {name!r}: {reason}.", file=sys.stderr)
    return _BAD_INPUT


if __name__ == "__main__":
    # The bar's characters must not stop the tool on a terminal that lacks them.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main())
