"""Runs: one plan→apply or plan→destroy of a deployment, from the command to the last message."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chatops.domain.progress import ProgressDelta

APPROVAL_SECONDS = 10 * 60
QUEUE_SECONDS = 10 * 60
"""How long a build may wait for a free place."""
CLAIM_SECONDS = QUEUE_SECONDS + 5 * 60
"""How long its bundle may be claimed: the longest wait, and the time that its machine may take."""
TOKEN_SECONDS = 15 * 60
RUN_KEPT_SECONDS = 90 * 24 * 3600
FILES_KEPT_DAYS = 7
"""The bucket forgets a run's files after this many days (template.yaml; a test compares the two)."""
HEARTBEAT_SECONDS = 10
PHASE_SECONDS = 50 * 60
GRACE_SECONDS = 5 * 60
CHATOPS = "chatops"
"""Who asked for a cancel when it was no person."""
HEARTBEAT_LOST_SECONDS = 30
LINE_SECONDS = 60 * 60
"""How long a run may wait for its turn; whoever asked for it has left by then."""


class Phase(StrEnum):
    """What a build does."""

    PLAN = "plan"
    APPLY = "apply"
    DESTROY = "destroy"


class Status(StrEnum):
    """Where a run is."""

    QUEUED = "waiting in line"
    STARTING = "starting"
    PLANNING = "planning"
    AWAITING = "awaiting approval"
    APPLYING = "applying"
    SUCCEEDED = "succeeded"
    NO_CHANGES = "no changes"
    OVER_BUDGET = "over budget"
    REJECTED = "rejected"
    EXPIRED = "approval expired"
    WAITED_OUT = "waited too long"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self not in _ACTIVE

    @property
    def at_work(self) -> bool:
        """Whether a build works, or is waited for."""
        return self in (Status.PLANNING, Status.APPLYING)

    @classmethod
    def during(cls, phase: Phase) -> "Status":
        """What a run is while a build of this phase works."""
        return cls.PLANNING if phase is Phase.PLAN else cls.APPLYING


_RUN_ID = re.compile("[0-9a-f]{16}")
_ACTIVE = {Status.QUEUED, Status.STARTING, Status.PLANNING, Status.AWAITING, Status.APPLYING}


@dataclass(frozen=True)
class MessageRef:
    """A message in a channel."""

    channel_id: str
    message_id: str


@dataclass(frozen=True)
class ReplyToken:
    """An interaction's token: fifteen minutes of the right to edit (discord-api-docs, receiving-and-responding)."""

    application_id: str
    value: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True)
class Build:
    """A phase's build: who may claim its bundle, and whether it lives. Only hashes of its tokens are kept.

    `host` is the name of the machine that claimed: Terraform writes it into its lock.
    """

    phase: Phase
    claim_hash: str
    claim_until: int
    build_id: str = ""
    heartbeat_hash: str = ""
    heartbeat_at: int = 0
    claimed_at: int = 0
    host: str = ""

    @property
    def began_at(self) -> int:
        """When its phase began to wait for it."""
        return self.claim_until - CLAIM_SECONDS


@dataclass(frozen=True)
class Approval:
    """A plan that waits for a person, bound to the plan's hash."""

    task_token: str = field(repr=False)
    plan_sha256: str
    expires_at: int
    decision: str = ""
    decided_by: str = ""


@dataclass(frozen=True)
class Run:
    """One run of a deployment.

    `typed` are those of its `variables` that a person chose for it; the others are the deployment's, or the defaults.
    `session_id` is the session whose credentials it took. `previous_run_id` is the run that held the deployment before.
    `unsaved_run_id` is an earlier run whose state Terraform could not save: this run saves it before anything else.
    `locale` is the language of Discord's client of the person who started it, as Discord spells it. `turn_at` is when
    its turn came, if it had to wait; until then its `fence` is 0: it has held no lock.
    """

    id: str
    guild_id: str
    deployment: str
    blueprint: str
    destroy: bool
    user_id: str
    created_at: int
    interaction_id: str
    fence: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    typed: tuple[str, ...] = ()
    provider: str = "none"
    region: str = ""
    project_id: str = ""
    session_id: str = ""
    locale: str = ""
    previous_run_id: str = ""
    unsaved_run_id: str = ""
    status: Status = Status.STARTING
    build: Build | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    plan_sha256: str = ""
    approval: Approval | None = None
    cancel_requested_by: str = ""
    cancel_requested_at: int = 0
    cancel_cause: str = ""
    message: MessageRef | None = None
    token: ReplyToken | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    ended_at: int = 0
    reported: bool = False
    turn_at: int = 0

    @property
    def began_at(self) -> int:
        """When it was asked for, or when its turn came."""
        return self.turn_at or self.created_at

    @property
    def never_began(self) -> bool:
        """Whether it waits for its turn, or ended before that: it has held no lock and touched nothing."""
        return self.fence == 0

    @property
    def uses_connection(self) -> bool:
        """Whether it deploys with the cloud that its guild has connected, and with no session of a person."""
        return self.provider != "none" and not self.session_id

    @property
    def execution_name(self) -> str:
        """The execution's name: the interaction that asked for it, so that a retry finds the same one."""
        return f"i-{self.interaction_id}"

    @property
    def final_phase(self) -> Phase:
        """The phase that changes the cloud."""
        return Phase.DESTROY if self.destroy else Phase.APPLY

    @property
    def phase(self) -> Phase:
        """The phase that it is in, or got to."""
        return self.build.phase if self.build else Phase.PLAN

    @property
    def got_to_work(self) -> bool:
        """Whether a build of the phase that changes the cloud has had its bundle."""
        return self.build is not None and bool(self.build.build_id) and self.build.phase is not Phase.PLAN

    @property
    def unfinished(self) -> bool:
        """Whether something is left to finish: it was cut off, or broke in the phase that changes the cloud."""
        broken = self.status in (Status.FAILED, Status.CANCELLED)
        return self.status is Status.INTERRUPTED or (broken and self.got_to_work)

    @property
    def state_key(self) -> str:
        """The key of the deployment's Terraform state in the state bucket."""
        return f"{self.guild_id}/{self.deployment}/terraform.tfstate"

    def artefact(self, name: str) -> str:
        """The key of one of the run's files in the runs bucket."""
        return f"runs/{self.guild_id}/{self.id}/{name}"


@dataclass(frozen=True)
class ProgressItem:
    """What the log has told of a phase so far, and how often it was added to."""

    seen: ProgressDelta = field(default_factory=ProgressDelta)
    version: int = 0


def storable(text: str) -> str:
    """The text as every reader of UTF-8 takes it: JSON of untrusted code may hold half a character."""
    return text.encode("utf-8", "replace").decode()


def run_id_of(interaction_id: str) -> str:
    """Sixteen lower-case hexadecimal characters: a name, never a secret; the same for a command that is tried again."""
    return hashlib.sha256(f"run of interaction {interaction_id}".encode()).hexdigest()[:16]


def is_run_id(text: str) -> bool:
    """Whether it could be a run's id."""
    return _RUN_ID.fullmatch(text) is not None


def new_token() -> str:
    """A 256-bit secret for one build."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
