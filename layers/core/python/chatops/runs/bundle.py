"""A build's bundle: everything a phase needs, in one zip that is handed over once (runner/README.md draws it)."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatops.domain.runs import GRACE_SECONDS, HEARTBEAT_SECONDS, PHASE_SECONDS, Phase, Run

PLAN_FILES = {"plan": "plan.tfplan", "plan_json": "plan.json", "lock_file": "terraform.lock.hcl"}
FINAL_FILES = {"outputs": "outputs.json", "errored_state": "errored.tfstate"}

_RELEASES = {
    "tofu": "https://github.com/opentofu/opentofu/releases/download/v{version}/tofu_{version}_linux_{arch}.zip",
    "terraform": "https://releases.hashicorp.com/terraform/{version}/terraform_{version}_linux_{arch}.zip",
}


@dataclass(frozen=True)
class Tool:
    """The pinned program that builds run; `sha256` is of its linux_amd64 zip."""

    name: str
    version: str
    sha256: str

    def described(self) -> dict[str, Any]:
        """As the runner reads it."""
        return {
            "name": self.name,
            "version": self.version,
            "url": _RELEASES[self.name],
            "sha256": {"amd64": self.sha256},
        }


def uploads(run: Run, phase: Phase) -> dict[str, str]:
    """The keys that a phase's build may write in the runs bucket."""
    files = (PLAN_FILES if phase is Phase.PLAN else FINAL_FILES) | {"result": f"result-{phase.value}.json"}
    return {name: run.artefact(file) for name, file in files.items()}


def downloads(run: Run, phase: Phase) -> dict[str, str]:
    """The keys that a phase's build may read in the runs bucket."""
    return {} if phase is Phase.PLAN else {"plan": run.artefact(PLAN_FILES["plan"])}


def settings(
    run: Run,
    phase: Phase,
    tool: Tool,
    backend: Mapping[str, Any],
    state_credentials: Mapping[str, str],
    credentials: Mapping[str, Any],
    heartbeat_token: str,
    addresses: tuple[Mapping[str, str], Mapping[str, str]],
    stale_lock: str | None,
) -> dict[str, Any]:
    """The content of bundle.json; `addresses` are the pre-signed downloads and uploads."""
    return {
        "run_id": run.id,
        "phase": phase.value,
        "destroy": run.destroy,
        "tool": tool.described(),
        "variables": {**run.variables, **_reserved(run)},
        "backend": dict(backend),
        "state_credentials": dict(state_credentials),
        "credentials": {
            "provider": run.provider,
            "region": run.region or None,
            "project_id": run.project_id or None,
            "values": dict(credentials),
        },
        "heartbeat": {"token": heartbeat_token, "interval_seconds": HEARTBEAT_SECONDS},
        "downloads": dict(addresses[0]),
        "uploads": dict(addresses[1]),
        "plan_sha256": run.plan_sha256 if phase is not Phase.PLAN else None,
        "stale_lock": stale_lock,
        "deadline_seconds": PHASE_SECONDS,
        "grace_seconds": GRACE_SECONDS,
    }


def _reserved(run: Run) -> dict[str, str]:
    """The variables that every blueprint declares and nobody chooses (domain/blueprints.py)."""
    return {"deployment": run.deployment, "guild_id": run.guild_id, "project_id": run.project_id}


def pack(bundle: Mapping[str, Any], blueprint: Mapping[str, bytes], runner: Mapping[str, bytes]) -> bytes:
    """The zip, with the same bytes for the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in sorted(
            {
                "bundle.json": json.dumps(bundle).encode(),
                **{f"blueprint/{name}": body for name, body in blueprint.items()},
                **{f"runner/{name}": body for name, body in runner.items()},
            }.items()
        ):
            archive.writestr(zipfile.ZipInfo(name), body)
    return buffer.getvalue()
