"""Envelope RB1: bytes that open only with a KMS key, a secret, and the very context they were sealed for.

A sealed text is the base64 (standard alphabet, padded) of these bytes:

    offset   length   field
    0        3        "RB1"
    3        32       salt         random
    35       32       commitment   HKDF(ikm, salt, info = lp("RB1 commitment") || scope)
    67       12       nonce        random; every key seals once, so it cannot repeat under one key
    79       2        n            big-endian
    81       n        edk          the data key, wrapped by KMS under the context
    81+n     rest     AES-256-GCM(key, nonce, padded plaintext, aad), its 16-byte tag last

where

    lp(x)    = length of x in 4 bytes, big-endian || x
    header   = the context as JSON: ASCII, sorted keys, no spaces. It is not stored: who opens must know it.
    scope    = lp(label) || lp(header)
    ikm      = lp(dk) || lp(secret), with dk the 32-byte data key
    key      = HKDF(ikm, salt, info = lp("RB1 key") || scope)
    aad      = lp("RB1") || scope || lp(salt) || lp(edk) || lp(commitment)
    padded   = lp(plaintext) || zeros up to a multiple of 1024, so that the length tells little
    HKDF     = HKDF-SHA256 of RFC 5869, 32 bytes long

AES-GCM alone lets one ciphertext open under two keys; the commitment rules that out. There is nothing to choose:
another version, label, context, secret or base64 spelling is refused like any tampering.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chatops.errors import ChatOpsError, WrongKey
from chatops.ports import DataKeys

MAX_PLAINTEXT = 64 * 1024
_VERSION = b"RB1"


class EnvelopeError(ChatOpsError):
    """A sealed text does not open, and the message never tells why."""

    def __init__(self, message: str = "the sealed text does not open") -> None:
        super().__init__(message)


def seal(plaintext: bytes, *, context: Mapping[str, str], secret: bytes, keys: DataKeys, label: str) -> str:
    """Seal the plaintext for this context, secret and label.

    Raises:
        EnvelopeError: the plaintext is longer than 64 KiB.
        OutsideError: there is no data key to be had.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        raise EnvelopeError(f"{len(plaintext)} bytes to seal: keep within {MAX_PLAINTEXT}")
    data_key, edk = keys.generate(context)
    salt, nonce, scope = secrets.token_bytes(32), secrets.token_bytes(12), _scope(label, context)
    key, commitment = _derive(data_key, secret, salt, scope)
    ciphertext = AESGCM(key).encrypt(nonce, _pad(plaintext), _aad(scope, salt, edk, commitment))
    return _Sealed(salt, commitment, nonce, edk, ciphertext).to_text()


def open_sealed(text: str, *, context: Mapping[str, str], secret: bytes, keys: DataKeys, label: str) -> bytes:
    """Return what was sealed for this context, secret and label.

    Raises:
        EnvelopeError: for every reason alike; the chained cause is for the operator's log only.
        OutsideError: the keys cannot be used, and nobody knows whether it would open.
    """
    try:
        return _open(_Sealed.from_text(text), _scope(label, context), secret, context, keys)
    except (ValueError, InvalidTag, WrongKey, EnvelopeError) as cause:
        raise EnvelopeError from cause


@dataclass(frozen=True)
class _Sealed:
    """The stored fields, each of its exact length."""

    salt: bytes
    commitment: bytes
    nonce: bytes
    edk: bytes
    ciphertext: bytes

    def to_text(self) -> str:
        n = len(self.edk).to_bytes(2, "big")
        raw = _VERSION + self.salt + self.commitment + self.nonce + n + self.edk + self.ciphertext
        return base64.b64encode(raw).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Self:
        if len(text) > 2 * MAX_PLAINTEXT:
            raise ValueError("longer than any envelope")
        raw = base64.b64decode(text, validate=True)
        end = 81 + int.from_bytes(raw[79:81], "big")
        sealed = cls(raw[3:35], raw[35:67], raw[67:79], raw[81:end], raw[end:])
        # Equal to its own re-encoding: the right version, nothing cut short, and one spelling only of the base64.
        if sealed.to_text() != text:
            raise ValueError("not an RB1 envelope")
        return sealed


def _open(sealed: _Sealed, scope: bytes, secret: bytes, context: Mapping[str, str], keys: DataKeys) -> bytes:
    data_key = keys.unwrap(sealed.edk, context)
    key, commitment = _derive(data_key, secret, sealed.salt, scope)
    if not hmac.compare_digest(commitment, sealed.commitment):
        raise ValueError("another key")
    aad = _aad(scope, sealed.salt, sealed.edk, sealed.commitment)
    return _unpad(AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, aad))


def _derive(data_key: bytes, secret: bytes, salt: bytes, scope: bytes) -> tuple[bytes, bytes]:
    if len(data_key) != 32:
        raise EnvelopeError("a data key must have 32 bytes")
    ikm = _lp(data_key) + _lp(secret)
    return _hkdf(ikm, salt, _lp(b"RB1 key") + scope), _hkdf(ikm, salt, _lp(b"RB1 commitment") + scope)


def _hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(ikm)


def _scope(label: str, context: Mapping[str, str]) -> bytes:
    header = json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode("ascii")
    return _lp(label.encode("ascii")) + _lp(header)


def _aad(scope: bytes, salt: bytes, edk: bytes, commitment: bytes) -> bytes:
    return _lp(_VERSION) + scope + _lp(salt) + _lp(edk) + _lp(commitment)


def _lp(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _pad(plaintext: bytes) -> bytes:
    return _lp(plaintext) + bytes(-(4 + len(plaintext)) % 1024)


def _unpad(padded: bytes) -> bytes:
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]
