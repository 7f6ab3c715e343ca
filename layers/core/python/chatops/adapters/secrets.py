"""Secrets by name, from Secrets Manager, asked for once in an environment's life."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code


class SecretsManager:
    """Reads secrets; `client` is boto3's. A secret that does not exist is None, since every one of ours is optional."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.get = cache(self._get)

    def _get(self, name: str) -> str | None:
        with aws_call(f"reading secret {name!r}"):
            try:
                return str(self._client.get_secret_value(SecretId=name)["SecretString"]).strip() or None
            except ClientError as exc:
                if error_code(exc) == "ResourceNotFoundException":
                    return None
                raise
