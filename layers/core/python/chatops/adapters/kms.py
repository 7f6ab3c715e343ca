"""Data keys from AWS KMS."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from chatops.adapters.calls import aws_call, error_code
from chatops.errors import WrongKey

# Access is denied where a changed text names a key that is not ours, and where a key's policy forbids the context.
_REFUSALS = {
    "AccessDeniedException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "NotFoundException",
    "ValidationException",
}


class KmsDataKeys:
    """`DataKeys` over boto3's KMS client and one key, which may be named by an alias."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def generate(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """See DataKeys.

        Raises:
            OutsideError: KMS refused or was not reached.
        """
        with aws_call("making a data key"):
            made = self._client.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=dict(context)
            )
        return made["Plaintext"], made["CiphertextBlob"]

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """See DataKeys.

        No key is named: the wrapped key names its own, which opens even after the alias has moved on, and the role may
        decrypt under no key but the product's.
        """
        doing = "opening a data key"
        with aws_call(doing):
            try:
                opened = self._client.decrypt(CiphertextBlob=wrapped, EncryptionContext=dict(context))
            except ParamValidationError as exc:  # such as none at all: KMS is not even asked
                raise WrongKey(f"{doing}: {type(exc).__name__}") from exc
            except ClientError as exc:
                if error_code(exc) not in _REFUSALS:
                    raise
                raise WrongKey(f"{doing}: {error_code(exc)}") from exc
        data_key: bytes = opened["Plaintext"]
        return data_key
