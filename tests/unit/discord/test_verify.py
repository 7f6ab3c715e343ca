import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.discord.verify import Refusal, Verifier
from chatops.errors import ConfigError
from tests.unit.discord.sender import KEY, NOW, PUBLIC_KEY, sign

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/ed25519/vectors.json").read_text())
BODY = b'{"type":1}'


def check(
    headers: dict[str, str], body: bytes | None = BODY, now: float = NOW, keys: str = PUBLIC_KEY
) -> Refusal | None:
    return Verifier(keys).refusal(headers.get("x-signature-ed25519"), headers.get("x-signature-timestamp"), body, now)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_every_vector_is_judged_as_it_says(vector: dict[str, str]) -> None:
    if vector["expect"] == "no-key":
        with pytest.raises(ConfigError):
            Verifier(vector["public_key"])
        return
    verdict = Verifier(vector["public_key"]).refusal(
        vector["signature"], "1700000000", bytes.fromhex(vector["body"]), 1_700_000_000
    )

    verdicts: dict[str, list[Refusal | None]] = {
        "accept": [None],
        "refuse": [Refusal.FORGED],
        "either": [None, Refusal.FORGED],
    }
    assert verdict in verdicts[vector["expect"]]


@given(st.binary(max_size=4000))
def test_whatever_discord_signs_is_accepted_and_one_more_byte_is_not(body: bytes) -> None:
    headers = sign(body)

    assert check(headers, body) is None
    assert check(headers, body + b" ") is Refusal.FORGED


@given(st.text(max_size=200), st.text(max_size=20))
def test_no_text_in_the_headers_raises(signature: str, timestamp: str) -> None:
    assert check({"x-signature-ed25519": signature, "x-signature-timestamp": timestamp}) is not None


def test_upper_case_hexadecimal_is_accepted() -> None:
    headers = sign(BODY)

    assert check({**headers, "x-signature-ed25519": headers["x-signature-ed25519"].upper()}) is None


@pytest.mark.parametrize("absent", ["x-signature-ed25519", "x-signature-timestamp"])
def test_an_absent_or_empty_header_is_missing(absent: str) -> None:
    headers = sign(BODY)

    assert check({**headers, absent: ""}) is Refusal.MISSING
    assert check({name: value for name, value in headers.items() if name != absent}) is Refusal.MISSING


def test_an_absent_body_is_missing() -> None:
    assert check(sign(b""), None) is Refusal.MISSING


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text[:-2],
        lambda text: text + "00",
        lambda text: " " + text[1:],
        lambda text: text[:64] + " " + text[65:],
        lambda text: text + "\n",
        lambda text: "0x" + text[2:],
        lambda text: "g" + text[1:],
        lambda text: "é" + text[1:],
        lambda text: "١" + text[1:],
        lambda text: f"{text},{text}",
    ],
)
def test_a_signature_of_another_form_is_malformed(spoil: Callable[[str], str]) -> None:
    headers = sign(BODY)

    assert check({**headers, "x-signature-ed25519": spoil(headers["x-signature-ed25519"])}) is Refusal.MALFORMED


@pytest.mark.parametrize(
    "timestamp",
    [
        "-1700000000",
        "+1700000000",
        "170000000",
        "1700000000000",
        "1700000000.0",
        "1.7e9",
        " 1700000000",
        "1700000000\n",
        "١٧٠٠٠٠٠٠٠٠",
    ],
)
def test_a_signed_timestamp_of_another_form_is_malformed(timestamp: str) -> None:
    assert check(sign(BODY, timestamp)) is Refusal.MALFORMED


def test_digits_moved_between_timestamp_and_body_are_refused() -> None:
    headers = sign(b"00" + BODY, "1700000000")

    assert check({**headers, "x-signature-timestamp": "170000000000"}) is Refusal.NOT_FRESH
    assert check({**headers, "x-signature-timestamp": "17000000"}, b"0000" + BODY) is Refusal.MALFORMED


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (300, True), (301, False), (-60, True), (-61, False)])
def test_the_window_is_five_minutes_back_and_one_ahead(age: int, fresh: bool) -> None:
    verdict = check(sign(BODY, str(int(NOW) - age)))

    assert verdict is (None if fresh else Refusal.NOT_FRESH)


def test_another_keys_signature_is_forged() -> None:
    other = type(KEY)(b"e" * 32)

    assert check(sign(BODY, key=other)) is Refusal.FORGED


def test_while_a_key_is_rotated_both_are_good() -> None:
    other = type(KEY)(b"e" * 32)
    keys = f"{PUBLIC_KEY}, {other.verify_key.encode().hex().upper()}"

    assert check(sign(BODY), keys=keys) is None
    assert check(sign(BODY, key=other), keys=keys) is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        ",",
        f"{PUBLIC_KEY},",
        PUBLIC_KEY[:-1],
        PUBLIC_KEY + "0",
        "g" * 64,
        "0" * 64,
        "f" * 64,
        f"{PUBLIC_KEY} {PUBLIC_KEY}",
    ],
)
def test_a_bad_public_key_is_refused_at_start_up(key: str) -> None:
    with pytest.raises(ConfigError, match="DISCORD_PUBLIC_KEY"):
        Verifier(key)


def test_a_bot_token_pasted_as_the_key_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        Verifier("MTE.bot-token.secret")

    assert "secret" not in str(caught.value)
