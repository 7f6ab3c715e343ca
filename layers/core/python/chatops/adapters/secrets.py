"""Secrets by name, from Secrets Manager, kept for a minute."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code

KEPT_SECONDS = 60
"""So that a new value is used soon after an old one was refused, and an edit every two seconds asks for it once."""


class SecretsManager:
    """Reads secrets; `client` is boto3's. A secret that does not exist is None, since every one of ours is optional.

    `clock` tells the time of day in seconds: it goes on while Lambda keeps the process frozen.
    """

    def __init__(self, client: Any, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[str | None, float]] = {}

    def get(self, name: str) -> str | None:
        """The secret as it was at most a minute ago.

        Raises:
            OutsideError: Secrets Manager cannot be used.
        """
        value, read_at = self._known.get(name, (None, 0.0))
        if not read_at <= self._clock() < read_at + KEPT_SECONDS:
            value, read_at = self._get(name), self._clock()
            self._known[name] = (value, read_at)
        return value

    def _get(self, name: str) -> str | None:
        with aws_call(f"reading secret {name!r}"):
            try:
                return str(self._client.get_secret_value(SecretId=name)["SecretString"]).strip() or None
            except ClientError as exc:
                if error_code(exc) == "ResourceNotFoundException":
                    return None
                raise
