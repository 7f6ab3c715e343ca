"""CloudWatch Logs' subscription events: base64 of gzip of JSON."""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any

UNREADABLE = "unreadable logs"
"""What the log says of a subscription event that is none of the known form; an alarm listens for it."""

MOST_BYTES = 20 * 1024 * 1024
"""CloudWatch sends at most 1 MiB packed; a batch that unpacks to more than this is not one of its own."""


@dataclass(frozen=True)
class LogBatch:
    """Lines of one build, each with its time in milliseconds; none for CloudWatch's own control messages."""

    build_id: str
    lines: tuple[tuple[int, str], ...]


def read_log_event(event: Any) -> LogBatch | None:
    """The batch inside a subscription event, or None if it is not one.

    A build's stream is named by the build's uuid, which is all of the stream's name that is used.
    """
    try:
        packed = base64.b64decode(event["awslogs"]["data"], validate=True)
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(packed, MOST_BYTES)
        if not unpacker.eof:
            return None  # cut on its way, or more than it may be
        data = json.loads(text.decode("utf-8", "replace"))
        if data["messageType"] != "DATA_MESSAGE":
            return LogBatch("", ())
        lines = tuple((int(each["timestamp"]), str(each["message"])) for each in data["logEvents"])
        return LogBatch(str(data["logStream"]).rpartition("/")[2], lines)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, binascii.Error, zlib.error):
        return None
