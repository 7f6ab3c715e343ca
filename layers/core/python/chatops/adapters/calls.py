"""How calls to AWS fail in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chatops.errors import OutsideError


@contextmanager
def aws_call(doing: str) -> Iterator[None]:
    """Translate boto3's errors.

    Raises:
        OutsideError: says what was being done and AWS's error code, never a value.
    """
    try:
        yield
    except ClientError as exc:
        raise OutsideError(f"{doing}: {error_code(exc)}") from exc
    except BotoCoreError as exc:
        raise OutsideError(f"{doing}: {type(exc).__name__}") from exc


def error_code(exc: ClientError) -> str:
    """AWS's code for what went wrong."""
    return str(exc.response.get("Error", {}).get("Code", "unknown"))
