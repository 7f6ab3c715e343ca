"""Which of the unfinished operations the errors of a log are about."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from chatops.terraform.addresses import addresses_in, in_configuration, normal_form, read_address, within_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chatops.terraform.events import Diagnostic
    from chatops.terraform.record import ObservedDiagnostic, ObservedOperation

_SHORTEST_ID = 6
_MOST_WITH_ID = 1000
_NOT_ABOUT_A_RESOURCE = frozenset({"execution halted", "operation canceled", "Operation cancelled"})
_RESOURCE_BLOCKS = ("resource ", "data ", "resource.", "data.")
_NAMED_IN_TEXT = re.compile(r"When (?:applying changes to|expanding the plan for) ")


def blamed(
    operations: Iterable[ObservedOperation],
    reported: Iterable[ObservedOperation],
    errors: Iterable[ObservedDiagnostic],
) -> set[ObservedOperation]:
    """The unfinished `operations` that have failed; `reported` are those the log itself called failed."""
    suspects = _Suspects(operations, reported)
    unlinked = []
    for seen in sorted(errors, key=lambda each: each.diagnostic.address is None):  # the certain ones first
        if not suspects.blame(seen) and not suspects.is_explained(seen.diagnostic):
            unlinked.append(seen)
    suspects.take_what_was_open(unlinked)
    return suspects.failed


class _Suspects:
    """The unfinished operations, findable by all that an error may say of them."""

    def __init__(self, operations: Iterable[ObservedOperation], reported: Iterable[ObservedOperation]) -> None:
        self.failed: set[ObservedOperation] = set()
        self._open = list(operations)
        self._by_name: dict[str, list[ObservedOperation]] = defaultdict(list)
        self._by_block: dict[str, list[ObservedOperation]] = defaultdict(list)
        self._told: dict[str, int] = {}
        for each in self._open:
            for name in within_modules(normal_form(each.address)):
                self._by_name[name].append(each)
            self._by_block[in_configuration(each.address)].append(each)
        for each in reported:
            self._told.setdefault(normal_form(each.address), each.began)
        self._with_id = [each for each in self._open if len(each.object_id or "") >= _SHORTEST_ID][-_MOST_WITH_ID:]

    def blame(self, seen: ObservedDiagnostic) -> bool:
        """Find the operation that the error is about; False where there is none."""
        found = next(self._culprits(seen), None)
        if found:
            self.failed.add(found)
        return found is not None

    def is_explained(self, error: Diagnostic) -> bool:
        """Whether the error needs no operation: it names a resource, though none that was open, or the end of all."""
        if _address_of(error) or (error.context or "").startswith(_RESOURCE_BLOCKS):
            return True
        return error.summary in _NOT_ABOUT_A_RESOURCE or any(
            each in self.failed for name in addresses_in(_text_of(error)) for each in self._by_name[normal_form(name)]
        )

    def take_what_was_open(self, unlinked: Sequence[ObservedDiagnostic]) -> None:
        """Terraform prints errors when everything has ended: what none of them names cannot be running any more."""
        last: dict[str, int] = {}
        for seen in unlinked:
            last[seen.unit] = max(seen.clock, last.get(seen.unit, 0))
        for each in self._open:
            if each.began < max(last.get("", 0), last.get(each.unit, 0)):
                self.failed.add(each)

    def _culprits(self, seen: ObservedDiagnostic) -> Iterator[ObservedOperation]:
        """Those that the error fits, the best first; of those begun before it the newest, or the oldest of a block.

        A detail may name other objects too: where the error is in a block, those outside it come last.
        """
        error = seen.diagnostic
        address = _address_of(error)
        told = address is not None and self._told.get(normal_form(address), seen.clock) < seen.clock
        if address:
            yield from self._named(seen, address, told=told)
            return
        if error.context:
            block = _block_of(error.context)
            yield from (each for each in self._mentioned(seen) if in_configuration(each.address) == block)
            yield from self._fitting(seen, self._by_block[block], _oldest)
        yield from self._mentioned(seen)

    def _mentioned(self, seen: ObservedDiagnostic) -> Iterator[ObservedOperation]:
        """Those whose address or id stands in the error's words."""
        text = _text_of(seen.diagnostic)
        for name in addresses_in(text):
            yield from self._named(seen, name)
        yield from self._fitting(seen, [each for each in self._with_id if (each.object_id or "") in text], _newest)

    def _named(self, seen: ObservedDiagnostic, address: str, *, told: bool = False) -> Iterator[ObservedOperation]:
        """Those of that very address, then those that only 0.11, inside a module, would call so."""
        name = normal_form(address)
        exactly = [each for each in self._by_name[name] if normal_form(each.address) == name]
        yield from self._fitting(seen, exactly or self._by_name[name], _newest, told=told)

    def _fitting(
        self,
        seen: ObservedDiagnostic,
        candidates: Sequence[ObservedOperation],
        order: Callable[[ObservedOperation], int],
        *,
        told: bool = False,
    ) -> Iterator[ObservedOperation]:
        """The candidates in order; if the log had already told of the failure, then no later try is meant."""
        allowed = [
            each
            for each in candidates
            if each not in self.failed
            and seen.unit in ("", each.unit)  # a wrapper prints the errors of all its units without their names
            and (each.began < seen.clock or not told)
        ]
        yield from sorted(allowed, key=lambda each: (each.began > seen.clock, order(each)))


def _newest(operation: ObservedOperation) -> int:
    return -operation.began


def _oldest(operation: ObservedOperation) -> int:
    return operation.began


def _address_of(error: Diagnostic) -> str | None:
    """The address the error is given, or the one in the words of Terraform's own complaints about a provider."""
    if error.address:
        return error.address
    text = _text_of(error)
    named = _NAMED_IN_TEXT.search(text)
    head = read_address(text, named.end()) if named else None
    return head.address if head else None


def _text_of(error: Diagnostic) -> str:
    """Summary and detail without Terraform's own wrapping, which is at spaces."""
    return " ".join(line.strip() for line in f"{error.summary}\n{error.detail}".splitlines())


def _block_of(context: str) -> str:
    """`resource "a" "b"` as it stands in an address; in a configuration of JSON it is `resource.a.b`."""
    name = context.partition(" (")[0]  # behind it stands CDKTF's construct
    return name.replace('"', "").replace(" ", ".").removeprefix("resource.")
