"""Builds as files, so that CodeBuild's stand-in and a build's worker agree even when one of them dies."""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sandbox import processes
from sandbox.paths import RUN

FOLDER = RUN / "builds"


@dataclass(frozen=True)
class BuildRecord:
    """One build; `worker` is the process that runs it, `session` the session of its own processes."""

    id: str
    project: str
    worker: int
    status: str = "IN_PROGRESS"
    session: int = 0
    started_at: float = 0.0

    def described(self) -> dict[str, object]:
        """As CodeBuild's API describes it."""
        return {
            "id": self.id,
            "arn": f"arn:aws:codebuild:us-east-1:000000000000:build/{self.id}",
            "projectName": self.project,
            "buildStatus": self.status,
            "buildComplete": self.status != "IN_PROGRESS",
            "startTime": self.started_at,
        }


def begun(build_id: str, project: str) -> BuildRecord:
    """A new build of this process."""
    record = BuildRecord(build_id, project, os.getpid(), started_at=time.time())
    save(record)
    return record


def save(record: BuildRecord) -> None:
    """Write a record in one piece."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    temporary = _file(record.id, f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(asdict(record)))
    temporary.replace(_file(record.id, ".json"))


def load(build_id: str) -> BuildRecord | None:
    """Read a record; a build whose worker has died is one that failed."""
    try:
        record = BuildRecord(**json.loads(_file(build_id, ".json").read_text()))
    except (FileNotFoundError, ValueError):
        return None
    if record.status == "IN_PROGRESS" and not processes.alive(record.worker):
        return replace(record, status="FAULT")
    return record


def unfinished() -> list[BuildRecord]:
    """The builds that have not ended in good order, oldest first."""
    records = [BuildRecord(**json.loads(file.read_text())) for file in FOLDER.glob("*.json")]
    return sorted((each for each in records if each.status == "IN_PROGRESS"), key=lambda each: each.started_at)


def request_stop(build_id: str) -> None:
    """Ask for the end of a build."""
    _file(build_id, ".stop").touch()


def stop_requested(build_id: str) -> bool:
    """Whether its end was asked for."""
    return _file(build_id, ".stop").exists()


def _file(build_id: str, ending: str) -> Path:
    name = build_id.partition(":")[2]
    if not name.replace("-", "").isalnum():
        raise ValueError(f"{build_id!r} is no build's id")
    return FOLDER / f"{name}{ending}"
