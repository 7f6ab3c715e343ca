import base64
import gzip
import json
from typing import Any

import pytest

from chatops import bootstrap
from functions.track_progress.app import handler


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    taken: list[tuple[str, Any]] = []

    def track(build_id: str, lines: Any) -> str:
        taken.append((build_id, lines))
        return "edited"

    monkeypatch.setattr(bootstrap, "track", lambda: track)
    return taken


def event(**changes: Any) -> dict[str, Any]:
    body = {"messageType": "DATA_MESSAGE", "logStream": "1111-2222", "logEvents": [{"timestamp": 5, "message": "x"}]}
    data = gzip.compress(json.dumps(body | changes).encode())
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def test_a_batch_reaches_the_tracker_under_its_builds_id(taken: list[tuple[str, Any]]) -> None:
    handler(event(), None)

    assert taken == [("1111-2222", ((5, "x"),))]


@pytest.mark.parametrize(
    "delivered",
    [event(messageType="CONTROL_MESSAGE"), event(logEvents=[]), {}, {"awslogs": {"data": "AAAA"}}],
    ids=["control", "empty", "no batch", "no gzip"],
)
def test_what_holds_no_lines_is_left_without_an_error(taken: list[tuple[str, Any]], delivered: dict[str, Any]) -> None:
    handler(delivered, None)

    assert taken == []
