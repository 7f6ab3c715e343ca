import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chatops.vault.keys import canonical_rsa_key


def pem(key, form=PrivateFormat.PKCS8, encryption=None) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_an_rsa_key_comes_back_as_the_same_key_in_one_form(key: rsa.RSAPrivateKey) -> None:
    canonical = pem(key)

    assert canonical_rsa_key(canonical) == canonical
    assert canonical_rsa_key(pem(key, PrivateFormat.TraditionalOpenSSL)) == canonical


def test_what_stands_around_the_key_is_left_out(key: rsa.RSAPrivateKey) -> None:
    assert canonical_rsa_key(f"a note\n{pem(key)}another\n") == pem(key)


def test_the_largest_allowed_key_fits() -> None:
    largest = rsa.generate_private_key(65537, 4096)

    assert load_pem_private_key(canonical_rsa_key(pem(largest)).encode(), None)


def test_other_keys_are_refused_without_a_word_of_their_content(key: rsa.RSAPrivateKey) -> None:
    whole = pem(key)
    others = [
        "",
        "ünï",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        whole.replace("BEGIN PRIVATE", "BEGIN EC PRIVATE"),
        whole[:900] + whole[910:],
        whole + "A" * 4000,
        pem(key, encryption=BestAvailableEncryption(b"passphrase")),
        pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - the weak key that must be refused
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
    ]

    for other in others:
        with pytest.raises(ValueError, match=r"^(not an|longer than an)") as refusal:
            canonical_rsa_key(other)
        assert refusal.value.__cause__ is None
        assert other[30:60] == "" or other[30:60] not in str(refusal.value)
