"""Cloud providers: the shape of their credentials, project ids and regions.

A new one is a module beside these and a line in PROVIDERS. Nothing here imports a cloud's SDK or cryptography.
"""

from collections.abc import Mapping

from chatops.providers.aws import AWS
from chatops.providers.azure import AZURE
from chatops.providers.base import Provider
from chatops.providers.gcp import GCP
from chatops.providers.none import NONE

__all__ = ["PROVIDERS", "Provider"]

PROVIDERS: Mapping[str, Provider] = {"aws": AWS, "gcp": GCP, "azure": AZURE, "none": NONE}
