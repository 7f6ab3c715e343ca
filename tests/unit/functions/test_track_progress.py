import base64
import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chatops import bootstrap
from chatops.domain.progress import Step
from chatops.errors import ConfigError, ConflictError, OutsideError
from chatops.observability import logger
from chatops.runs.batch import UNREADABLE
from functions.track_progress.app import handler

RUN = "0123456789abcdef"
TOKEN = "the-claim-token-that-nobody-may-read"
BUILD = {
    "build": {
        "completed": "SUBMITTED",
        "variables": [
            {"name": "RUN_ID", "type": "PLAINTEXT", "value": RUN},
            {"name": "CLAIM_TOKEN", "type": "PLAINTEXT", "value": TOKEN},
        ],
    }
}


@dataclass
class FakeTrack:
    """Notes what reaches the tracker; with an `error` every call fails."""

    taken: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, build_id: str, lines: Any) -> str:
        return self._note("lines", build_id, lines)

    def build(self, run_id: str, step: Step) -> str:
        return self._note("build", run_id, step)

    def look(self, run_id: str) -> str:
        return self._note("look", run_id)

    def _note(self, *what: Any) -> str:
        if self.error:
            raise self.error
        self.taken.append(what)
        return "edited"


@pytest.fixture
def track(monkeypatch: pytest.MonkeyPatch) -> FakeTrack:
    track = FakeTrack()
    monkeypatch.setattr(bootstrap, "track", lambda: track)
    return track


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What the function's log says, with every extra field and the whole of every error."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{logging.Formatter().format(record)} {record.__dict__}")

    ear = Ear()
    logger.addHandler(ear)
    yield said
    logger.removeHandler(ear)


def event(**changes: Any) -> dict[str, Any]:
    body = {"messageType": "DATA_MESSAGE", "logStream": "1111-2222", "logEvents": [{"timestamp": 5, "message": "x"}]}
    data = gzip.compress(json.dumps(body | changes).encode())
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def test_a_batch_reaches_the_tracker_under_its_builds_id(track: FakeTrack) -> None:
    handler(event(), None)

    assert track.taken == [("lines", "1111-2222", ((5, "x"),))]


def test_a_phase_of_a_build_reaches_the_tracker_under_its_runs_id(track: FakeTrack) -> None:
    handler(BUILD, None)

    assert track.taken == [("build", RUN, Step.QUEUED)]


def test_a_look_reaches_the_tracker(track: FakeTrack) -> None:
    handler({"look": RUN}, None)

    assert track.taken == [("look", RUN)]


@pytest.mark.parametrize(
    "delivered",
    [
        event(messageType="CONTROL_MESSAGE"),
        event(logEvents=[]),
        {},
        None,
        {"awslogs": {"data": "AAAA"}},
        {"build": {}},
        {"look": 5},
    ],
    ids=["control", "empty", "nothing", "none", "no gzip", "no phase", "no run"],
)
def test_what_tells_nothing_is_left_without_an_error(track: FakeTrack, delivered: Any) -> None:
    handler(delivered, None)

    assert track.taken == []


@pytest.mark.parametrize("delivered", [{"awslogs": {"data": "AAAA"}}, {"awslogs": {}}], ids=["no gzip", "no data"])
def test_a_batch_that_cannot_be_read_is_told_in_the_words_that_an_alarm_listens_for(
    track: FakeTrack, log: list[str], delivered: Any
) -> None:
    handler(delivered, None)

    (said,) = log
    assert said.startswith(f"{UNREADABLE} ")


@pytest.mark.parametrize(
    "delivered",
    [event(messageType="CONTROL_MESSAGE"), event(logEvents=[]), {}, {"build": {}}, event()],
    ids=["control", "empty", "nothing", "no phase", "lines"],
)
def test_for_nothing_else_the_alarm_goes_off(track: FakeTrack, log: list[str], delivered: Any) -> None:
    handler(delivered, None)

    assert UNREADABLE not in "".join(log)


ERRORS = [
    OutsideError("reading a run: the table does not answer"),
    ConflictError("updating an item: it is not what was expected"),
    ConfigError("RUNS_TABLE is missing"),
    KeyError("what nobody thought of"),
]
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@each_error
def test_a_batch_that_could_not_be_stored_is_delivered_again(track: FakeTrack, error: Exception) -> None:
    track.error = error

    with pytest.raises(type(error)):
        handler(event(), None)


@each_error
@pytest.mark.parametrize("delivered", [BUILD, {"look": RUN}], ids=["build", "look"])
def test_what_is_seen_the_next_minute_anyway_is_not_delivered_again_and_is_no_dead_letter(
    track: FakeTrack, log: list[str], delivered: dict[str, Any], error: Exception
) -> None:
    track.error = error

    handler(delivered, None)

    (said,) = log
    assert said.startswith("not looked") and RUN in said
    assert type(error).__name__ in said and str(error) in said


def test_a_tracker_that_cannot_be_made_raises_nothing_for_a_builds_event(
    monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    def track() -> None:
        raise ConfigError("RUNS_TABLE is missing")

    monkeypatch.setattr(bootstrap, "track", track)

    handler(BUILD, None)

    assert "RUNS_TABLE is missing" in "".join(log) and TOKEN not in "".join(log)


@pytest.mark.parametrize("error", [None, *ERRORS], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("completed", ["SUBMITTED", "BUILD"], ids=["known", "unknown"])
def test_a_claim_token_never_comes_into_the_log(
    track: FakeTrack, log: list[str], error: Exception | None, completed: str
) -> None:
    track.error = error

    handler({"build": BUILD["build"] | {"completed": completed}}, None)

    assert log
    assert TOKEN not in "".join(log)
