"""The report as a table for people."""

from collections.abc import Iterator
from itertools import groupby

from sandbox.isolation.attempts import REFUSED, THROUGH, Outcome
from sandbox.isolation.suite import Report

_NAME, _ANSWER = 58, 34


def lines(report: Report) -> Iterator[str]:
    """Grouped by target: each attempt once, how often it was made, and what came back."""
    by_target = sorted(report.attempts, key=lambda each: each.target)
    for target, of_target in groupby(by_target, key=lambda each: each.target):
        yield f"\n{target}"
        for name, same in groupby(sorted(of_target, key=lambda each: each.name), key=lambda each: each.name):
            yield _line(name, list(same))
    yield "\nthe attacker's own things (these must work)"
    for each in report.controls:
        yield f"  {'✔' if each.verdict == THROUGH else '✘'} {each.name} ({each.by}, {each.phase})"
    yield ""
    yield from (f"✘ {failure}" for failure in report.failures)
    yield from _records(report)
    refused = sum(each.verdict == REFUSED for each in report.attempts)
    yield f"attempts {len(report.attempts)} refused {refused}"


def _line(name: str, same: list[Outcome]) -> str:
    good = all(each.verdict == REFUSED for each in same)
    answers = ", ".join(sorted({each.answer for each in same}))
    places = ", ".join(dict.fromkeys(f"{each.by} at {each.phase}" for each in same))
    return f"  {'✔' if good else '✘'} {name:{_NAME}.{_NAME}} {answers[:_ANSWER]:{_ANSWER}}  {len(same)}: {places}"


def _records(report: Report) -> Iterator[str]:
    by_place = sorted(report.attempts, key=lambda each: each.recorded)
    for place, there in groupby(by_place, key=lambda each: each.recorded):
        yield f"recorded by {place or 'NOBODY'}: {sum(1 for _ in there)}"
