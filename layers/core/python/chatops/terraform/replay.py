"""Replay a saved log of Terraform or OpenTofu: its frames, or everything it says as JSON.

How a log is judged:

- An operation is what began, went on or ended in the log. Planned changes, drift and refreshes are none; a replacement
  is two. Moves, forgets and (in `-json`) imports are announced by the plan alone: they are done when Terraform says
  that the apply is complete, or that the same object is being worked on.
- An unfinished operation has failed if its object was reported as errored, or if an error is about it: by address, by
  its block in the configuration, by its id. Terraform prints errors at the very end, so an error that names nothing
  takes with it whatever was still open. Otherwise the operation is in progress: the log was cut.
- Every error and warning that is shown counts, equal ones too (two instances can fail alike). Only what a wrapper
  shows a second time, under another prefix, is not counted again; nor are a CI system's own words about an exit code.
- Of several plans or applies in one log the last one's counts are given; the operations of all of them are listed.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from chatops.terraform.addresses import may_go_on
from chatops.terraform.events import OperationSeen
from chatops.terraform.text import read_text
from chatops.terraform.tracker import TerraformProgressTracker
from chatops.terraform.wrappers import channel_of, decode, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.terraform.events import Counts

_HEAD = 4096
_MOST_CONTROL_CHARACTERS = _HEAD // 20


class NotALogError(ValueError):
    """The file is not a text that Terraform could have written."""


class Replay:
    """A saved log read to its end; `frames` are the status messages a person would have seen."""

    def __init__(self, data: bytes) -> None:
        """Read the bytes of a file; raises NotALogError for binary data and for a newer `-json` version."""
        tracker = TerraformProgressTracker()
        self.frames = [tracker.get_status_message()]
        for channel, line in _lines(_text(data)):
            if tracker.update_from_line(line, channel):
                self.frames.append(tracker.get_status_message())
        self.record = tracker.finish()
        if tracker.refused:
            raise NotALogError(str(tracker.refused)) from tracker.refused
        if self.frames[-1] != tracker.get_status_message():
            self.frames.append(tracker.get_status_message())

    def to_json(self) -> Mapping[str, object]:
        """The whole log as one JSON object; operations in the order in which they began."""
        record, states = self.record, self.record.states()
        resources: dict[str, dict[str, list[dict[str, str]]]] = {}
        for each in record.operations:
            entry = {"kind": each.kind.value, "state": states[each].value}
            resources.setdefault(each.address, {"ops": []})["ops"].append(entry)
        errors = sum(diagnostic.is_error for _, diagnostic in record.diagnostics)
        return {
            "planned": _planned(record.planned),
            "summary": _summary(record.summary),
            "errors": errors,
            "warnings": len(record.diagnostics) - errors,
            "resources": resources,
        }


def _text(data: bytes) -> str:
    text = decode(data)
    if (
        sum(character < " " and character not in "\t\n\r\x1b\b\f" for character in text[:_HEAD])
        > _MOST_CONTROL_CHARACTERS
    ):
        raise NotALogError("this is binary data, not the text of a log")
    return textwrap.dedent(text)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with its channel, without prefix; what a narrow terminal has wrapped is one line again."""
    held: tuple[str, str] | None = None
    for raw in text.split("\n"):
        prefix, line = unwrap(raw)
        channel = channel_of(prefix)
        if held:
            joined = _joined(held[1], line)
            if joined is None:
                yield held
            channel, line, held = (channel, line, None) if joined is None else (held[0], joined, None)
        if may_go_on(line):
            held = channel, line
        else:
            yield channel, line
    if held:
        yield held


def _joined(first: str, second: str) -> str | None:
    """Two halves of a progress line; Terraform's own wrapping takes a space away, a terminal's does not."""
    halves = (f"{first} {second}", first + second)
    return next((line for line in halves if isinstance(read_text(line), OperationSeen)), None)


def _planned(counts: Counts | None) -> Mapping[str, int] | None:
    if counts is None:
        return None
    return {
        "total": counts.add + counts.change + counts.destroy,
        "add": counts.add,
        "change": counts.change,
        "destroy": counts.destroy,
        "import": counts.import_,
        "forget": counts.forget,
    }


def _summary(counts: Counts | None) -> Mapping[str, int] | None:
    if counts is None:
        return None
    return {
        "added": counts.add,
        "changed": counts.change,
        "destroyed": counts.destroy,
        "imported": counts.import_,
        "forgotten": counts.forget,
    }
