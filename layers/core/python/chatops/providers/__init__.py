"""Cloud providers: the shape of their credentials, project ids and regions.

A new one is a module beside these and a line in PROVIDERS. Nothing here imports a cloud's SDK or cryptography.
"""

from collections.abc import Mapping

from chatops.errors import UserError
from chatops.providers.aws import AWS
from chatops.providers.azure import AZURE
from chatops.providers.base import Provider
from chatops.providers.gcp import GCP
from chatops.providers.none import NONE

__all__ = ["PROVIDERS", "Provider", "provider_of"]

PROVIDERS: Mapping[str, Provider] = {"aws": AWS, "gcp": GCP, "azure": AZURE, "none": NONE}


def provider_of(project_id: str) -> Provider:
    """The cloud whose project ids look like this one; no two of them have a shape in common.

    Raises:
        UserError: none has such ids.
    """
    for provider in (AWS, AZURE, GCP):
        if provider.has_project(project_id):
            return provider
    raise UserError(
        "`project_id` is none that a cloud has: an AWS account is 12 digits, an Azure subscription a GUID, a Google "
        "Cloud project 6 to 30 lower-case letters, digits and dashes, starting with a letter."
    )
