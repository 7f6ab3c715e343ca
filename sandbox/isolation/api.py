"""Requests to our own API that a build, or anybody on the internet, may try. A forged one must be refused like any."""

import json
import secrets
import time
import urllib.request
from collections.abc import Iterator, Mapping
from functools import partial

from sandbox.isolation.attempts import Attempt
from sandbox.isolation.targets import Targets

_SECONDS = 60
_BY = "anybody"


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The answer's body; an answer of 400 and more is raised."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return bytes(answer.read())


def claims(t: Targets) -> Iterator[Attempt]:
    """Claims of bundles that are not this build's."""
    claim = partial(_claim, t)
    yield Attempt("bundles", "B's, with A's spent token", _BY, partial(claim, t.other.run_id, t.own.claim_token))
    yield Attempt("bundles", "B's, with B's spent token", _BY, partial(claim, t.other.run_id, t.other.claim_token))
    for number in (1, 2, 3):
        guess = secrets.token_urlsafe(32)
        yield Attempt("bundles", f"B's, with guess {number}", _BY, partial(claim, t.other.run_id, guess))
    yield Attempt("bundles", "A's other run's, with A's token", _BY, partial(claim, t.second.run_id, t.own.claim_token))
    yield Attempt("bundles", "of a run that is not", _BY, partial(claim, "0" * 16, t.own.claim_token))
    yield Attempt("bundles", "with an empty token", _BY, partial(claim, t.other.run_id, ""))
    inject = partial(claim, f"{t.other.run_id}#plan", t.other.claim_token)
    yield Attempt("bundles", "of a row that is no run", _BY, inject)


def again(t: Targets) -> Iterator[Attempt]:
    """The own bundle once more; it stops the own run, so it comes last."""
    claim = partial(_claim, t, t.own.run_id, t.own.claim_token)
    yield Attempt("bundles", "the own one a second time", _BY, claim)


def heartbeats(t: Targets, own_token: str = "") -> Iterator[Attempt]:
    """Beats for a run that is not this build's; `own_token` is the beat token of the own build, if it is known."""
    beat = partial(_beat, t)
    tokens = {"no token": "", "A's claim token": t.own.claim_token, "B's spent claim token": t.other.claim_token}
    tokens |= {"a guess": secrets.token_urlsafe(32)} | ({"A's own token": own_token} if own_token else {})
    for name, token in tokens.items():
        yield Attempt("heartbeats", f"B's, with {name}", _BY, partial(beat, t.other.run_id, token))
    for name in ("no token", "a guess", "A's claim token"):
        yield Attempt("heartbeats", f"A's other run's, with {name}", _BY, partial(beat, t.second.run_id, tokens[name]))
    yield Attempt("heartbeats", "not a JSON object", _BY, partial(post, f"{t.api}/runs/heartbeat", b"[]"))


def interactions(t: Targets) -> Iterator[Attempt]:
    """Orders in the name of somebody in B, without Discord's signature."""
    body = json.dumps({
        "type": 2, "id": "1", "token": "t", "guild_id": t.other.guild_id,
        "member": {"user": {"id": "1"}, "permissions": "8"},
        "data": {"name": "cloud-destroy", "options": [{"name": "name", "type": 3, "value": t.other.deployment}]},
    }).encode()  # fmt: skip
    order = partial(post, f"{t.api}/interactions", body)
    now = str(int(time.time()))
    junk = {"X-Signature-Ed25519": "ab" * 64, "X-Signature-Timestamp": now}
    yield Attempt("orders", "unsigned", _BY, order)
    yield Attempt("orders", "with a signature that is none", _BY, partial(order, junk))
    yield Attempt("orders", "with an empty signature", _BY, partial(order, {**junk, "X-Signature-Ed25519": ""}))
    yield Attempt("orders", "from the year 2001", _BY, partial(order, {**junk, "X-Signature-Timestamp": "1000000000"}))


def replayed(t: Targets, signed: Mapping[str, tuple[bytes, Mapping[str, str]]]) -> Iterator[Attempt]:
    """Requests that Discord did sign: too late, or changed."""
    for name, (body, headers) in signed.items():
        yield Attempt("orders", name, "who overheard Discord", partial(post, f"{t.api}/interactions", body, headers))


def _claim(t: Targets, run_id: str, token: str) -> bytes:
    told = {"run_id": run_id, "claim_token": token, "build_id": f"{t.resources['RunProject']}:forged", "host": "evil"}
    return post(f"{t.api}/runs/claim", json.dumps(told).encode())


def _beat(t: Targets, run_id: str, token: str) -> bytes:
    return post(f"{t.api}/runs/heartbeat", json.dumps({"run_id": run_id, "token": token}).encode())
