"""A run's files in S3."""

from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code

MOST_BYTES = 128 * 1024 * 1024
"""The JSON of a plan for 10,000 resources is a third of this."""

_MISSING = ("NoSuchKey", "404", "AccessDenied")
"""S3 says AccessDenied of a missing key in a bucket that one may not list."""


class S3Artefacts:
    """`Artefacts` over one bucket; `client` is boto3's."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> bytes | None:
        """See Artefacts; a build may have left a file too large to be read."""
        with aws_call(f"reading {key!r}"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=key)
                body: bytes = found["Body"].read() if found["ContentLength"] <= MOST_BYTES else b""
            except ClientError as exc:
                if error_code(exc) in _MISSING:
                    return None
                raise
        return body or None

    def exists(self, key: str) -> bool:
        """See Artefacts; a list, since HEAD has one answer, 403, for what is missing and for what may not be seen."""
        with aws_call(f"looking for {key!r}"):
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        return any(each["Key"] == key for each in found.get("Contents", ()))

    def where(self, key: str) -> str:
        """See Artefacts."""
        return f"s3://{self._bucket}/{key}"

    def put(self, key: str, body: bytes) -> None:
        """See Artefacts."""
        with aws_call(f"writing {key!r}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """See Artefacts."""
        with aws_call(f"deleting {key!r}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)
