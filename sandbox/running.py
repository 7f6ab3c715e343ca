"""The whole sandbox as one object: emulated AWS, the stand-ins for CodeBuild and Discord, and the deployed stack."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from chatops.adapters.discord_http import USER_AGENT
from chatops.commands import COMMANDS
from chatops.commands.spec import registration
from sandbox import processes, stack, tools
from sandbox.codebuild import CodeBuild
from sandbox.discord import DiscordServer, Settings
from sandbox.emulator import GUILD_ACCOUNT, Emulator
from sandbox.paths import HOME, ROOT, RUN

GUILD_USER = "cloud-chatops-guild"
_REGISTRATION_TRIES = 20
"""A cold function on a busy machine may be too slow for Discord's three seconds, again and again."""
_GUILD_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ec2:*", "s3:*", "sqs:*", "ssm:GetParameter", "sts:GetCallerIdentity"],
            "Resource": "*",
        }
    ],
}


class Sandbox:
    """Started by `with Sandbox() as sandbox:`; leaves no process and no credential file behind.

    `parameters` are the template's, beside those that the sandbox sets itself.
    """

    def __init__(
        self,
        say: Callable[[str], None] = lambda _: None,
        discord_port: int = 0,
        emulator_port: int = 0,
        emulator_environment: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self._say = say
        self.codebuild = CodeBuild()
        self.emulator = Emulator(emulator_port, self.codebuild.url, more=emulator_environment)
        self._parameters = parameters
        self.discord = DiscordServer(Settings(), port=discord_port)
        self.outputs: dict[str, str] = {}
        self._started: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything, the last started first."""
        while self._started:
            self._started.pop()()
        shutil.rmtree(RUN, ignore_errors=True)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client as our account's root."""
        return self.emulator.client(service, **options)

    def guild_client(self, service: str) -> Any:
        """A boto3 client as the root of the guild's own account."""
        return self.emulator.client(service, GUILD_ACCOUNT)

    def guild_credentials(self) -> str:
        """A new access key of the guild's own IAM user, as it is pasted into /cloud-init."""
        iam = self.guild_client("iam")
        key = iam.create_access_key(UserName=GUILD_USER)["AccessKey"]
        return json.dumps({"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]})

    def api(self, path: str) -> str:
        """An address of the product's API."""
        return stack.api_url(self.emulator, self.outputs["ApiId"]) + path

    def _start(self) -> None:
        _remove_leftovers()
        self._say("building the functions and layers (sam build)")
        stack.build()
        self._say("starting the emulated AWS, with IAM enforced")
        self._run(self.codebuild.start, self.codebuild.stop)
        self._run(self.emulator.start, self.emulator.stop)
        self._run(self.discord.start, self.discord.stop)
        self._say("deploying template.yaml (sam deploy)")
        discord = self.discord
        self.outputs = stack.deploy(
            self.emulator,
            discord.base_url,
            discord.cdn_url,
            discord.application_id,
            discord.public_key_hex,
            discord.bot_token,
            more=self._parameters,
        )
        found = tools.find(self.emulator.url)
        self._say(f"builds use {Path(found.terraform).name} with the AWS provider {found.provider}")
        self._started.append(self.codebuild.stop_builds)
        environment = self._worker_environment(found)
        self.codebuild.start_builds(self.client, self.outputs["ActivityArn"], environment)
        self._make_guild_user()
        self._connect_discord()

    def _run(self, start: Callable[[], Any], stop: Callable[[], None]) -> None:
        self._started.append(stop)
        start()

    def _worker_environment(self, found: tools.Tools) -> dict[str, str]:
        build = {f"BUILD_{name}": value for name, value in found.variables(self.emulator.url).items()}
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "HOME": str(RUN / "home"),
            "TMPDIR": str(RUN / "tmp"),
            "SANDBOX_RUN": str(RUN),
            "SANDBOX_LOG_GROUP": self.outputs["RunProjectLogGroup"],  # the emulator's project does not keep it
            "BUILD_CHATOPS_URL": stack.api_url(self.emulator, self.outputs["ApiId"]),
            **build,
            **self.emulator.variables(),
        }

    def _make_guild_user(self) -> None:
        iam = self.guild_client("iam")
        iam.create_user(UserName=GUILD_USER)
        iam.put_user_policy(UserName=GUILD_USER, PolicyName="deploy", PolicyDocument=json.dumps(_GUILD_POLICY))

    def _connect_discord(self) -> None:
        """As in the developer portal, where one presses Save again if the first, cold answer was too slow."""
        commands = registration(COMMANDS, in_one_guild=False)
        requests.put(
            f"{self.discord.base_url}/applications/{self.discord.application_id}/commands",
            json=commands,
            headers={"Authorization": f"Bot {self.discord.bot_token}", "User-Agent": USER_AGENT},
            timeout=10,
        ).raise_for_status()
        problem: str | None = ""
        for _ in range(_REGISTRATION_TRIES):
            problem = self.discord.register_endpoint(self.api("/interactions"))
            if problem is None:
                return
        raise RuntimeError(f"Discord would not accept the endpoint: {problem}")


def _remove_leftovers() -> None:
    """What sandboxes left behind that were killed, and could not clean up."""
    for folder in (HOME / "runs").glob("*"):
        if processes.alive(int(folder.name)):
            continue
        if (emulator := folder / "emulator.pid").exists():
            processes.kill_session(int(emulator.read_text()))
        shutil.rmtree(folder, ignore_errors=True)
