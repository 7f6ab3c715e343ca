"""The human output of Terraform and OpenTofu, line by line, as the same events that `-json` gives."""

from __future__ import annotations

import re

from chatops.domain.progress import OperationKind
from chatops.terraform.addresses import Addressed, is_address, read_address
from chatops.terraform.events import Applied, Counts, Event, Note, OperationSeen, Output, Planned, SilentPlanned
from chatops.terraform.messages import Stage

_CREATE, _UPDATE, _DELETE = OperationKind.CREATE, OperationKind.UPDATE, OperationKind.DELETE
_READ, _IMPORT, _MOVE, _FORGET = OperationKind.READ, OperationKind.IMPORT, OperationKind.MOVE, OperationKind.FORGET

_PHRASES = {
    "Creating...": (_CREATE, Stage.START),
    "Modifying...": (_UPDATE, Stage.START),
    "Destroying...": (_DELETE, Stage.START),
    "Reading...": (_READ, Stage.START),
    "Refreshing...": (_READ, Stage.START),  # the text inside a JSON message of a read
    "Importing...": (_IMPORT, Stage.START),
    "Importing from ID": (_IMPORT, Stage.START),
    "Still creating...": (_CREATE, Stage.PROGRESS),
    "Still modifying...": (_UPDATE, Stage.PROGRESS),
    "Still destroying...": (_DELETE, Stage.PROGRESS),
    "Still reading...": (_READ, Stage.PROGRESS),
    "Creation complete": (_CREATE, Stage.COMPLETE),
    "Modifications complete": (_UPDATE, Stage.COMPLETE),
    "Destruction complete": (_DELETE, Stage.COMPLETE),
    "Read complete": (_READ, Stage.COMPLETE),
    "Refresh complete after": (_READ, Stage.COMPLETE),
    "Import complete": (_IMPORT, Stage.COMPLETE),
    "Import complete!": (_IMPORT, Stage.COMPLETE),
    "Import prepared!": (_IMPORT, Stage.COMPLETE),
    "Creation errored": (_CREATE, Stage.ERRORED),
    "Modifications errored": (_UPDATE, Stage.ERRORED),
    "Destruction errored": (_DELETE, Stage.ERRORED),
}
PROGRESS_PHRASES = tuple(_PHRASES)
_PHRASE = re.compile("(" + "|".join(map(re.escape, _PHRASES)) + r")(?=\s|$)")
_OTHER_PHRASE = re.compile(
    r"(?:Refreshing state|Preparing import|Opening|Renewing|Closing|Still (?:opening|renewing|closing))\.\.\.(?=\s|$)"
    r"|(?:Open|Opening|Renew|Renewal|Close|Closing|Refresh) complete(?=\s|$)"
    r"|Provisioning with '"
)
# After an address: a provisioner, or the construct that CDKTF made the resource from.
_BRACKETED = re.compile(r" \(([\w./-]++)\)(?=:(?: |$))")
_PROVISIONER = re.compile(r"[\w-]*-exec|file|chef|habitat|puppet|salt-masterless")
_OBJECT_ID = re.compile(r"[\[(](?:id|name|identity|ID)(?:=|: )")
_ELAPSED = re.compile(r"(?:(?<=after )|(?<=[\[( ]))(?:(\d{1,6})h)?+(?:(\d{1,6})m)?+(?:(\d{1,6})s)(?= elapsed|\s|$)")

_PLANNED = re.compile(r"(\d{1,9}+) to (add|change|destroy|import|forget)\b")
_APPLIED = re.compile(r"(\d{1,9}+) (added|changed|destroyed|imported|forgotten)\b")
_FIELDS = {
    "add": "add",
    "added": "add",
    "change": "change",
    "changed": "change",
    "destroy": "destroy",
    "destroyed": "destroy",
    "import": "import_",
    "imported": "import_",
    "forget": "forget",
    "forgotten": "forget",
}
_NO_CHANGES = (
    "No changes. Your infrastructure",
    "No changes. Infrastructure is",
    "No changes. No objects",
    "No current changes.",
    "You can apply this plan to save these new output values",
)
_NOTES = (
    "Interrupt received.",
    "Gracefully shutting down...",
    "Stopping operation...",
    "Two interrupts received.",
    "Apply cancelled.",
    "Destroy cancelled.",
    "Planning failed.",
    "Initializing",
    "Acquiring state lock.",
    "Releasing state lock.",
    "Action started: ",
    "Action complete: ",
    "Action failed: ",
)
_FORGETS = (
    " will no longer be managed by Terraform, but will not be destroyed",
    " will be removed from the OpenTofu state but will not be destroyed",
    " will be removed from the Terraform state but will not be destroyed",
)


def read_text(line: str) -> Event | None:
    """What one clean human line means (no colours, no prefix); None for prose, plans and blank lines."""
    head = read_address(line)
    if head is not None:
        return _after_address(line, head)
    if line.startswith(("Plan: ", "Apply complete! ", "Destroy complete! ")):
        return _counts(line)
    if line.lstrip(" ").startswith("# "):
        return _planned_silently(line.lstrip(" #").rstrip())
    if line.startswith(_NO_CHANGES):
        return Planned(Counts(), weak=True)
    return Note(line) if line.startswith(_NOTES) else None


def read_operation(line: str) -> tuple[str, OperationKind, Stage] | None:
    """The operation that a clean line tells of, without its details; for who has many lines to read."""
    head = read_address(line)
    if head is None:
        return None
    found = _PHRASE.match(line, head.end + 2) if line.startswith(": ", head.end) else _of_a_construct(line, head)
    return None if found is None else (head.address, *_PHRASES[found[1]])


def _after_address(line: str, head: Addressed) -> Event | None:
    phrase = _of_a_construct(line, head)
    if phrase is None:
        if _BRACKETED.match(line, head.end):
            return Output(line[head.end :].partition("):")[2].strip())
        if not line.startswith(": ", head.end):
            return None
        phrase = _PHRASE.match(line, head.end + 2)
    if phrase is None:
        return Note(line) if _OTHER_PHRASE.match(line, head.end + 2) else None
    kind, stage = _PHRASES[phrase[1]]
    rest = line[phrase.end() :]
    return OperationSeen(head.address, kind, stage, head.deposed, _object_id(rest), _elapsed(rest))


def _of_a_construct(line: str, head: Addressed) -> re.Match[str] | None:
    """The progress of `ADDRESS (CONSTRUCT): `; a provisioner may print the same words."""
    bracketed = _BRACKETED.match(line, head.end)
    if bracketed is None or _PROVISIONER.fullmatch(bracketed[1]):
        return None
    return _PHRASE.match(line, bracketed.end() + 2)


def _object_id(rest: str) -> str | None:
    """The id in `[id=X]`, `(ID: X)` or `[id=X, 10s elapsed]`."""
    opening = _OBJECT_ID.search(rest)
    if opening is None:
        return None
    value = rest[opening.end() :].rstrip()
    value = value[:-1] if value.endswith(("]", ")")) else value
    return value.rpartition(", ")[0] if value.endswith(" elapsed") else value


def _elapsed(rest: str) -> int | None:
    found = None
    for found in _ELAPSED.finditer(rest):
        if rest.startswith(" elapsed", found.end()):
            break
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _counts(line: str) -> Event | None:
    planned = line.startswith("Plan: ")
    pairs = (_PLANNED if planned else _APPLIED).findall(line)
    if not pairs:
        return None
    counts = Counts(**{_FIELDS[word]: int(number) for number, word in pairs})
    return Planned(counts) if planned else Applied(counts, destroy=line.startswith("Destroy"))


def _planned_silently(text: str) -> Event | None:
    for ending in _FORGETS:
        if text.endswith(ending) and is_address(text[: -len(ending)]):
            return SilentPlanned(text[: -len(ending)], _FORGET)
    _, moved, target = text.partition(" has moved to ")
    return SilentPlanned(target, _MOVE) if moved and is_address(target) else None
