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
        body, now, hand_over = _body(event), int(time.time()), bootstrap.hand_over()
        if not event.get("rawPath", "").endswith("/runs/claim"):
            cancel = hand_over.heartbeat(body["run_id"], body["token"], now)
            return _answer(json.dumps({"cancel": cancel}))
        told = (body["run_id"], body["claim_token"], body["build_id"], body.get("host", "")[:255])
        handed = hand_over.claim(*told, now)
        if handed.warning:
            logger.error(handed.warning.message, extra={"reason": handed.warning.reason})
        return _answer(base64.b64encode(handed.bundle).decode(), "application/zip", encoded=True)
    except (RefusedClaim, ValueError, KeyError, RecursionError) as refusal:
        # template.yaml makes the first of these an alarm
        message = "bundle claimed twice" if isinstance(refusal, SpentClaim) else "request refused"
        logger.warning(message, extra={"reason": str(refusal) if isinstance(refusal, RefusedClaim) else "bad request"})
        return _answer(json.dumps({"error": "refused"}), status=403)


def _body(event: dict[str, Any]) -> dict[str, str]:
    raw = event.get("body") or ""
    body = json.loads(base64.b64decode(raw) if event.get("isBase64Encoded") else raw)
    if not isinstance(body, dict) or not all(isinstance(each, str) and _WORD.fullmatch(each) for each in body.values()):
        raise ValueError("not an object of ids and tokens")
    return body


def _answer(body: str, kind: str = "application/json", encoded: bool = False, status: int = 200) -> dict[str, Any]:
    headers = {"content-type": kind, "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": encoded}
