"""What the attacker is told beforehand: every name there is, of our stack and of guild B, and no secret of B."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Side:
    """One guild's run and the names that belong to it; `claim_token` is spent by the time it is told."""

    guild_id: str
    deployment: str
    run_id: str
    build_id: str
    execution: str
    claim_token: str

    @property
    def state_key(self) -> str:
        """Where its state lies."""
        return f"{self.guild_id}/{self.deployment}/terraform.tfstate"

    def file(self, name: str) -> str:
        """Where a file of its run lies."""
        return f"runs/{self.guild_id}/{self.run_id}/{name}"


@dataclass(frozen=True)
class Targets:
    """The names; `resources` is physical by logical id, `sealed` holds data keys that KMS sealed for B.

    `second` is another deployment of A's own guild.
    """

    aws: str
    api: str
    account: str
    region: str
    resources: Mapping[str, str]
    secrets: Mapping[str, str]
    sealed: Mapping[str, str]
    guild_role: str
    external_id: str
    state_bucket: str
    runs_bucket: str
    build_logs: str
    own: Side
    second: Side
    other: Side

    def role(self, logical_id: str) -> str:
        """The ARN of a role of the stack."""
        return f"arn:aws:iam::{self.account}:role/{self.resources[logical_id]}"

    def table(self, name: str) -> str:
        """The name of a table."""
        return self.resources[f"{name}Table"]

    def save(self, file: Path) -> None:
        """Write it where the attacker reads it, in one piece."""
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(self)))
        part.chmod(0o644)
        part.replace(file)


def load(file: Path) -> Targets:
    """Read what `Targets.save` wrote."""
    raw: dict[str, Any] = json.loads(file.read_text())
    return Targets(**raw | {name: Side(**raw[name]) for name in ("own", "second", "other")})
