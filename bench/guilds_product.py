"""The product's own code for bench/guilds.py, with everything that it keeps in memory and every call counted."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatops.adapters.artefacts import S3Artefacts
from chatops.adapters.audit_log import DynamoAuditLog
from chatops.adapters.blob_table import DynamoBlobTable
from chatops.adapters.builds import CodeBuildBuilds
from chatops.adapters.connections import DynamoConnections
from chatops.adapters.deployment_store import DynamoDeploymentStore
from chatops.adapters.guild_settings import DynamoGuildSettings
from chatops.adapters.interaction_store import DynamoInteractionStore
from chatops.adapters.kms import KmsDataKeys
from chatops.adapters.line_store import DynamoLines
from chatops.adapters.run_store import DynamoRunStore
from chatops.adapters.timing_store import DynamoTimings
from chatops.adapters.workflow import StepFunctionsWorkflow
from chatops.blueprints import Catalogue
from chatops.commands.answer import answer
from chatops.commands.services import Services
from chatops.discord.interactions import MANAGE_GUILD, Interaction, InteractionType, Person, to_payload
from chatops.domain.connections import KEY, ROLE, Connection
from chatops.domain.runs import Status, run_id_of
from chatops.runs.approve import request_approval
from chatops.runs.bundle import Tool
from chatops.runs.explain import Explain
from chatops.runs.hand_over import HandOver
from chatops.runs.queue import Queue
from chatops.runs.report import Report
from chatops.runs.start_phase import start_phase
from chatops.runs.sweep import sweep
from chatops.runs.telling import Storyteller
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import open_connection, open_credentials, open_option, seal_connection, seal_credentials
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.guilds import FakeAttachments, FakeGuildAws, InMemoryAuditLog, InMemoryConnections, InMemoryLines
from tests.fakes.keys import InMemoryDataKeys
from tests.fakes.outside import FakeRunRole, InMemoryArtefacts
from tests.fakes.runs import plan_json
from tests.fakes.stores import (
    InMemoryDeploymentStore,
    InMemoryGuildSettings,
    InMemoryInteractionStore,
    InMemoryRunStore,
    InMemoryTimings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.guilds import World
    from chatops.domain.runs import Phase

NOW = 1_800_000_000
_EPOCH_MS = 1_420_070_400_000
"""Discord's (discord-api-docs, reference: snowflakes)."""
BLUEPRINT = "aws/web-app"


class Ports:
    """What the product keeps and asks, in memory; `counted` wraps each as the adapter that stands there on AWS."""

    def __init__(self, world: World, counted: Callable[[Any, type], Any], kept: Kept) -> None:
        self.clock, self.sleep, self.limits, self.chat = world.time, world.time.sleep, world.limits, world.discord
        self.keys = counted(kept.keys, KmsDataKeys)
        self.runs = counted(kept.runs, DynamoRunStore)
        self.deployments = counted(kept.deployments, DynamoDeploymentStore)
        self.artefacts, self.audit = counted(kept.artefacts, S3Artefacts), counted(kept.audit, DynamoAuditLog)
        self.lines = counted(kept.lines, DynamoLines)
        self.connections = counted(kept.connections, DynamoConnections)
        self.settings = counted(InMemoryGuildSettings(), DynamoGuildSettings)
        self.timings = counted(InMemoryTimings(), DynamoTimings)
        self.interactions = counted(InMemoryInteractionStore(), DynamoInteractionStore)
        self.states = counted(InMemoryArtefacts(), S3Artefacts)
        self.workflow = counted(world.workflow, StepFunctionsWorkflow)
        self.builds = counted(world.builds, CodeBuildBuilds)
        self.blobs = RecoveryBlobs(counted(InMemoryBlobTable(), DynamoBlobTable), self.clock)

    def some(self, *names: str) -> dict[str, Any]:
        """These ports by their names, as most constructors take them."""
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Kept:
    """What is looked into when everything is over."""

    runs: InMemoryRunStore = field(default_factory=InMemoryRunStore)
    deployments: InMemoryDeploymentStore = field(default_factory=InMemoryDeploymentStore)
    lines: InMemoryLines = field(default_factory=InMemoryLines)
    artefacts: InMemoryArtefacts = field(default_factory=InMemoryArtefacts)
    audit: InMemoryAuditLog = field(default_factory=InMemoryAuditLog)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    keys: InMemoryDataKeys = field(default_factory=InMemoryDataKeys)


def _services(ports: Ports, report: Callable[[Mapping[str, Any]], None]) -> Services:
    keys = ports.keys
    return Services(
        sessions=Sessions(EphemeralVault(keys, ports.clock), ports.blobs, ports.clock),
        catalogue=Catalogue.load(),
        guild_aws=FakeGuildAws(),
        attachments=FakeAttachments(),
        seal_credentials=lambda guild, run, values: seal_credentials(keys, guild, run, values).encode(),
        seal_connection=lambda guild, provider, values: seal_connection(keys, guild, provider, values),
        open_connection=lambda guild, provider, text: open_connection(keys, guild, provider, text),
        open_option=lambda text, context: open_option(keys, context, text),
        advise=lambda event: None,
        report=report,
        broker_arn="arn:aws:iam::000000000000:role/broker",
        **ports.some("interactions", "deployments", "settings", "timings", "connections", "lines", "audit"),
        **ports.some("builds", "runs", "artefacts", "workflow", "chat", "limits", "clock", "sleep"),
    )


def _hand_over(ports: Ports) -> HandOver:
    return HandOver(
        role=FakeRunRole(),
        open_credentials=lambda run, sealed: open_credentials(ports.keys, run.guild_id, run.id, sealed.decode()),
        lend=_lent,
        blueprint_files=lambda blueprint: {},
        runner_files=dict,
        tool=Tool("tofu", "1.10.6", "0" * 64),
        state_bucket="states",
        region="eu-central-1",
        **ports.some("runs", "interactions", "artefacts", "states", "audit"),
    )


class Product:
    """Commands, line, claims, approvals, reports and sweeps over one set of stores."""

    def __init__(self, world: World, counted: Callable[[Any, type], Any]) -> None:
        self._world, self._ids = world, 0
        self.kept = Kept()
        self._ports = ports = Ports(world, counted, self.kept)
        self._guild_ids: dict[str, str] = {}
        stores = ports.some("lines", "runs", "deployments", "settings", "connections")
        line = stores | ports.some("workflow", "chat", "limits", "clock", "sleep")
        ended = ports.some("runs", "deployments", "artefacts", "timings", "builds", "chat", "audit", "clock", "sleep")
        self._report = Report(queue=Queue(**line), **ended)
        told = ports.some("runs", "artefacts", "deployments", "settings")
        self._explain = Explain(tell=Storyteller(5.5, "", lambda: None), **told)
        self._services = _services(ports, self._reported)
        self._handed = _hand_over(ports)

    def connect(self, marks: Sequence[str]) -> dict[str, str]:
        """Every guild connects its AWS account, by key or by role; returns the marks by guild id."""
        for number, mark in enumerate(marks):
            guild_id, account = str(1100000000000100000 + number), f"{222222000000 + number}"
            self._guild_ids[mark] = guild_id
            kind = ROLE if number % 2 else KEY
            role = {"role_arn": f"arn:aws:iam::{account}:role/chatops-guild-{mark}", "external_id": f"{mark}-external"}
            key = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": f"{mark}-secret"}
            sealed = seal_connection(self.kept.keys, guild_id, "aws", role if kind == ROLE else key)
            self.kept.connections.put(Connection(guild_id, "aws", account, "eu-west-1", kind, sealed))
        return {guild_id: mark for mark, guild_id in self._guild_ids.items()}

    # What a person does

    def ask(self, mark: str, number: int) -> tuple[str, Callable[[], None], Callable[[], str]]:
        """A person types /cloud-deploy-v2: the run's id, the invocation, and what was answered."""
        options = {"blueprint": BLUEPRINT, "name": f"{mark}-{number}"}
        typed = self._interaction(mark, InteractionType.COMMAND, command="cloud-deploy-v2", options=options)
        token = typed.token
        return run_id_of(typed.id), lambda: self._answer(typed), lambda: self._ports.chat.answers.get(token, "")

    def press(self, mark: str, action: str, run_id: str) -> Callable[[], None]:
        """The person whose run it is presses a button under its message."""
        run = self.kept.runs.runs[run_id]
        message = run.message.message_id if run.message else None
        pressed = self._interaction(
            mark, InteractionType.COMPONENT, user=run.user_id, custom_id=f"v1:{action}:{run_id}", message_id=message
        )
        return lambda: self._answer(pressed)

    def _interaction(self, mark: str, kind: InteractionType, user: str = "", **fields: Any) -> Interaction:
        self._ids += 1
        snowflake = (int(self._world.time.now * 1000) - _EPOCH_MS) << 22 | self._ids % 2**22
        person = user or str(1200000000000000000 + self._ids)  # who asks twice for the same is only shown the first run
        token = f"token-{self._ids}"
        self._ports.chat.guild_of_token[token] = mark
        return Interaction(
            id=str(snowflake),
            type=kind,
            application_id="app",
            token=token,
            person=Person(person, f"{mark}-person", permissions=MANAGE_GUILD),
            guild_id=self._guild_ids[mark],
            channel_id="1100000000000000003",
            **fields,
        )

    def _answer(self, interaction: Interaction) -> None:
        payload = json.loads(json.dumps(to_payload(interaction)))
        answer(payload, self._services, self._log)

    def _log(self, message: str, fields: Mapping[str, Any]) -> None:
        if message == "a command did not work":
            self._world.notes.wrong.append(f"{message}: {dict(fields)}")

    # What the state machine and the builds do

    def start_phase(self, run_id: str, phase: Phase) -> str:
        return start_phase(self._ports.runs, run_id, phase, self._now())["claim_token"]

    def claim(self, run_id: str, token: str, build_id: str) -> dict[str, Any]:
        handed = self._handed.claim(run_id, token, build_id, "host", self._now())
        bundle: dict[str, Any] = json.loads(zipfile.ZipFile(io.BytesIO(handed.bundle)).read("bundle.json"))
        return bundle

    def beat(self, run_id: str, token: str) -> bool:
        return self._handed.heartbeat(run_id, token, self._now())

    def leave(self, bundle: Mapping[str, Any]) -> None:
        """What a build uploads to its signed addresses; who reads it later must be of the same guild."""
        mark = bundle["variables"]["deployment"].partition("-")[0]
        files = {
            "plan": f"plan of {mark}-{bundle['run_id']}".encode(),
            "plan_json": plan_json((f"aws_instance.{mark}", "create")),
            "result": b"{}",
            "outputs": json.dumps({"where": {"value": f"{mark}-somewhere"}}).encode(),
        }
        for name, address in bundle["uploads"].items():
            if name in files:
                self.kept.artefacts.put(address.removeprefix("https://put/").partition("?")[0], files[name])

    def explain(self, run_id: str) -> dict[str, bool]:
        return self._explain(run_id, self._log)

    def request_approval(self, run_id: str, token: str) -> None:
        clock = self._world.time
        request_approval(
            self._ports.runs, self._ports.chat, self._ports.workflow.decide, run_id, token, clock, clock.sleep
        )

    def report(self, run_id: str, outcome: Status, cause: str) -> None:
        self._report(run_id, outcome, cause)

    def sweep(self) -> None:
        """The watchdog's look; whom it finds is reported by an invocation of its own."""
        sweep(
            self._ports.runs,
            self._ports.workflow,
            self._ports.builds,
            lambda found: self._reported({"run_id": found.run_id, "outcome": found.outcome, "cause": found.cause}),
            lambda run_id: None,
            lambda guild_id: self._reported({"turn": guild_id}),
            self._now(),
        )

    def _reported(self, event: Mapping[str, Any]) -> None:
        if guild_id := event.get("turn"):
            self._world.asynchronous(lambda: self._report.turn(guild_id))
        else:
            told = (event["run_id"], Status(event["outcome"]), event.get("cause", ""))
            self._world.asynchronous(lambda: self._report(*told))

    # What must hold in the end

    def left_over(self) -> list[str]:
        """Locks, lines, credentials and files that are where they must not be."""
        mark_of = self._world.mark_of
        wrong = [f"run {run.id} was never reported" for run in self.kept.runs.runs.values() if not run.reported]
        wrong += [f"{row.name} is locked" for row in self.kept.deployments.rows.values() if row.lock]
        wrong += [f"{mark_of[guild]} has a line" for guild, line in self.kept.lines.kept.items() if line.places]
        wrong += [f"{key} was left" for key in self.kept.artefacts.objects if key.endswith("credentials.sealed")]
        for key, body in self.kept.artefacts.objects.items():
            self._world.notes.of_guild(key, mark_of[key.split("/")[1]], body.decode("latin-1"))
        for (guild, name), row in self.kept.deployments.rows.items():
            self._world.notes.of_guild(f"deployment {name}", mark_of[guild], f"{row}")
        for run in self.kept.runs.runs.values():
            self._world.notes.of_guild(f"run {run.id}", mark_of[run.guild_id], f"{run}")
        for entry in self.kept.audit.entries.values():
            self._world.notes.of_guild("the audit", mark_of[entry.guild_id], f"{entry}")
        return wrong + self._ended_otherwise()

    def _ended_otherwise(self) -> list[str]:
        """The audit tells of each run's end once, and as it was."""
        told = [(entry.run_id, entry.note) for entry in self.kept.audit.entries.values() if entry.action == "ended"]
        ended = {run.id: run for run in self.kept.runs.runs.values()}
        wrong = [
            f"the end of {run_id} is told twice" for run_id in ended if sum(run_id == each for each, _ in told) > 1
        ]
        return wrong + [f"run {run_id}: {note}" for run_id, note in told if ended[run_id].status.value not in note]

    def _now(self) -> int:
        return int(self._world.time.now)


def _lent(role_arn: str, external_id: str, run_id: str) -> Mapping[str, str]:
    """Keys that tell whose role it is, and with whose external id it was opened."""
    return {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE", "aws_secret_access_key": f"{role_arn} {external_id}"}
