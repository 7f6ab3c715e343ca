"""Which values of a bundle the log may show, and which it may not."""

from __future__ import annotations

from typing import Any

import pytest

from runner.bundle import parse
from runner.main import remember
from runner.redact import Secrets
from tests.unit.runner.conftest import bundle_of

GOOGLE = {
    "type": "service_account",
    "project_id": "demo-project-123",
    "private_key_id": "0123456789abcdef0123456789abcdef01234567",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n",
    "client_email": "deployer@demo-project-123.iam.gserviceaccount.com",
    "client_id": "100000000000000000001",
    "token_uri": "https://oauth2.googleapis.com/token",
}
AZURE = {
    "client_id": "11111111-2222-3333-4444-555555555555",
    "client_secret": "s3cr",
    "tenant_id": "66666666-7777-8888-9999-000000000000",
    "subscription_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
}
EMULATOR = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "test"}


def shown(provider: str, values: dict[str, str]) -> dict[str, str]:
    changes: dict[str, Any] = {
        "credentials": {
            "provider": provider,
            "region": "eu-central-1",
            "project_id": "demo-project-123",
            "values": values,
        }
    }
    secrets = Secrets()
    remember(secrets, parse(bundle_of("https://control.example", **changes)))
    return {name: secrets.text(f"value {value} of demo-project-123 in eu-central-1") for name, value in values.items()}


@pytest.mark.parametrize(
    ("provider", "values", "secret"),
    [
        ("gcp", GOOGLE, {"private_key", "private_key_id"}),
        ("azure", AZURE, {"client_secret"}),
        ("aws", {"aws_access_key_id": "AKIAGUILDGUILDGUILD1", "aws_secret_access_key": "x" * 20 + "y" * 20}, None),
        ("aws", EMULATOR, set()),
    ],
    ids=["gcp", "azure", "aws", "emulator"],
)
def test_secrets_are_hidden_and_names_are_not(provider: str, values: dict[str, str], secret: set[str] | None) -> None:
    hidden = set(values) if secret is None else secret

    for name, line in shown(provider, values).items():
        assert line.endswith(" of demo-project-123 in eu-central-1")
        assert (values[name] not in line) == (name in hidden), line
        assert ("[redacted]" in line) == (name in hidden), line
