"""What a build may reach: an STS session for one deployment's state, and signed addresses for one run's files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.adapters.calls import aws_call

SESSION_SECONDS = 3600
"""Role chaining ends after one hour (AWS STS), which is why a phase may take fifty minutes."""


@dataclass(frozen=True)
class StsRunRole:
    """`RunRole` over STS; `s3_client_for` makes an S3 client from session credentials."""

    sts: Any
    s3_client_for: Callable[[Mapping[str, str]], Any]
    role_arn: str
    state_bucket: str
    runs_bucket: str
    data_key: str

    def assume(self, run_id: str, state_key: str, read: tuple[str, ...], write: tuple[str, ...]) -> Mapping[str, str]:
        """See RunRole."""
        policy = session_policy(self.state_bucket, state_key, self.runs_bucket, read, write, self.data_key)
        with aws_call("lending access to a run's state"):
            answer = self.sts.assume_role(
                RoleArn=self.role_arn,
                RoleSessionName=f"run-{run_id}",
                Policy=json.dumps(policy, separators=(",", ":")),
                DurationSeconds=SESSION_SECONDS,
            )["Credentials"]
        return {
            "access_key_id": answer["AccessKeyId"],
            "secret_access_key": answer["SecretAccessKey"],
            "session_token": answer["SessionToken"],
        }

    def addresses(
        self, credentials: Mapping[str, str], read: Mapping[str, str], write: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """See RunRole."""
        client = self.s3_client_for(credentials)

        def sign(operation: str, key: str) -> str:
            parameters = {"Bucket": self.runs_bucket, "Key": key}
            return str(client.generate_presigned_url(operation, parameters, ExpiresIn=SESSION_SECONDS))

        return (
            {name: sign("get_object", key) for name, key in read.items()},
            {name: sign("put_object", key) for name, key in write.items()},
        )


def session_policy(
    state_bucket: str, state_key: str, runs_bucket: str, read: tuple[str, ...], write: tuple[str, ...], data_key: str
) -> dict[str, Any]:
    """The IAM policy that leaves a session this one state, its lock and these files (at most 2,048 characters)."""
    partition = data_key.split(":")[1]
    state = f"arn:{partition}:s3:::{state_bucket}"
    files = f"arn:{partition}:s3:::{runs_bucket}"

    def allow(actions: list[str], resources: list[str], **condition: Any) -> dict[str, Any]:
        # A list of one is written without its brackets: every character counts.
        lists = {"Action": actions, "Resource": resources}
        return (
            {"Effect": "Allow"} | {key: each[0] if len(each) == 1 else each for key, each in lists.items()} | condition
        )

    statements = [
        allow(["s3:GetObject", "s3:PutObject"], [f"{state}/{state_key}", f"{state}/{state_key}.tflock"]),
        allow(["s3:DeleteObject"], [f"{state}/{state_key}.tflock"]),
        allow(["s3:ListBucket"], [state], Condition={"StringEquals": {"s3:prefix": state_key}}),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [data_key]),
        allow(["s3:PutObject"], [f"{files}/{key}" for key in write]),
    ]
    if read:
        statements.append(allow(["s3:GetObject"], [f"{files}/{key}" for key in read]))
    return {"Version": "2012-10-17", "Statement": statements}
