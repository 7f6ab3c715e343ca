"""A run's files in S3."""

from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code


class S3Artefacts:
    """`Artefacts` over one bucket; `client` is boto3's."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> bytes | None:
        """See Artefacts. S3 answers AccessDenied for a missing key when the bucket may not be listed."""
        with aws_call(f"reading {key!r}"):
            try:
                body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as exc:
                if error_code(exc) in ("NoSuchKey", "404", "AccessDenied"):
                    return None
                raise
        return body

    def put(self, key: str, body: bytes) -> None:
        """See Artefacts."""
        with aws_call(f"writing {key!r}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """See Artefacts."""
        with aws_call(f"deleting {key!r}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)
