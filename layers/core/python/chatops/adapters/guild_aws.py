"""A guild's own AWS account, seen with its keys or through its role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StsGuildAws:
    """`GuildAws` over STS; `sts_with` makes an STS client from credentials (`access_key_id`, …).

    Guild roles trust `broker_arn` alone, so it is assumed first.
    """

    sts: Any
    sts_with: Callable[[Mapping[str, str]], Any]
    broker_arn: str

    def account_of(self, credentials: Mapping[str, str]) -> str:
        """See GuildAws."""
        raise NotImplementedError

    def check_role(self, role_arn: str, external_id: str) -> None:
        """See GuildAws."""
        raise NotImplementedError

    def lend(self, role_arn: str, external_id: str, run_id: str) -> Mapping[str, str]:
        """See GuildAws."""
        raise NotImplementedError
