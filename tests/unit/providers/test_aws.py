import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import UserError
from chatops.providers import PROVIDERS

AWS = PROVIDERS["aws"]
KEY = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ=="
TEMPORARY = KEY | {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE", "aws_session_token": TOKEN}


def ini(values: dict[str, str], equals: str = " = ", between: str = "\n") -> str:
    return between.join(f"{name}{equals}{value}" for name, value in values.items())


@pytest.mark.parametrize("values", [KEY, TEMPORARY], ids=["long-lived", "temporary"])
@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda values: json.dumps(values, indent=2) + "\n",
        lambda values: json.dumps(dict(reversed(values.items()))),
        ini,
        lambda values: ini(values, equals="="),
        lambda values: "[default]\n" + ini(values) + "\n\n",
        lambda values: "[work profile] " + ini(values, between=" "),
        lambda values: ini(values, between="\r\n", equals="\t=  "),
    ],
    ids=["JSON", "indented", "other order", "lines", "lines without spaces", "profile", "joined by Discord", "Windows"],
)
def test_a_key_is_read_in_every_usual_form(values, write) -> None:
    assert AWS.parse_credentials(write(values)) == values


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (KEY | {"aws_access_key_id": "akiaiosfodnn7example"}, "`aws_access_key_id` is not"),
        (KEY | {"aws_access_key_id": "AKIA"}, "`aws_access_key_id` is not"),
        (KEY | {"aws_secret_access_key": "wJalrXUtnFEMI"}, "`aws_secret_access_key` is not"),
        (KEY | {"aws_secret_access_key": "wJalrXUtnFEMI-K7MDENG*bPxRfiCYEXAMPLEKEY"}, "`aws_secret_access_key` is not"),
        (KEY | {"aws_session_token": "short"}, "`aws_session_token` is not"),
        (KEY | {"credential_process": "/bin/sh"}, "does not belong"),
        (KEY | {"role_arn": "arn"}, "does not belong"),
        ({"aws_access_key_id": KEY["aws_access_key_id"]}, "lack `aws_secret_access_key`"),
        ({"aws_secret_access_key": KEY["aws_secret_access_key"]}, "lack `aws_access_key_id`"),
        (KEY | {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE"}, "temporary"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("write", [json.dumps, ini], ids=["JSON", "lines"])
def test_a_wrong_field_is_named_and_its_value_is_not(values, told, write) -> None:
    with pytest.raises(UserError, match=told) as refusal:
        AWS.parse_credentials(write(values))
    assert not [value for value in values.values() if value in str(refusal.value)]


@pytest.mark.parametrize("value", [None, 1, True, ["AKIAIOSFODNN7EXAMPLE"], {"a": "b"}])
def test_a_field_must_be_text(value: object) -> None:
    with pytest.raises(UserError, match="`aws_access_key_id` is not"):
        AWS.parse_credentials(json.dumps(KEY | {"aws_access_key_id": value}))


def test_a_field_given_twice_is_refused() -> None:
    for twice in (json.dumps(KEY)[:-1] + "," + json.dumps(KEY)[1:], ini(KEY) + "\n" + ini(KEY)):
        with pytest.raises(UserError, match="twice"):
            AWS.parse_credentials(twice)


def test_two_profiles_are_refused() -> None:
    with pytest.raises(UserError, match="one profile"):
        AWS.parse_credentials("[a]\n" + ini(KEY) + "\n[b]\n" + ini(KEY))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(UserError):
        AWS.parse_credentials(text)


@pytest.mark.parametrize("text", ["123456789012", " 123456789012\n", "1234-5678-9012"])
def test_an_account_number_is_twelve_digits(text: str) -> None:
    assert AWS.check_project_id(text) == "123456789012"


@pytest.mark.parametrize("text", ["12345678901", "1234567890123", "arn:aws:iam::1", "12345678901a"])
def test_anything_else_is_no_account_number(text: str) -> None:
    with pytest.raises(UserError, match="12 digits"):
        AWS.check_project_id(text)


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-5", "us-gov-west-1", "EU-CENTRAL-1", "eusc-de-east-1"])
def test_regions_of_every_partition_are_known(region: str) -> None:
    assert AWS.check_region(region) == region.lower()


@pytest.mark.parametrize("region", ["us-east-1a", "useast1", "us-east", "east-1", "eastus", "us-central1"])
def test_zones_and_other_clouds_regions_are_not(region: str) -> None:
    with pytest.raises(UserError, match="not the name of a region"):
        AWS.check_region(region)


ROLES = [
    "arn:aws:iam::123456789012:role/chatops-guild-deploy",
    "arn:aws-us-gov:iam::123456789012:role/chatops-guild-a_b+c=d,e.f@g-h",
    "arn:aws-cn:iam::123456789012:role/chatops-guild-" + "x" * 50,
]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_read_for_a_guilds_connection_alone(role: str) -> None:
    assert AWS.parse(f" {role}\n", connection=True) == {"role_arn": role}
    with pytest.raises(UserError, match="`/cloud-connect`") as refusal:
        AWS.parse(role)
    assert role not in str(refusal.value)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/deploy",
        "arn:aws:iam::123456789012:role/Chatops-guild-x",
        "arn:aws:iam::123456789013:role/chatops-guild-",
        "arn:aws:iam::123456789012:role/chatops-guild-" + "x" * 51,
        "arn:aws:iam::123456789012:role/team/chatops-guild-x",
        "arn:aws:iam::123456789012:role/chatops-guild-x/deploy",
        "arn:aws:iam::123456789012:role/chatops-guild-*",
        "arn:aws:iam::123456789012:role/chatops-guild-\u0430",
        "arn:aws:iam::123456789012:role/chatops-guild-x\ny",
        "arn:aws:iam::12345678901:role/chatops-guild-x",
        "arn:aws:iam::\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669012:role/chatops-guild-x",
        "arn:aws:iam::123456789012:user/chatops-guild-x",
        "arn:aws:sts::123456789012:assumed-role/chatops-guild-x/y",
        "arn:aws-iso:iam::123456789012:role/chatops-guild-x",
        "arn:aws:iam:us-east-1:123456789012:role/chatops-guild-x",
        "arn:",
    ],
)
def test_another_arn_is_no_role_that_can_be_connected(arn: str) -> None:
    with pytest.raises(UserError, match="must begin with `chatops-guild-`") as refusal:
        AWS.parse(arn, connection=True)
    assert arn == "arn:" or arn not in str(refusal.value)


def test_a_connection_by_keys_is_read_like_a_session() -> None:
    assert AWS.parse(json.dumps(KEY), connection=True) == AWS.parse(json.dumps(KEY)) == KEY
