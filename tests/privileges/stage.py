"""Where the stories play: a sandbox with fast builds, and a witness of every call that a function makes."""

import json
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import requests

from sandbox.discord import Message
from sandbox.emulator import ACCOUNT, GUILD_ACCOUNT, REGION, free_port
from sandbox.running import Sandbox
from sandbox.stack import NAME
from tests.fakes.fast_runner import FastRunner, Manner
from tests.fakes.witness import Denial, Witness

PATIENCE = 120.0
"""How long something that a person waits for may take: five functions start cold on the way, on a busy machine."""
TABLES = ("RecoveryBlobs", "Deployments", "Runs", "Interactions", "Guilds", "Audit")


class Denied(AssertionError):
    """A function was denied something: no story goes on from there."""


class Stage:
    """What happens in a story, and what it looks up behind the scenes."""

    def __init__(self, sandbox: Sandbox, witness: Witness, runner: FastRunner) -> None:
        self.sandbox, self.witness, self.runner = sandbox, witness, runner
        self.discord = sandbox.discord
        self.client = sandbox.client
        self.resources = _resources(sandbox)
        self._made = 0
        self._mark = secrets.token_hex(2)

    def name(self) -> str:
        """A deployment's name that no story has had."""
        self._made += 1
        return f"d{self._mark}-{self._made}"

    def slash(self, command: str, /, user: str = "owner", **options: Any) -> Message:
        """Type a command and return its answer."""
        return self.answered(self.typed(lambda: self.discord.slash(command, options, user=user)).message_id)

    def typed(self, act: Callable[[], Any]) -> Any:
        """Do what a person does in Discord, again where a cold start took longer than Discord's three seconds."""
        for _ in range(3):
            result = act()
            if result.problem is None:
                break
            self.nobody_was_denied()
        assert result.problem is None, result.problem
        return result

    def answered(self, message_id: str | None) -> Message:
        """A command's answer, once it is no longer "thinking"."""
        return self.wait(lambda: _thought(self.discord.message(message_id)), f"the answer {message_id}")

    def wait(self, look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """What `look` finds, as soon as it does."""
        until = time.monotonic() + seconds
        while not (found := look()):
            self.nobody_was_denied()
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds:g} s: {what}")
            time.sleep(0.05)
        return found

    def nobody_was_denied(self) -> None:
        """Raise if a function was."""
        if denied := self.denied():
            raise Denied(f"{denied[0].role} may not {denied[0].action}")

    def denied(self) -> list[Denial]:
        """What IAM refused; not what is asked in order to be refused: a guild's role without the guild's id."""
        broker = Denial(self.resources["GuildAccessRole"], "sts:AssumeRole")
        return [each for each in self.witness.denied if each != broker]

    def told(self, words: str, after: int = 0, seconds: float = PATIENCE) -> Message:
        """A message with these words that is newer than `after`."""

        def look() -> Message | None:
            there = (each for each in self.discord.messages() if int(each.id) > after and words in each.text)
            return next(there, None)

        return self.wait(look, f"a message that says {words!r}", seconds)  # type: ignore[no-any-return]

    def live(self, deployment: str, words: str, after: int = 0) -> Message:
        """The live message of a deployment's run, once it has these words."""

        def look() -> Message | None:
            return next((each for each in self.since(deployment, after) if words in each.text), None)

        return self.wait(look, f"{deployment}: {words!r}")  # type: ignore[no-any-return]

    def since(self, deployment: str, after: int) -> list[Message]:
        """The live messages of a deployment's runs that are newer than `after`."""
        newer = (each for each in self.discord.messages() if int(each.id) > after)
        return [each for each in newer if f"{deployment} · " in each.text]

    def newest(self) -> int:
        """The id of the newest message."""
        return max((int(each.id) for each in self.discord.messages()), default=0)

    def press(self, message: Message, label: str, user: str = "owner") -> Any:
        """Press a button that the message has."""
        button = next(each for each in message.buttons if each.label.startswith(label))
        return self.typed(lambda: self.discord.press(message.id, button.custom_id or "", user=user))

    def ask(self, deployment: str, command: str = "cloud-deploy-v2", manner: Manner | None = None, **more: Any) -> None:
        """Ask for a run of a demo."""
        if manner:
            self.runner.manners[deployment] = manner
        options = more or ({"blueprint": "demo/countdown"} if command == "cloud-deploy-v2" else {})
        answer = self.slash(command, name=deployment, **options)
        assert "First the plan" in answer.text, answer.text

    def plan(self, deployment: str, command: str = "cloud-deploy-v2", manner: Manner | None = None) -> Message:
        """Ask for a run, and return the message that shows its plan."""
        after = self.newest()
        self.ask(deployment, command, manner)
        return self.live(deployment, "The plan is ready" if command == "cloud-deploy-v2" else "destroy it?", after)

    def deploy(self, deployment: str, manner: Manner | None = None) -> Message:
        """Deploy and approve; returns the last message."""
        after = self.newest()
        self.press(self.plan(deployment, manner=manner), "Approve")
        return self.live(deployment, "Deployment Complete", after)

    def table(self, name: str) -> Any:
        """One of our tables, as root."""
        resource: Callable[..., Any] = boto3.resource
        tables = resource(
            "dynamodb",
            endpoint_url=self.sandbox.emulator.url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="sandbox",
        )
        return tables.Table(self.resources[f"{name}Table"])

    def run_of(self, deployment: str) -> dict[str, Any]:
        """The newest run's row."""
        key = {"guild_id": self.discord.world.guild.id, "name": deployment}
        row = self.table("Deployments").get_item(Key=key, ConsistentRead=True)["Item"]
        return dict(self.table("Runs").get_item(Key={"run_id": row["last_run_id"]}, ConsistentRead=True)["Item"])

    def change(self, table: str, key: dict[str, Any], **values: Any) -> None:
        """Write into an item as root, where a story cannot wait for time to pass; names may be dotted by two `_`."""
        for name, value in values.items():
            parts = name.split("__")
            self.table(table).update_item(
                Key=key,
                UpdateExpression="SET " + ".".join(f"#{part}" for part in parts) + " = :value",
                ExpressionAttributeNames={f"#{part}": part for part in parts},
                ExpressionAttributeValues={":value": value},
            )

    def sweep(self) -> None:
        """What the schedule does every minute."""
        self.call("SweepFunction")

    def call(self, function: str) -> None:
        """What a schedule does."""
        answer = self.client("lambda").invoke(FunctionName=self.resources[function], Payload=b"{}")
        self.nobody_was_denied()
        assert "FunctionError" not in answer, answer["Payload"].read()

    def clean(self) -> None:
        """Forget everything, as if nothing had been asked yet: no story may need another's leavings."""
        states, machine = self.client("stepfunctions"), self.sandbox.outputs["RunStateMachineArn"]
        for each in states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
            states.stop_execution(executionArn=each["executionArn"])
        for name in TABLES:
            table = self.table(name)
            keys = [each["AttributeName"] for each in table.key_schema]
            for item in table.scan()["Items"]:
                table.delete_item(Key={key: item[key] for key in keys})
        self.runner.manners.clear()
        self.discord.faults.clear()
        self.discord.world.removed_from.clear()
        self.witness.forget()

    def cold(self, function: str) -> None:
        """Let the function's next call be its environment's first: what it has read before is forgotten."""
        functions, name = self.client("lambda"), self.resources[function]
        timeout = functions.get_function_configuration(FunctionName=name)["Timeout"]
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)

    def audited(self, action: str) -> bool:
        """Whether the audit has an entry of this action."""
        return any(each["action"] == action for each in self.table("Audit").scan()["Items"])

    def claim(self, run_id: str, token: str) -> int:
        """Ask for a run's bundle as a build would; the answer's status."""
        claim = {"run_id": run_id, "claim_token": token, "build_id": "project:stranger", "host": "elsewhere"}
        return requests.post(self.sandbox.api("/runs/claim"), json=claim, timeout=60).status_code

    def leave_lock(self, deployment: str) -> None:
        """Put a lock of Terraform's in front of a deployment's state, as a stranger's machine would."""
        lock = {"ID": str(uuid.uuid4()), "Who": "somebody@elsewhere", "Created": "2026-01-01T00:00:00Z"}
        key = f"{self.discord.world.guild.id}/{deployment}/terraform.tfstate.tflock"
        self.client("s3").put_object(Bucket=self.resources["StateBucket"], Key=key, Body=json.dumps(lock).encode())

    def guild_role(self, told: str) -> str:
        """A role of the guild's account with the trust policy that a person was told; returns its ARN."""
        found = re.search(r"```json\n(.*?)\n```", told, re.DOTALL)
        assert found, told
        iam, name = self.sandbox.guild_client("iam"), f"chatops-guild-{self.name()}"
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=found[1])
        return str(made["Role"]["Arn"])

    def open_session(self) -> str:
        """A session with keys of the guild's own; returns its id."""
        credentials = self.sandbox.guild_credentials()
        answer = self.slash("cloud-init", provider="aws", project_id=GUILD_ACCOUNT, credentials=credentials)
        found = re.search(r"Session `(\w+)`", answer.text)
        assert found, answer.text
        return found[1]


@contextmanager
def stage(concurrent: int = 100) -> Iterator[Stage]:
    """A stage with everything started; the schedule that sweeps is off, so that only stories sweep.

    `concurrent` is how many runs a guild may have at once.
    """
    port = free_port()
    witness = Witness(port)
    witness.start()
    limits = {"MaxConcurrentRuns": str(concurrent), "MaxRunsPerHour": "1000"}
    environment = {"AWS_ENDPOINT_URL": witness.url}
    try:
        with Sandbox(emulator_port=port, emulator_environment=environment, parameters=limits) as sandbox:
            runner = FastRunner(sandbox.client, witness.url)
            sandbox.codebuild.run_build = runner
            made = Stage(sandbox, witness, runner)
            # Its value counts as none: a model would make every story slow, and its words are not what is proved here.
            sandbox.client("secretsmanager").create_secret(Name=f"{NAME}/gemini-api-key", SecretString=" ")
            sandbox.client("events").disable_rule(Name=made.resources["SweepSchedule"])
            yield made
            with suppress(Exception):
                made.clean()
    finally:
        witness.stop()


def _resources(sandbox: Sandbox) -> dict[str, str]:
    found = sandbox.client("cloudformation").describe_stack_resources(StackName=NAME)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def _thought(message: Message | None) -> Message | None:
    return message if message and not message.thinking else None
