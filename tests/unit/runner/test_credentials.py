"""Each provider's files and variables, compared whole."""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import TYPE_CHECKING

from runner.bundle import KEYS, CloudCredentials, StateCredentials
from runner.credentials import PROVIDERS, build

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path("/w/private")
STATE = StateCredentials("ASIASTATE", "state-secret", "state-token")


def guild(provider: str, values: Mapping[str, str]) -> CloudCredentials:
    return CloudCredentials(provider, "region-1", "project-1", values)


def test_every_provider_of_the_bundle_is_known() -> None:
    assert set(PROVIDERS) == set(KEYS)


def test_aws_gets_a_profile_of_its_own() -> None:
    values = {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "s", "aws_session_token": "t"}

    injection = build(guild("aws", values), STATE, FOLDER)

    assert injection.variables == {
        "AWS_SHARED_CREDENTIALS_FILE": "/w/private/aws-credentials",
        "AWS_PROFILE": "guild",
        "AWS_REGION": "region-1",
    }
    parsed = configparser.RawConfigParser()
    parsed.read_string(injection.files["aws-credentials"])
    assert {name: dict(parsed[name]) for name in parsed.sections()} == {"guild": values}


def test_the_state_identity_is_in_a_file_that_no_variable_names() -> None:
    for provider, keys in KEYS.items():
        injection = build(guild(provider, dict.fromkeys(keys, "value")), STATE, FOLDER)

        assert "[state]" in injection.files["state-credentials"]
        assert not any("state-" in value for value in injection.variables.values())
        others = [text for name, text in injection.files.items() if name != "state-credentials"]
        assert not any("state-secret" in text for text in others)


def test_google_gets_its_file_as_it_was() -> None:
    values = {"type": "service_account", "private_key": "a\nb", "client_email": "x@y"}

    injection = build(guild("gcp", values), STATE, FOLDER)

    assert json.loads(injection.files["google.json"]) == values
    assert injection.variables == {
        "GOOGLE_APPLICATION_CREDENTIALS": "/w/private/google.json",
        "GOOGLE_PROJECT": "project-1",
        "GOOGLE_REGION": "region-1",
    }


def test_azure_gets_the_variables_and_the_file() -> None:
    values = {"client_id": "c", "client_secret": "s", "tenant_id": "t", "subscription_id": "u"}

    injection = build(guild("azure", values), STATE, FOLDER)

    assert json.loads(injection.files["azure.json"]) == {
        "clientId": "c",
        "clientSecret": "s",
        "tenantId": "t",
        "subscriptionId": "u",
    }
    assert injection.variables == {
        "AZURE_CREDENTIALS_FILE": "/w/private/azure.json",
        "ARM_CLIENT_ID": "c",
        "ARM_CLIENT_SECRET": "s",
        "ARM_TENANT_ID": "t",
        "ARM_SUBSCRIPTION_ID": "u",
    }


def test_no_provider_means_no_identity() -> None:
    injection = build(guild("none", {}), STATE, FOLDER)

    assert injection.variables == {}
    assert set(injection.files) == {"state-credentials"}


def test_no_secret_is_in_a_repr() -> None:
    values = {"client_id": "c", "client_secret": "hidden-secret", "tenant_id": "t", "subscription_id": "u"}

    assert "hidden-secret" not in repr(build(guild("azure", values), STATE, FOLDER)) + repr(guild("azure", values))
    assert "state-secret" not in repr(STATE)
