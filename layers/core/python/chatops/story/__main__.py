"""`python -m chatops.story estimate PLAN.json [--region R] [--json]`: what a plan costs a month."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Any

from chatops.story.bill import table, to_json
from chatops.story.estimate import estimate
from chatops.story.planned import read
from chatops.story.planned_where import region_name
from chatops.story.prices import HOME, open_book
from chatops.terminal import file_bytes, refuse, run, show

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_BYTES = 1 << 30
"""Unpacked. A plan of 10,000 resources has some 50 MB; what is larger is no plan of anybody's."""
_PARTS = ("resource_changes", "planned_values", "values", "prior_state")


class NotAPlanError(ValueError):
    """A file that holds no plan; the text says what it is instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code: 0, or 2 for a file that holds no plan."""
    options = _parser().parse_args(arguments)
    try:
        plan = read(_document(_bytes(options.file)), _regions(options.region))
    except OSError as error:
        return refuse("estimate", options.file, error.strerror or str(error))
    except NotAPlanError as error:
        return refuse("estimate", options.file, str(error))
    found = estimate(plan, open_book())
    show(json.dumps(to_json(found)) if options.json else table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatops.story", description="Tell what a Terraform plan means.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("estimate", help="price a plan, offline, from the price book")
    command.add_argument("file", metavar="PLAN.json", help="what `terraform show -json` writes; - is standard input")
    command.add_argument("--region", metavar="R", default="", help="where resources are if the plan does not say")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def _bytes(name: str) -> bytes:
    """The file, unpacked if it is packed."""
    data = file_bytes(name)
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unpacked = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise NotAPlanError("it looks like gzip, but cannot be unpacked") from None
    if len(unpacked) > _MOST_BYTES:
        raise NotAPlanError("it is larger than any plan")
    return unpacked


def _document(data: bytes) -> dict[str, Any]:
    """The JSON of a plan or a state; UTF-8, UTF-16 and UTF-32 with or without a mark are told apart by json."""
    if data.startswith(b"PK\x03\x04"):
        raise NotAPlanError("it is a saved plan; `terraform show -json` makes JSON of it")
    try:
        document = json.loads(data)
    except RecursionError:
        raise NotAPlanError("its JSON is nested too deeply") from None
    except ValueError:
        raise NotAPlanError("it is not JSON") from None
    if not isinstance(document, dict):
        raise NotAPlanError("it is JSON, but no plan")
    if "lineage" in document and "serial" in document:
        raise NotAPlanError("it is a state file; `terraform show -json` makes a readable one of it")
    if not any(isinstance(document.get(part), list | dict) for part in _PARTS) and "format_version" not in document:
        raise NotAPlanError("it is JSON, but neither a plan nor a state")
    return document


def _regions(name: str) -> dict[str, str]:
    """The region by cloud, for the cloud that has it."""
    book = open_book()
    found = {cloud: region_name(name, cloud) for cloud in HOME}
    known = {cloud: region for cloud, region in found.items() if region in book.regions(cloud)}
    if name and not known:
        raise NotAPlanError(f"the price book knows no region {name!r}")
    return known


if __name__ == "__main__":
    run(main)
