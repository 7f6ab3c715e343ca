"""Hands a build its bundle once, and hears its heartbeats: POST /runs/claim and POST /runs/heartbeat."""

import base64
import json
import re
import time
from typing import Any

from chatops import bootstrap
from chatops.errors import RefusedClaim, SpentClaim
from chatops.observability import logger

_WORD = re.compile(r"[\w:/.-]{1,300}", re.ASCII)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request of a build; whatever is refused is refused in the same words."""
    try:
        body = _body(event)
        now = int(time.time())
        if event.get("rawPath", "").endswith("/runs/claim"):
            bundle = bootstrap.hand_over().claim(body["run_id"], body["claim_token"], body["build_id"], now)
            return _answer(200, base64.b64encode(bundle).decode(), "application/zip", encoded=True)
        cancel = bootstrap.hand_over().heartbeat(body["run_id"], body["token"], now)
        return _answer(200, json.dumps({"cancel": cancel}))
    except (RefusedClaim, ValueError, KeyError, RecursionError) as refusal:
        # template.yaml makes the first of these an alarm
        message = "bundle claimed twice" if isinstance(refusal, SpentClaim) else "request refused"
        logger.warning(message, extra={"reason": str(refusal) if isinstance(refusal, RefusedClaim) else "bad request"})
        return _answer(403, json.dumps({"error": "refused"}))


def _body(event: dict[str, Any]) -> dict[str, str]:
    raw = event.get("body") or ""
    body = json.loads(base64.b64decode(raw) if event.get("isBase64Encoded") else raw)
    if not isinstance(body, dict):
        raise ValueError("not an object")
    if not all(isinstance(value, str) and _WORD.fullmatch(value) for value in body.values()):
        raise ValueError("not an object of ids and tokens")
    return body


def _answer(status: int, body: str, kind: str = "application/json", encoded: bool = False) -> dict[str, Any]:
    headers = {"content-type": kind, "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": encoded}
