"""Sign a sample interaction anew with the public test key, and print the event.

    python events/sign.py events/interactions-command.json | sam local invoke InteractionsFunction --event -

A request is good for five minutes and waits three seconds for its answer, so a stored one is always stale. The key is
known to everybody: it is for `sam local invoke` and tests, never for a deployed function.
"""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

TEST_KEY = SigningKey(bytes(range(32)))
TEST_PUBLIC_KEY = TEST_KEY.verify_key.encode().hex()

# `sam local` takes longer to start than Discord waits. The front door takes requests up to 60 s ahead of its clock.
AHEAD_SECONDS = 30

_DISCORD_EPOCH_MS = 1_420_070_400_000


def signed(event: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The event with a new interaction id, timestamp and signature."""
    interaction = {**json.loads(event["body"]), "id": snowflake(now)}
    body, timestamp = json.dumps(interaction), str(int(now))
    signature = TEST_KEY.sign((timestamp + body).encode()).signature.hex()
    headers = {**event["headers"], "x-signature-timestamp": timestamp, "x-signature-ed25519": signature}
    return {**event, "headers": headers, "body": body, "isBase64Encoded": False}


def snowflake(now: float) -> str:
    """A Discord id made at that time."""
    return str((int(now * 1000) - _DISCORD_EPOCH_MS) << 22)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python events/sign.py EVENT.json")
    sample = json.loads(Path(sys.argv[1]).read_text())
    sys.stdout.write(json.dumps(signed(sample, time.time() + AHEAD_SECONDS), indent=2) + "\n")
