from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from chatops.adapters.kms import KmsDataKeys
from chatops.errors import OutsideError, WrongKey
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
        except WrongKey:
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

    with pytest.raises(WrongKey, match="InvalidCiphertextException"):
        keys.unwrap(wrapped, CONTEXT | {"v": "2"})


@pytest.mark.parametrize(
    "fault",
    [
        refused("InvalidCiphertextException", "Decrypt"),
        refused("IncorrectKeyException", "Decrypt"),
        refused("ValidationException", "Decrypt"),
        refused("AccessDeniedException", "Decrypt"),
        refused("NotFoundException", "Decrypt"),
        ParamValidationError(report="canary"),
    ],
    ids=["another context", "another key", "not a wrapped key", "a foreign key", "no key", "nothing at all"],
)
def test_what_kms_refuses_is_like_any_other_tampering(fault: Exception) -> None:
    kms = Kms()
    keys = KmsDataKeys(kms, "alias/recovery")
    text = seal(b"secret", context=CONTEXT, secret=b"", keys=keys, label="test")
    kms.fault = fault

    with pytest.raises(EnvelopeError, match=r"^the sealed text does not open$") as refusal:
        open_sealed(text, context=CONTEXT, secret=b"", keys=keys, label="test")
    assert isinstance(refusal.value.__cause__, WrongKey)
    assert "canary" not in str(refusal.value.__cause__)


@pytest.mark.parametrize(
    "fault",
    [
        refused("DisabledException"),
        refused("ThrottlingException"),
        refused("KMSInvalidStateException"),
        refused("KMSInternalException"),
        EndpointConnectionError(endpoint_url="https://kms.example"),
    ],
    ids=["disabled", "throttled", "pending deletion", "their fault", "no connection"],
)
def test_a_kms_that_cannot_be_used_opens_nothing_and_is_not_taken_for_tampering(fault: Exception) -> None:
    kms = Kms()
    keys = KmsDataKeys(kms, "alias/recovery")
    text = seal(b"secret", context=CONTEXT, secret=b"", keys=keys, label="test")
    kms.fault = fault

    for use in (seal, open_sealed):
        with pytest.raises(OutsideError) as outside:
            use(b"secret" if use is seal else text, context=CONTEXT, secret=b"", keys=keys, label="test")
        assert not isinstance(outside.value, WrongKey)
        assert "canary" not in str(outside.value)
