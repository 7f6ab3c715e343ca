"""Amazon Web Services: access keys and, for a guild's connection, a role that lets us in.

Shapes: IAM's AccessKey and Role (AWS API models); the ini form is the one of the `~/.aws/credentials` file.
"""

import re

from chatops.errors import UserError
from chatops.providers.base import MAX_CREDENTIALS, Fields, Provider

_FIELDS = Fields(
    "AWS credentials",
    required={
        "aws_access_key_id": re.compile(r"[A-Z0-9]{16,128}"),
        "aws_secret_access_key": re.compile(r"[A-Za-z0-9/+=]{32,128}"),
    },
    optional={"aws_session_token": re.compile(r"[A-Za-z0-9/+=]{16,4096}")},
)

_PROFILE_LINE = re.compile(r"\[[^\[\]\n]{1,64}\]")
_SETTING = re.compile(r"(\w{1,40})[ \t]*=[ \t]*(\S+)")
_ACCOUNT = re.compile(r"([0-9]{4})-?([0-9]{4})-?([0-9]{4})")

# template.yaml, GuildAccessRole: only such a role can be assumed. It has no path, and 64 characters at most (IAM).
_ROLE = re.compile(r"arn:aws(-us-gov|-cn)?:iam::[0-9]{12}:role/chatops-guild-[A-Za-z0-9_+=,.@-]{1,50}")
_ARN = "arn:"


def parse_credentials(text: str) -> dict[str, str]:
    """Read JSON, or the lines of `~/.aws/credentials`, which Discord may have joined into one.

    Raises:
        UserError: says what is wrong without repeating any of it.
    """
    text = text.strip()
    if text.startswith(_ARN):
        raise UserError(
            "That is the ARN of a role, which a session cannot use: a member with Manage Server connects it for the "
            "whole server with `/cloud-connect`. A session of your own takes an access key."
        )
    values = _FIELDS.parse_json(text) if text.startswith("{") else _FIELDS.check(_settings(text))
    if values["aws_access_key_id"].startswith("ASIA") and "aws_session_token" not in values:
        raise UserError("This is a temporary AWS access key, which works only together with its `aws_session_token`.")
    return values


def parse_connection(text: str) -> dict[str, str]:
    """Read the ARN of a role as `role_arn`, or else what `parse_credentials` reads.

    Raises:
        UserError: says what is wrong without repeating any of it.
    """
    text = text.strip()
    if not text.startswith(_ARN):
        return parse_credentials(text)
    if not _ROLE.fullmatch(text):
        raise UserError(
            "That is not the ARN of a role that can be connected: its name must begin with `chatops-guild-`, and it "
            "has no path, as in `arn:aws:iam::123456789012:role/chatops-guild-deploy`."
        )
    return {"role_arn": text}


def check_project_id(text: str) -> str:
    """The account number, twelve digits, also as the console shows it (1234-5678-9012).

    Raises:
        UserError: it is something else.
    """
    match = _ACCOUNT.fullmatch(text.strip())
    if not match:
        raise UserError("The project of AWS is the account number: 12 digits, such as `123456789012`.")
    return "".join(match.groups())


def _settings(text: str) -> list[tuple[str, object]]:
    text = _PROFILE_LINE.sub("", text, count=1) if text.startswith("[") else text
    if len(text) > MAX_CREDENTIALS or _SETTING.sub("", text).strip():
        raise UserError(
            'AWS credentials are JSON, `{"aws_access_key_id": "…", "aws_secret_access_key": "…"}`, or the lines '
            "`aws_access_key_id = …` and `aws_secret_access_key = …` of one profile in `~/.aws/credentials`."
        )
    return [(name, value) for name, value in _SETTING.findall(text)]


AWS = Provider(
    name="aws",
    title="AWS",
    parse_credentials=parse_credentials,
    check_project_id=check_project_id,
    region_pattern=re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]"),
    default_region="us-east-1",
    parse_connection=parse_connection,
    help="project_id is the 12-digit account number, credentials an access key: JSON, or as in ~/.aws/credentials.",
)
