"""No cloud at all: blueprints that need no credentials, for trying things out."""

import re

from chatops.errors import UserError
from chatops.providers.base import Provider

_ANY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


def parse_credentials(text: str) -> dict[str, str]:
    """No credentials.

    Raises:
        UserError: there are some.
    """
    if text.strip():
        raise UserError("The provider `none` takes no credentials. Leave them out, or choose the cloud they belong to.")
    return {}


def check_project_id(text: str) -> str:
    """Any short name, or nothing.

    Raises:
        UserError: it is something else.
    """
    name = text.strip()
    if name and not _ANY_NAME.fullmatch(name):
        raise UserError("With the provider `none`, the project is any name of up to 63 letters, digits and dashes.")
    return name


NONE = Provider(
    name="none",
    title="no cloud",
    parse_credentials=parse_credentials,
    check_project_id=check_project_id,
    region_pattern=re.compile(r"[a-z][a-z0-9-]{0,39}"),
    default_region="local",
    help="project_id is any name; there are no credentials.",
)
