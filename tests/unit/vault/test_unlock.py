import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from chatops.domain.sessions import OpenSession, Session
from chatops.errors import LastTryFailed, OutsideError, SessionError, SessionLocked, WrongPassphrase
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.conftest import Clock, Start, new_session_id

GUILD, USER, STRANGER = "613425648685547541", "80351110224678912", "80351110224678913"
SECRET, WRONG = "otter lamp gravel tuesday", "otter lamp gravel monday"


def opened(sessions: Sessions, passphrase: str = SECRET, provider: str = "aws", session_id: str = "") -> Session:
    what = (provider, "123456789012", "eu-west-1", {"key": "canary"}, passphrase)
    return sessions.open(GUILD, USER, *what, session_id=session_id or new_session_id())


def assert_over(use: Callable[[], object]) -> None:
    with pytest.raises(SessionError) as refusal:
        use()
    assert (type(refusal.value), str(refusal.value)) == (SessionError, str(SessionError()))


def assert_locked(use: Callable[[], object], session: Session) -> None:
    with pytest.raises(SessionLocked) as refusal:
        use()
    assert refusal.value.session_id == session.id


def assert_wrong(sessions: Sessions, session: Session, left: int, passphrase: str = WRONG) -> None:
    with pytest.raises(WrongPassphrase) as refusal:
        sessions.unlock(session.id, GUILD, USER, passphrase)
    assert (refusal.value.session_id, refusal.value.left) == (session.id, left)


def at_once(many: int, work: Callable[[int], object]) -> list[object]:
    """What each of many threads got, or what it raised."""
    results: list[object] = []
    barrier = threading.Barrier(many)

    def one(number: int) -> None:
        barrier.wait()
        try:
            results.append(work(number))
        except SessionError as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(many)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    assert len(results) == many, "some wait for each other"
    return results


def test_the_process_that_opened_a_session_needs_no_passphrase_for_it(start: Start) -> None:
    sessions = start()
    session = opened(sessions)

    assert sessions.current(GUILD, USER) == sessions.get(session.id, GUILD, USER) == session
    (listed,) = sessions.listed(GUILD, USER)
    assert (listed.passphrase, listed.session) == (True, session)


def test_any_other_process_needs_it_once(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())
    row = table.rows[session.id]
    after = start()

    assert_locked(lambda: after.get(session.id, GUILD, USER), session)
    assert_locked(lambda: after.current(GUILD, USER), session)
    assert after.listed(GUILD, USER) == (OpenSession(session.id, row.created_at, session.expires_at, True, None),)

    assert after.unlock(session.id, GUILD, USER, SECRET) == session

    assert after.get(session.id, GUILD, USER) == after.current(GUILD, USER) == session
    assert after.listed(GUILD, USER)[0].session == session


def test_without_the_passphrase_the_key_service_is_not_even_asked(start: Start, keys: InMemoryDataKeys) -> None:
    session = opened(start())

    assert_locked(lambda: start().get(session.id, GUILD, USER), session)

    assert keys.calls["unwrap"] == 0


def test_a_locked_session_that_might_fit_is_asked_for_before_one_that_does_not(start: Start, clock: Clock) -> None:
    older = opened(start())
    clock.now += 1
    newer = opened(start())
    assert_locked(lambda: start().current(GUILD, USER, "gcp"), newer)

    clock.now += 1
    plain = opened(start(), passphrase="", provider="gcp")
    assert start().current(GUILD, USER) == start().current(GUILD, USER, "gcp", "123456789012") == plain
    assert_locked(lambda: start().current(GUILD, USER, "aws"), newer)
    assert_locked(lambda: start().current(GUILD, USER, "gcp", "another-project"), newer)

    sessions = start()
    sessions.unlock(older.id, GUILD, USER, SECRET)
    assert sessions.current(GUILD, USER, "aws") == older
    sessions.unlock(newer.id, GUILD, USER, SECRET)
    assert sessions.current(GUILD, USER, "aws") == newer
    assert sessions.current(GUILD, USER, "azure") == plain


def test_wrong_passphrases_are_counted_until_a_right_one(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())
    row = table.rows[session.id]

    for left in (4, 3, 2, 1):
        assert_wrong(start(), session, left)
    assert start().unlock(session.id, GUILD, USER, SECRET) == session

    assert table.rows[session.id] == row
    assert_wrong(start(), session, 4)


def test_the_users_own_id_is_a_wrong_passphrase(start: Start) -> None:
    session = opened(start())

    assert_wrong(start(), session, 4, USER)
    assert_wrong(start(), session, 3, "")


def test_the_fifth_wrong_passphrase_locks_the_session_for_good(start: Start, table: InMemoryBlobTable) -> None:
    holder = start()
    session = opened(holder)
    for left in (4, 3, 2, 1):
        assert_wrong(start(), session, left)
        assert holder.get(session.id, GUILD, USER) == session

    with pytest.raises(SessionError, match="locked for good") as refusal:
        start().unlock(session.id, GUILD, USER, WRONG)
    assert type(refusal.value) is LastTryFailed

    assert table.rows[session.id].deployment_status == "LOCKED"
    for sessions in (holder, start()):
        assert_over(lambda sessions=sessions: sessions.unlock(session.id, GUILD, USER, SECRET))
        assert_over(lambda sessions=sessions: sessions.get(session.id, GUILD, USER))
        assert_over(lambda sessions=sessions: sessions.current(GUILD, USER))
        assert sessions.listed(GUILD, USER) == ()


def test_a_try_counts_before_it_is_made(table: InMemoryBlobTable, clock: Clock) -> None:
    class Watching(InMemoryDataKeys):
        counted: tuple[int, ...] = ()

        def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
            self.counted += tuple(row.attempts for row in table.rows.values())
            return super().unwrap(wrapped, context)

    keys, blobs = Watching(), RecoveryBlobs(table, clock)
    session = opened(Sessions(EphemeralVault(keys, clock), blobs, clock))
    after = Sessions(EphemeralVault(keys, clock), blobs, clock)

    assert_wrong(after, session, 4)
    after.unlock(session.id, GUILD, USER, SECRET)

    assert keys.counted == (1, 2)
    assert table.rows[session.id].attempts == 0


class _Beside(InMemoryDataKeys):
    """Does something else while a data key is being opened."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = lambda: None

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self.meanwhile()
        return super().unwrap(wrapped, context)


def test_a_right_last_try_succeeds_and_until_then_the_session_reads_as_over(
    table: InMemoryBlobTable, clock: Clock
) -> None:
    keys, blobs = _Beside(), RecoveryBlobs(table, clock)

    def start() -> Sessions:
        return Sessions(EphemeralVault(keys, clock), blobs, clock)

    holder = start()
    session = opened(holder)
    for left in (4, 3, 2, 1):
        assert_wrong(start(), session, left)
    looked: list[int] = []

    def look() -> None:
        looked.append(table.rows[session.id].attempts)
        for sessions in (start(), holder):
            assert_over(lambda: sessions.get(session.id, GUILD, USER))  # noqa: B023 - called at once
            assert sessions.listed(GUILD, USER) == ()

    keys.meanwhile = look
    after = start()
    assert after.unlock(session.id, GUILD, USER, SECRET) == session

    assert looked == [5]
    assert after.get(session.id, GUILD, USER) == holder.get(session.id, GUILD, USER) == session


def test_a_last_try_that_dies_is_the_last_one(table: InMemoryBlobTable, clock: Clock) -> None:
    keys, blobs = _Beside(), RecoveryBlobs(table, clock)

    def start() -> Sessions:
        return Sessions(EphemeralVault(keys, clock), blobs, clock)

    def die() -> None:
        raise KeyboardInterrupt

    session = opened(start())
    for left in (4, 3, 2, 1):
        assert_wrong(start(), session, left)
    keys.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        start().unlock(session.id, GUILD, USER, SECRET)
    keys.meanwhile = lambda: None

    assert table.rows[session.id].deployment_status == "ACTIVE"
    assert_over(lambda: start().unlock(session.id, GUILD, USER, SECRET))
    assert_over(lambda: start().get(session.id, GUILD, USER))
    assert start().listed(GUILD, USER) == ()


def test_a_key_service_that_is_down_is_no_wrong_try(
    start: Start, table: InMemoryBlobTable, keys: InMemoryDataKeys
) -> None:
    session = opened(start())
    for left in (4, 3, 2, 1):
        assert_wrong(start(), session, left)
    keys.enabled = False

    for passphrase in (SECRET, WRONG) * 3:
        with pytest.raises(OutsideError, match="DisabledException"):
            start().unlock(session.id, GUILD, USER, passphrase)
    assert table.rows[session.id].attempts == 4

    keys.enabled = True
    assert start().unlock(session.id, GUILD, USER, SECRET) == session


def test_a_command_that_is_tried_again_finds_the_session_that_it_had_opened(
    start: Start, table: InMemoryBlobTable, clock: Clock
) -> None:
    session = opened(start(), session_id=(session_id := new_session_id()))
    rows, after = dict(table.rows), start()
    clock.now += 60

    assert opened(after, session_id=session_id) == session
    assert after.get(session_id, GUILD, USER) == session
    assert table.rows == rows


def test_twenty_wrong_tries_at_once_are_at_most_five(
    start: Start, table: InMemoryBlobTable, keys: InMemoryDataKeys
) -> None:
    session = opened(start())

    got = at_once(20, lambda number: start().unlock(session.id, GUILD, USER, f"{WRONG} {number}"))

    assert keys.calls["unwrap"] == 5
    assert sorted(each.left for each in got if isinstance(each, WrongPassphrase)) == [1, 2, 3, 4]
    assert sum(type(each) is SessionError for each in got) == 15
    assert sum(type(each) is LastTryFailed for each in got) == 1
    assert (table.rows[session.id].deployment_status, table.rows[session.id].attempts) == ("LOCKED", 5)
    assert_over(lambda: start().unlock(session.id, GUILD, USER, SECRET))


def test_restores_at_once_all_find_the_session(start: Start) -> None:
    plain, secret = opened(start(), passphrase=""), opened(start())
    after = start()
    after.unlock(secret.id, GUILD, USER, SECRET)

    got = at_once(16, lambda number: after.get((plain, secret)[number % 2].id, GUILD, USER))

    assert [each for each in got if each not in (plain, secret)] == []


def test_a_session_closed_while_others_restore_it_stays_closed(start: Start) -> None:
    session = opened(start(), passphrase="")
    after = start()

    def work(number: int) -> object:
        return after.close(session.id, GUILD, USER) if number == 5 else after.get(session.id, GUILD, USER)

    got = at_once(16, work)

    assert all(each in (session, True) or type(each) is SessionError for each in got)
    assert_over(lambda: after.get(session.id, GUILD, USER))


def test_nobody_else_can_use_up_the_tries(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())

    for guild_id, user_id in ((GUILD, STRANGER), ("613425648685547542", USER), (USER, GUILD)):
        assert_over(lambda who=(guild_id, user_id): start().unlock(session.id, *who, SECRET))
        assert_over(lambda who=(guild_id, user_id): start().get(session.id, *who))

    assert table.rows[session.id].attempts == 0


def test_a_session_works_by_its_passphrase_until_its_end(start: Start, clock: Clock) -> None:
    session = opened(start())

    clock.now = session.expires_at - 1
    assert start().unlock(session.id, GUILD, USER, SECRET) == session
    clock.now = session.expires_at
    assert_over(lambda: start().unlock(session.id, GUILD, USER, SECRET))
    assert_over(lambda: start().get(session.id, GUILD, USER))


def test_a_session_without_a_passphrase_is_not_locked_by_trying_some(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start(), passphrase="")

    for _ in range(6):
        assert start().unlock(session.id, GUILD, USER, WRONG) == session
    assert table.rows[session.id].attempts == 0


def test_a_locked_session_can_be_closed_unopened(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())

    assert start().close(session.id, GUILD, USER)

    assert table.rows == {}
    assert_over(lambda: start().unlock(session.id, GUILD, USER, SECRET))


def test_claiming_that_no_passphrase_is_needed_opens_nothing(start: Start, table: InMemoryBlobTable) -> None:
    session = opened(start())
    table.rows[session.id] = replace(table.rows[session.id], passphrase=False)

    assert_over(lambda: start().get(session.id, GUILD, USER))
    assert_over(lambda: start().unlock(session.id, GUILD, USER, SECRET))
    assert start().listed(GUILD, USER) == ()


def test_a_table_that_is_down_takes_no_tries(start: Start, table: InMemoryBlobTable, keys: InMemoryDataKeys) -> None:
    session = opened(start())
    table.available = False

    with pytest.raises(OutsideError):
        start().unlock(session.id, GUILD, USER, WRONG)
    assert keys.calls["unwrap"] == 0
