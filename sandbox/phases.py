"""The events in which CodeBuild tells how far a build is; the emulator sends none."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

SOURCE = "sandbox.codebuild"
"""Like AWS, the emulator lets nobody send under a name that begins with `aws.`."""


def given_to(project: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    """A build's variables as CodeBuild names them: the project's own, StartBuild's behind them."""
    override = arguments.get("EnvironmentVariablesOverride", [])
    return [
        *project["environment"].get("environmentVariables", []),
        *({name.lower(): value for name, value in variable.items()} for variable in override),
    ]


def tell(events: Any, build_id: str, variables: Sequence[Mapping[str, str]], completed: str) -> None:
    """Send the event that a build has a phase behind it; as on AWS, nobody waits for that to work."""
    detail = {
        "project-name": build_id.partition(":")[0],
        "build-id": f"arn:aws:codebuild:us-east-1:000000000000:build/{build_id}",
        "completed-phase": completed,
        "completed-phase-status": "SUCCEEDED",
        "completed-phase-context": "[]",
        "completed-phase-end": time.strftime("%b %-d, %Y %-I:%M:%S %p", time.gmtime()),
        "version": "1",
        "additional-information": {
            "build-complete": False,
            "environment": {"type": "LINUX_CONTAINER", "environment-variables": variables},
        },
    }
    entry = {"Source": SOURCE, "DetailType": "CodeBuild Build Phase Change", "Detail": json.dumps(detail)}
    with suppress(ClientError, BotoCoreError):  # the emulator may be gone already when the sandbox ends
        events.put_events(Entries=[entry])
