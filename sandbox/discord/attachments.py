"""Uploaded files as a message shows them: `files[n]` of a multipart request, described by `attachments`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.discord.protocol import FieldError, JsonObject, invalid_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.incoming import Upload


def merged_attachments(
    kept: list[JsonObject],
    payload: JsonObject,
    uploads: dict[int, Upload],
    channel_id: str,
    store: Callable[[Upload], str],
) -> list[JsonObject]:
    """A message's attachments after a create or edit; raises `ApiError` when one names a file that is not there.

    `store` keeps a new file and says its id.

    Old ones stay unless the payload lists `attachments`; then only those stay whose id it lists. New files always come.
    """
    described = payload.get("attachments")
    if described is None:
        return [*kept, *(_attachment(upload, {}, channel_id, store(upload)) for upload in uploads.values())]
    by_id = {attachment["id"]: attachment for attachment in kept}
    left, found = dict(uploads), []
    for index, description in enumerate(described):
        wanted = str(description["id"])
        if wanted in by_id:
            found.append(by_id[wanted])
        elif wanted.isdecimal() and len(wanted) < 4 and int(wanted) in left:
            upload = left.pop(int(wanted))
            found.append(_attachment(upload, description, channel_id, store(upload)))
        else:
            text = f"Attachment data for {wanted!r} was not provided"
            raise invalid_form(FieldError(("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", text))
    return [*found, *(_attachment(upload, {}, channel_id, store(upload)) for upload in left.values())]


def _attachment(upload: Upload, description: JsonObject, channel_id: str, attachment_id: str) -> JsonObject:
    filename = description.get("filename") or upload.filename
    url = f"https://cdn.discordapp.com/attachments/{channel_id}/{attachment_id}/{filename}"
    return {
        "id": attachment_id,
        "filename": filename,
        "size": upload.size,
        "url": url,
        "proxy_url": url.replace("cdn.discordapp.com", "media.discordapp.net"),
        "content_type": upload.content_type,
    }
