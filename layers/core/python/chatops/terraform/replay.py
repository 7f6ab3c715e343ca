"""Replay a saved log of Terraform or OpenTofu: its frames, or everything it says as JSON.

How a log is judged:

- An operation is what began, went on or ended in the log. Planned changes, drift and refreshes are none; a replacement
  is two, also that of a tainted object. Moves, forgets and (in `-json`) imports are announced by the plan alone: they
  are done when Terraform says that the apply is complete, or that the same object is being worked on. What ephemeral
  resources and actions do is no operation.
- An unfinished operation has failed if its object was reported as errored, or if an error is about it: by address, by
  its block in the configuration, by its id. Terraform prints errors at the very end, so an error that names nothing
  takes with it whatever was still open. Otherwise the operation is in progress: the log was cut. What has ended stays
  done, also where a later error (a failed postcondition) is about it.
- Every error and warning that is shown counts, equal ones too (two instances can fail alike); "and 2 more similar
  warnings elsewhere" are not shown. Only what a wrapper shows a second time, under another prefix, is not counted
  again; nor are a CI system's own words about an exit code or a cancelled job. Other programs' `Error:` and `Warning:`
  lines do not count: Terraform puts blank lines around its own, says where, or ends there. Nor do an output's value
  and what an action prints. The list of an error of 0.11 counts item by item.
- Of several plans or applies of one unit the last one's counts are given, also where it only says "No changes"; the
  operations of all of them are listed.
- Several units may share a log: the folders of a `terragrunt run-all`, the branches of a parallel build, several
  tests. The counts are the sums of each unit's last ones. Equal addresses in two units are two objects: neither ends
  the other's operations, but both are listed under the address, in log order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.terraform.prefixes import said_again, unwrap
from chatops.terraform.tracker import TerraformProgressTracker
from chatops.terraform.wrapped import rejoin
from chatops.terraform.wrappers import decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatops.terraform.events import Counts
    from chatops.terraform.prefixes import Origin

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
        for origin, line in _lines(_text(data)):
            if tracker.update_from_line(line, origin.channel, origin.unit):
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
        errors = sum(each.diagnostic.is_error for each in record.diagnostics)
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
    return text


def _lines(text: str) -> Iterator[tuple[Origin, str]]:
    return rejoin(list(said_again(unwrap(split_lines(text)))))


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
