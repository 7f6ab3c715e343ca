import json
from typing import Any

import pytest

from chatops import bootstrap
from chatops.domain.runs import Status
from chatops.runs.report import BuildStillRunning
from functions.report_run.app import handler

Reported = list[tuple[str, Status, str]]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> Reported:
    reported: Reported = []
    monkeypatch.setattr(bootstrap, "report", lambda: lambda *told: reported.append(told))
    return reported


def ended(status: str, **detail: Any) -> dict[str, Any]:
    return {"detail": {"status": status, "input": json.dumps({"run_id": "aaaa"}), **detail}}


@pytest.mark.parametrize("outcome", [status for status in Status if status.ended])
def test_the_state_machine_names_the_outcome(reported: Reported, outcome: Status) -> None:
    handler({"run_id": "aaaa", "outcome": outcome.value}, None)

    assert reported == [("aaaa", outcome, "")]


def test_the_watchdog_names_the_cause_too(reported: Reported) -> None:
    handler({"run_id": "aaaa", "outcome": "interrupted", "cause": "The build died."}, None)

    assert reported == [("aaaa", Status.INTERRUPTED, "The build died.")]


def test_a_stop_in_the_console_is_named(reported: Reported) -> None:
    handler(ended("ABORTED", error=None, cause=None), None)

    ((_, outcome, cause),) = reported
    assert outcome is Status.INTERRUPTED and "console" in cause


def test_a_persons_own_words_in_the_console_do_not_reach_discord(reported: Reported) -> None:
    handler(ended("ABORTED", error="", cause="[free nitro](http://evil.example)"), None)

    assert "evil" not in reported[0][2]


def test_an_execution_that_took_too_long_has_failed(reported: Reported) -> None:
    handler(ended("TIMED_OUT"), None)

    assert reported[0][1] is Status.FAILED and "longer than it may" in reported[0][2]


def test_a_failed_execution_has_failed(reported: Reported) -> None:
    handler(ended("FAILED", error="RunFailed", cause="whatever"), None)

    assert reported == [("aaaa", Status.FAILED, "")]


@pytest.mark.parametrize("source", ["sweep", "commands"])
def test_a_turn_of_a_guilds_line_ends_nothing(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    turns: list[str] = []

    class Reporter:
        def turn(self, guild_id: str) -> None:
            turns.append(guild_id)

    monkeypatch.setattr(bootstrap, "report", Reporter)

    handler({"source": source, "turn": "1100000000000000002"}, None)

    assert turns == ["1100000000000000002"]


@pytest.mark.parametrize("outcome", ["", "won", None])
def test_an_unknown_outcome_ends_nothing(reported: Reported, outcome: object) -> None:
    with pytest.raises(ValueError, match="is not a valid Status"):
        handler({"run_id": "aaaa", "outcome": outcome}, None)
    assert reported == []


@pytest.mark.parametrize(
    ("event", "asked_again"),
    [
        ({"run_id": "aaaa", "outcome": "failed", "cause": ""}, True),
        ({"run_id": "aaaa", "outcome": "failed", "cause": "", "source": "sweep"}, False),
        (ended("ABORTED") | {"source": "aws.states"}, False),
    ],
)
def test_only_the_state_machine_hears_that_the_build_still_runs(
    monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], asked_again: bool
) -> None:
    """An error would make Lambda try again by itself and end in the dead letters; the watchdog comes back anyway."""

    def still_running(*_: object) -> None:
        raise BuildStillRunning("run 'aaaa'")

    monkeypatch.setattr(bootstrap, "report", lambda: still_running)
    heard = False
    try:
        handler(event, None)
    except BuildStillRunning:
        heard = True

    assert heard is asked_again
