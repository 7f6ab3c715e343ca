"""One request and one response, whichever AWS front end carried them.

Reads API Gateway HTTP API (payload 2.0), Lambda function URLs, API Gateway REST (payload 1.0) and load balancers.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# The largest honest interaction is about 900 KB: 25 options of 6,000 characters, every one escaped.
MAX_BODY: Final = 1 << 20
_MAX_BASE64: Final = -(-MAX_BODY // 3) * 4


@dataclass(frozen=True)
class Request:
    """What came in: header names in lower case, and the exact bytes of the body.

    A header that came twice is left out. `body` is None if there is none, it is over 1 MiB or its encoding is broken.
    """

    method: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Response:
    """What goes out, as JSON."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_request(event: Any) -> Request:
    """Read an event; whatever is not as it should be counts as absent."""
    event = _mapping(event)
    return Request(_method(event), _headers(event), _body(event))


def write_response(event: Any, response: Response) -> dict[str, Any]:
    """Write the response in the form that the event's sender reads."""
    headers = {"content-type": "application/json", **response.headers}
    written: dict[str, Any] = {
        "statusCode": response.status,
        "headers": headers,
        "body": json.dumps(response.body, separators=(",", ":")),
        "isBase64Encoded": False,
    }
    if "multiValueHeaders" in _mapping(event):
        # A load balancer that sends multi-value headers reads no others.
        written["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    return written


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _method(event: Mapping[Any, Any]) -> str:
    context = _mapping(_mapping(event.get("requestContext")).get("http"))
    return str(context.get("method") or event.get("httpMethod") or "POST").upper()


def _headers(event: Mapping[Any, Any]) -> dict[str, str]:
    found = dict(_collect(_single_values(event)))
    found.update(_collect(_multiple_values(event)))
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _collect(pairs: Iterator[tuple[Any, Any]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        if isinstance(name, str) and isinstance(value, str):
            collected.setdefault(name.lower(), []).append(value)
    return collected


def _single_values(event: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    yield from _mapping(event.get("headers")).items()


def _multiple_values(event: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for name, values in _mapping(event.get("multiValueHeaders")).items():
        yield from ((name, value) for value in (values if isinstance(values, list) else ()))


def _body(event: Mapping[Any, Any]) -> bytes | None:
    body = event.get("body")
    encoded = event.get("isBase64Encoded") is True
    if not isinstance(body, str) or len(body) > (_MAX_BASE64 if encoded else MAX_BODY):
        return None
    try:
        raw = base64.b64decode(body, validate=True) if encoded else body.encode()
    except ValueError:
        return None
    return raw if len(raw) <= MAX_BODY else None
