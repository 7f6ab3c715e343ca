"""The runner's engine with a shell script for Terraform."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.bundle import CloudCredentials, StateCredentials
from runner.credentials import build
from runner.engine import IACEngineManager
from runner.redact import Secrets
from runner.stop import Stop
from runner.workspace import Workspace

SECONDS = 20
"""No tool here may take longer."""


@contextmanager
def engine(
    folder: Path, script: str, guild: CloudCredentials | None = None, run_id: str = "run-0000"
) -> Iterator[IACEngineManager]:
    """The engine with a shell script for Terraform, in a workspace below `folder`."""
    tool = folder / f"tool-of-{run_id}"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))
        workspace = Workspace(run_id)
    guild = guild or CloudCredentials("none", None, None, {})
    with workspace:
        injection = build(guild, StateCredentials("ASIASTATE", "s", "t"), workspace.private.path)
        yield IACEngineManager(
            tool,
            workspace,
            environment={"PATH": "/usr/bin:/bin", "SHARED": str(folder)},
            sessions={run_id: injection},
            secrets=Secrets(),
            stop=Stop(),
            say=lambda text: None,
        )


def execute(
    manager: IACEngineManager, run_id: str = "run-0000", callback: Callable[[str], None] | None = None
) -> tuple[bool, str, str]:
    """One run of the tool."""
    work = manager.execute_iac(["apply"], session_id=run_id, progress_callback=callback)
    return asyncio.run(asyncio.wait_for(work, SECONDS))
