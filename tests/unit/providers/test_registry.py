import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import UserError
from chatops.providers import PROVIDERS, Provider, provider_of

PROVIDER = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
CLOUD = pytest.mark.parametrize("provider", [p for p in PROVIDERS.values() if p.name != "none"], ids=lambda p: p.name)

CANARY = "canary1234CANARY"
HOSTILE = [
    CANARY,
    f'"{CANARY}"',
    f'["{CANARY}"]',
    f'{{"{CANARY}": "{CANARY}"}}',
    f'{{"client_secret": {{"a": "{CANARY}"}}}}',
    f'{{"type": "{CANARY}", "type": "{CANARY}"}}',
    "{" + f'"{CANARY}": 1' * 1000,
    f'\ufeff{{"type": "{CANARY}"}}',
    f"{{\x00{CANARY}",
    "[" * 8000 + CANARY,
    '{"type":' * 900 + f'"{CANARY}"' + "}" * 900,
    CANARY * 1_000_000,
    f"\ud800{CANARY}",
    f"aws_access_key_id = {CANARY}",
    f"aws_access_key_id = {CANARY} aws_access_key_id = {CANARY}",
    f"[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {CANARY}!",
    f"[{CANARY}\n",
    "a" * 8000,
    "a =" * 2000,
    "{" + '"a":' + "9" * 5000 + "}",
    '{"a": NaN}',
    "null",
    "{}",
]


@PROVIDER
def test_a_provider_is_registered_under_its_name(provider: Provider) -> None:
    assert PROVIDERS[provider.name] is provider
    assert provider.title
    assert provider.help.endswith(".")


@PROVIDER
def test_no_region_is_the_default_region(provider: Provider) -> None:
    assert provider.check_region("") == provider.check_region(f" {provider.default_region.upper()} ")
    assert provider.check_region("  ") == provider.default_region


@PROVIDER
@pytest.mark.parametrize("region", ["../x", "us east 1", "us-east-1\n;", "é", "`", "us-east-1" * 20, "٣", "-"])
def test_what_is_no_region_is_refused_without_repeating_it(provider: Provider, region: str) -> None:
    with pytest.raises(UserError, match="region") as refusal:
        provider.check_region(region)
    assert region not in str(refusal.value).replace(provider.default_region, "") or len(region) < 2


@PROVIDER
@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_credentials_are_refused_without_a_word_of_them(provider: Provider, hostile: str) -> None:
    with pytest.raises(UserError) as refusal:
        provider.parse_credentials(hostile)

    told = str(refusal.value)
    assert CANARY not in told
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert len(told) < 500


@CLOUD
def test_a_cloud_needs_credentials(provider: Provider) -> None:
    for nothing in ("", "   ", "\n"):
        with pytest.raises(UserError):
            provider.parse_credentials(nothing)


@CLOUD
@pytest.mark.parametrize("project_id", ["", "../../etc", "canary!", "x" * 100, "1234567890\u0661\u0662", "a b", "<@1>"])
def test_what_is_no_project_is_refused_without_repeating_it(provider: Provider, project_id: str) -> None:
    with pytest.raises(UserError) as refusal:
        provider.check_project_id(project_id)
    assert not project_id or project_id not in str(refusal.value)


@pytest.mark.parametrize(
    ("project_id", "cloud"),
    [
        ("123456789012", "aws"),
        (" 1234-5678-9012 ", "aws"),
        ("0F8FAD5B-d9cb-469f-a165-70867728950e", "azure"),
        ("acme-prod-123", "gcp"),
        ("my-gcp-123", "gcp"),
        ("startup-dev-456\n", "gcp"),
    ],
)
def test_a_projects_id_tells_which_cloud_it_is_of(project_id: str, cloud: str) -> None:
    assert provider_of(project_id) is PROVIDERS[cloud]


@given(st.from_regex(r"\A[a-f0-9-]{6,36}\Z"))
def test_no_id_could_be_of_two_clouds(project_id: str) -> None:
    clouds = [each for each in PROVIDERS.values() if each.name != "none" and each.has_project(project_id)]

    assert len(clouds) <= 1


@pytest.mark.parametrize("project_id", ["", "12345678901", "Acme", "acme_prod", "\u0661" * 12, "a" * 31])
def test_an_id_of_no_cloud_is_refused_with_all_their_shapes(project_id: str) -> None:
    with pytest.raises(UserError, match=r"12 digits.*GUID.*lower-case letters"):
        provider_of(project_id)


@PROVIDER
def test_a_connection_takes_whatever_a_session_takes(provider: Provider) -> None:
    for text in ("", "{}", CANARY):
        refusals = []
        for connection in (False, True):
            try:
                refusals.append(repr(provider.parse(text, connection=connection)))
            except UserError as refusal:
                refusals.append(str(refusal))
        assert refusals[0] == refusals[1]


def test_the_provider_none_takes_a_name_and_nothing_else() -> None:
    none = PROVIDERS["none"]

    assert none.parse_credentials("  ") == {}
    assert none.check_project_id(" demo ") == "demo"
    assert none.check_project_id("") == ""
    assert none.check_region("eu-west-1") == "eu-west-1"
    for wrong in ("a b", "-a", "a" * 64, "é", "a\nb"):
        with pytest.raises(UserError):
            none.check_project_id(wrong)


def test_the_registry_loads_neither_cryptography_nor_an_sdk() -> None:
    program = (
        "import sys, chatops.providers; print([m for m in sys.modules if m.split('.')[0] in "
        "('cryptography', 'boto3', 'botocore', 'requests') or m.startswith('chatops.vault')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True
    )

    assert answer.stdout.strip() == b"[]", answer.stderr
