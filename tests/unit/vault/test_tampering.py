"""Whoever can write the table, in whatever way, gets one same refusal; the rows here are opened by a new process.

Not sealed, and so not here: `created_at`, `attempts` and `passphrase`. With them one can disorder a list, give tries
back or use them up, or ask for a passphrase, and open nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatops.errors import SessionError, WrongPassphrase
from chatops.ports import BlobRow
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.envelope import seal
from chatops.vault.ephemeral import RECOVERY_LABEL, EphemeralVault
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.conftest import Clock, new_session_id
from tests.unit.vault.rb1 import fields_of, text_of, with_a_bit_flipped

KEYS, CLOCK = InMemoryDataKeys(), Clock(1_800_000_000.25)
GUILDS = ("613425648685547541", "613425648685547542")
USERS = ("80351110224678912", "80351110224678913")
SECRET = "otter lamp gravel tuesday"
SEALED = ("user_id", "guild_id", "encrypted_blob", "expires_at")


def started(*rows: BlobRow) -> tuple[Sessions, EphemeralVault]:
    """A new process over these rows."""
    table, vault = InMemoryBlobTable(), EphemeralVault(KEYS, CLOCK)
    table.rows = {row.session_id: row for row in rows}
    return Sessions(vault, RecoveryBlobs(table, CLOCK), CLOCK), vault


def a_row(guild_id: str, user_id: str, passphrase: str = "") -> BlobRow:
    """The row of a session that was just opened."""
    table = InMemoryBlobTable()
    sessions = Sessions(EphemeralVault(KEYS, CLOCK), RecoveryBlobs(table, CLOCK), CLOCK)
    what = ("aws", "123456789012", "eu-west-1", {"key": "canary"}, passphrase)
    session = sessions.open(guild_id, user_id, *what, session_id=new_session_id())
    CLOCK.now += 7
    return table.rows[session.id]


MINE, THEIRS, LOCKED = a_row(GUILDS[0], USERS[0]), a_row(GUILDS[1], USERS[1]), a_row(GUILDS[0], USERS[0], SECRET)
FIELDS = fields_of(MINE.encrypted_blob)
CONTEXT = {
    "app": "cloud-chatops",
    "v": "1",
    "guild": MINE.guild_id,
    "user": MINE.user_id,
    "session": MINE.session_id,
    "exp": str(int(MINE.expires_at)),
}


def refusal(use: Callable[[], object]) -> tuple[type, str]:
    try:
        return type(use()), "nothing was refused"
    except SessionError as error:
        return type(error), str(error)


def assert_opens_for_nobody(*rows: BlobRow) -> None:
    for guild_id in {*GUILDS, *(row.guild_id for row in rows)}:
        for user_id in {*USERS, *(row.user_id for row in rows)}:
            sessions, vault = started(*rows)
            refusals = {refusal(lambda: sessions.current(guild_id, user_id))}  # noqa: B023 - called at once
            for row in rows:
                where = (row.session_id, guild_id, user_id)
                refusals.add(refusal(lambda: sessions.get(*where)))  # noqa: B023
                refusals.add(refusal(lambda: sessions.unlock(*where, user_id)))  # noqa: B023
                if (guild_id, user_id) == (row.guild_id, row.user_id):  # the guide's check, before its recover_session
                    assert not recovered(vault, row)
            assert refusals == {(SessionError, str(SessionError()))}
            assert sessions.listed(guild_id, user_id) == ()
            assert vault.sessions_of(guild_id, user_id) == []


def recovered(vault: EphemeralVault, row: BlobRow) -> bool:
    return vault.recover_session(
        row.session_id,
        row.encrypted_blob,
        row.user_id,
        guild_id=row.guild_id,
        user_id=row.user_id,
        expires_at=int(row.expires_at),
    )


bits = st.sampled_from([name for name in FIELDS for _ in range(8)]).flatmap(
    lambda name: st.tuples(st.just(name), st.integers(0, len(FIELDS[name]) * 8 - 1))
)


def test_the_rows_as_they_are_open_for_their_owners() -> None:
    for row in (MINE, THEIRS):
        sessions, vault = started(MINE, THEIRS)
        assert sessions.get(row.session_id, row.guild_id, row.user_id).credentials == {"key": "canary"}
        assert recovered(vault, row)
    assert started(LOCKED)[0].unlock(LOCKED.session_id, LOCKED.guild_id, LOCKED.user_id, SECRET)


@given(bits)
def test_any_bit_of_any_field(flip: tuple[str, int]) -> None:
    assert_opens_for_nobody(replace(MINE, encrypted_blob=text_of(with_a_bit_flipped(FIELDS, *flip))))


@given(st.binary(max_size=5).filter(lambda version: version != b"RB1"))
def test_any_other_version_of_the_envelope(version: bytes) -> None:
    assert_opens_for_nobody(replace(MINE, encrypted_blob=text_of(FIELDS | {"version": version})))


@given(st.text(max_size=300) | st.integers(0, len(MINE.encrypted_blob) - 1).map(MINE.encrypted_blob.__getitem__))
def test_any_other_text(text: str) -> None:
    assert_opens_for_nobody(replace(MINE, encrypted_blob=text))


@given(st.sets(st.sampled_from([name for name in FIELDS if name not in ("version", "n")]), min_size=1))
def test_any_fields_of_anothers_blob(names: set[str]) -> None:
    theirs = fields_of(THEIRS.encrypted_blob)
    a, b = ({name: theirs[name] for name in names}, {name: FIELDS[name] for name in names})

    assert_opens_for_nobody(
        replace(MINE, encrypted_blob=text_of(FIELDS | a)), replace(THEIRS, encrypted_blob=text_of(theirs | b))
    )


@given(st.sets(st.sampled_from(SEALED), min_size=1))
def test_any_columns_exchanged_between_two_rows(names: set[str]) -> None:
    def taken(row: BlobRow) -> dict[str, Any]:
        return {name: getattr(row, name) for name in names}

    assert_opens_for_nobody(replace(MINE, **taken(THEIRS)), replace(THEIRS, **taken(MINE)))


ids = st.from_regex(r"[0-9]{1,20}", fullmatch=True) | st.text(max_size=20)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "guild_id": st.sampled_from(GUILDS) | ids,
            "user_id": st.sampled_from(USERS) | ids,
            "session_id": st.just(THEIRS.session_id) | st.from_regex(r"[a-z2-7]{8}", fullmatch=True) | st.text(),
            "expires_at": st.integers(0, 10**15),
        },
    )
)
def test_any_other_owner_id_or_end(changes: dict[str, Any]) -> None:
    changed = replace(MINE, **changes)
    assume(changed != MINE)

    assert_opens_for_nobody(changed)


@given(
    st.dictionaries(st.sampled_from([*CONTEXT, "role"]), st.none() | st.sampled_from([*USERS, *GUILDS]) | st.text()),
    st.just(RECOVERY_LABEL) | st.sampled_from(["cloud-chatops/run", "cloud-chatops/option", ""]),
    st.just(MINE.user_id.encode()) | st.binary(max_size=40),
)
def test_anything_that_the_same_key_sealed_otherwise(changes: dict[str, str | None], label: str, secret: bytes) -> None:
    context = {name: value for name, value in (CONTEXT | changes).items() if value is not None}
    assume((context, label, secret) != (CONTEXT, RECOVERY_LABEL, MINE.user_id.encode()))
    blob = seal(b"{}", context=context, secret=secret, keys=KEYS, label=label)

    assert_opens_for_nobody(replace(MINE, encrypted_blob=blob))


@given(st.text().filter(lambda status: status != "ACTIVE"))
def test_any_other_status(status: str) -> None:
    row, owner = replace(MINE, deployment_status=status), (MINE.guild_id, MINE.user_id)
    sessions, _ = started(row)

    for use in (
        lambda: sessions.get(MINE.session_id, *owner),
        lambda: sessions.unlock(MINE.session_id, *owner, MINE.user_id),
        lambda: sessions.current(*owner),
    ):
        assert refusal(use) == (SessionError, str(SessionError()))


LOCKED_FIELDS = fields_of(LOCKED.encrypted_blob)


@settings(max_examples=6, deadline=None)
@given(bits, st.sampled_from(["", "guild_id", "user_id", "session_id", "expires_at"]))
def test_with_the_right_passphrase_it_is_like_a_wrong_one(flip: tuple[str, int], column: str) -> None:
    """A column changed instead where there is one, so that it is somebody's own row and yet another context."""
    another = {
        "guild_id": GUILDS[1],
        "user_id": USERS[1],
        "session_id": "aaaaaaaa",
        "expires_at": LOCKED.expires_at + 1,
    }
    blob = LOCKED.encrypted_blob if column else text_of(with_a_bit_flipped(LOCKED_FIELDS, *flip))
    row = replace(LOCKED, encrypted_blob=blob, **({column: another[column]} if column else {}))
    sessions, vault = started(row)

    got = refusal(lambda: sessions.unlock(row.session_id, row.guild_id, row.user_id, SECRET))

    assert got == (WrongPassphrase, str(WrongPassphrase(row.session_id, 4)))
    assert vault.sessions_of(row.guild_id, row.user_id) == []
