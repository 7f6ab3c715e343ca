"""What a passphrase adds to the key of a session's envelope (vault/envelope.py): the envelope's `secret`.

    secret   = the user's id, where that is the passphrase: the default, which adds nothing that others could not know
    secret   = Argon2id(passphrase, salt, t = 3, p = 4, m = 64 MiB), 32 bytes long, otherwise
    salt     = SHA-256("cloud-chatops/passphrase" || newline || header)
    header   = the session's context as JSON: ASCII, sorted keys, no spaces

The passphrase is taken in its one spelling (domain/passphrases.py), as UTF-8. The parameters are the second
recommended option of RFC 9106, section 4, and nobody can choose others.

A derived salt is right here. A salt has to differ between any two passphrases that are stretched, so that no guess
serves twice; the context does: guild, user and end are in it, and a session id that comes from the one interaction that
opened the session. It need not be secret or stored. And a guess cannot be tested at all without the envelope's data
key, which only KMS unwraps.
"""

import hashlib
import json
import threading
from collections.abc import Mapping

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chatops.domain.passphrases import normalised

_LABEL = b"cloud-chatops/passphrase"
_PASSES, _LANES, _KIBIBYTES = 3, 4, 64 * 1024

# One at a time: the lanes of two share OpenSSL's pool of threads, and each would wait for the other for ever. It also
# means that tries at once need no more memory than one.
_alone = threading.Lock()


def secret_of(user_passphrase: str, context: Mapping[str, str]) -> bytes:
    """The secret of an envelope of this context; takes about 0.1 s and 64 MiB if it is not the user's id."""
    if user_passphrase == context["user"]:
        return user_passphrase.encode()
    header = json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode("ascii")
    salt = hashlib.sha256(_LABEL + b"\n" + header).digest()
    stretch = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_KIBIBYTES)
    # "surrogatepass": whatever can be typed is a wrong passphrase, never an accident.
    text = normalised(user_passphrase).encode("utf-8", "surrogatepass")
    with _alone:
        return stretch.derive(text)
