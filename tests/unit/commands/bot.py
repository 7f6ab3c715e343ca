import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chatops.blueprints import Catalogue
from chatops.commands import COMMANDS
from chatops.commands.answer import answer
from chatops.commands.services import Services
from chatops.discord.interactions import MANAGE_GUILD, Interaction, InteractionType, Person, seal_context, to_payload
from chatops.domain.deployments import Deployment, Lock
from chatops.domain.queues import Limits, Place
from chatops.domain.runs import Run
from chatops.domain.sessions import session_id_of
from chatops.vault.blobs import RecoveryBlobs
from chatops.vault.ephemeral import EphemeralVault
from chatops.vault.sealed import open_connection, open_option, seal_connection, seal_credentials, seal_option
from chatops.vault.sessions import Sessions
from tests.fakes.blob_table import InMemoryBlobTable
from tests.fakes.guilds import (
    FakeAttachments,
    FakeGuildAws,
    InMemoryAuditLog,
    InMemoryConnections,
    InMemoryLines,
)
from tests.fakes.keys import InMemoryDataKeys
from tests.fakes.outside import FakeBuilds, FakeChat, FakeClock, FakeWorkflow, InMemoryArtefacts
from tests.fakes.runs import GUILD, MEMBER, NOW, OWNER, shown
from tests.fakes.stores import (
    InMemoryDeploymentStore,
    InMemoryGuildSettings,
    InMemoryInteractionStore,
    InMemoryRunStore,
    InMemoryTimings,
)

DEPLOYERS = "1100000000000000050"
"""A Discord role."""
PEOPLE = {
    "owner": Person(OWNER, "ada"),
    "member": Person(MEMBER, "bob"),
    "manager": Person("1100000000000000006", "eve", permissions=MANAGE_GUILD),
    "deployer": Person("1100000000000000007", "cy", roles=("1100000000000000051", DEPLOYERS)),
}
ACCESS_KEY = json.dumps({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "c" * 40})


@dataclass
class Bot:
    """The commands with everything around them in memory; `say` and `press` go through `answer` as in production."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    chat: FakeChat = field(default_factory=FakeChat)
    runs: InMemoryRunStore = field(default_factory=InMemoryRunStore)
    deployments: InMemoryDeploymentStore = field(default_factory=InMemoryDeploymentStore)
    settings: InMemoryGuildSettings = field(default_factory=InMemoryGuildSettings)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    guild_aws: FakeGuildAws = field(default_factory=FakeGuildAws)
    attachments: FakeAttachments = field(default_factory=FakeAttachments)
    lines: InMemoryLines = field(default_factory=InMemoryLines)
    timings: InMemoryTimings = field(default_factory=InMemoryTimings)
    audit: InMemoryAuditLog = field(default_factory=InMemoryAuditLog)
    builds: FakeBuilds = field(default_factory=FakeBuilds)
    limits: Limits = field(default_factory=lambda: Limits(concurrent=3, hourly=30))
    interactions: InMemoryInteractionStore = field(default_factory=InMemoryInteractionStore)
    artefacts: InMemoryArtefacts = field(default_factory=InMemoryArtefacts)
    workflow: FakeWorkflow = field(default_factory=FakeWorkflow)
    keys: InMemoryDataKeys = field(default_factory=InMemoryDataKeys)
    blobs: InMemoryBlobTable = field(default_factory=InMemoryBlobTable)
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    advised: list[Mapping[str, Any]] = field(default_factory=list)
    reported: list[Mapping[str, Any]] = field(default_factory=list)
    number: int = 1100000000000001000

    def __post_init__(self) -> None:
        self.services = Services(
            sessions=Sessions(EphemeralVault(self.keys, self.clock), RecoveryBlobs(self.blobs, self.clock), self.clock),
            catalogue=Catalogue.load(),
            interactions=self.interactions,
            deployments=self.deployments,
            settings=self.settings,
            connections=self.connections,
            guild_aws=self.guild_aws,
            attachments=self.attachments,
            lines=self.lines,
            timings=self.timings,
            audit=self.audit,
            builds=self.builds,
            runs=self.runs,
            artefacts=self.artefacts,
            workflow=self.workflow,
            chat=self.chat,
            seal_credentials=lambda guild, run, values: seal_credentials(self.keys, guild, run, values).encode(),
            seal_connection=lambda guild, provider, values: seal_connection(self.keys, guild, provider, values),
            open_connection=lambda guild, provider, text: open_connection(self.keys, guild, provider, text),
            open_option=lambda text, context: open_option(self.keys, context, text),
            advise=self.advised.append,
            report=self.reported.append,
            limits=self.limits,
            broker_arn="arn:aws:iam::000000000000:role/GuildAccessRole",
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def say(self, command: str, who: str = "owner", guild: str = GUILD, **options: Any) -> str:
        """Type a slash command and return what the person sees."""
        secret = {option.name for option in COMMANDS[command].options if option.secret}
        sent = self._interaction(InteractionType.COMMAND, who, guild, command=command)
        given = secret.intersection(options)
        sealed = {name: seal_option(self.keys, seal_context(sent, name), options[name]) for name in given}
        plain = {name: value for name, value in options.items() if name not in secret}
        self.chat.answers.clear()
        self.deliver(sent, options=plain, sealed=sealed)
        return "\n".join(shown(payload) for payload in self.chat.answers)

    def press(self, action: str, run_id: str, who: str = "owner", guild: str = GUILD) -> str:
        """Press a button of the live message and return the private note, if there is one."""
        before = len(self.chat.follow_ups)
        self.deliver(self._interaction(InteractionType.COMPONENT, who, guild, custom_id=f"v1:{action}:{run_id}"))
        notes = [payload for payload, ephemeral in self.chat.follow_ups[before:] if ephemeral]
        assert len(notes) <= 1
        return "".join(map(shown, notes))

    def deliver(self, interaction: Interaction, **changes: Any) -> None:
        """What the commands function does with a dispatched interaction."""
        payload = json.loads(json.dumps(to_payload(Interaction(**{**vars(interaction), **changes}))))
        answer(payload, self.services, lambda message, fields: self.log.append((message, dict(fields))))

    def open_session(self, provider: str = "aws", who: str = "owner") -> None:
        project = {"aws": "222222222222", "azure": "0" * 8 + "-0000-0000-0000-" + "0" * 12}[provider]
        person = PEOPLE[who]
        self.number += 1
        self.services.sessions.open(
            GUILD,
            person.id,
            provider,
            project,
            "eu-west-1",
            {"key": "canary"},
            session_id=session_id_of(str(self.number)),
        )

    def store(self, run: Run) -> Run:
        """Put a run into the tables with its deployment, its lock, its place in the line and its execution."""
        self.runs.runs[run.id] = run
        lock = Lock(run.id, 1, run.user_id, run.created_at)
        self.deployments.rows[run.guild_id, run.deployment] = Deployment(
            run.guild_id, run.deployment, run.blueprint, lock=lock, fence=1, last_run_id=run.id
        )
        if not run.status.ended:
            line = self.lines.get(run.guild_id)
            place = Place(run.id, run.deployment, run.user_id, run.created_at)
            self.lines.kept[run.guild_id] = replace(line, running=(*line.running, place), version=line.version + 1)
        self.workflow.executions[run.execution_name] = "RUNNING"
        if run.approval:
            self.workflow.waiting.add(run.approval.task_token)
        return run

    def only_run(self) -> Run:
        (run,) = self.runs.runs.values()
        return run

    def _interaction(self, kind: InteractionType, who: str, guild: str, **fields: Any) -> Interaction:
        self.number += 1
        return Interaction(
            id=str(self.number),
            type=kind,
            application_id="app",
            token=f"token-{self.number}",
            person=PEOPLE[who],
            guild_id=guild,
            channel_id="1100000000000000003",
            message_id="1100000000000000010" if kind is InteractionType.COMPONENT else None,
            **fields,
        )
