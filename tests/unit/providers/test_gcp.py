import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chatops.errors import UserError
from chatops.providers import PROVIDERS

GCP = PROVIDERS["gcp"]


def pem(key, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


RSA = rsa.generate_private_key(65537, 2048)
KEY_FILE = {
    "type": "service_account",
    "project_id": "acme-prod-123",
    "private_key_id": "0123456789abcdef0123456789abcdef01234567",
    "private_key": pem(RSA),
    "client_email": "deployer@acme-prod-123.iam.gserviceaccount.com",
    "client_id": "123456789012345678901",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
    "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
    "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/deployer%40acme-prod-123.iam.gserviceaccount.com",
    "universe_domain": "googleapis.com",
}


def test_a_key_file_is_read_whole() -> None:
    assert GCP.parse_credentials(json.dumps(KEY_FILE, indent=2) + "\n") == KEY_FILE


@pytest.mark.parametrize("name", ["auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain"])
def test_what_google_itself_does_not_need_may_be_missing(name: str) -> None:
    shorter = {key: value for key, value in KEY_FILE.items() if key != name}

    assert GCP.parse_credentials(json.dumps(shorter)) == shorter


@pytest.mark.parametrize(
    "email",
    [
        "123456789-compute@developer.gserviceaccount.com",
        "acme-prod-123@appspot.gserviceaccount.com",
        "a@p.example.com.iam.gserviceaccount.com",
    ],
)
def test_every_kind_of_service_account_is_known(email: str) -> None:
    assert GCP.parse_credentials(json.dumps(KEY_FILE | {"client_email": email}))["client_email"] == email


POISON = {
    "another type": {"type": "authorized_user"},
    "an external account": {"type": "external_account"},
    "a type that only starts well": {"type": "service_account\n"},
    "a type that is no text": {"type": ["service_account"]},
    "a program to run": {"credential_source": {"executable": {"command": "/bin/sh"}}},
    "an impersonation": {"service_account_impersonation_url": "https://iamcredentials.googleapis.com/"},
    "an evil token server": {"token_uri": "https://evil.example/token"},
    "a token server with a user": {"token_uri": "https://oauth2.googleapis.com@evil.example/token"},
    "a token server over http": {"token_uri": "http://oauth2.googleapis.com/token"},
    "a token server in capitals": {"token_uri": "https://OAUTH2.googleapis.com/token"},
    "a longer token address": {"token_uri": "https://oauth2.googleapis.com/token/../x"},
    "a file as token server": {"token_uri": "file:///etc/passwd"},
    "an evil sign-in server": {"auth_uri": "https://evil.example/auth"},
    "an evil certificate server": {"auth_provider_x509_cert_url": "https://evil.example/certs"},
    "an evil certificate": {"client_x509_cert_url": "https://evil.example/x509/a"},
    "a certificate path that climbs": {
        "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/../../x"
    },
    "another universe": {"universe_domain": "evil.example"},
    "a path in the e-mail": {"client_email": "../../etc/passwd@x.iam.gserviceaccount.com"},
    "another e-mail": {"client_email": "deployer@evil.example"},
    "an e-mail with a tail": {"client_email": "a@b.iam.gserviceaccount.com.evil.example"},
    "a path in the project": {"project_id": "../../x"},
    "a project with a line end": {"project_id": "acme-prod-123\n"},
    "a project with other digits": {"project_id": "acme-prod-\u0661\u0662\u0663"},
    "a key id that is a path": {"private_key_id": "../x"},
    "a client id in letters": {"client_id": "abc"},
    "no key": {"private_key": ""},
    "a broken key": {"private_key": pem(RSA)[:400] + pem(RSA)[410:]},
    "a key of another kind": {"private_key": pem(ec.generate_private_key(ec.SECP256R1()))},
    "a weak key": {"private_key": pem(rsa.generate_private_key(65537, 1024))},  # noqa: S505 - must be refused
    "a key in the older form": {"private_key": pem(RSA, PrivateFormat.TraditionalOpenSSL)},
    "a key with a note before it": {"private_key": "note\n" + pem(RSA)},
    "two keys": {"private_key": pem(RSA) + pem(RSA)},
    "a key that is a file's name": {"private_key": "/etc/ssl/private/key.pem"},
    "a key that is too long": {"private_key": pem(RSA).replace("\n-----END", "\n" + "A" * 3000 + "\n-----END")},
    "a field of null": {"client_id": None},
    "a field of true": {"client_id": True},
    "a number": {"client_id": 123456789012345678901},
    "an object": {"client_id": {"$gt": ""}},
    "a field too many": {"quota_project_id": "acme-prod-123"},
    "a field in capitals": {"TYPE": "service_account"},
    "an empty name": {"": "x"},
    "a prototype": {"__proto__": "x"},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_poisoned_key_file_is_refused_and_not_repeated(poison: dict[str, object]) -> None:
    with pytest.raises(UserError) as refusal:
        GCP.parse_credentials(json.dumps(KEY_FILE | poison))

    told = str(refusal.value)
    assert not [value for value in poison.values() if isinstance(value, str) and len(value) > 15 and value in told]
    assert "evil" not in told
    assert "MII" not in told


@pytest.mark.parametrize("name", ["type", "project_id", "private_key_id", "private_key", "client_email", "token_uri"])
def test_what_google_needs_may_not_be_missing(name: str) -> None:
    shorter = {key: value for key, value in KEY_FILE.items() if key != name}

    with pytest.raises(UserError, match=f"lack `{name}`"):
        GCP.parse_credentials(json.dumps(shorter))


@pytest.mark.parametrize("name", KEY_FILE)
def test_a_field_given_twice_is_refused_whichever_comes_last(name: str) -> None:
    good = json.dumps(KEY_FILE)

    for twice in (f'{{"{name}": "x", {good[1:]}', f'{good[:-1]}, "{name}": "x"}}', f"{good[:-1]}, {good[1:]}"):
        with pytest.raises(UserError, match="twice"):
            GCP.parse_credentials(twice)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: "\ufeff" + text,
        lambda text: text + text,
        lambda text: text + "x",
        lambda text: f"[{text}]",
        lambda text: json.dumps(text),
        lambda text: text.encode("utf-16").decode("latin-1"),
        lambda text: text + " " * 8192 + "x",
        lambda text: "{" + '"pad": "' + "x" * 8192 + '", ' + text[1:],
        lambda text: "{" + '"pad": ' + "[" * 5000 + "]" * 100 + ", " + text[1:],
    ],
    ids=["BOM", "twice", "a tail", "in a list", "quoted", "UTF-16", "far tail", "8 KiB", "deep"],
)
def test_a_file_that_is_not_just_the_object_is_refused(wrap) -> None:
    with pytest.raises(UserError):
        GCP.parse_credentials(wrap(json.dumps(KEY_FILE)))


@pytest.mark.parametrize("text", ["acme-prod-123", " my-project ", "abcdef"])
def test_a_project_id_is_known(text: str) -> None:
    assert GCP.check_project_id(text) == text.strip()


@pytest.mark.parametrize("text", ["Acme-Prod", "123456789012", "abc", "ends-with-dash-", "a" * 31, "My Project"])
def test_a_projects_name_or_number_is_not_its_id(text: str) -> None:
    with pytest.raises(UserError, match="project id"):
        GCP.check_project_id(text)


@pytest.mark.parametrize("region", ["us-central1", "europe-west12", "northamerica-northeast1", "me-central2"])
def test_regions_are_known(region: str) -> None:
    assert GCP.check_region(region) == region


@pytest.mark.parametrize("region", ["us-central1-a", "us-east-1", "eastus", "central1"])
def test_zones_and_other_clouds_regions_are_not(region: str) -> None:
    with pytest.raises(UserError, match="not the name of a region"):
        GCP.check_region(region)
