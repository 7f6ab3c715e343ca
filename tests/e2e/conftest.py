"""One sandbox for all end-to-end tests: the real template with IAM enforced, real Terraform, Discord's stand-in."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.blows import Strike
from sandbox.discord import Message, api
from sandbox.discord.incoming import Request, Upload
from sandbox.emulator import GUILD_ACCOUNT
from sandbox.person import Person
from sandbox.running import Sandbox


class Guild:
    """What a test does in the channel, and what it looks up behind the scenes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.discord = sandbox.discord

    def slash(self, name: str, /, user: str = "owner", **options: str | Upload) -> Message:
        """Type a command and return its answer, once it is no longer "thinking"."""
        result = self.discord.slash(name, options, user=user)
        assert result.problem is None, result.problem
        return self._answer(result.message_id)

    def _answer(self, message_id: str | None) -> Message:
        return self.discord.wait_for(lambda message: message.id == message_id and not message.thinking, 30)

    def open_session(self) -> str:
        """Open a session with a new key of the guild's own account; returns the pasted credentials.

        What earlier tests left open is closed: a person may have only a few sessions at a time.
        """
        self.close_sessions()
        credentials = self.sandbox.guild_credentials()
        answer = self.slash("cloud-init", provider="aws", project_id=GUILD_ACCOUNT, credentials=credentials)
        assert "Session open" in answer.text
        return credentials

    def open_sealed_session(self, passphrase: str) -> tuple[str, str]:
        """Open a session that only a passphrase restores; returns its id and the pasted credentials."""
        credentials = self.sandbox.guild_credentials()
        options = {"provider": "aws", "project_id": GUILD_ACCOUNT, "credentials": credentials, "passphrase": True}
        asked = self.discord.slash("cloud-init", options)
        assert asked.modal, asked.problem
        answer = self.fill(asked.interaction_id, passphrase=passphrase, again=passphrase)
        found = re.search(r"Session `(\w+)`", answer.text)
        assert found, answer.text
        return found[1], credentials

    def fill(self, interaction_id: str, **fields: str) -> Message:
        """Fill in the form that an interaction opened and return what came of it."""
        result = self.discord.submit_modal(interaction_id, dict(fields))
        assert result.problem is None, result.problem
        return self._answer(result.message_id)

    def close_sessions(self) -> None:
        """Close what the owner has open."""
        Person(self.discord, "any", Strike()).close_sessions()

    def live(self, deployment: str, words: str, seconds: float = 90, after: int = 0) -> Message:
        """The newest live message of a deployment's run, once it has these words."""
        return self.discord.wait_for(
            lambda message: int(message.id) > after and f"{deployment} · " in message.text and words in message.text,
            seconds,
        )

    def newest(self) -> int:
        """The id of the newest message in the channel."""
        return max((int(message.id) for message in self.discord.messages()), default=0)

    def press(self, message: Message, label: str, user: str = "owner") -> str:
        """Press a button that the message has; returns the interaction's id."""
        button = next(each for each in message.buttons if each.label == label)
        result = self.discord.press(message.id, button.custom_id or "", user=user)
        assert result.problem is None, result.problem
        return result.interaction_id

    def apply(self, deployment: str, command: str = "cloud-deploy-v2", **options: str) -> None:
        """Start a run and approve its plan."""
        after = self.newest()
        answer = self.slash(command, name=deployment, **options)
        assert "First the plan" in answer.text, answer.text
        self.press(self.live(deployment, "The plan is ready", after=after), "Approve")

    def countdown(self, deployment: str, variables: str) -> None:
        """Start and approve a demo/countdown."""
        self.apply(deployment, blueprint="demo/countdown", variables=variables)

    def run_of(self, deployment: str) -> dict[str, Any]:
        """The newest run's row."""
        row = self.row(deployment)
        assert row
        return dict(self._table("RunsTableName").get_item(Key={"run_id": row["last_run_id"]})["Item"])

    def row(self, deployment: str) -> dict[str, Any] | None:
        """The deployment's row."""
        key = {"guild_id": self.discord.world.guild.id, "name": deployment}
        return self._table("DeploymentsTableName").get_item(Key=key, ConsistentRead=True).get("Item")  # type: ignore[no-any-return]

    def _table(self, output: str) -> Any:
        import boto3

        resource: Callable[..., Any] = boto3.resource
        settings = {"endpoint_url": self.sandbox.emulator.url, "region_name": "us-east-1"}
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "sandbox"}
        return resource("dynamodb", **settings, **keys).Table(self.sandbox.outputs[output])


@pytest.fixture(scope="session")
def guild(sandbox: Sandbox) -> Guild:
    return Guild(sandbox)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every request that Discord's stand-in gets from the app during the test, as it came."""
    requests: list[Request] = []
    handle = api.handle

    def listening(state: Any, request: Request) -> api.Reply:
        requests.append(request)
        return handle(state, request)

    monkeypatch.setattr(api, "handle", listening)
    return requests


def applying(guild: Guild, deployment: str) -> Message:
    """The live message once at least one resource is done."""
    return guild.discord.wait_for(
        lambda message: (
            f"{deployment} · " in message.text and "in Progress" in message.text and "(0/" not in message.text
        ),
        60,
    )


def wait_until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for something that is no message."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.3)
