"""The key pair of an application: Discord signs with the private half, the app knows the public half."""

from __future__ import annotations

from nacl.signing import SigningKey

from sandbox.discord.protocol import USER_AGENT


class KeyPair:
    """An Ed25519 key pair, random unless a 32-byte seed is given."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = SigningKey(seed) if seed is not None else SigningKey.generate()

    @property
    def public_key_hex(self) -> str:
        """What the developer portal shows as the application's public key."""
        return self._key.verify_key.encode().hex()

    def sign(self, timestamp: str, body: bytes) -> str:
        """Hex signature over the exact bytes of timestamp and body."""
        return self._key.sign(timestamp.encode() + body).signature.hex()


def signed_headers(keys: KeyPair, timestamp: str, body: bytes) -> dict[str, str]:
    """The headers of an interaction request."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Signature-Ed25519": keys.sign(timestamp, body),
        "X-Signature-Timestamp": timestamp,
    }


def with_bad_signature(headers: dict[str, str]) -> dict[str, str]:
    """The same headers with one bit of the signature turned, as in Discord's security probe."""
    signature = bytearray.fromhex(headers["X-Signature-Ed25519"])
    signature[0] ^= 1
    return headers | {"X-Signature-Ed25519": signature.hex()}
