"""Pack a build's log lines the way CloudWatch Logs delivers them to `track_progress`, and print the event.

    python events/pack.py events/track-progress.jsonl | sam local invoke TrackProgressFunction --event -

A line of JSON with an `@timestamp`, as in Terraform's `-json` output, is dated by it, any other like the line before.
"""

import base64
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

# Both are invented; a real stream is named by its build's uuid.
ACCOUNT = "111122223333"
BUILD_UUID = "00000000-1111-4222-8333-444444444444"

_FIRST_MS = 1_767_225_600_000


def packed(lines: Iterable[str]) -> dict[str, Any]:
    """The subscription event that holds these lines."""
    batch = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/aws/codebuild/cloud-chatops",
        "logStream": BUILD_UUID,
        "subscriptionFilters": ["sample"],
        "logEvents": [
            {"id": f"{number:056d}", "timestamp": time_ms, "message": line}
            for number, (time_ms, line) in enumerate(_dated(lines))
        ],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(batch).encode(), mtime=0)).decode()}}


def _dated(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    time_ms = _FIRST_MS
    for line in lines:
        time_ms = _time_of(line) or time_ms
        yield time_ms, line


def _time_of(line: str) -> int | None:
    try:
        return int(datetime.fromisoformat(json.loads(line)["@timestamp"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python events/pack.py LINES")
    sys.stdout.write(json.dumps(packed(Path(sys.argv[1]).read_text().splitlines()), indent=2) + "\n")
