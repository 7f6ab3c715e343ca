"""Discord's CDN: files that people attach to a command, at signed addresses that end after a day."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.discord.incoming import FILE_LIMIT

if TYPE_CHECKING:
    from sandbox.discord.incoming import Request, Upload
    from sandbox.discord.protocol import JsonObject
    from sandbox.discord.state import State

PREFIX = "/cdn"
SIGNED_SECONDS = 24 * 3600
_FOLDER = "/ephemeral-attachments"
_PATH = re.compile(rf"{PREFIX}({_FOLDER}/[0-9]+/([0-9]+)/[^/]+)")


@dataclass(frozen=True)
class Attachment:
    """A file in a command's option, as an interaction tells of it; its address is all that is needed to read it."""

    id: str
    upload: Upload
    url: str

    def as_json(self) -> JsonObject:
        """The attachment object in `data.resolved.attachments`."""
        return {
            "id": self.id,
            "filename": self.url.partition("?")[0].rpartition("/")[2],
            "size": self.upload.size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.upload.content_type,
            "ephemeral": True,
        }


def attach(state: State, upload: Upload) -> Attachment:
    """Take a file from a person, as the client does before the command is sent; ValueError if it is too large."""
    if upload.size > FILE_LIMIT:
        raise ValueError(f"a file of {upload.size} bytes is larger than {FILE_LIMIT}")
    attachment_id = state.store(upload)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", upload.filename)
    path = f"{_FOLDER}/{state.settings.application_id}/{attachment_id}/{name}"
    since = int(state.clock.now())
    signed = f"ex={since + SIGNED_SECONDS:x}&is={since:x}"
    return Attachment(attachment_id, upload, f"{state.cdn_url}{path}?{signed}&hm={_signature(state, path, signed)}&")


def read(state: State, request: Request) -> bytes | None:
    """The file at an address that is signed and has not ended."""
    found = _PATH.fullmatch(request.path)
    given = {name: request.query.get(name, "") for name in ("ex", "is", "hm")}
    if found is None or request.method != "GET" or not re.fullmatch("[0-9a-f]{1,12}", given["ex"]):
        return None
    right = _signature(state, found[1], f"ex={given['ex']}&is={given['is']}")
    if not hmac.compare_digest(right.encode(), given["hm"].encode()) or int(given["ex"], 16) < state.clock.now():
        return None
    return state.files.get(found[2])


def _signature(state: State, path: str, signed: str) -> str:
    return hmac.new(state.settings.bot_token.encode(), f"{path}?{signed}".encode(), hashlib.sha256).hexdigest()
