"""Data keys without KMS."""

import json
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chatops.errors import OutsideError, WrongKey


class InMemoryDataKeys:
    """Really wraps, under a master key of its own, and binds the context as KMS does; `calls` counts uses."""

    def __init__(self, master: bytes | None = None) -> None:
        self._master = AESGCM(master or secrets.token_bytes(32))
        self.enabled = True
        self.calls = {"generate": 0, "unwrap": 0}

    def generate(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        self._use("generate")
        data_key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        return data_key, nonce + self._master.encrypt(nonce, data_key, _bound(context))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self._use("unwrap")
        if len(wrapped) < 12:
            raise WrongKey("opening a data key: ParamValidationError")
        try:
            return self._master.decrypt(wrapped[:12], wrapped[12:], _bound(context))
        except InvalidTag:
            raise WrongKey("opening a data key: InvalidCiphertextException") from None

    def _use(self, call: str) -> None:
        self.calls[call] += 1
        if not self.enabled:
            raise OutsideError("using a data key: DisabledException")


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(sorted(context.items())).encode()
