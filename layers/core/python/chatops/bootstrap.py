"""Where real things meet: one builder per function. Clients are made here, once per environment, and nowhere else."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from chatops import config
from chatops.adapters.artefacts import S3Artefacts
from chatops.adapters.audit_log import DynamoAuditLog
from chatops.adapters.blob_table import DynamoBlobTable
from chatops.adapters.builds import CodeBuildBuilds
from chatops.adapters.connections import DynamoConnections
from chatops.adapters.deployment_store import DynamoDeploymentStore
from chatops.adapters.dynamodb import Table
from chatops.adapters.functions import AsyncFunction
from chatops.adapters.guild_aws import StsGuildAws
from chatops.adapters.guild_register import DynamoGuildRegister
from chatops.adapters.guild_settings import DynamoGuildSettings
from chatops.adapters.interaction_store import DynamoInteractionStore
from chatops.adapters.kms import KmsDataKeys
from chatops.adapters.line_store import DynamoLines
from chatops.adapters.run_store import DynamoRunStore
from chatops.adapters.secrets import SecretsManager
from chatops.adapters.timing_store import DynamoTimings
from chatops.adapters.workflow import StepFunctionsWorkflow
from chatops.blueprints import Catalogue, find_root
from chatops.domain.queues import Limits
from chatops.domain.runs import Run
from chatops.ports import Chat, Model
from chatops.vault import sealed
from chatops.vault.blobs import RecoveryBlobs

_make_client: Callable[..., Any] = boto3.client

_PATIENT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard"})
_HASTY = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
"""Where an answer that comes late is worse than an error: at the front door, of which Discord expects one in three
seconds, and for what a story can be told without."""


@cache
def _client(service: str, manners: Config = _PATIENT) -> Any:
    return _make_client(service, config=manners)


def _table(name: str) -> Table:
    return Table(_client("dynamodb"), name)


def _chat(patience: float | None = None) -> Chat:
    from chatops.adapters.discord_http import PATIENCE_SECONDS, DiscordChat

    discord = config.DiscordConfig.from_env(os.environ)
    secrets = SecretsManager(_client("secretsmanager"))
    return DiscordChat(
        discord.discord_api_base_url,
        lambda: secrets.get(discord.bot_token_secret),
        patience=PATIENCE_SECONDS if patience is None else patience,
    )


class FrontDoorOutside:
    """What the front door asks of AWS."""

    def __init__(self, settings: config.FrontDoorConfig) -> None:
        self.dispatch = AsyncFunction(_client("lambda", _HASTY), settings.commands_function)
        self._keys = KmsDataKeys(_client("kms", _HASTY), settings.recovery_key)
        self._deployments = DynamoDeploymentStore(Table(_client("dynamodb", _HASTY), settings.deployments_table))
        self._interactions = DynamoInteractionStore(Table(_client("dynamodb", _HASTY), settings.interactions_table))
        self._blobs = DynamoBlobTable(_client("dynamodb", _HASTY), settings.recovery_blobs_table)

    def seal(self, value: str, context: Mapping[str, str]) -> str:
        """Close a secret option; this function could not open it again."""
        return sealed.seal_option(self._keys, context, value)

    def hold(self, interaction_id: str, payload: Mapping[str, Any]) -> None:
        """Keep what an interaction asked until its form comes back."""
        self._interactions.hold(interaction_id, payload, int(time.time()))

    def deployment_names(self, guild_id: str) -> list[str]:
        """The names of a guild's deployments."""
        return [deployment.name for deployment in self._deployments.of_guild(guild_id)]

    def session_names(self, guild_id: str, user_id: str) -> list[tuple[str, int]]:
        """The ids of a person's own open sessions in a guild, each with the seconds that are left of it."""
        now = int(time.time())
        named = self._blobs.names_of(user_id, guild_id)
        return [(session_id, expires_at - now) for session_id, expires_at in named if now < expires_at]


def front_door_outside() -> FrontDoorOutside:
    """For `interactions`."""
    return FrontDoorOutside(config.FrontDoorConfig.from_env(os.environ))


@cache
def commands() -> Any:
    """For `commands`: the services of the handlers."""
    from chatops.adapters.discord_cdn import DiscordCdn
    from chatops.commands.services import Services
    from chatops.vault.ephemeral import EphemeralVault
    from chatops.vault.sessions import Sessions

    settings = config.CommandsConfig.from_env(os.environ)
    recovery_keys = KmsDataKeys(_client("kms"), settings.recovery_key)
    run_keys = KmsDataKeys(_client("kms"), settings.run_credentials_key)
    guild_keys = KmsDataKeys(_client("kms"), settings.guild_key)
    blobs = RecoveryBlobs(DynamoBlobTable(_client("dynamodb"), settings.recovery_blobs_table), time.time)
    return Services(
        sessions=Sessions(EphemeralVault(recovery_keys, time.time), blobs, time.time),
        catalogue=Catalogue.load(),
        interactions=DynamoInteractionStore(_table(settings.interactions_table)),
        deployments=DynamoDeploymentStore(_table(settings.deployments_table)),
        settings=DynamoGuildSettings(_table(settings.guilds_table)),
        connections=DynamoConnections(_table(settings.guilds_table)),
        guild_aws=_guild_aws(settings.guild_access_role),
        attachments=DiscordCdn(settings.discord_cdn_base_url),
        lines=DynamoLines(_table(settings.guilds_table)),
        timings=DynamoTimings(_table(settings.guilds_table), time.time),
        audit=DynamoAuditLog(_table(settings.audit_table)),
        runs=DynamoRunStore(_table(settings.runs_table)),
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        builds=CodeBuildBuilds(_client("codebuild")),
        workflow=StepFunctionsWorkflow(_client("stepfunctions"), settings.state_machine),
        chat=_chat(),
        seal_credentials=lambda guild, run, values: sealed.seal_credentials(run_keys, guild, run, values).encode(),
        seal_connection=lambda guild, provider, values: sealed.seal_connection(guild_keys, guild, provider, values),
        open_connection=lambda guild, provider, text: sealed.open_connection(guild_keys, guild, provider, text),
        open_option=lambda text, context: sealed.open_option(recovery_keys, context, text),
        advise=AsyncFunction(_client("lambda"), settings.advise_function),
        report=AsyncFunction(_client("lambda"), settings.report_function),
        limits=Limits(int(settings.max_concurrent_runs), int(settings.max_runs_per_hour)),
        broker_arn=settings.guild_access_role,
        clock=time.time,
        sleep=time.sleep,
    )


@cache
def start_phase() -> DynamoRunStore:
    """For `start_phase`."""
    return DynamoRunStore(_table(config.RunsConfig.from_env(os.environ).runs_table))


@cache
def hand_over() -> Any:
    """For `hand_over`."""
    from chatops.adapters.run_role import StsRunRole
    from chatops.runs.bundle import Tool
    from chatops.runs.hand_over import HandOver

    settings = config.HandOverConfig.from_env(os.environ)
    keys = KmsDataKeys(_client("kms"), settings.run_credentials_key)
    role = StsRunRole(
        sts=_client("sts"),
        s3_client_for=_s3_with,
        role_arn=settings.run_state_role,
        state_bucket=settings.state_bucket,
        runs_bucket=settings.runs_bucket,
        data_key=settings.data_key,
    )

    catalogue = Catalogue.load()

    def opened(run: Run, text: bytes) -> Mapping[str, Any]:
        return sealed.open_credentials(keys, run.guild_id, run.id, text.decode())

    return HandOver(
        runs=DynamoRunStore(_table(settings.runs_table)),
        interactions=DynamoInteractionStore(_table(settings.interactions_table)),
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        states=S3Artefacts(_client("s3"), settings.state_bucket),
        role=role,
        audit=DynamoAuditLog(_table(settings.audit_table)),
        open_credentials=opened,
        lend=_guild_aws(settings.guild_access_role).lend,
        blueprint_files=catalogue.files,
        runner_files=_runner_files,
        tool=Tool(settings.tool_name, settings.tool_version, settings.tool_sha256),
        state_bucket=settings.state_bucket,
        region=settings.aws_region,
        orphans=orphans(catalogue),
    )


def orphans(catalogue: Catalogue) -> Callable[[Run, Mapping[str, Any]], Mapping[str, str]]:
    """For `hand_over`: who finds what an interrupted run left in a guild's cloud; on GCP and Azure nobody does yet."""
    from chatops.adapters.inventory import AwsInventory
    from chatops.runs.adopt import Orphans

    say = logging.getLogger("chatops.runs.adopt").warning
    return Orphans({"aws": AwsInventory(guild_client, say)}, catalogue.files, say)


def guild_client(service: str, region: str, credentials: Mapping[str, Any]) -> Any:
    """A client with a guild's own credentials, and never by oversight with the function's."""
    from chatops.adapters.inventory import MANNERS

    return _make_client(
        service,
        region_name=region,
        aws_access_key_id=credentials["aws_access_key_id"],
        aws_secret_access_key=credentials["aws_secret_access_key"],
        aws_session_token=credentials.get("aws_session_token"),
        config=MANNERS,
    )


def _guild_aws(broker_arn: str) -> StsGuildAws:
    return StsGuildAws(_client("sts"), lambda credentials: _client_with("sts", credentials, _PATIENT), broker_arn)


def _s3_with(credentials: Mapping[str, str]) -> Any:
    return _client_with("s3", credentials, Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


def _client_with(service: str, credentials: Mapping[str, str], manners: Config) -> Any:
    """A client with these credentials, and never by oversight with the function's."""
    return _make_client(
        service,
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        aws_session_token=credentials.get("session_token"),
        config=manners,
    )


@cache
def _runner_files() -> dict[str, bytes]:
    """The runner lies beside the blueprints, in the content layer as in a checkout."""
    return {file.name: file.read_bytes() for file in sorted((find_root().parent / "runner").glob("*.py"))}


@cache
def track() -> Any:
    """For `track_progress`."""
    from chatops.runs.track import PATIENCE_SECONDS, Track

    settings = config.TrackConfig.from_env(os.environ)
    return Track(
        runs=DynamoRunStore(_table(settings.runs_table)),
        interactions=DynamoInteractionStore(_table(settings.interactions_table)),
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        timings=DynamoTimings(_table(settings.guilds_table), time.time),
        chat=_chat(PATIENCE_SECONDS),
        clock=time.time,
        sleep=time.sleep,
    )


@cache
def advise() -> Any:
    """For `advise`."""
    from chatops.runs.explain import Explain
    from chatops.runs.telling import Storyteller

    settings = config.AdviseConfig.from_env(os.environ)
    return Explain(
        runs=DynamoRunStore(_table(settings.runs_table)),
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        deployments=DynamoDeploymentStore(_table(settings.deployments_table)),
        settings=DynamoGuildSettings(_table(settings.guilds_table)),
        tell=Storyteller(settings.latte_usd, settings.story_language, _model()),
    )


@cache
def advisor() -> Any:
    """For `advise`, when a person asks; the bot token is not needed, and not given."""
    from chatops.adapters.discord_http import DiscordChat
    from chatops.commands.advice import Advisor

    settings, discord = config.AdviseConfig.from_env(os.environ), config.AnswerConfig.from_env(os.environ)
    chat = DiscordChat(discord.discord_api_base_url, lambda: None)
    return Advisor(settings.latte_usd, settings.story_language, _model(), chat)


def _model() -> Callable[[], Model | None]:
    """Gives the language model once there is a key for it, and nothing of its package is loaded before."""
    settings = config.GeminiConfig.from_env(os.environ)
    secrets = SecretsManager(_client("secretsmanager", _HASTY))

    def model() -> Model | None:
        if not secrets.get(settings.gemini_key_secret):
            return None
        from chatops.adapters.gemini import Gemini

        return Gemini(
            lambda: secrets.get(settings.gemini_key_secret),
            settings.gemini_model,
            settings.gemini_temperature,
            settings.gemini_api_base_url,
        )

    return model


@cache
def request_approval() -> tuple[DynamoRunStore, Chat, Callable[[str, str], None]]:
    """For `request_approval`; a task token names its execution by itself."""
    runs = DynamoRunStore(_table(config.RunsConfig.from_env(os.environ).runs_table))
    return runs, _chat(), StepFunctionsWorkflow(_client("stepfunctions"), machine="").decide


@cache
def report() -> Any:
    """For `report_run`."""
    from chatops.runs.queue import Queue
    from chatops.runs.report import Report

    settings = config.ReportConfig.from_env(os.environ)
    runs = DynamoRunStore(_table(settings.runs_table))
    deployments = DynamoDeploymentStore(_table(settings.deployments_table))
    queue = Queue(
        lines=DynamoLines(_table(settings.guilds_table)),
        runs=runs,
        deployments=deployments,
        settings=DynamoGuildSettings(_table(settings.guilds_table)),
        connections=DynamoConnections(_table(settings.guilds_table)),
        workflow=StepFunctionsWorkflow(_client("stepfunctions"), settings.state_machine),
        chat=_chat(),
        limits=Limits(int(settings.max_concurrent_runs), int(settings.max_runs_per_hour)),
        clock=time.time,
        sleep=time.sleep,
    )
    return Report(
        runs=runs,
        deployments=deployments,
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        timings=DynamoTimings(_table(settings.guilds_table), time.time),
        builds=CodeBuildBuilds(_client("codebuild")),
        chat=queue.chat,
        audit=DynamoAuditLog(_table(settings.audit_table)),
        queue=queue,
        clock=time.time,
        sleep=time.sleep,
    )


@cache
def forget_guilds() -> Callable[[int], Any]:
    """For `forget_guilds`: the daily look, at a time in unix seconds."""
    from chatops.adapters.discord_guilds import DiscordGuilds
    from chatops.runs.leaving import Leaving, look_at_guilds

    settings, discord = config.ForgetGuildsConfig.from_env(os.environ), config.DiscordConfig.from_env(os.environ)
    guilds, secrets = _table(settings.guilds_table), SecretsManager(_client("secretsmanager"))
    blobs = RecoveryBlobs(DynamoBlobTable(_client("dynamodb"), settings.recovery_blobs_table), time.time)
    leaving = Leaving(
        runs=DynamoRunStore(_table(settings.runs_table)),
        artefacts=S3Artefacts(_client("s3"), settings.runs_bucket),
        connections=DynamoConnections(guilds),
        settings=DynamoGuildSettings(guilds),
        timings=DynamoTimings(guilds, time.time),
        lines=DynamoLines(guilds),
        interactions=DynamoInteractionStore(_table(settings.interactions_table)),
        forget_sessions=lambda guild_id: len(blobs.forget(guild_id=guild_id)),
        report=AsyncFunction(_client("lambda"), settings.report_function),
        clock=time.time,
    )
    register = DynamoGuildRegister(_client("dynamodb"), settings.guilds_table)
    application, token = settings.discord_application_id, lambda: secrets.get(discord.bot_token_secret)
    installed = DiscordGuilds(discord.discord_api_base_url, application, token)
    audit = DynamoAuditLog(_table(settings.audit_table))
    return lambda now: look_at_guilds(register, installed, leaving, audit, now)


@cache
def sweep() -> tuple[
    DynamoRunStore,
    StepFunctionsWorkflow,
    CodeBuildBuilds,
    AsyncFunction,
    AsyncFunction,
    RecoveryBlobs,
    DynamoInteractionStore,
]:
    """For `sweep`: whom it asks, who reports, who tracks, and what it sweeps."""
    settings = config.SweepConfig.from_env(os.environ)
    return (
        DynamoRunStore(_table(settings.runs_table)),
        StepFunctionsWorkflow(_client("stepfunctions"), settings.state_machine),
        CodeBuildBuilds(_client("codebuild")),
        AsyncFunction(_client("lambda"), settings.report_function),
        AsyncFunction(_client("lambda"), settings.track_function),
        RecoveryBlobs(DynamoBlobTable(_client("dynamodb"), settings.recovery_blobs_table), time.time),
        DynamoInteractionStore(_table(settings.interactions_table)),
    )
