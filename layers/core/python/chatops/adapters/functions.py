"""Other functions of the product, invoked without waiting for them."""

import json
from collections.abc import Mapping
from typing import Any

from chatops.adapters.calls import aws_call


class AsyncFunction:
    """One Lambda function; `client` is boto3's."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def __call__(self, payload: Mapping[str, Any]) -> None:
        """Invoke it with a JSON payload.

        Raises:
            OutsideError: Lambda did not take the event.
        """
        with aws_call(f"invoking {self._name!r}"):
            self._client.invoke(FunctionName=self._name, InvocationType="Event", Payload=json.dumps(payload).encode())
