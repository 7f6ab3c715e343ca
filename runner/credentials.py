"""Which files and variables each identity needs. Pure: `workspace` writes them, `engine` sets them.

Two identities are never in the same variables: the state backend reads profile `state` from a file that only
`backend.hcl` names, the guild's own identity is what the provider finds by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.bundle import CloudCredentials, StateCredentials

STATE_FILE = "state-credentials"


@dataclass(frozen=True)
class Injection:
    """Private files (name -> content) and variables that one call of the tool gets."""

    files: Mapping[str, str] = field(repr=False, default_factory=dict)
    variables: Mapping[str, str] = field(repr=False, default_factory=dict)


def build(guild: CloudCredentials, state: StateCredentials, folder: Path) -> Injection:
    """What a call needs that talks to the cloud and to the state; `folder` is where the files will be."""
    own = PROVIDERS[guild.provider](guild, folder)
    state_file = _aws_profile("state", state.access_key_id, state.secret_access_key, state.session_token)
    return Injection({**own.files, STATE_FILE: state_file}, own.variables)


def _aws(guild: CloudCredentials, folder: Path) -> Injection:
    values = guild.values
    profile = _aws_profile(
        "guild", values["aws_access_key_id"], values["aws_secret_access_key"], values.get("aws_session_token")
    )
    variables = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws-credentials"), "AWS_PROFILE": "guild"}
    return Injection({"aws-credentials": profile}, _with(variables, AWS_REGION=guild.region))


def _gcp(guild: CloudCredentials, folder: Path) -> Injection:
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(folder / "google.json")}
    return Injection(
        {"google.json": json.dumps(dict(guild.values))},
        _with(variables, GOOGLE_PROJECT=guild.project_id, GOOGLE_REGION=guild.region),
    )


def _azure(guild: CloudCredentials, folder: Path) -> Injection:
    values = guild.values
    # The key names of Azure's own SDK authentication file.
    content = {
        "clientId": values["client_id"],
        "clientSecret": values["client_secret"],
        "tenantId": values["tenant_id"],
        "subscriptionId": values["subscription_id"],
    }
    variables = {
        "AZURE_CREDENTIALS_FILE": str(folder / "azure.json"),
        "ARM_CLIENT_ID": values["client_id"],
        "ARM_CLIENT_SECRET": values["client_secret"],
        "ARM_TENANT_ID": values["tenant_id"],
        "ARM_SUBSCRIPTION_ID": values["subscription_id"],
    }
    return Injection({"azure.json": json.dumps(content)}, variables)


def _none(guild: CloudCredentials, folder: Path) -> Injection:
    return Injection()


PROVIDERS: Mapping[str, Callable[[CloudCredentials, Path], Injection]] = {
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
    "none": _none,
}


def _aws_profile(name: str, key_id: str, secret: str, token: str | None) -> str:
    lines = [f"[{name}]", f"aws_access_key_id = {key_id}", f"aws_secret_access_key = {secret}"]
    if token:
        lines.append(f"aws_session_token = {token}")
    return "\n".join(lines) + "\n"


def _with(variables: dict[str, str], **optional: str | None) -> dict[str, str]:
    return variables | {name: value for name, value in optional.items() if value}
