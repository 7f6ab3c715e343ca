"""Both guilds on one sandbox, and the hostile tool in the builds of those deployments that are named for it."""

import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from sandbox.discord import Message
from sandbox.emulator import ACCOUNT, REGION
from sandbox.isolation import tool
from sandbox.isolation.attempts import Outcome
from sandbox.isolation.targets import Side, Targets
from sandbox.paths import ROOT, RUN, TERRAFORM
from sandbox.running import Sandbox

B_ACCOUNT = "333333333333"
"""Guild B's own AWS account; like every account here, it is emulated."""
BUILDER = "builder"
"""A deployment whose build never claims, so that the suite can be that build from its first moment on."""
_HOSTILE = {tool.HOSTILE, tool.FORGER, tool.LINKER, tool.PIPER, tool.TWICE, BUILDER}
_SECRETS = {"bot token": "cloud-chatops/discord-bot-token", "Gemini key": "cloud-chatops/gemini-api-key"}
_CONTEXTS: Mapping[str, Callable[[Side], dict[str, str]]] = {
    "RunCredentialsKey": lambda side: {"run": side.run_id},
    "GuildKey": lambda _: {"provider": "aws"},
    "RecoveryKey": lambda _: {"user": "1", "session": "aaaaaaaa", "exp": "1"},
}
PATIENCE = 120.0
_TRIES = 4


class Unfit(RuntimeError):
    """This machine cannot show what the suite is to show."""


@dataclass
class Stage:
    """Who is on it; `tag` keeps the names of two suites on one sandbox apart."""

    sandbox: Sandbox
    tag: str = field(default_factory=lambda: secrets.token_hex(2))
    folder: Path = RUN / "isolation"
    sides: dict[str, Side] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    external_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @contextmanager
    def set_up(self) -> Iterator["Stage"]:
        """Secrets to look for, B's own role, the wrapper of the tool; all of it gone again at the end."""
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.folder.chmod(0o1777)  # the attacker writes here as nobody
        self.values = {"bot token": self.sandbox.discord.bot_token, "Gemini key": f"AIza{secrets.token_hex(16)}"}
        vault = self.sandbox.client("secretsmanager")
        vault.create_secret(Name=_SECRETS["Gemini key"], SecretString=self.values["Gemini key"])
        self.resources = self._resources()
        self._make_role_of_b()
        run_build, wrapper = self.sandbox.codebuild.run_build, self._wrapper()
        hanging = socket.create_server(("127.0.0.1", 0))
        own = f"http://127.0.0.1:{hanging.getsockname()[1]}"

        def run(environment: Mapping[str, str]) -> bool:
            return run_build({**environment, **self._hostile(environment, wrapper, own)})

        self.sandbox.codebuild.run_build = run
        try:
            yield self
        finally:
            hanging.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.sandbox.codebuild.run_build = run_build
            vault.delete_secret(SecretId=_SECRETS["Gemini key"], ForceDeleteWithoutRecovery=True)

    def name(self, mode: str) -> str:
        """A deployment's name; its first word says how its builds behave."""
        return f"{mode}-{self.tag}"

    def slash(self, user: str, command: str, **options: str) -> Message:
        """Type a command and return its answer; again, where a busy machine answered Discord too late."""
        for _ in range(_TRIES):
            result = self.sandbox.discord.slash(command, options, user=user)
            if result.problem is None:
                break
        else:
            raise Unfit(f"/{command}: {result.problem}")
        return self.sandbox.discord.wait_for(lambda each: each.id == result.message_id and not each.thinking, 30)

    def plan(self, user: str, mode: str) -> Message:
        """Start a deployment of demo/countdown and return its plan's message."""
        name = self.name(mode)
        variables = "steps=1, seconds=0"
        answer = self.slash(user, "cloud-deploy-v2", name=name, blueprint="demo/countdown", variables=variables)
        if "First the plan" not in answer.text:
            raise Unfit(f"{name} was not started: {answer.text}")
        return self.told(mode, "The plan is ready")

    def told(self, mode: str, *words: str) -> Message:
        """The message of a deployment's run, once it has one of these words."""
        heading = f"{self.name(mode)} · "
        return self.sandbox.discord.wait_for(
            lambda each: heading in each.text and any(word in each.text for word in words), PATIENCE
        )

    def press(self, user: str, message: Message, label: str) -> None:
        """Press a button.

        Raises:
            Unfit: the message has no such button (any more), or nobody answered.
        """
        button = next((each for each in message.buttons if each.label == label), None)
        for _ in range(_TRIES if button else 0):
            if button and self.sandbox.discord.press(message.id, button.custom_id or "", user=user).problem is None:
                return
        raise Unfit(f"{label} could not be pressed under: {message.text[:200]}")

    def outcomes(self, mode: str, part: str) -> list[Outcome]:
        """What the attacker handed in."""
        file = self.folder / f"{self.name(mode)}-{part}.outcomes"
        return [Outcome(**each) for each in json.loads(file.read_text())]

    def row(self, table: str, **key: str) -> dict[str, Any]:
        """A row of one of our tables as plain values; empty where there is none."""
        found = self.sandbox.client("dynamodb").get_item(
            TableName=self.sandbox.outputs[f"{table}TableName"],
            Key={name: {"S": value} for name, value in key.items()},
            ConsistentRead=True,
        )
        read = TypeDeserializer().deserialize
        return {name: read(value) for name, value in found.get("Item", {}).items()}

    def targets(self, own: str, second: str = "quiet", other: str = "victim") -> Targets:
        """What an attacker in the deployment `own` is told."""
        outputs = self.sandbox.outputs
        victim = self.sides[self.name(other)]
        return Targets(
            aws=self.sandbox.emulator.url,
            api=self.sandbox.api(""),
            account=ACCOUNT,
            region=REGION,
            resources=self.resources,
            secrets=_SECRETS,
            sealed=self._sealed(victim),
            guild_role=f"arn:aws:iam::{B_ACCOUNT}:role/chatops-guild-b",
            external_id=self.external_id,
            state_bucket=outputs["StateBucketName"],
            runs_bucket=outputs["RunsBucketName"],
            build_logs=outputs["RunProjectLogGroup"],
            own=self.sides[self.name(own)],
            second=self.sides[self.name(second)],
            other=victim,
        )

    def _hostile(self, environment: Mapping[str, str], wrapper: Path, own: str) -> dict[str, str]:
        """Note the build; and what is different about it, if it is one of the hostile ones."""
        task = json.loads(environment["SANDBOX_TASK"])
        given = {each["Name"]: each["Value"] for each in task["arguments"]["EnvironmentVariablesOverride"]}
        run = self.row("Runs", run_id=given["RUN_ID"])
        known, side = self.sides.get(run["deployment"]), self._side(run, task["build_id"], given["CLAIM_TOKEN"])
        self.sides[side.deployment] = side
        mode = side.deployment.partition("-")[0]
        if mode not in _HOSTILE or not side.deployment.endswith(self.tag):
            return {}
        phase = "apply" if known and known.run_id == side.run_id else "plan"
        self.targets(mode).save(self.folder / f"{side.deployment}-{phase}.targets")
        self.values["claim token"] = side.claim_token
        self.values["way to the build's own role"] = uri = f"/v2/credentials/{secrets.token_hex(16)}"
        rights = {"BUILD_RUN_AS": "nobody", "BUILD_AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": uri}
        where = {"BUILD_CHATOPS_URL": own} if mode == BUILDER else {}
        return {"BUILD_TERRAFORM": str(wrapper), **rights, **where}

    def _side(self, run: Mapping[str, Any], build_id: str, token: str) -> Side:
        machine = self.sandbox.outputs["RunStateMachineArn"].replace(":stateMachine:", ":execution:")
        execution = f"{machine}:i-{run['interaction_id']}"
        return Side(run["guild_id"], run["deployment"], run["run_id"], build_id, execution, token)

    def _resources(self) -> dict[str, str]:
        pages = self.sandbox.client("cloudformation").get_paginator("list_stack_resources")
        found = (each for page in pages.paginate(StackName="cloud-chatops") for each in page["StackResourceSummaries"])
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in found}

    def _make_role_of_b(self) -> None:
        trusted = self.sandbox.outputs["GuildAccessRoleArn"]
        iam = self.sandbox.emulator.client("iam", B_ACCOUNT)
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": trusted},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": self.external_id}},
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        try:
            iam.create_role(RoleName="chatops-guild-b", AssumeRolePolicyDocument=trust)
        except iam.exceptions.EntityAlreadyExistsException:
            iam.update_assume_role_policy(RoleName="chatops-guild-b", PolicyDocument=trust)

    def _sealed(self, victim: Side) -> dict[str, str]:
        """Data keys sealed for B, as they lie in its rows and objects; made by the account's root."""
        kms, found = self.sandbox.client("kms"), {}
        for key, more in _CONTEXTS.items():
            context = {"app": "cloud-chatops", "v": "1", "guild": victim.guild_id, **more(victim)}
            blob = kms.generate_data_key(KeyId=self.resources[key], KeySpec="AES_256", EncryptionContext=context)
            found[key] = base64.b64encode(blob["CiphertextBlob"]).decode()
        blob = kms.encrypt(KeyId=self.resources["DataKey"], Plaintext=b"at rest")["CiphertextBlob"]
        return {**found, "DataKey": base64.b64encode(blob).decode()}

    def _wrapper(self) -> Path:
        """The program that the builds take for terraform."""
        python, packages = python_of_nobody(), os.pathsep.join([str(ROOT), *_packages()])
        named = os.environ.get("TERRAFORM", "")
        real = named if named else f"{python}:{ROOT / 'sandbox' / 'terraform_shim.py'}"
        wrapper = self.folder / TERRAFORM.name
        wrapper.write_text(
            f"#!/bin/sh\nexport PYTHONPATH='{packages}' PYTHONDONTWRITEBYTECODE=1\n"
            f"export {tool.FOLDER}='{self.folder}' {tool.REAL}='{real}'\n"
            f"export {tool.SAME_USER}='{'' if os.geteuid() == 0 else 'yes'}'\n"
            f"exec '{python}' -m sandbox.isolation.tool \"$@\"\n"
        )
        wrapper.chmod(0o755)
        return wrapper


def _packages() -> list[str]:
    return [path for path in sys.path if path.endswith("site-packages")]


def python_of_nobody() -> str:
    """A Python that an unprivileged user can run: ours may lie in a folder that only root can enter.

    Where we are not root, a build cannot give up its rights, and the tool runs as we do.

    Raises:
        Unfit: nobody has a Python of our version.
    """
    if os.geteuid() != 0:
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    probe = f"import sys; sys.path[:0] = {[str(ROOT), *_packages()]!r}; import boto3, sandbox.isolation"
    for program in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = subprocess.run([program, "-c", probe], user="nobody", group="nogroup", cwd="/",
                                  capture_output=True, timeout=60, check=False)  # fmt: skip
        except (OSError, LookupError):
            continue
        if done.returncode == 0:
            return program
    raise Unfit(f"nobody can run no {version} that reads {ROOT}: install it in /usr/bin, and move the checkout")
