"""The product's own template, built and deployed into the emulator by SAM."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox import phases
from sandbox.emulator import REGION, Emulator
from sandbox.paths import BUILD, HOME, ROOT, RUN, RUNTIME

NAME = "cloud-chatops"
ACTIVITY = "sandbox-build"
NOBODY = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""
_TIME_TO_LIVE = ("RecoveryBlobsTable", "RunsTable", "InteractionsTable", "GuildsTable", "AuditTable")


def build() -> None:
    """`sam build`, cached: quick when nothing has changed."""
    _sam(
        "build", "--cached", "--parallel", "--build-dir", str(BUILD), "--cache-dir", str(HOME / "cache"),
        "--parameter-overrides", f"PythonRuntime={RUNTIME}", environment={},
    )  # fmt: skip


def deploy(
    emulator: Emulator,
    discord_api: str,
    discord_cdn: str,
    application_id: str,
    public_key: str,
    bot_token: str,
    gemini_api: str = NOBODY,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """`sam deploy`, and what the emulator leaves undone; returns the stack's outputs.

    `more` are further parameters. There is no Gemini key, so no model is asked; nor could one be outside of this
    machine.
    """
    emulator.client("secretsmanager").create_secret(Name=f"{NAME}/discord-bot-token", SecretString=bot_token)
    activity = emulator.client("stepfunctions").create_activity(name=ACTIVITY)["activityArn"]
    parameters = {
        "DiscordApplicationId": application_id,
        "DiscordPublicKey": public_key,
        "DiscordApiBaseUrl": discord_api,
        "DiscordCdnBaseUrl": discord_cdn,
        "PythonRuntime": RUNTIME,
        "RunPhaseResource": activity,
        "BuildEventSource": phases.SOURCE,
        "RequireTls": "false",
        "MaxRunsPerHour": "1000",  # one guild plays what many would
        "GeminiApiBaseUrl": gemini_api,
        **(more or {}),
    }
    _sam(
        "deploy", "--template-file", str(BUILD / "template.yaml"), "--stack-name", NAME, "--region", REGION,
        "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
        "--no-fail-on-empty-changeset", "--no-progressbar",
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
        environment=emulator.variables(),
    )  # fmt: skip
    _set_time_to_live(emulator)
    return outputs(emulator) | {"ActivityArn": activity}


def outputs(emulator: Emulator) -> dict[str, str]:
    """The stack's outputs."""
    stack = emulator.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def api_url(emulator: Emulator, api_id: str) -> str:
    """Where the emulator serves an HTTP API; the stack's own output is an amazonaws.com name."""
    return f"{emulator.url}/_aws/execute-api/{api_id}"


def _set_time_to_live(emulator: Emulator) -> None:
    """The emulator ignores TimeToLiveSpecification in a template; AWS does not."""
    tables = emulator.client("dynamodb")
    for resource in _TIME_TO_LIVE:
        found = emulator.client("cloudformation").describe_stack_resource(StackName=NAME, LogicalResourceId=resource)
        tables.update_time_to_live(
            TableName=found["StackResourceDetail"]["PhysicalResourceId"],
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
        )


def _sam(command: str, *arguments: str, environment: dict[str, str]) -> None:
    """Run SAM quietly; what it said is shown only when it fails.

    Raises:
        RuntimeError: SAM failed.
    """
    tools = Path(sys.executable).parent
    RUN.mkdir(parents=True, exist_ok=True)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PATH": f"{tools}:{os.environ.get('PATH', '')}",
        "SAM_CLI_TELEMETRY": "0",
        "TMPDIR": str(RUN),
        "PYTHON_RUNTIME": RUNTIME,
        **environment,
    }
    done = subprocess.run(
        [str(tools / "sam"), command, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    (HOME / f"sam-{command}.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise RuntimeError(f"sam {command} failed:\n{(done.stdout + done.stderr)[-3000:]}")
