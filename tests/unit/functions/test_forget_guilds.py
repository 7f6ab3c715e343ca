import pytest

from chatops import bootstrap
from chatops.errors import OutsideError
from chatops.runs.leaving import Looked
from functions.forget_guilds.app import handler


def test_the_day_is_told_to_the_look_and_its_findings_to_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def look(now: int) -> Looked:
        asked.append(now)
        return Looked(3, shut=["1100000000000000002"])

    monkeypatch.setattr(bootstrap, "forget_guilds", lambda: look)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.9)

    handler({"source": "aws.events"}, None)

    assert asked == [1_800_000_000]


def test_what_is_not_believed_fails_so_that_it_ends_among_the_dead_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(now: int) -> Looked:
        raise OutsideError("which app are we?")

    monkeypatch.setattr(bootstrap, "forget_guilds", lambda: look)

    with pytest.raises(OutsideError):
        handler({}, None)


def test_what_was_not_forgotten_whole_fails_too_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "forget_guilds", lambda: lambda now: Looked(2, failed=["11: no table", "12: no"]))

    with pytest.raises(OutsideError, match="11: no table; 12: no"):
        handler({}, None)
