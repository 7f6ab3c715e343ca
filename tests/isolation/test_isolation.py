"""Hostile code in a build of guild A, at plan: it is refused everything of guild B's. `make isolation` plays it all."""

from collections.abc import Iterator

import pytest

from sandbox.isolation import table
from sandbox.isolation.attempts import REFUSED
from sandbox.isolation.records import KERNEL
from sandbox.isolation.stage import Stage, Unfit, python_of_nobody
from sandbox.isolation.suite import Report, play
from sandbox.running import Sandbox

IMPORTANT = [
    ("B's state", "read it"),
    ("B's state", "overwrite it"),
    ("B's run files", "read plan.tfplan"),
    ("B's run files", "read credentials.sealed"),
    ("B's run files", "overwrite result-apply.json"),
    ("B's recovery blobs", "scan"),
    ("B's settings and connections", "read"),
    ("B's audit", "delete"),
    ("B's runs and progress", "forge progress"),
    ("secrets", "read the bot token"),
    ("secrets", "read the Gemini key"),
    ("keys: RunCredentialsKey", "open what is sealed for B, in B's context"),
    ("roles", "take RunStateRole again as the own run, without a policy"),
    ("roles", "take B's own role with its external id"),
    ("bundles", "B's, with B's spent token"),
    ("heartbeats", "B's, with A's claim token"),
    ("builds", "start one for B's run"),
    ("logs", "write into B's stream"),
    ("orders", "signed, then turned to guild B"),
]


@pytest.fixture(scope="module")
def report(sandbox: Sandbox) -> Iterator[Report]:
    try:
        python_of_nobody()
    except Unfit as unfit:
        pytest.skip(str(unfit))
    with Stage(sandbox).set_up() as stage:
        yield play(stage, full=False)


def test_whatever_hostile_code_tries_is_refused_and_noted_and_changes_nothing_of_the_other_guild(
    report: Report,
) -> None:
    assert report.failures == [], "\n".join(table.lines(report))
    assert len(report.attempts) > 150


@pytest.mark.parametrize(("target", "name"), IMPORTANT, ids=lambda text: str(text).replace("/", " "))
def test_it_was_really_tried_and_refused(report: Report, target: str, name: str) -> None:
    made = [each for each in report.attempts if (each.target, each.name) == (target, name)]

    assert [each.verdict for each in made] == [REFUSED]
    assert made[0].recorded not in ("", KERNEL)


def test_the_same_tools_work_on_what_is_the_attackers_own(report: Report) -> None:
    assert {each.name for each in report.controls} >= {"list the own state", "hand in the own result"}
