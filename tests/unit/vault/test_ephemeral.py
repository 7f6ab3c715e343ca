import json
import pickle
import threading
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatops.domain.passphrases import normalised
from chatops.errors import OutsideError, SessionError
from chatops.vault.ephemeral import EphemeralVault
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.conftest import Clock

RAW = '{"project_id": "acme-prod-123"}'
OPENED = 1_800_000_000
ENDS = OPENED + 1800

# Every passphrase that is not the user's id costs a tenth of a second.
few = settings(max_examples=3, deadline=None)


@dataclass(frozen=True)
class Owner:
    guild_id: str = "111"
    user_id: str = "222"

    @property
    def kw(self) -> dict[str, str]:
        return {"guild_id": self.guild_id, "user_id": self.user_id}


ME = Owner().kw
STRANGERS = [Owner(user_id="223").kw, Owner(guild_id="112").kw, Owner("222", "111").kw]


@pytest.fixture
def vault(keys: InMemoryDataKeys, clock: Clock) -> EphemeralVault:
    clock.now = OPENED
    vault = EphemeralVault(keys, clock)
    assert vault.open_session("abc", RAW, **ME)
    return vault


def test_an_open_session_gives_its_data(vault: EphemeralVault) -> None:
    assert vault.get_data("abc", **ME) == RAW
    assert vault.get_data("abd", **ME) is None


def test_a_session_works_until_the_last_second_of_its_half_hour(vault: EphemeralVault, clock: Clock) -> None:
    clock.now = ENDS - 1
    assert vault.get_data("abc", **ME) == RAW

    clock.now = ENDS
    assert vault.get_data("abc", **ME) is None
    assert repr(vault) == "EphemeralVault(0 sessions)"


def test_use_and_update_do_not_prolong_a_session(vault: EphemeralVault, clock: Clock) -> None:
    clock.now = ENDS - 1
    assert vault.update_session("abc", "{}", **ME)
    assert vault.get_data("abc", **ME) == "{}"

    clock.now = ENDS
    assert vault.get_data("abc", **ME) is None
    assert not vault.update_session("abc", RAW, **ME)


def test_a_session_can_be_opened_for_what_is_left_of_it_but_not_after_its_end(
    vault: EphemeralVault, clock: Clock
) -> None:
    assert vault.open_session("late", RAW, expires_at=OPENED + 5, **ME)
    assert not vault.open_session("over", RAW, expires_at=OPENED, **ME)

    clock.now = OPENED + 5
    assert vault.get_data("late", **ME) is None
    assert vault.get_data("over", **ME) is None


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_can_do_nothing_with_a_session_id(vault: EphemeralVault, stranger: dict[str, str]) -> None:
    assert vault.get_data("abc", **stranger) is None
    assert not vault.update_session("abc", "{}", **stranger)
    assert not vault.close_session("abc", **stranger)
    assert not vault.open_session("abc", "{}", **stranger)
    assert not vault.store_service_account("abc", "{}", **stranger)
    assert vault.get_service_account("abc", **stranger) is None
    with pytest.raises(SessionError):
        vault.generate_recovery_blob("abc", "222", **stranger)

    assert vault.get_data("abc", **ME) == RAW


def test_a_closed_session_is_gone(vault: EphemeralVault) -> None:
    assert vault.close_session("abc", **ME)

    assert vault.get_data("abc", **ME) is None
    assert not vault.close_session("abc", **ME)


def test_the_vault_knows_which_sessions_a_user_has_open(vault: EphemeralVault, clock: Clock) -> None:
    assert vault.sessions_of("111", "222") == ["abc"]
    assert vault.sessions_of("112", "222") == vault.sessions_of("111", "223") == []

    clock.now = OPENED + 1
    vault.open_session("newer", RAW, **ME)
    assert sorted(vault.sessions_of("111", "222")) == ["abc", "newer"]

    clock.now = ENDS
    assert vault.sessions_of("111", "222") == ["newer"]


def test_a_new_process_recovers_the_session_from_its_blob(keys: InMemoryDataKeys, clock: Clock) -> None:
    clock.now = OPENED
    before = EphemeralVault(keys, clock)
    before.open_session("abc", RAW, **ME)
    blob = before.generate_recovery_blob("abc", "222", **ME)
    clock.now = OPENED + 300

    after = EphemeralVault(keys, clock)

    assert after.recover_session("abc", blob, "222", expires_at=ENDS, **ME)
    assert after.get_data("abc", **ME) == RAW
    clock.now = ENDS
    assert after.get_data("abc", **ME) is None


@pytest.mark.parametrize(
    "change",
    [
        {"session_id": "abd"},
        {"user_passphrase": "223"},
        {"user_passphrase": ""},
        {"guild_id": "112"},
        {"user_id": "223"},
        {"user_id": "223", "user_passphrase": "223"},
        {"expires_at": ENDS + 1},
        {"expires_at": ENDS - 1},
        {"recovery_blob": ""},
        {"recovery_blob": "bm90IGEgYmxvYg=="},
        {"recovery_blob": "ünï"},
    ],
    ids=str,
)
def test_a_blob_opens_only_for_its_owner_session_and_expiry(
    vault: EphemeralVault, keys: InMemoryDataKeys, clock: Clock, change: dict[str, object]
) -> None:
    blob = vault.generate_recovery_blob("abc", "222", **ME)
    right = {"session_id": "abc", "recovery_blob": blob, "user_passphrase": "222", "expires_at": ENDS, **ME}
    after = EphemeralVault(keys, clock)

    assert not after.recover_session(**(right | change))
    assert repr(after) == "EphemeralVault(0 sessions)"
    assert after.recover_session(**right)


def test_a_blob_does_not_open_at_its_expiry(vault: EphemeralVault, clock: Clock) -> None:
    blob = vault.generate_recovery_blob("abc", "222", **ME)

    clock.now = ENDS - 1
    assert vault.recover_session("abc", blob, "222", expires_at=ENDS, **ME)
    clock.now = ENDS
    assert not vault.recover_session("abc", blob, "222", expires_at=ENDS, **ME)


def recovered(raw_data: str, passphrase: str, typed: str) -> str | None:
    keys, clock = InMemoryDataKeys(), Clock(OPENED)
    before, after = EphemeralVault(keys, clock), EphemeralVault(keys, clock)
    before.open_session("abc", raw_data, **ME)
    blob = before.generate_recovery_blob("abc", passphrase, **ME)

    assert after.recover_session("abc", blob, typed, expires_at=ENDS, **ME) == bool(after.sessions_of("111", "222"))
    return after.get_data("abc", **ME)


@given(st.text(max_size=200))
def test_any_data_survives_recovery(raw_data: str) -> None:
    assert recovered(raw_data, "222", "222") == raw_data


@few
@given(st.text(max_size=20))
def test_any_passphrase_opens_what_it_sealed(passphrase: str) -> None:
    assert recovered(RAW, passphrase, passphrase) == RAW


@few
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_other_passphrase_does(passphrase: str, typed: str) -> None:
    assume(normalised(passphrase) != normalised(typed))

    assert recovered(RAW, passphrase, typed) is None


def test_a_passphrase_cannot_be_got_around(vault: EphemeralVault, keys: InMemoryDataKeys, clock: Clock) -> None:
    blob, after = vault.generate_recovery_blob("abc", "otter lamp gravel", **ME), EphemeralVault(keys, clock)

    for typed in ("222", "", "２２２", "Otter lamp gravel", "otter lamp gravel.", "\ud800"):
        assert not after.recover_session("abc", blob, typed, expires_at=ENDS, **ME)
    assert after.recover_session("abc", blob, "otter lamp gravel", expires_at=ENDS, **ME)


def test_a_passphrase_opens_in_every_spelling_of_it() -> None:
    assert recovered(RAW, "Zw\u00f6lf Boxk\u00e4mpfer", " Zwo\u0308lf  Boxka\u0308mpfer\n") == RAW


def test_a_key_service_that_is_down_makes_no_blob_and_opens_none(vault: EphemeralVault, keys: InMemoryDataKeys) -> None:
    blob = vault.generate_recovery_blob("abc", "222", **ME)
    keys.enabled = False

    with pytest.raises(OutsideError):
        vault.recover_session("abc", blob, "222", expires_at=ENDS, **ME)
    with pytest.raises(OutsideError):
        vault.generate_recovery_blob("abc", "222", **ME)


def test_a_service_account_is_added_to_the_session_and_travels_in_its_blob(
    vault: EphemeralVault, keys: InMemoryDataKeys, clock: Clock
) -> None:
    assert vault.get_service_account("abc", **ME) is None

    assert vault.store_service_account("abc", '{ "type": "service_account" }', **ME)

    assert vault.get_service_account("abc", **ME) == '{ "type": "service_account" }'
    blob = vault.generate_recovery_blob("abc", "222", **ME)
    after = EphemeralVault(keys, clock)
    after.recover_session("abc", blob, "222", expires_at=ENDS, **ME)
    assert after.get_service_account("abc", **ME) == '{ "type": "service_account" }'
    assert json.loads(after.get_data("abc", **ME) or "")["project_id"] == "acme-prod-123"


@pytest.mark.parametrize("sa_json", ["", "not JSON", "[]", "3", "null", '"text"'])
def test_what_is_no_object_is_no_service_account(vault: EphemeralVault, sa_json: str) -> None:
    assert not vault.store_service_account("abc", sa_json, **ME)
    assert vault.get_data("abc", **ME) == RAW


@pytest.mark.parametrize("raw_data", ["acme-prod-123", "[]", "", "3"])
def test_a_session_that_holds_no_object_takes_no_service_account(vault: EphemeralVault, raw_data: str) -> None:
    vault.update_session("abc", raw_data, **ME)

    assert not vault.store_service_account("abc", "{}", **ME)
    assert vault.get_service_account("abc", **ME) is None
    assert vault.get_data("abc", **ME) == raw_data


def test_nothing_secret_shows_in_what_is_printed_or_logged(
    vault: EphemeralVault, caplog: pytest.LogCaptureFixture
) -> None:
    vault.update_session("abc", '{"key": "canary"}', **ME)
    blob = vault.generate_recovery_blob("abc", "hunter2", **ME)

    vault.recover_session("abc", blob, "wrong-passphrase", expires_at=ENDS, **ME)
    vault.recover_session("abc", blob[:-4], "hunter2", expires_at=ENDS, **ME)

    shown = caplog.text + repr(vault) + str(vars(vault))
    assert "abc" in caplog.text
    assert not [secret for secret in ("canary", "hunter2", "wrong-passphrase", blob[:40]) if secret in shown]


def test_memory_holds_no_plaintext_beside_the_key(vault: EphemeralVault) -> None:
    vault.update_session("abc", '{"key": "canary"}', **ME)

    assert b"canary" not in pickle.dumps(vars(vault)["_entries"])


def test_threads_that_open_close_and_recover_at_once_do_not_disturb_each_other(
    keys: InMemoryDataKeys, clock: Clock
) -> None:
    clock.now = OPENED
    vault = EphemeralVault(keys, clock)
    wrong: list[str] = []

    def one(user_id: str) -> None:
        mine = Owner(user_id=user_id).kw
        for round_ in range(20):
            data = json.dumps({"of": user_id, "round": round_})
            vault.open_session(f"s{user_id}", data, **mine)
            blob = vault.generate_recovery_blob(f"s{user_id}", user_id, **mine)
            vault.close_session(f"s{user_id}", **mine)
            vault.recover_session(f"s{user_id}", blob, user_id, expires_at=ENDS, **mine)
            account = json.dumps({"of": user_id})
            vault.store_service_account(f"s{user_id}", account, **mine)
            if vault.get_service_account(f"s{user_id}", **mine) != account:
                wrong.append(user_id)

    threads = [threading.Thread(target=one, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
