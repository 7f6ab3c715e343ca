"""One HTTP request of the app, decoded as far as its endpoint asks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.discord.protocol import ApiError, FieldError, JsonObject, invalid_form

if TYPE_CHECKING:
    from email.message import Message as Headers  # what http.server calls headers

Response = tuple[int, Any]  # status and JSON body; None sends no body

FILE_LIMIT = 10 * 1024 * 1024
FILES_LIMIT = 10
_PARAMETER = re.compile(r'\b(name|filename)="([^"]*)"')
_FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    filename: str
    data: bytes = field(repr=False)
    content_type: str

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)


@dataclass(frozen=True)
class Request:
    """A request; `arguments` are the named parts of the path."""

    method: str
    path: str
    query: dict[str, str]
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    arguments: dict[str, str] = field(default_factory=dict, repr=False)

    def matched(self, arguments: dict[str, str]) -> Request:
        """The same request with the parts of its path named."""
        return replace(self, arguments=arguments)

    @property
    def where(self) -> str:
        """The request as a report names it: the token of an interaction never appears."""
        return f"{self.method} {re.sub(r'[^/]{60,}', '<token>', self.path)}"

    def json(self) -> Any:
        """The JSON body; raises `ApiError` as Discord does for another content type or broken JSON."""
        if self._content_type != "application/json":
            raise _wrong_content_type("application/json")
        return _decoded(self.body)

    def json_object(self) -> JsonObject:
        """The JSON body when it must be an object."""
        return _object(self.json())

    def form(self) -> tuple[JsonObject, dict[int, Upload]]:
        """The payload of a message with its uploaded files by number: JSON alone, or multipart with `payload_json`."""
        if self._content_type != "multipart/form-data":
            return self.json_object(), {}
        payload: JsonObject = {}
        uploads: dict[int, Upload] = {}
        for head, data in self._parts():
            parameters = dict(_PARAMETER.findall(head))
            number = _FILE_FIELD.fullmatch(parameters.get("name", ""))
            if parameters.get("name") == "payload_json":
                payload = _object(_decoded(data))
            elif number and parameters.get("filename"):
                uploads[int(number[1])] = Upload(parameters["filename"], data, _part_type(head))
        if len(uploads) > FILES_LIMIT or any(upload.size > FILE_LIMIT for upload in uploads.values()):
            raise ApiError(413, 40005, "Request entity too large")
        return payload, uploads

    @property
    def _content_type(self) -> str:
        return self.headers.get_content_type() if "Content-Type" in self.headers else ""

    def _parts(self) -> list[tuple[str, bytes]]:
        """Header lines and content of each part of a multipart body."""
        boundary = self.headers.get_param("boundary")
        if not isinstance(boundary, str):
            raise _wrong_content_type("multipart/form-data; boundary=…")
        parts = (b"\r\n" + self.body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:-1]
        halves = (part.partition(b"\r\n\r\n") for part in parts)
        return [(head.decode("utf-8", "replace"), data) for head, _, data in halves]


def _part_type(head: str) -> str:
    found = re.search(r"^content-type: *([^\r\n]+)", head, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else "application/octet-stream"


def decode_json(data: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN or infinity, no half surrogates; raises `ValueError`."""
    try:
        value = json.loads(data.decode("utf-8"))
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _decoded(data: bytes) -> Any:
    try:
        return decode_json(data)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise invalid_form(FieldError((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"))
    return value


def _wrong_content_type(wanted: str) -> ApiError:
    text = f'Expected "Content-Type" header to be one of {{{wanted!r}}}.'
    return invalid_form(FieldError((), "CONTENT_TYPE_INVALID", text))
