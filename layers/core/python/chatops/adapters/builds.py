"""Builds in CodeBuild."""

from typing import Any

from chatops.adapters.calls import aws_call


class CodeBuildBuilds:
    """`Builds` over CodeBuild; `client` is boto3's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def status(self, build_id: str) -> str | None:
        """See Builds."""
        with aws_call("asking about a build"):
            found = self._client.batch_get_builds(ids=[build_id])["builds"]
        return str(found[0]["buildStatus"]) if found else None

    def stop(self, build_id: str) -> None:
        """See Builds."""
        with aws_call("stopping a build"):
            self._client.stop_build(id=build_id)
