"""Is this request from Discord, and is it fresh?

Discord signs `timestamp + raw body` with Ed25519 (discord-api-docs, interactions/overview). Nothing may be parsed
before `Verifier.refusal` has answered None. The only module that imports nacl.
"""

import re
from enum import StrEnum
from typing import Final

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from chatops.errors import ConfigError

OLDEST_SECONDS: Final = 300
NEWEST_SECONDS: Final = 60

_KEY: Final = re.compile("[0-9a-fA-F]{64}")
_SIGNATURE: Final = re.compile("[0-9a-fA-F]{128}")
_TIMESTAMP: Final = re.compile("[0-9]{10,12}")


class Refusal(StrEnum):
    """Why a request is not taken for Discord's; for the log, never for the sender."""

    MISSING = "the signature, the timestamp or a readable body is missing"
    MALFORMED = "the signature or the timestamp is not of Discord's form"
    NOT_FRESH = "the timestamp is outside the window"
    FORGED = "the signature does not fit"


class Verifier:
    """Checks requests against one public key, or several while a key is being rotated."""

    def __init__(self, public_keys: str) -> None:
        """Take Discord's public key as hexadecimal text; several are separated by commas.

        Raises:
            ConfigError: a key is not 64 hexadecimal digits, or no point that can verify anything.
        """
        self._keys = tuple(_key(text.strip()) for text in public_keys.split(","))

    def refusal(self, signature: str | None, timestamp: str | None, body: bytes | None, now: float) -> Refusal | None:
        """Why the request must be refused, or None if Discord signed these very bytes just now."""
        if not signature or not timestamp or body is None:
            return Refusal.MISSING
        # The forms come first: the signed text has no separator, so a free timestamp could lend digits to the body;
        # and bytes.fromhex() would skip white space.
        if not _SIGNATURE.fullmatch(signature) or not _TIMESTAMP.fullmatch(timestamp):
            return Refusal.MALFORMED
        if not -NEWEST_SECONDS <= int(now) - int(timestamp) <= OLDEST_SECONDS:
            return Refusal.NOT_FRESH
        signed, proof = timestamp.encode() + body, bytes.fromhex(signature)
        return None if any(_fits(key, signed, proof) for key in self._keys) else Refusal.FORGED


def _key(text: str) -> VerifyKey:
    # The value is not quoted: what people paste here by mistake is the bot token.
    if not _KEY.fullmatch(text):
        raise ConfigError(
            "DISCORD_PUBLIC_KEY must be 64 hexadecimal digits (the application's Public Key in Discord's developer "
            f"portal, not the bot token); got {len(text)} characters"
        )
    point = bytes.fromhex(text)
    # VerifyKey() takes any 32 bytes, also points for which signatures can be made without a private key.
    if not crypto_core_ed25519_is_valid_point(point):
        raise ConfigError("DISCORD_PUBLIC_KEY is no Ed25519 public key: copy it again from Discord's developer portal")
    return VerifyKey(point)


def _fits(key: VerifyKey, signed: bytes, proof: bytes) -> bool:
    try:
        key.verify(signed, proof)
    except CryptoError:
        return False
    return True
