"""Runs, plans and log lines for tests."""

import json
import secrets
from dataclasses import replace
from typing import Any

from chatops.domain.progress import Operation, OperationKind, ProgressIndex
from chatops.domain.runs import Approval, Build, MessageRef, Phase, ReplyToken, Run, Status, token_hash

NOW = 1_800_000_000
GUILD = "1100000000000000002"
OTHER_GUILD = "1100000000000000099"
OWNER = "1100000000000000004"
MEMBER = "1100000000000000005"
BUILD = "project:11111111-2222"
BUILD_UUID = "11111111-2222"
MESSAGE = MessageRef("1100000000000000003", "1100000000000000010")

FACTS: dict[str, Any] = {
    "add": 2,
    "change": 0,
    "destroy": 0,
    "import": 0,
    "forget": 0,
    "total": 2,
    "destroyed": [],
    "operations": [["null_resource.a", "create"], ["null_resource.b", "create"]],
    "addresses": 2,
    "outputs_changed": [],
}
OPERATIONS = (
    Operation("null_resource.a", OperationKind.CREATE),
    Operation("null_resource.b", OperationKind.CREATE),
)


def new_run_id() -> str:
    """An id that no other test's run has."""
    return secrets.token_hex(8)


def a_run(**changes: Any) -> Run:
    """A run that was just stored, with its live message posted."""
    run = Run(
        id="aaaa000011112222",
        guild_id=GUILD,
        deployment="shop",
        blueprint="demo/countdown",
        destroy=False,
        user_id=OWNER,
        created_at=NOW - 60,
        interaction_id="1100000000000000077",
        fence=1,
        message=MESSAGE,
        token=ReplyToken("app", "token", NOW + 800),
    )
    return replace(run, **changes)


def planning(**changes: Any) -> Run:
    """A run whose plan is being made by a build that lives."""
    return a_run(**{"status": Status.PLANNING, "build": a_build(Phase.PLAN), **changes})


def awaiting(**changes: Any) -> Run:
    """A run that waits for a person."""
    approval = Approval("task", "feed", NOW + 600)
    return planning(
        **{"status": Status.AWAITING, "plan": FACTS, "plan_sha256": "feed", "approval": approval, **changes}
    )


def applying(**changes: Any) -> Run:
    """A run whose approved plan is being carried out by a build that lives."""
    phase = Phase.DESTROY if changes.get("destroy") else Phase.APPLY
    approval = Approval("task", "feed", NOW + 600, "approve", OWNER)
    return awaiting(**{"status": Status.APPLYING, "build": a_build(phase), "approval": approval, **changes})


def a_build(phase: Phase, **changes: Any) -> Build:
    """A build that claimed half a minute ago and lives."""
    build = Build(
        phase,
        token_hash("claim"),
        NOW + 500,
        build_id=BUILD,
        heartbeat_hash=token_hash("beat"),
        heartbeat_at=NOW,
        claimed_at=NOW - 30,
    )
    return replace(build, **changes)


def index(operations: tuple[Operation, ...] = OPERATIONS) -> bytes:
    return ProgressIndex(operations).to_bytes()


def plan_json(*resources: tuple[str, str]) -> bytes:
    """A plan of (address, action)."""
    changes = [{"address": address, "change": {"actions": [action]}} for address, action in resources]
    return json.dumps({"format_version": "1.2", "resource_changes": changes}).encode()


def line(kind: str, address: str = "null_resource.a", seconds: int = 0, action: str = "create") -> tuple[int, str]:
    """A `-json` line about a resource, `seconds` after NOW."""
    hook = {"resource": {"addr": address}, "action": action}
    message = {"type": kind, "@level": "info", "@message": kind, "@module": "terraform.ui", "hook": hook}
    return (NOW + seconds) * 1000, json.dumps(message)


def shown(payload: Any) -> str:
    """All text of a message."""
    embeds = payload["embeds"]
    parts = [payload["content"]]
    for embed in embeds:
        parts += [embed.get("title", ""), embed["description"], embed.get("footer", {}).get("text", "")]
        parts += [f"{field['name']}: {field['value']}" for field in embed["fields"]]
    return "\n".join(parts)


def buttons(payload: Any) -> list[str]:
    return [button["label"] for row in payload["components"] for button in row["components"]]
