"""The whole build as the attacker: it has the claim token, the bundle, the beat token, every signed address.

No Terraform code can get that far, as `machine` shows; this is what would hold even then.
"""

import io
import json
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sandbox.isolation import api, aws
from sandbox.isolation.attempts import CONTROL, THROUGH, Attempt, Outcome, make
from sandbox.isolation.targets import Targets

PHASE = "whole build"
AT_ONCE = 8
_BY = "who has the bundle"


@dataclass(frozen=True)
class Bundle:
    """What of a bundle an attacker wants."""

    beat_token: str
    uploads: Mapping[str, str]
    session: aws.Identity


def claim_at_once(t: Targets) -> tuple[list[Outcome], Bundle]:
    """Claim the own bundle many times at the same moment: one gets it, and the control is that one does.

    Raises:
        RuntimeError: not exactly one did.
    """
    told = {
        "run_id": t.own.run_id,
        "claim_token": t.own.claim_token,
        "build_id": t.own.build_id,
        "host": "evil",
    }
    got: list[bytes] = []

    def claim() -> str:
        got.append(api.post(f"{t.api}/runs/claim", json.dumps(told).encode()))
        return "the bundle"

    attempts = [Attempt("bundles", "the own one, many at once", _BY, claim)] * AT_ONCE
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = [each for made in pool.map(lambda one: list(make([one], PHASE)), attempts) for each in made]
    if len(got) != 1:
        raise RuntimeError(f"{len(got)} of {AT_ONCE} claims got the bundle: {[each.answer for each in outcomes]}")
    refused = [each for each in outcomes if each.verdict != THROUGH]
    first = Outcome(CONTROL, "claim the own bundle once", _BY, PHASE, THROUGH, "the bundle", at=time.time())
    return [*refused, first], _read(got[0])


def attempts(t: Targets, bundle: Bundle, role: aws.Identity) -> Iterator[Attempt]:
    """Everything a hostile build may try, with the bundle and with the role of the build itself."""
    yield from _addresses(t, bundle.uploads["plan"])
    yield from api.heartbeats(t, bundle.beat_token)
    yield Attempt(CONTROL, "beat for the own run", _BY, partial(_beat, t, bundle.beat_token))
    yield from aws.attempts(t, role, aws.all_calls(t))
    yield from aws.attempts(t, role, iter([aws.Call(CONTROL, "ask who this is", "sts", "get_caller_identity", {})]))


def forge_lines(t: Targets, logs: Any) -> None:
    """Write into B's stream, and into one of a build that is none, as the role of builds may on AWS.

    The emulator does not let that role, since it knows no permission for a log stream: so `logs` is root's client.
    """
    now, unknown = int(time.time() * 1000), f"of-the-attacker-{t.own.run_id}"
    lines = [
        {"@level": "error", "@message": "forged", "type": "diagnostic", "diagnostic": {
            "severity": "error", "summary": "forged by guild A", "detail": ""}},
        {"@level": "info", "type": "apply_complete", "hook": {
            "resource": {"addr": "terraform_data.step[0]"}, "action": "create", "elapsed_seconds": 1}},
    ]  # fmt: skip
    events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
    logs.create_log_stream(logGroupName=t.build_logs, logStreamName=unknown)
    for stream in (t.other.build_id.partition(":")[2], unknown):
        logs.put_log_events(logGroupName=t.build_logs, logStreamName=stream, logEvents=events)


def _addresses(t: Targets, url: str) -> Iterator[Attempt]:
    """A signed address, used for something else than it was signed for."""
    parts = urlsplit(url)
    plan = f"/{t.runs_bucket}/{t.other.file('plan.tfplan')}"
    state = f"/{t.state_bucket}/{t.other.state_key}"
    longer = parts.query.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800")
    kept = "&".join(each for each in parts.query.split("&") if not each.startswith("X-Amz-Security-Token"))
    edited = {
        "for B's plan": ("PUT", parts._replace(path=plan)),
        "for B's state": ("PUT", parts._replace(path=state)),
        "to read B's state": ("GET", parts._replace(path=state)),
        "to read what it may write": ("GET", parts),
        "to delete what it may write": ("DELETE", parts),
        "to read an old version": ("GET", parts._replace(query=f"{parts.query}&versionId=null")),
        "for longer": ("PUT", parts._replace(query=longer)),
        "without its session": ("PUT", parts._replace(query=kept)),
        "without its signature": ("PUT", parts._replace(query="")),
        "to list the bucket": ("GET", parts._replace(path=f"/{t.runs_bucket}")),
    }
    for name, (method, where) in edited.items():
        yield Attempt("signed addresses", name, _BY, partial(_send, method, urlunsplit(where)))
    yield Attempt(CONTROL, "use a signed address as it is", _BY, partial(_send, "PUT", url))


def _send(method: str, url: str) -> int:
    body = b"forged" if method == "PUT" else None
    with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=20) as answer:
        return int(answer.status)


def _beat(t: Targets, token: str) -> bytes:
    return api.post(f"{t.api}/runs/heartbeat", json.dumps({"run_id": t.own.run_id, "token": token}).encode())


def _read(archive: bytes) -> Bundle:
    raw: dict[str, Any] = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("bundle.json"))
    lent = raw["state_credentials"]
    session = aws.Identity(_BY, lent["access_key_id"], lent["secret_access_key"], lent["session_token"])
    return Bundle(raw["heartbeat"]["token"], raw["uploads"], session)
