from __future__ import annotations

import json
import re
import time

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from sandbox.discord import DiscordServer
from sandbox.discord.clock import Clock, Snowflakes
from sandbox.discord.protocol import EPOCH_MS
from sandbox.discord.signing import KeyPair, signed_headers, with_bad_signature
from tests.fakes.discord_app import reply, running

BODY = json.dumps({"type": 1, "text": "grüße"}).encode()


def verify(keys: KeyPair, headers: dict[str, str], body: bytes) -> None:
    key = VerifyKey(bytes.fromhex(keys.public_key_hex))
    key.verify(headers["X-Signature-Timestamp"].encode() + body, bytes.fromhex(headers["X-Signature-Ed25519"]))


def test_the_signature_covers_timestamp_and_exact_body() -> None:
    keys = KeyPair()
    headers = signed_headers(keys, "1700000000", BODY)

    verify(keys, headers, BODY)
    with pytest.raises(BadSignatureError):
        verify(keys, headers, BODY + b" ")
    with pytest.raises(BadSignatureError):
        verify(keys, headers | {"X-Signature-Timestamp": "1700000001"}, BODY)


def test_headers_look_like_discords() -> None:
    headers = signed_headers(KeyPair(), "1700000000", BODY)

    assert headers["User-Agent"] == "Discord-Interactions/1.0 (+https://discord.com)"
    assert headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f]{128}", headers["X-Signature-Ed25519"])


def test_the_probes_bad_signature_is_well_formed_and_wrong() -> None:
    keys = KeyPair()
    headers = with_bad_signature(signed_headers(keys, "1700000000", BODY))

    assert re.fullmatch(r"[0-9a-f]{128}", headers["X-Signature-Ed25519"])
    with pytest.raises(BadSignatureError):
        verify(keys, headers, BODY)


def test_a_seed_gives_the_same_key_pair_again() -> None:
    assert KeyPair(b"x" * 32).public_key_hex == KeyPair(b"x" * 32).public_key_hex
    assert KeyPair().public_key_hex != KeyPair().public_key_hex


def test_ids_carry_the_time_and_always_increase() -> None:
    before = time.time()
    ids = Snowflakes(Clock())
    numbers = [int(ids.next()) for _ in range(10_000)]

    assert numbers == sorted(set(numbers))
    created = ((numbers[0] >> 22) + EPOCH_MS) / 1000
    assert before - 0.01 <= created <= time.time() + 0.01


def test_registration_needs_an_app_that_verifies() -> None:
    with running() as (discord, app, _):
        discord.interactions_url = "http://127.0.0.1:1/old"
        assert discord.register_endpoint(app.url) is None
        assert str(discord.interactions_url) == app.url

        app.verifies = False
        assert "wrong signature was answered with HTTP 200, not 401" in str(discord.register_endpoint(app.url))


def test_registration_over_http_is_refused_for_a_dead_address() -> None:
    with running() as (_discord, _, calls):
        body = {"interactions_endpoint_url": "http://127.0.0.1:1/interactions"}
        answer = calls.bot("PATCH", "/applications/@me", body)

        assert answer.status_code == 400
        errors = answer.json()["errors"]["interactions_endpoint_url"]["_errors"]
        assert errors[0]["code"] == "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID"


def test_a_ping_is_answered_with_a_pong() -> None:
    with running() as (discord, app, _):
        assert discord.ping().problem is None
        assert app.received[0]["type"] == 1
        assert discord.problems == []


def test_the_bot_token_and_interaction_tokens_stay_out_of_reprs() -> None:
    with running() as (discord, app, calls):
        app.answer = lambda interaction: reply({"type": 5})
        result = discord.slash("cloud-status")
        calls.hook("GET", result.token, "12345")

        shown = repr(discord.settings) + repr(result) + repr(discord.problems) + repr(discord.transcript.since(0))
        assert discord.bot_token not in shown
        assert result.token not in shown


def test_stopping_a_server_that_never_started_frees_its_port() -> None:
    discord = DiscordServer()
    port = discord.port
    discord.stop()
    with DiscordServer(port=port) as again:
        assert again.port == port
