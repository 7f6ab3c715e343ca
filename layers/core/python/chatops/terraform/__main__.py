"""`python -m chatops.terraform replay FILE [--json]`: show what the tracker reads in a saved log."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from chatops.terminal import file_bytes, refuse, run, show
from chatops.terraform.replay import NotALogError, Replay

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 0, or 2 for a file that cannot be read."""
    options = _parser().parse_args(arguments)
    try:
        replay = Replay(file_bytes(options.file))
    except OSError as error:
        return refuse("replay", options.file, error.strerror or str(error))
    except NotALogError as error:
        return refuse("replay", options.file, str(error))
    show(json.dumps(replay.to_json()) if options.json else "\n\n".join(replay.frames))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatops.terraform", description="Read Terraform's output.")
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("replay", help="show the progress messages of a saved log")
    replay.add_argument("file", metavar="FILE", help="a saved log, -json or text; - is standard input")
    replay.add_argument("--json", action="store_true", help="print what the log says as one JSON object instead")
    return parser


if __name__ == "__main__":
    run(main)
