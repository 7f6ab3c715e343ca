import pytest

from chatops.vault.passphrase import secret_of

CONTEXT = {
    "app": "cloud-chatops",
    "v": "1",
    "guild": "613425648685547541",
    "user": "80351110224678912",
    "session": "abcdefgh",
    "exp": "1800001800",
}


# The hashes are argon2-cffi 25.1.0's: hash_secret_raw(…, time_cost=3, memory_cost=65536, parallelism=4, hash_len=32,
# type=Type.ID), over the reference implementation in C, with the salt as the docstring writes it.
@pytest.mark.parametrize(
    ("passphrase", "secret"),
    [
        ("correct horse battery staple", "38c86adb5a79bf7ae3bb23b1b48a52e66f982e98a3ec07e8c8b58a49eeaff6b0"),
        (" Zwo\u0308lf  Boxkämpfer №5\n", "ed7fa6a720248f50959f5665ec7d017a444538bc2518283e86e25b9c5263dfb7"),
    ],
)
def test_another_implementation_gets_the_same_secret(passphrase: str, secret: str) -> None:
    assert secret_of(passphrase, dict(reversed(CONTEXT.items()))).hex() == secret


def test_one_passphrase_gives_another_secret_in_every_other_context() -> None:
    contexts = [CONTEXT, *(CONTEXT | {name: "0"} for name in CONTEXT)]

    assert len({secret_of("otter lamp gravel", context) for context in contexts}) == 7


def test_the_users_id_is_the_secret_itself_and_nobody_elses() -> None:
    assert secret_of(CONTEXT["user"], CONTEXT) == b"80351110224678912"
    assert len(secret_of("80351110224678913", CONTEXT)) == 32


def test_whatever_can_be_typed_has_a_secret() -> None:
    assert len({secret_of(text, CONTEXT) for text in ("", "\ud800", "\x00", "a" * 4000)}) == 4
