"""A guild's own AWS account, seen with its keys or through its role."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chatops.adapters.calls import aws_call, error_code
from chatops.adapters.connections import new_external_id
from chatops.errors import OutsideError, UserError

LENT_SECONDS = 3600
"""Role chaining ends after one hour (AWS STS); a phase has fifty minutes."""
_LOOK_SECONDS = 900
"""The shortest session that STS gives."""
_LOOK = "chatops-connect"

_NO_SUCH_KEY = "AWS knows no such access key: it was deleted or switched off, or it was not copied whole."
_ENDED = "This temporary AWS access key has ended. Bring a fresh one, with its session token."
_KEY_REFUSALS = {
    "AccessDenied": "AWS refuses this access key. Make a new one, and bring that.",
    "ExpiredToken": _ENDED,
    "ExpiredTokenException": _ENDED,
    "InvalidClientTokenId": _NO_SUCH_KEY,
    "SignatureDoesNotMatch": "The secret key does not belong to this AWS access key id. Copy both again, whole.",
    "UnrecognizedClientException": _NO_SUCH_KEY,
}


@dataclass(frozen=True)
class StsGuildAws:
    """`GuildAws` over STS; `sts_with` makes an STS client from credentials (`access_key_id`, …).

    Guild roles trust `broker_arn` alone, so it is assumed first. On AWS both must allow it: the role's trust, and the
    broker's own policy, which knows one prefix of names (template.yaml: GuildAccessRole).
    """

    sts: Any
    sts_with: Callable[[Mapping[str, str]], Any]
    broker_arn: str

    def account_of(self, credentials: Mapping[str, str]) -> str:
        """See GuildAws."""
        keys = {name.removeprefix("aws_"): value for name, value in credentials.items()}
        try:
            with aws_call("asking whose an access key is"):
                return str(self.sts_with(keys).get_caller_identity()["Account"])
        except OutsideError as error:
            raise _or_user_error(error) from error.__cause__

    def check_role(self, role_arn: str, external_id: str) -> None:
        """See GuildAws. The id is tried first: a role that AWS does not know yet would refuse everything.

        The wrong id looks like any other guild's: a trust may take every id of a pattern.
        """
        broker = self._broker(_LOOK)
        if not _opens(broker, role_arn, ExternalId=external_id):
            raise UserError(_shut(role_arn, self.broker_arn, external_id))
        if _opens(broker, role_arn):
            raise UserError(_open("without an external id", role_arn, external_id))
        if _opens(broker, role_arn, ExternalId=new_external_id()):
            raise UserError(_open("with any external id", role_arn, external_id))

    def lend(self, role_arn: str, external_id: str, run_id: str) -> Mapping[str, str]:
        """See GuildAws. What a run borrows may do nothing of IAM to the role itself; policies are other resources."""
        broker = self._broker(f"run-{run_id}")
        with aws_call("borrowing a guild's role"):
            answer = broker.assume_role(
                RoleArn=role_arn,
                RoleSessionName=f"run-{run_id}",
                ExternalId=external_id,
                DurationSeconds=LENT_SECONDS,
                Policy=_policy(("Allow", "*", "*"), ("Deny", "iam:*", role_arn)),
            )
        return {f"aws_{name}": value for name, value in _keys(answer).items()}

    def _broker(self, session: str) -> Any:
        """An STS client as our one role that guilds trust."""
        with aws_call("becoming the role that guilds trust"):
            answer = self.sts.assume_role(
                RoleArn=self.broker_arn, RoleSessionName=session, DurationSeconds=_LOOK_SECONDS
            )
        return self.sts_with(_keys(answer))


def _opens(broker: Any, role_arn: str, **external_id: str) -> bool:
    """Whether the role can be assumed like this; a session that comes of it may do nothing."""
    try:
        with aws_call("trying a guild's role"):
            broker.assume_role(
                RoleArn=role_arn,
                RoleSessionName=_LOOK,
                DurationSeconds=_LOOK_SECONDS,
                Policy=_policy(("Deny", "*", "*")),
                **external_id,
            )
    except OutsideError as error:
        if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == "AccessDenied":
            return False
        raise
    return True


def _policy(*statements: tuple[str, str, str]) -> str:
    written = [{"Effect": effect, "Action": action, "Resource": on} for effect, action, on in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": written}, separators=(",", ":"))


def _keys(answer: Mapping[str, Any]) -> dict[str, str]:
    given = answer["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }


def _or_user_error(error: OutsideError) -> Exception:
    cause = error.__cause__
    told = _KEY_REFUSALS.get(error_code(cause)) if isinstance(cause, ClientError) else None
    return UserError(told) if told else error


def _shut(role_arn: str, broker_arn: str, external_id: str) -> str:
    return (
        f"AWS does not let us into `{role_arn}`. Either there is no such role, or its trust policy does not name "
        f"`{broker_arn}` with the external id `{external_id}`; `/cloud-connect provider:aws` shows the whole policy. "
        "AWS needs some seconds to know a role that was just made or changed: then try again in a minute."
    )


def _open(how: str, role_arn: str, external_id: str) -> str:
    condition = json.dumps({"StringEquals": {"sts:ExternalId": external_id}})
    return (
        f"`{role_arn}` lets us in {how}, so anybody whom we serve could use it. It was not connected. Add this to the "
        f'statement in its trust policy, and try again in a minute:\n```json\n"Condition": {condition}\n```'
    )
