from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chatops.adapters.kms import KmsDataKeys
from chatops.errors import OutsideError
from chatops.vault.envelope import EnvelopeError, open_sealed, seal
from tests.fakes.keys import InMemoryDataKeys

CONTEXT = {"app": "cloud-chatops", "v": "1"}


class Kms:
    """KMS as boto3 speaks it, over the in-memory keys; `fault` is raised instead of an answer."""

    def __init__(self) -> None:
        self.keys = InMemoryDataKeys()
        self.fault: Exception | None = None
        self.requests: list[dict[str, Any]] = []

    def generate_data_key(self, **request: Any) -> dict[str, bytes]:
        self._take(request)
        plaintext, wrapped = self.keys.generate(request["EncryptionContext"])
        return {"Plaintext": plaintext, "CiphertextBlob": wrapped}

    def decrypt(self, **request: Any) -> dict[str, bytes]:
        self._take(request)
        try:
            return {"Plaintext": self.keys.unwrap(request["CiphertextBlob"], request["EncryptionContext"])}
        except OutsideError:
            raise refused("InvalidCiphertextException", "Decrypt") from None

    def _take(self, request: dict[str, Any]) -> None:
        self.requests.append(request)
        if self.fault:
            raise self.fault


def refused(code: str, operation: str = "GenerateDataKey") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "canary"}}, operation)


def test_a_data_key_is_made_under_the_key_and_the_context_and_opens_again() -> None:
    kms = Kms()
    keys = KmsDataKeys(kms, "alias/recovery")

    data_key, wrapped = keys.generate(CONTEXT)

    assert kms.requests == [{"KeyId": "alias/recovery", "KeySpec": "AES_256", "EncryptionContext": CONTEXT}]
    assert keys.unwrap(wrapped, CONTEXT) == data_key
    assert len(data_key) == 32


def test_another_context_is_refused() -> None:
    keys = KmsDataKeys(Kms(), "alias/recovery")
    _, wrapped = keys.generate(CONTEXT)

    with pytest.raises(OutsideError, match="InvalidCiphertextException"):
        keys.unwrap(wrapped, CONTEXT | {"v": "2"})


@pytest.mark.parametrize(
    "fault",
    [
        refused("AccessDeniedException"),
        refused("DisabledException"),
        refused("ThrottlingException"),
        refused("KMSInvalidStateException"),
        EndpointConnectionError(endpoint_url="https://kms.example"),
    ],
    ids=["no right", "disabled", "throttled", "pending deletion", "no connection"],
)
def test_every_fault_of_kms_seals_and_opens_nothing(fault: Exception) -> None:
    kms = Kms()
    keys = KmsDataKeys(kms, "alias/recovery")
    text = seal(b"secret", context=CONTEXT, secret=b"", keys=keys, label="test")
    kms.fault = fault

    with pytest.raises(OutsideError) as outside:
        seal(b"secret", context=CONTEXT, secret=b"", keys=keys, label="test")
    with pytest.raises(EnvelopeError, match=r"^the sealed text does not open$"):
        open_sealed(text, context=CONTEXT, secret=b"", keys=keys, label="test")
    assert "canary" not in str(outside.value)
