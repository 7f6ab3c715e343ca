import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import OutsideError, UserError
from chatops.vault.envelope import MAX_PLAINTEXT, EnvelopeError, open_sealed, seal
from tests.fakes.keys import InMemoryDataKeys
from tests.unit.vault.rb1 import fields_of, text_of, with_a_bit_flipped

KEYS = InMemoryDataKeys()
CONTEXT = {"app": "cloud-chatops", "v": "1", "guild": "111", "user": "222", "session": "abcdefgh", "exp": "1800"}
SECRET = b"222"
LABEL = "cloud-chatops/recovery"
PLAINTEXT = b'{"project_id": "acme-prod-123"}'

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/envelope/rb1.json").read_text())


def sealed(plaintext: bytes = PLAINTEXT, context: dict[str, str] = CONTEXT) -> str:
    return seal(plaintext, context=context, secret=SECRET, keys=KEYS, label=LABEL)


def opened(text: str, context=CONTEXT, secret=SECRET, label=LABEL, keys=KEYS) -> bytes:
    return open_sealed(text, context=context, secret=secret, keys=keys, label=label)


def assert_refused(text: str, **how: object) -> None:
    with pytest.raises(EnvelopeError) as refusal:
        opened(text, **how)
    assert str(refusal.value) == "the sealed text does not open"


FIELDS = tuple(fields_of(sealed()))

contexts = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5)


@given(st.binary(max_size=3000), contexts, st.binary(max_size=40))
def test_what_was_sealed_opens_again(plaintext: bytes, context: dict[str, str], secret: bytes) -> None:
    text = seal(plaintext, context=context, secret=secret, keys=KEYS, label=LABEL)

    assert opened(text, context=context, secret=secret) == plaintext


def lp(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


SCOPE = lp(LABEL.encode()) + lp(
    b'{"app":"cloud-chatops","exp":"1800","guild":"111","session":"abcdefgh","user":"222","v":"1"}'
)


def derived(fields: dict[str, bytes], purpose: bytes) -> bytes:
    """HKDF as RFC 5869 writes it, over the standard library alone."""
    ikm = lp(KEYS.unwrap(fields["edk"], CONTEXT)) + lp(SECRET)
    extracted = hmac.digest(fields["salt"], ikm, hashlib.sha256)
    return hmac.digest(extracted, lp(purpose) + SCOPE + b"\x01", hashlib.sha256)


def aad_of(fields: dict[str, bytes]) -> bytes:
    return lp(b"RB1") + SCOPE + lp(fields["salt"]) + lp(fields["edk"]) + lp(fields["commitment"])


def test_the_format_is_the_one_the_docstring_draws() -> None:
    got = fields_of(sealed())
    cipher = AESGCM(derived(got, b"RB1 key"))

    assert got["version"] == b"RB1"
    assert got["commitment"] == derived(got, b"RB1 commitment")
    assert cipher.decrypt(got["nonce"], got["ciphertext"], aad_of(got)) == lp(PLAINTEXT).ljust(1024, b"\0")


def test_an_envelope_whose_commitment_is_wrong_is_refused_even_if_its_tag_is_right() -> None:
    forged = fields_of(sealed()) | {"commitment": bytes(32)}
    cipher = AESGCM(derived(forged, b"RB1 key"))
    forged["ciphertext"] = cipher.encrypt(forged["nonce"], lp(PLAINTEXT).ljust(1024, b"\0"), aad_of(forged))

    assert_refused(text_of(forged))


@pytest.mark.parametrize("field", FIELDS)
def test_every_bit_counts(field: str) -> None:
    fields = fields_of(sealed())
    whole = fields[field]
    bits = range(len(whole) * 8) if field != "ciphertext" else range(0, len(whole) * 8, 7)

    for bit in bits:
        assert_refused(text_of(with_a_bit_flipped(fields, field, bit)))


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("version", "n")])
@pytest.mark.parametrize("other", [CONTEXT, CONTEXT | {"session": "hgfedcba"}], ids=["same context", "other session"])
def test_no_field_can_come_from_another_envelope(field: str, other: dict[str, str]) -> None:
    fields, others = fields_of(sealed()), fields_of(sealed(context=other))

    assert_refused(text_of(fields | {field: others[field]}))


def test_an_envelope_does_not_open_in_the_place_of_another() -> None:
    other = CONTEXT | {"session": "hgfedcba"}

    assert_refused(sealed(context=other))
    assert_refused(sealed(), context=other)


@given(contexts)
def test_any_other_context_is_refused(context: dict[str, str]) -> None:
    assert_refused(sealed(), context=context)


@pytest.mark.parametrize("name", CONTEXT)
def test_a_context_that_differs_in_one_value_or_lacks_one_is_refused(name: str) -> None:
    text = sealed()

    assert_refused(text, context=CONTEXT | {name: CONTEXT[name] + "0"})
    assert_refused(text, context={key: value for key, value in CONTEXT.items() if key != name})


def test_the_context_binds_even_where_the_keys_would_open() -> None:
    class Careless:
        def generate(self, context: object) -> tuple[bytes, bytes]:
            return bytes(32), b"wrapped"

        def unwrap(self, wrapped: bytes, context: object) -> bytes:
            return bytes(32)

    text = seal(PLAINTEXT, context=CONTEXT, secret=SECRET, keys=Careless(), label=LABEL)

    assert opened(text, keys=Careless()) == PLAINTEXT
    assert_refused(text, context=CONTEXT | {"exp": "1801"}, keys=Careless())
    assert_refused(text, secret=b"223", keys=Careless())
    assert_refused(text, label="cloud-chatops/run", keys=Careless())


@given(st.binary(max_size=40).filter(lambda secret: secret != SECRET))
def test_any_other_secret_is_refused(secret: bytes) -> None:
    assert_refused(sealed(), secret=secret)


@given(st.text(st.characters(max_codepoint=127), max_size=30).filter(lambda label: label != LABEL))
def test_any_other_label_is_refused(label: str) -> None:
    assert_refused(sealed(), label=label)


@given(st.binary(min_size=3, max_size=3).filter(lambda version: version != b"RB1"))
def test_any_other_version_is_refused(version: bytes) -> None:
    assert_refused(text_of(fields_of(sealed()) | {"version": version}))


def test_another_key_is_refused() -> None:
    assert_refused(sealed(), keys=InMemoryDataKeys())


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.b64encode(b"RB1" + raw).decode()))
def test_what_never_was_an_envelope_is_refused(text: str) -> None:
    assert_refused(text)


def test_every_cut_is_refused() -> None:
    text = sealed()

    for length in range(len(text)):
        assert_refused(text[:length])


def test_there_is_one_spelling_of_the_base64() -> None:
    text = next(text for text in (sealed(bytes(n)) for n in (1, 1021, 2045)) if text.endswith("="))
    spare_bit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = text.rstrip("=")[-1]
    respelled = text.rstrip("=")[:-1] + spare_bit[spare_bit.index(last) ^ 1] + "=" * text.count("=")
    assert base64.b64decode(respelled) == base64.b64decode(text)

    for other in (respelled, text + "\n", " " + text, text.rstrip("="), text + "=", text[:40] + "\n" + text[40:]):
        assert_refused(other)


def test_a_huge_text_is_refused_before_it_is_decoded() -> None:
    keys = InMemoryDataKeys()

    assert_refused("A" * (4 * MAX_PLAINTEXT), keys=keys)

    assert keys.calls["unwrap"] == 0


def test_64_kib_can_be_sealed_and_no_byte_more() -> None:
    assert len(opened(sealed(bytes(MAX_PLAINTEXT)))) == MAX_PLAINTEXT
    with pytest.raises(EnvelopeError, match="65537 bytes"):
        sealed(bytes(MAX_PLAINTEXT + 1))


def test_the_length_of_a_short_secret_does_not_show() -> None:
    lengths = {len(sealed(bytes(n))) for n in (0, 1, 500, 1020)}

    assert len(lengths) == 1
    assert len(sealed(bytes(1021))) > lengths.pop()


def test_nothing_repeats_between_two_seals_of_the_same() -> None:
    first, second = fields_of(sealed()), fields_of(sealed())

    assert all(first[name] != second[name] for name in ("salt", "commitment", "nonce", "edk", "ciphertext"))


def test_a_key_service_that_is_down_opens_nothing_and_is_not_taken_for_a_refusal() -> None:
    keys = InMemoryDataKeys()
    text = seal(PLAINTEXT, context=CONTEXT, secret=SECRET, keys=keys, label=LABEL)
    keys.enabled = False

    with pytest.raises(OutsideError, match="DisabledException"):
        opened(text, keys=keys)
    with pytest.raises(OutsideError):
        seal(PLAINTEXT, context=CONTEXT, secret=SECRET, keys=keys, label=LABEL)


def test_a_data_key_of_another_length_seals_and_opens_nothing() -> None:
    class Short(InMemoryDataKeys):
        def generate(self, context: object) -> tuple[bytes, bytes]:
            return bytes(16), b"wrapped"

        def unwrap(self, wrapped: bytes, context: object) -> bytes:
            return bytes(16)

    with pytest.raises(EnvelopeError):
        seal(PLAINTEXT, context=CONTEXT, secret=SECRET, keys=Short(), label=LABEL)
    assert_refused(sealed(), keys=Short())


def test_a_refusal_is_not_a_text_for_users() -> None:
    assert not issubclass(EnvelopeError, UserError)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_a_recorded_envelope(vector: dict) -> None:
    keys = InMemoryDataKeys(bytes.fromhex(VECTORS["master_key"]))
    how = {
        "context": vector["context"],
        "secret": bytes.fromhex(vector["secret"]),
        "label": vector["label"],
        "keys": keys,
    }

    if vector["plaintext"] is None:
        assert_refused(vector["text"], **how)
    else:
        assert opened(vector["text"], **how) == vector["plaintext"].encode()
