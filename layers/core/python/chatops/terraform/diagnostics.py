"""Errors and warnings in human output: in a box, without one, in 0.11's lists, and compact."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chatops.terraform.addresses import is_address, read_address
from chatops.terraform.events import Applied, Diagnostic, OperationSeen, Output, Planned, SilentPlanned
from chatops.terraform.text import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_START = re.compile(r"(Error|Warning): +(\S.*+)")
_OLD_START = re.compile(r"Error (?:applying|refreshing|running|creating|loading|locking) (?:plan|state): ?")
_SEVERAL = re.compile(r"(?:^|: )(\d{1,5}+) error(?:\(s\)|s) occurred:$")
_WRAPPERS_WORDS = re.compile(
    r"(?:Terraform|Process|The process '[^']*+') (?:exited with|completed with|failed with) (?:exit )?code \d"
    r"|The operation was canceled\.|The runner has received a shutdown signal\."
    r"|Unexpected input\(s\) '|The `[\w-]++` command is deprecated and will be disabled"
)
_SHELL = ("+ ", "$ ")
_VALUE = re.compile(r"[\w-]++ = <<-?EOT$")  # of an output, after the apply
_END_OF_VALUE = "EOT"
_ACTION = "Action "  # ADDRESS (triggered by ADDRESS):
_MOST_LINES = 60
_MOST_OUTPUT_LINES = 5000


@dataclass(slots=True)
class _Open:
    """A diagnostic being read; `waiting` holds a line that a narrow terminal has wrapped.

    The source lines that follow `on FILE line N` are left out: up to the next blank line. `after_blank` tells whether
    a blank line stood before it, None where that line was not seen.
    """

    is_error: bool
    summary: str
    boxed: bool
    after_blank: bool | None = None
    is_terraforms: bool = False
    lines: list[str] = field(default_factory=list)
    address: str | None = None
    context: str | None = None
    waiting: str = ""
    in_source: bool = False
    has_blanks: bool = False
    has_more: bool = False
    has_place: bool = False

    def add(self, line: str) -> None:
        text = line.strip()
        self.has_blanks = self.has_blanks or not text
        self.has_more = self.has_more or not self.has_blanks
        self.in_source = self.in_source and bool(text)
        if self.in_source:
            return
        if self.waiting or text.startswith(("with ", "on ")):
            self._place(text)
        elif len(self.lines) < _MOST_LINES:
            self.lines.append(line)

    def _place(self, text: str) -> None:
        joined = (f"{self.waiting} {text}", f"{self.waiting}{text}") if self.waiting else (text,)
        for candidate in joined:
            if candidate.startswith("with ") and (address := _address_in(candidate[5:].removesuffix(","))):
                self.address, self.waiting, self.has_place = address, "", True
                return
            if candidate.startswith("on ") and " line " in candidate and candidate.endswith(":"):
                self.context, self.waiting = candidate.rstrip(":").partition(", in ")[2] or None, ""
                self.in_source = self.has_place = True
                return
        if text and not self.waiting and len(self.lines) < 3:
            self.waiting = text
        else:
            self.lines += filter(None, (self.waiting, text))
            self.waiting = ""

    @property
    def is_sure(self) -> bool:
        """Whether it can only be Terraform's: other programs print such lines too, but in the midst of theirs.

        Terraform says where it happened, or puts blank lines around the summary.
        """
        if self.boxed or self.is_terraforms or self.has_place:
            return True
        return self.has_blanks and (self.after_blank is not False or not self.has_more)

    def parts(self) -> Sequence[Diagnostic]:
        whole = Diagnostic(self.is_error, self.summary, "\n".join(self.lines).strip(), self.address, self.context)
        return (whole,) if self.boxed else _listed(whole) or (whole,)


def _address_in(text: str) -> str | None:
    """The address that the text is, with or without CDKTF's construct behind it."""
    return next(filter(is_address, (text, text.rpartition(" (")[0])), None)


def _listed(whole: Diagnostic) -> Sequence[Diagnostic]:
    """0.11 puts all errors of an apply into one text; each of its list's items is one error."""
    lines = whole.detail.splitlines()
    if whole.address or whole.context:
        return ()
    if not _SEVERAL.search(whole.summary) and not any(_SEVERAL.match(line) for line in lines):
        return ()
    found: list[Diagnostic] = []
    heading = False
    for line in lines:
        if not line.startswith("* "):
            continue
        item = _item(line[2:])
        if heading:  # the error that the item before announced
            found[-1] = replace(found[-1], summary=item.summary, address=found[-1].address or item.address)
        else:
            found.append(item)
        heading = _SEVERAL.search(line) is not None
    return found


def _item(text: str) -> Diagnostic:
    head = read_address(text)
    if head is None:
        return Diagnostic(True, text)
    rest = text[head.end :].removeprefix(" (destroy)")
    return Diagnostic(True, rest.removeprefix(": ") or text, address=head.address)


class DiagnosticReader:
    """Feed it clean lines in order, and fetch the diagnostics that have ended with `take`."""

    def __init__(self) -> None:
        self._closed: list[Diagnostic] = []
        self._open: _Open | None = None
        self._in_box = False
        self._undecided: list[_Open] = []
        self._compact = False
        self._in_value = False
        self._in_action = False
        self._outputs: set[str] = set()
        self.after_blank: bool | None = None
        """Whether the last line was blank; who does not feed every line has to set it."""
        self.open = False
        """Whether the next line may belong to a diagnostic that does not begin with it, or to words that hold none."""

    @property
    def current(self) -> str | None:
        """The summary of the error that is being printed."""
        return self._open.summary if self._open and self._open.is_error and self._open.is_sure else None

    def take(self, *, everything: bool = False) -> Sequence[Diagnostic]:
        """The diagnostics that ended since the last call; with `everything`, the open one is ended first."""
        if everything:
            self._close()
            self.open = self._is_open()
        taken, self._closed = self._closed, []
        return taken

    def saw_output(self, text: str) -> None:
        """Remember a provisioner's words: Terraform repeats them inside the error of a failed provisioner."""
        if len(self._outputs) < _MOST_OUTPUT_LINES:
            self._outputs.add(text)

    def feed(self, line: str) -> bool:
        """Read one line; True where it belongs to a diagnostic and so cannot be progress."""
        taken = self._quoted(line) or self._feed(line)
        self.after_blank = not line.strip(" │")
        self.open = self._is_open()
        return taken

    def _is_open(self) -> bool:
        return self._open is not None or self._compact or self._in_value or self._in_action

    def _quoted(self, line: str) -> bool:
        """Whether the line is part of an output's value, or printed by an action: then it means nothing."""
        if self._in_value:
            self._in_value = line.strip() != _END_OF_VALUE
            return True
        if self._in_action:
            self._in_action = read_text(line) is None and not line.startswith("╷")
        elif self._open is None:
            self._in_value = _VALUE.match(line) is not None
            self._in_action = line.startswith(_ACTION) and line.endswith("):")
        return self._in_action

    def _feed(self, line: str) -> bool:
        if self._open and line.strip() in self._outputs:
            self._open.add(line)
            return True
        if line.startswith(("╷", "╵")):
            self._close()
            self._in_box = line.startswith("╷")
            return True
        if line.startswith("│"):
            self._boxed(line.removeprefix("│").removeprefix(" "))
            return True
        return self._plain(line)

    def _boxed(self, content: str) -> None:
        start = _START.match(content if self._open else content.lstrip())
        if start and (self._open is None or not (self._in_box and self._open.boxed)):
            self._begin(_Open(start[1] == "Error", start[2], boxed=True))
        elif self._open:
            self._open.add(content)

    def _plain(self, line: str) -> bool:
        if self._compact and self._compact_warning(line):
            return True
        start = _START.match(line)
        if start and self._starts_here():
            if _WRAPPERS_WORDS.match(start[2]):
                self._close()
            else:
                self._begin_plain(start[1] == "Error", start[2].rstrip())
            return True
        if _OLD_START.match(line) and self._open is None:
            self._begin_plain(True, line.rstrip())
            return True
        if line.rstrip() == "Warnings:":
            self._close()
            self._compact = True
            return True
        return self._continues(line)

    def _starts_here(self) -> bool:
        """Terraform puts a blank line before each diagnostic; a detail may hold the word `Error:` too.

        Blank lines also stand around the place of a diagnostic: where they are gone, a wrapper has dropped them all.
        """
        if self._open is None or self.after_blank:
            return True
        if self._open.has_blanks:
            return False
        return self._open.has_place or not (self._open.after_blank or self._open.has_more)

    def _continues(self, line: str) -> bool:
        if self._open is None or self._open.boxed:
            return False
        if isinstance(read_text(line), OperationSeen | Output | Planned | SilentPlanned | Applied):
            self._close(cut_short=True)
            return False
        if self.after_blank and line.startswith(_SHELL):
            self._close()
            return False
        self._open.add(line)
        if self._open.has_blanks and not self._open.is_sure:
            self._close(cut_short=True)
        return True

    def _compact_warning(self, line: str) -> bool:
        if line.startswith("- "):
            self._closed.append(Diagnostic(False, line[2:].strip()))
        elif line.strip() and not line.startswith("  "):
            self._compact = False
            return False
        return True

    def _begin_plain(self, is_error: bool, summary: str) -> None:
        known = _OLD_START.match(summary) is not None
        self._begin(_Open(is_error, summary, boxed=False, after_blank=self.after_blank, is_terraforms=known))

    def _begin(self, begun: _Open) -> None:
        if self._open and not (self._open.is_sure or self._open.has_more):
            self._undecided.append(self._open)
        else:
            self._close()
        self._open = begun

    def _close(self, *, cut_short: bool = False) -> None:
        """End what is open; `cut_short` where a program's next words followed, without a blank line in between.

        Those that stand line upon line are one program's: what the last one is shows whose they are.
        """
        if self._open:
            if self._open.is_sure or not cut_short:
                for each in (*self._undecided, self._open):
                    self._closed += each.parts()
            self._undecided = []
        self._open = None
