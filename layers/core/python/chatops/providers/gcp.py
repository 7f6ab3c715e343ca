"""Google Cloud: service account keys.

Only the kind `service_account`, with Google's own addresses: other kinds can name a program to run or a server to ask.
"""

import re

from chatops.errors import UserError
from chatops.providers.base import Fields, Provider

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")

_FIELDS = Fields(
    "Google Cloud credentials",
    required={
        "type": re.compile(r"service_account"),
        "project_id": _PROJECT,
        "private_key_id": re.compile(r"[0-9a-f]{40}"),
        "private_key": re.compile(r"-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n?"),
        "client_email": re.compile(r"[a-z0-9][a-z0-9-]{0,62}@([a-z0-9][a-z0-9-]{0,62}\.){1,6}gserviceaccount\.com"),
        "client_id": re.compile(r"[0-9]{1,32}"),
        "token_uri": re.compile(re.escape("https://oauth2.googleapis.com/token")),
    },
    optional={
        "auth_uri": re.compile(re.escape("https://accounts.google.com/o/oauth2/auth")),
        "auth_provider_x509_cert_url": re.compile(re.escape("https://www.googleapis.com/oauth2/v1/certs")),
        "client_x509_cert_url": re.compile(r"https://www\.googleapis\.com/robot/v1/metadata/x509/[a-z0-9.%-]{1,256}"),
        "universe_domain": re.compile(re.escape("googleapis.com")),
    },
)


def parse_credentials(text: str) -> dict[str, str]:
    """Read a service account's JSON key file and write it anew, its private key too.

    Raises:
        UserError: says what is wrong without repeating any of it.
    """
    values = _FIELDS.parse_json(text.strip())
    return values | {"private_key": _canonical(values["private_key"])}


def check_project_id(text: str) -> str:
    """The project id.

    Raises:
        UserError: it is something else.
    """
    if not _PROJECT.fullmatch(text.strip()):
        raise UserError(
            "The project of Google Cloud is the project id: 6 to 30 lower-case letters, digits and dashes, starting "
            "with a letter, such as `my-project-123`; not its name and not its number."
        )
    return text.strip()


def _canonical(private_key: str) -> str:
    # Imported here, so that the commands' registry, which Discord waits for, loads no cryptography.
    from chatops.vault.keys import canonical_rsa_key

    try:
        return canonical_rsa_key(private_key)
    except ValueError as refusal:
        raise UserError(f"In these Google Cloud credentials, `private_key` is {refusal}.") from None


GCP = Provider(
    name="gcp",
    title="Google Cloud",
    parse_credentials=parse_credentials,
    check_project_id=check_project_id,
    region_pattern=re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}"),
    default_region="us-central1",
    help="project_id is the project's id; credentials are the JSON key file of a service account.",
)
