"""A `requests.Session` that answers from a list."""

import json
from dataclasses import dataclass, field
from typing import Any

import requests


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> requests.Response:
    """A response of Discord; bytes stay as they are, anything else becomes JSON."""
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response.headers.update(headers or {})
    return response


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    url: str
    json: Any
    headers: dict[str, str]
    timeout: Any
    files: Any = None


@dataclass
class FakeTransport:
    """Gives the answers in order, the last one again and again; an exception among them is raised."""

    answers: list[requests.Response | Exception]
    sent: list[Sent] = field(default_factory=list)

    def request(self, method: str, url: str, **given: Any) -> requests.Response:
        self.sent.append(Sent(method, url, given.get("json"), given["headers"], given["timeout"], given.get("files")))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found
