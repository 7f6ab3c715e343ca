"""Each function's environment variables, read once into a frozen object that says which variable is wrong."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from chatops.errors import ConfigError


@dataclass(frozen=True)
class InteractionsConfig:
    """The front door's settings; the public key alone is enough to answer PING, autocomplete and every refusal.

    `public_key` may hold several keys, separated by commas, while one is being rotated.
    """

    public_key: str
    application_id: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read DISCORD_PUBLIC_KEY and, where it is set, DISCORD_APPLICATION_ID.

        Raises:
            ConfigError: DISCORD_PUBLIC_KEY is not set.
        """
        public_key = environ.get("DISCORD_PUBLIC_KEY", "").strip()
        if not public_key:
            raise ConfigError("DISCORD_PUBLIC_KEY is not set: copy the Public Key from Discord's developer portal")
        return cls(public_key, environ.get("DISCORD_APPLICATION_ID", "").strip())


class _Settings:
    """A config whose every field is the environment variable of the same name in upper case, a text or a number."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the fields.

        Raises:
            ConfigError: a variable without a default is not set, or no number; names all that are missing.
        """
        found = {field.name: environ.get(field.name.upper(), "").strip() for field in fields(cls)}  # type: ignore[arg-type]
        required = [field.name for field in fields(cls) if field.default is MISSING]  # type: ignore[arg-type]
        missing = [name.upper() for name in required if not found[name]]
        if missing:
            raise ConfigError(f"not set: {', '.join(missing)}; template.yaml sets them")
        kinds = {field.name: field.type for field in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: _read(name, value, kinds[name]) for name, value in found.items() if value})


def _read(name: str, value: str, kind: object) -> str | float:
    """A variable's value as its field's type.

    Raises:
        ConfigError: it must be a number of at least 0, and is none.
    """
    if kind is not float:
        return value
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ConfigError(f"{name.upper()} is {value!r}, and must be a number of at least 0")
    return number


@dataclass(frozen=True)
class FrontDoorConfig(_Settings):
    """What the front door needs beyond answering by itself."""

    commands_function: str
    deployments_table: str
    interactions_table: str
    recovery_blobs_table: str
    recovery_key: str


@dataclass(frozen=True)
class DiscordConfig(_Settings):
    """How Discord is reached."""

    discord_api_base_url: str
    bot_token_secret: str


@dataclass(frozen=True)
class RunsConfig(_Settings):
    """Where runs are kept."""

    runs_table: str


@dataclass(frozen=True)
class CommandsConfig(_Settings):
    """The commands function's tables, bucket, keys and state machine."""

    interactions_table: str
    recovery_blobs_table: str
    deployments_table: str
    guilds_table: str
    runs_table: str
    audit_table: str
    runs_bucket: str
    recovery_key: str
    guild_key: str
    run_credentials_key: str
    guild_access_role: str
    state_machine: str
    advise_function: str
    report_function: str
    discord_cdn_base_url: str
    max_concurrent_runs: float
    max_runs_per_hour: float


@dataclass(frozen=True)
class HandOverConfig(_Settings):
    """What goes into a bundle."""

    runs_table: str
    interactions_table: str
    runs_bucket: str
    state_bucket: str
    run_credentials_key: str
    run_state_role: str
    guild_access_role: str
    audit_table: str
    data_key: str
    tool_name: str
    tool_version: str
    tool_sha256: str
    aws_region: str


@dataclass(frozen=True)
class TrackConfig(_Settings):
    """Where progress is kept and named."""

    runs_table: str
    interactions_table: str
    guilds_table: str
    runs_bucket: str


@dataclass(frozen=True)
class AdviseConfig(_Settings):
    """Where plans, deployments and budgets are, and how a story is told; no language is that of each person."""

    runs_table: str
    deployments_table: str
    guilds_table: str
    runs_bucket: str
    latte_usd: float
    story_language: str = ""


@dataclass(frozen=True)
class AnswerConfig(_Settings):
    """How Discord is reached with nothing but an interaction's own token."""

    discord_api_base_url: str


@dataclass(frozen=True)
class GeminiConfig(_Settings):
    """The language model: who it is, where, and which secret holds the key for it."""

    gemini_key_secret: str
    gemini_model: str
    gemini_temperature: float
    gemini_api_base_url: str


@dataclass(frozen=True)
class ReportConfig(_Settings):
    """What a run leaves behind, and who is next."""

    runs_table: str
    deployments_table: str
    guilds_table: str
    audit_table: str
    runs_bucket: str
    state_machine: str
    max_concurrent_runs: float
    max_runs_per_hour: float


@dataclass(frozen=True)
class ForgetGuildsConfig(_Settings):
    """What may be kept of a guild, and as which application Discord is asked about it."""

    runs_table: str
    recovery_blobs_table: str
    interactions_table: str
    guilds_table: str
    audit_table: str
    runs_bucket: str
    report_function: str
    discord_application_id: str


@dataclass(frozen=True)
class SweepConfig(_Settings):
    """Whom the watchdog asks and calls."""

    runs_table: str
    recovery_blobs_table: str
    interactions_table: str
    report_function: str
    track_function: str
    state_machine: str
