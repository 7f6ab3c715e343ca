import json
from dataclasses import replace

import pytest

from chatops.domain.sessions import Session
from chatops.errors import ConflictError, OutsideError, SessionError, UserError
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.conftest import Clock, Start, new_session_id

GUILD, USER = "613425648685547541", "80351110224678912"
CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "canary"}


def opened(
    sessions: Sessions,
    project_id: str = "123456789012",
    guild_id: str = GUILD,
    user_id: str = USER,
    provider: str = "aws",
    session_id: str = "",
) -> Session:
    session_id = session_id or new_session_id()
    return sessions.open(guild_id, user_id, provider, project_id, "eu-west-1", CREDENTIALS, session_id=session_id)


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


def test_a_command_that_is_tried_again_finds_the_session_that_it_had_opened(
    start: Start, table: InMemoryBlobTable, clock: Clock
) -> None:
    """Its process died after opening it: Lambda tries again a minute later, in another process or in the same."""
    first, session_id = start(), new_session_id()
    session = opened(first, session_id=session_id)
    rows = dict(table.rows)
    clock.now += 60

    for sessions in (start(), first):
        assert opened(sessions, session_id=session_id) == session
        assert sessions.current(GUILD, USER) == session
    assert session.id == session_id and table.rows == rows


def test_a_command_that_is_tried_again_may_have_opened_the_last_session_that_it_may(start: Start) -> None:
    for _ in range(4):
        opened(start())
    fifth = opened(start(), session_id=(session_id := new_session_id()))

    assert opened(start(), session_id=session_id) == fifth


@pytest.mark.parametrize("stranger", [{"user_id": "80351110224678913"}, {"guild_id": "613425648685547542"}], ids=str)
def test_another_session_of_the_same_name_is_not_overwritten(
    start: Start, table: InMemoryBlobTable, stranger: dict[str, str]
) -> None:
    session = opened(start(), session_id=(session_id := new_session_id()))
    rows, sessions = dict(table.rows), start()

    with pytest.raises(ConflictError):
        opened(sessions, session_id=session_id, **stranger)

    assert table.rows == rows and start().get(session_id, GUILD, USER) == session
    assert_none(sessions, **stranger)


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
    session = opened(sessions)

    assert_none(sessions, user_id="80351110224678913")
    assert_none(sessions, guild_id="613425648685547542")
    assert_none(sessions, guild_id=USER, user_id=GUILD)
    for guild_id, user_id in ((GUILD, "80351110224678913"), ("613425648685547542", USER), (USER, GUILD)):
        assert not sessions.close(session.id, guild_id, user_id)
    assert sessions.current(GUILD, USER) == start().current(GUILD, USER) == session


@pytest.mark.parametrize("session_id", ["", "ABCDEFGH", "a" * 5000, "../../etc", "\ud800" * 8, "abcdefgh\n"])
def test_an_id_that_cannot_be_one_is_refused_unasked(start: Start, table: InMemoryBlobTable, session_id: str) -> None:
    """DynamoDB would call some of these an error of ours."""
    sessions = start()
    table.available = False

    for use in (sessions.get, lambda *where: sessions.unlock(*where, "otter lamp gravel")):
        with pytest.raises(SessionError) as refusal:
            use(session_id, GUILD, USER)
        assert (type(refusal.value), str(refusal.value)) == (SessionError, str(SessionError()))
    assert not sessions.close(session_id, GUILD, USER)


def test_several_sessions_are_open_beside_each_other_and_the_newest_is_current(start: Start, clock: Clock) -> None:
    first, second = start(), start()
    older = opened(first, "111111111111")
    clock.now += 0.5
    newer = opened(second, "222222222222")

    for sessions in (first, second, start()):
        assert sessions.current(GUILD, USER) == newer
        assert sessions.get(older.id, GUILD, USER) == older
        assert [each.session for each in sessions.listed(GUILD, USER)] == [newer, older]


@pytest.mark.parametrize(
    ("provider", "project_id", "expected"),
    [
        ("", "", 3),
        ("gcp", "", 3),
        ("aws", "", 2),
        ("aws", "111111111111", 0),
        ("", "222222222222", 2),
        ("azure", "", 3),  # none fits: the newest, so that it can be said what is open
        ("gcp", "111111111111", 3),
    ],
)
def test_the_current_session_is_the_newest_that_fits(
    start: Start, clock: Clock, provider: str, project_id: str, expected: int
) -> None:
    each: list[Session] = []
    for cloud, project in (("aws", "1" * 12), ("gcp", "acme-prod"), ("aws", "2" * 12), ("gcp", "acme-dev")):
        each.append(opened(start(), project, provider=cloud))
        clock.now += 1

    assert start().current(GUILD, USER, provider, project_id) == each[expected]


def test_five_may_be_open_in_a_guild_and_no_sixth(start: Start, clock: Clock) -> None:
    five = [opened(start()) for _ in range(5)]

    with pytest.raises(UserError, match="/cloud-sessions") as refusal:
        opened(start())
    assert not isinstance(refusal.value, SessionError)
    assert opened(start(), guild_id="613425648685547542")
    assert opened(start(), user_id="80351110224678913")

    assert start().close(five[0].id, GUILD, USER)
    assert opened(start())
    clock.now = five[0].expires_at
    assert opened(start())


def test_the_limit_counts_what_was_opened_here_before_the_index_knows_it(
    start: Start, table: InMemoryBlobTable
) -> None:
    sessions = start()
    table.index_lags = True
    for _ in range(5):
        opened(sessions)

    with pytest.raises(UserError, match="5 open sessions"):
        opened(sessions)


def test_sessions_in_two_guilds_stand_side_by_side(start: Start) -> None:
    sessions = start()
    here, there = opened(sessions), opened(sessions, guild_id="613425648685547542")

    assert sessions.current(GUILD, USER) == here
    assert sessions.current("613425648685547542", USER) == there


def test_a_session_closed_in_one_process_is_closed_in_all(start: Start, table: InMemoryBlobTable) -> None:
    first, second = start(), start()
    session, other = opened(first), opened(first, "222222222222")
    second.get(session.id, GUILD, USER)

    assert second.close(session.id, GUILD, USER)

    assert list(table.rows) == [other.id]
    for sessions in (first, second):
        with pytest.raises(SessionError):
            sessions.get(session.id, GUILD, USER)
        assert sessions.current(GUILD, USER) == other
        assert not sessions.close(session.id, GUILD, USER)


def test_a_session_locked_elsewhere_is_locked_here(start: Start, table: InMemoryBlobTable) -> None:
    sessions = start()
    session = opened(sessions)

    table.set_status(session.id, "LOCKED")

    assert_none(sessions)
    assert_none(start())
    assert sessions.listed(GUILD, USER) == ()
    assert not sessions.close(session.id, GUILD, USER)


def test_a_session_is_found_where_it_was_opened_before_the_index_knows_it(
    start: Start, table: InMemoryBlobTable
) -> None:
    sessions = start()
    table.index_lags = True
    session = opened(sessions)

    assert sessions.current(GUILD, USER) == sessions.get(session.id, GUILD, USER) == session
    assert sessions.close(session.id, GUILD, USER)
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
    assert sessions.current(GUILD, USER) == sessions.get(session.id, GUILD, USER) == session

    keys.enabled = True
    assert sessions.current(GUILD, USER) == start().current(GUILD, USER) == session


def test_a_key_service_that_is_down_is_said_to_be_down(start: Start, keys: InMemoryDataKeys) -> None:
    """No session is open would send people to open another one."""
    session = opened(start())
    keys.enabled = False

    for use in (
        lambda: start().current(GUILD, USER),
        lambda: start().get(session.id, GUILD, USER),
        lambda: start().listed(GUILD, USER),
    ):
        with pytest.raises(OutsideError, match="DisabledException"):
            use()
    assert start().close(session.id, GUILD, USER)


def test_a_table_that_is_down_is_said_to_be_down(start: Start, table: InMemoryBlobTable) -> None:
    sessions = start()
    session = opened(sessions)
    table.available = False

    for use in (
        lambda: opened(sessions),
        lambda: sessions.current(GUILD, USER),
        lambda: sessions.get(session.id, GUILD, USER),
        lambda: sessions.listed(GUILD, USER),
        lambda: sessions.close(session.id, GUILD, USER),
    ):
        with pytest.raises(OutsideError):
            use()


def test_a_session_that_could_not_be_stored_is_not_held_either(
    start: Start, keys: InMemoryDataKeys, clock: Clock
) -> None:
    vault = EphemeralVault(keys, clock)
    sessions = Sessions(vault, RecoveryBlobs(InMemoryBlobTable(), clock), clock)
    keys.enabled = False

    with pytest.raises(OutsideError):
        opened(sessions)
    assert vault.sessions_of(GUILD, USER) == []


def test_credentials_are_the_service_account_of_the_guides_vault(keys: InMemoryDataKeys, clock: Clock) -> None:
    vault = EphemeralVault(keys, clock)
    sessions = Sessions(vault, RecoveryBlobs(InMemoryBlobTable(), clock), clock)
    session = opened(sessions)
    owner = {"guild_id": GUILD, "user_id": USER}

    assert json.loads(vault.get_service_account(session.id, **owner) or "") == CREDENTIALS
    assert vault.store_service_account(session.id, '{"type": "service_account"}', **owner)
    assert sessions.get(session.id, GUILD, USER) == replace(session, credentials={"type": "service_account"})


def test_the_list_says_when_each_began_and_ends(start: Start, clock: Clock) -> None:
    session = opened(start())

    (listed,) = start().listed(GUILD, USER)

    assert (listed.id, listed.created_at, listed.expires_at) == (session.id, clock.now, session.expires_at)
    assert (listed.passphrase, listed.session) == (False, session)
    assert start().listed(GUILD, "80351110224678913") == start().listed("613425648685547542", USER) == ()


def test_the_database_and_what_is_printed_hold_nothing_readable(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start(), "123456789012")

    stored = str([vars(row) for row in table.rows.values()])

    assert not [secret for secret in ("canary", "AKIAIOSF", "123456789012") if secret in stored]
    assert "canary" not in repr(session)
