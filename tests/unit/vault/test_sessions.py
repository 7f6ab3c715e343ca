import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatops.errors import OutsideError, SessionError
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.conftest import Clock

GUILD, USER = "613425648685547541", "80351110224678912"
CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "canary"}

Start = Callable[[], Sessions]


@pytest.fixture
def start(table: InMemoryBlobTable, keys: InMemoryDataKeys, clock: Clock) -> Start:
    """Starts one more process over the same table and key."""
    return lambda: Sessions(EphemeralVault(keys, clock), RecoveryBlobs(table, clock), clock)


def opened(sessions: Sessions, project_id: str = "123456789012", guild_id: str = GUILD, user_id: str = USER):
    return sessions.open(guild_id, user_id, "aws", project_id, "eu-west-1", CREDENTIALS)


def assert_none(sessions: Sessions, guild_id: str = GUILD, user_id: str = USER) -> None:
    with pytest.raises(SessionError) as refusal:
        sessions.current(guild_id, user_id)
    assert str(refusal.value) == str(SessionError())


def test_an_opened_session_is_the_current_one(start: Start, clock: Clock) -> None:
    sessions = start()

    session = opened(sessions)

    assert sessions.current(GUILD, USER) == session
    assert (session.provider, session.project_id, session.region) == ("aws", "123456789012", "eu-west-1")
    assert session.credentials == CREDENTIALS
    assert session.expires_at == int(clock.now) + 1800
    assert len(session.id) == 8


def test_memory_saves_the_call_to_the_key_service(start: Start, keys: InMemoryDataKeys) -> None:
    sessions = start()
    opened(sessions)

    for _ in range(3):
        sessions.current(GUILD, USER)

    assert keys.calls == {"generate": 1, "unwrap": 0}


def test_a_new_process_restores_the_session_without_being_asked(start: Start, keys: InMemoryDataKeys) -> None:
    session = opened(start())
    after_the_crash = start()

    assert after_the_crash.current(GUILD, USER) == session
    assert after_the_crash.current(GUILD, USER) == session
    assert keys.calls["unwrap"] == 1


def test_a_session_ends_after_half_an_hour_in_every_process(start: Start, clock: Clock) -> None:
    first, second = start(), start()
    expires_at = opened(first).expires_at

    clock.now = expires_at - 1
    assert first.current(GUILD, USER) == second.current(GUILD, USER)
    clock.now = expires_at
    for sessions in (first, second, start()):
        assert_none(sessions)


def test_a_session_is_nobody_elses(start: Start) -> None:
    sessions = start()
    opened(sessions)

    assert_none(sessions, user_id="80351110224678913")
    assert_none(sessions, guild_id="613425648685547542")
    assert_none(sessions, guild_id=USER, user_id=GUILD)
    assert not sessions.close(GUILD, "80351110224678913")
    assert sessions.current(GUILD, USER)


def test_opening_a_session_closes_the_older_one(start: Start, table: InMemoryBlobTable) -> None:
    first, second = start(), start()
    older = opened(first, "111111111111")

    newer = opened(second, "222222222222")

    assert list(table.rows) == [newer.id]
    assert older.id != newer.id
    assert first.current(GUILD, USER) == second.current(GUILD, USER) == newer


def test_sessions_in_two_guilds_stand_side_by_side(start: Start) -> None:
    sessions = start()
    here, there = opened(sessions), opened(sessions, guild_id="613425648685547542")

    assert sessions.current(GUILD, USER) == here
    assert sessions.current("613425648685547542", USER) == there


def test_a_session_closed_in_one_process_is_closed_in_all(start: Start, table: InMemoryBlobTable) -> None:
    first, second = start(), start()
    opened(first)
    second.current(GUILD, USER)

    assert second.close(GUILD, USER)

    assert table.rows == {}
    assert_none(first)
    assert_none(second)
    assert not first.close(GUILD, USER)


def test_a_session_locked_elsewhere_is_locked_here(start: Start, table: InMemoryBlobTable) -> None:
    sessions = start()
    session = opened(sessions)

    table.set_status(session.id, "LOCKED")

    assert_none(sessions)
    assert_none(start())


def test_a_session_updated_elsewhere_is_updated_here(
    start: Start, table: InMemoryBlobTable, keys: InMemoryDataKeys, clock: Clock
) -> None:
    sessions = start()
    session = opened(sessions)
    owner = {"guild_id": GUILD, "user_id": USER}
    elsewhere, row = EphemeralVault(keys, clock), table.rows[session.id]
    elsewhere.recover_session(row.session_id, row.encrypted_blob, USER, expires_at=session.expires_at, **owner)
    data = json.loads(elsewhere.get_data(session.id, **owner) or "") | {"region": "eu-central-1"}
    elsewhere.update_session(session.id, json.dumps(data), **owner)
    blob = elsewhere.generate_recovery_blob(session.id, USER, **owner)

    table.put(replace(row, encrypted_blob=blob, version=row.version + 1))

    assert sessions.current(GUILD, USER) == replace(session, region="eu-central-1")


def test_a_session_is_found_where_it_was_opened_before_the_index_knows_it(
    start: Start, table: InMemoryBlobTable
) -> None:
    sessions = start()
    table.index_lags = True
    session = opened(sessions)

    assert sessions.current(GUILD, USER) == session
    assert sessions.close(GUILD, USER)
    assert_none(sessions)


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": 1_900_000_000},
        {"expires_at": 1_800_000_900},
        {"encrypted_blob": ""},
        {"encrypted_blob": "UkIx" * 400},
        {"session_id": "aaaaaaaa"},
        {"guild_id": "613425648685547542"},
        {"user_id": "80351110224678913"},
        {"deployment_status": ""},
    ],
    ids=str,
)
def test_an_edited_row_opens_for_nobody(start: Start, table: InMemoryBlobTable, change: dict[str, object]) -> None:
    session = opened(start())
    row = replace(table.rows.pop(session.id), **change)
    table.rows[row.session_id] = row

    for user_id in (USER, "80351110224678913"):
        for guild_id in (GUILD, "613425648685547542"):
            assert_none(start(), guild_id, user_id)


def test_a_later_expiry_in_the_row_prolongs_nothing_not_even_where_the_session_is_held(
    start: Start, table: InMemoryBlobTable, clock: Clock
) -> None:
    sessions = start()
    session = opened(sessions)
    table.rows[session.id] = replace(table.rows[session.id], expires_at=session.expires_at + 600)

    assert sessions.current(GUILD, USER).expires_at == session.expires_at
    clock.now = session.expires_at
    assert_none(sessions)


def test_exchanged_blobs_open_for_neither(start: Start, table: InMemoryBlobTable) -> None:
    mine, theirs = opened(start()), opened(start(), user_id="80351110224678913")
    a, b = table.rows[mine.id], table.rows[theirs.id]
    table.rows[mine.id] = replace(a, encrypted_blob=b.encrypted_blob)
    table.rows[theirs.id] = replace(b, encrypted_blob=a.encrypted_blob)

    assert_none(start())
    assert_none(start(), user_id="80351110224678913")


def test_a_row_that_does_not_open_does_not_hide_one_that_does(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())
    good = table.rows[session.id]
    table.rows["aaaaaaaa"] = replace(good, session_id="aaaaaaaa", created_at=good.created_at + 1)

    assert start().current(GUILD, USER) == session


def test_a_key_service_that_is_down_keeps_the_older_session(start: Start, keys: InMemoryDataKeys) -> None:
    sessions = start()
    session = opened(sessions)
    keys.enabled = False

    with pytest.raises(OutsideError):
        opened(sessions)
    assert_none(start())

    keys.enabled = True
    assert sessions.current(GUILD, USER) == start().current(GUILD, USER) == session


def test_a_table_that_is_down_is_said_to_be_down(start: Start, table: InMemoryBlobTable) -> None:
    sessions = start()
    opened(sessions)
    table.available = False

    for use in (lambda: opened(sessions), lambda: sessions.current(GUILD, USER), lambda: sessions.close(GUILD, USER)):
        with pytest.raises(OutsideError):
            use()


def test_the_database_and_what_is_printed_hold_nothing_readable(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start(), "123456789012")

    stored = str([vars(row) for row in table.rows.values()])

    assert not [secret for secret in ("canary", "AKIAIOSF", "123456789012") if secret in stored]
    assert "canary" not in repr(session)
