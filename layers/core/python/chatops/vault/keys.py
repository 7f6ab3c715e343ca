"""Keys that strangers bring."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_BITS = range(2048, 4096 + 1)
_MAX_PEM = 3400  # a 4096-bit key takes 3272 characters; checking the primes of a larger one would take seconds


def canonical_rsa_key(pem: str) -> str:
    """Return the RSA key in PKCS#8 PEM, written anew so that nothing but the key is kept.

    Raises:
        ValueError: not an unencrypted RSA private key of 2048 to 4096 bits; the text holds nothing of the key.
    """
    if len(pem) > _MAX_PEM:
        raise ValueError("longer than an RSA key of 4096 bits")
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not an unencrypted private key in PEM") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size not in _BITS:
        raise ValueError("not an RSA key of 2048 to 4096 bits")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
