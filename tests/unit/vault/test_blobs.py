import pytest

from chatops.errors import ConflictError
from chatops.vault.blobs import RecoveryBlobs
from tests.fakes.blob_table import InMemoryBlobTable
from tests.unit.vault.conftest import Clock


@pytest.fixture
def blobs(table: InMemoryBlobTable, clock: Clock) -> RecoveryBlobs:
    clock.now = 1000.5
    blobs = RecoveryBlobs(table, clock)
    blobs.save_recovery_blob("abc", "222", "111", "b64", 2800)
    return blobs


def ids(blobs: RecoveryBlobs, user_id: str = "222", guild_id: str = "111") -> list[str]:
    return [row.session_id for row in blobs.get_user_active_sessions(user_id, guild_id)]


def test_a_saved_blob_is_active_and_has_the_guides_columns(blobs: RecoveryBlobs) -> None:
    row = blobs.get_recovery_blob("abc")

    assert row is not None
    assert (row.session_id, row.user_id, row.guild_id, row.encrypted_blob) == ("abc", "222", "111", "b64")
    assert (row.deployment_status, row.created_at, row.expires_at, row.attempts) == ("ACTIVE", 1000.5, 2800, 0)
    assert not row.passphrase


def test_a_row_says_whether_it_takes_a_passphrase(blobs: RecoveryBlobs) -> None:
    blobs.save_recovery_blob("locked", "222", "111", "b64", 2800, passphrase=True)

    row = blobs.get_recovery_blob("locked")
    assert row is not None
    assert row.passphrase


def test_there_are_five_tries_until_one_is_right(blobs: RecoveryBlobs) -> None:
    assert [blobs.use_attempt("abc") for _ in range(3)] == [4, 3, 2]

    blobs.forget_attempts("abc")

    assert [blobs.use_attempt("abc") for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(ConflictError):
        blobs.use_attempt("abc")


def test_a_try_that_could_not_be_made_is_left_again(blobs: RecoveryBlobs) -> None:
    blobs.use_attempt("abc")
    blobs.use_attempt("abc")

    blobs.return_attempt("abc")

    assert blobs.use_attempt("abc") == 3


def test_a_row_without_a_try_left_has_ended_where_it_takes_a_passphrase(blobs: RecoveryBlobs) -> None:
    blobs.save_recovery_blob("locked", "222", "111", "b64", 2800, passphrase=True)
    for session_id in ("abc", "locked"):
        for _ in range(4):
            blobs.use_attempt(session_id)
    assert blobs.get_recovery_blob("locked") and ids(blobs) == ["abc", "locked"]

    for session_id in ("abc", "locked"):
        blobs.use_attempt(session_id)

    assert blobs.get_recovery_blob("locked") is None
    assert blobs.get_recovery_blob("abc") and ids(blobs) == ["abc"]


def test_a_row_that_is_locked_or_not_there_has_no_tries(blobs: RecoveryBlobs) -> None:
    blobs.update_recovery_blob_status("abc", "LOCKED")

    for session_id in ("abc", "abd"):
        with pytest.raises(ConflictError):
            blobs.use_attempt(session_id)


def test_a_row_is_refused_at_its_expiry_and_not_a_second_before(blobs: RecoveryBlobs, clock: Clock) -> None:
    clock.now = 2799
    assert blobs.get_recovery_blob("abc")
    assert ids(blobs) == ["abc"]

    clock.now = 2800
    assert blobs.get_recovery_blob("abc") is None
    assert ids(blobs) == []


def test_an_unknown_session_has_no_blob(blobs: RecoveryBlobs) -> None:
    assert blobs.get_recovery_blob("abd") is None
    assert not blobs.update_recovery_blob_status("abd", "COMPLETED")


def test_active_sessions_are_the_users_own_in_this_guild_newest_first(blobs: RecoveryBlobs, clock: Clock) -> None:
    clock.now = 1010
    blobs.save_recovery_blob("newer", "222", "111", "b64", 2810)
    blobs.save_recovery_blob("elsewhere", "222", "112", "b64", 2810)
    blobs.save_recovery_blob("anothers", "223", "111", "b64", 2810)

    assert ids(blobs) == ["newer", "abc"]
    assert ids(blobs, guild_id="112") == ["elsewhere"]


def test_a_row_of_another_status_is_not_active_but_still_there(blobs: RecoveryBlobs) -> None:
    assert blobs.update_recovery_blob_status("abc", "COMPLETED")

    row = blobs.get_recovery_blob("abc")
    assert row is not None
    assert row.deployment_status == "COMPLETED"
    assert ids(blobs) == []


def test_a_taken_id_is_not_overwritten(blobs: RecoveryBlobs) -> None:
    with pytest.raises(ConflictError):
        blobs.save_recovery_blob("abc", "223", "111", "other", 2800)

    row = blobs.get_recovery_blob("abc")
    assert row is not None
    assert row.user_id == "222"


def test_cleanup_removes_what_has_expired_and_nothing_else(
    blobs: RecoveryBlobs, table: InMemoryBlobTable, clock: Clock
) -> None:
    blobs.save_recovery_blob("longer", "222", "111", "b64", 2801)
    assert blobs.cleanup_expired_recovery_blobs() == 0

    clock.now = 2800

    assert blobs.cleanup_expired_recovery_blobs() == 1
    assert list(table.rows) == ["longer"]


def test_a_row_does_not_show_its_blob_when_printed(blobs: RecoveryBlobs) -> None:
    assert "b64" not in repr(blobs.get_recovery_blob("abc"))
