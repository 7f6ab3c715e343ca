"""A build's bundle: everything a phase needs, in one zip that is handed over once (runner/README.md draws it)."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chatops.domain.blueprints import REGIONAL
from chatops.domain.runs import GRACE_SECONDS, HEARTBEAT_SECONDS, PHASE_SECONDS, Phase, Run
from chatops.runs.kept_log import log_key

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


@dataclass(frozen=True)
class Beforehand:
    """What a plan build does before it plans, or why it must not.

    `stale_lock` is the id of a Terraform lock that it removes. `blocked` is a text of lines: what stands in the way,
    and what an administrator can do. `errored_state_at` is where the state lies that an earlier run could not save;
    `errored_state_gone` says that it is not kept any more. `adopt` maps addresses to the import ids of objects that no
    state knows.
    """

    stale_lock: str | None = None
    blocked: str | None = None
    errored_state_at: str | None = None
    errored_state_gone: bool = False
    adopt: Mapping[str, str] = field(default_factory=dict)


def uploads(run: Run, phase: Phase) -> dict[str, str]:
    """The keys that a phase's build may write in the runs bucket."""
    files = (PLAN_FILES if phase is Phase.PLAN else FINAL_FILES) | {"result": f"result-{phase.value}.json"}
    return {name: run.artefact(file) for name, file in files.items()} | {"log": log_key(run, phase)}


def downloads(run: Run, phase: Phase, beforehand: Beforehand) -> dict[str, str]:
    """The keys that a phase's build may read in the runs bucket."""
    if phase is not Phase.PLAN:
        return {"plan": run.artefact(PLAN_FILES["plan"])}
    return {"errored_state": errored_state(run)} if beforehand.errored_state_at else {}


def errored_state(run: Run) -> str:
    """The key of the state that this run saves first, because an earlier one could not."""
    return replace(run, id=run.unsaved_run_id).artefact(FINAL_FILES["errored_state"])


def settings(
    run: Run,
    phase: Phase,
    tool: Tool,
    backend: Mapping[str, Any],
    state_credentials: Mapping[str, str],
    credentials: Mapping[str, Any],
    heartbeat_token: str,
    addresses: tuple[Mapping[str, str], Mapping[str, str]],
    beforehand: Beforehand,
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
        **asdict(beforehand),
        "deadline_seconds": PHASE_SECONDS,
        "grace_seconds": GRACE_SECONDS,
    }


def _reserved(run: Run) -> dict[str, str]:
    """The variables that a blueprint of this cloud declares and nobody chooses (domain/blueprints.py)."""
    always = {"deployment": run.deployment, "guild_id": run.guild_id, "project_id": run.project_id}
    return always | ({"region": run.region} if run.provider in REGIONAL else {})


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
