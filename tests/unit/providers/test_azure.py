import json

import pytest

from chatops.errors import UserError
from chatops.providers import PROVIDERS

AZURE = PROVIDERS["azure"]
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
PRINCIPAL = {
    "client_id": GUID,
    "client_secret": "Abc8Q~x_y.z-1234567890ABCDEFGHIJKLMNOPQR",
    "tenant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "subscription_id": "550e8400-e29b-41d4-a716-446655440000",
}


def test_a_service_principal_is_read() -> None:
    assert AZURE.parse_credentials(json.dumps(PRINCIPAL, indent=1)) == PRINCIPAL


def test_guids_are_written_in_lower_case_and_the_secret_is_left_alone() -> None:
    upper = {name: value if name == "client_secret" else value.upper() for name, value in PRINCIPAL.items()}

    assert AZURE.parse_credentials(json.dumps(upper)) == PRINCIPAL


@pytest.mark.parametrize("name", PRINCIPAL)
def test_every_field_is_needed_as_text_of_its_shape(name: str) -> None:
    no_guid = () if name == "client_secret" else (GUID[:-1] + "g", f"{{{GUID}}}", PRINCIPAL["client_secret"])
    for wrong in ("", "x", "with space and ü", GUID + "\n", None, 1, [GUID], *no_guid):
        with pytest.raises(UserError, match=f"`{name}` is not"):
            AZURE.parse_credentials(json.dumps(PRINCIPAL | {name: wrong}))
    with pytest.raises(UserError, match=f"lack `{name}`"):
        AZURE.parse_credentials(json.dumps({key: value for key, value in PRINCIPAL.items() if key != name}))


@pytest.mark.parametrize("name", ["client_certificate_path", "activeDirectoryEndpointUrl", "password", "use_msi"])
def test_a_field_too_many_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="does not belong"):
        AZURE.parse_credentials(json.dumps(PRINCIPAL | {name: "canary"}))


def test_a_project_is_a_subscription_id() -> None:
    assert AZURE.check_project_id(f" {GUID.upper()} ") == GUID
    with pytest.raises(UserError, match="subscription id"):
        AZURE.check_project_id(GUID.replace("-", ""))


@pytest.mark.parametrize(
    "region", ["eastus", "westeurope", "EastUS2", "germanywestcentral", "eastus2euap", "chinanorth3"]
)
def test_regions_are_known(region: str) -> None:
    assert AZURE.check_region(region) == region.lower()


@pytest.mark.parametrize("region", ["East US", "us-east-1", "us-central1", "us", "eastus22"])
def test_display_names_and_other_clouds_regions_are_not(region: str) -> None:
    with pytest.raises(UserError, match="not the name of a region"):
        AZURE.check_region(region)
