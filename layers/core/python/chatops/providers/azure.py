"""Microsoft Azure: service principals with a client secret."""

import re

from chatops.errors import UserError
from chatops.providers.base import GUID, Fields, Provider

_FIELDS = Fields(
    "Azure credentials",
    required={
        "client_id": GUID,
        "client_secret": re.compile(r"[!-~]{8,256}"),
        "tenant_id": GUID,
        "subscription_id": GUID,
    },
    optional={},
)


def parse_credentials(text: str) -> dict[str, str]:
    """Read a service principal's JSON.

    Raises:
        UserError: says what is wrong without repeating any of it.
    """
    values = _FIELDS.parse_json(text.strip())
    return {name: value if name == "client_secret" else value.lower() for name, value in values.items()}


def check_project_id(text: str) -> str:
    """The subscription's GUID, in lower case.

    Raises:
        UserError: it is something else.
    """
    if not GUID.fullmatch(text.strip()):
        raise UserError(
            "The project of Azure is the subscription id: a GUID, such as `00000000-0000-0000-0000-000000000000`."
        )
    return text.strip().lower()


AZURE = Provider(
    name="azure",
    title="Azure",
    parse_credentials=parse_credentials,
    check_project_id=check_project_id,
    region_pattern=re.compile(r"[a-z]{5,30}[0-9]?(euap)?"),
    default_region="eastus",
    help="project_id is the subscription id, credentials JSON: client_id, client_secret, tenant_id, subscription_id.",
)
