"""The searcher of the canary test finds a secret in whatever way it is written or packed."""

import base64
import gzip
import io
import json
import urllib.parse
import zipfile
from collections.abc import Callable

import pytest

from tests.e2e.canary import Place, search, spellings

SECRET = 'wJalr/XUtn+FEMI"K7MDENG\\bPxRfiCY=DEMOKEY'


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", data)
    return buffer.getvalue()


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda secret: b"key = " + secret + b"\n",
    "JSON": lambda secret: json.dumps({"key": secret.decode()}).encode(),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"key": secret.decode()})).encode(),
    "URL": lambda secret: urllib.parse.urlencode({"key": secret.decode()}).encode(),
    "path": lambda secret: urllib.parse.quote(secret).encode(),
    "hex": lambda secret: secret.hex().encode(),
    "HEX": lambda secret: secret.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64, one byte ahead": lambda secret: base64.b64encode(b"x" + secret + b"yz"),
    "base64, two bytes ahead": lambda secret: base64.b64encode(b"xy" + secret + b"z"),
    "URL-safe base64 without padding": lambda secret: base64.urlsafe_b64encode(b"xyz" + secret).rstrip(b"="),
    "base64 of JSON": lambda secret: base64.b64encode(json.dumps({"key": secret.decode()}).encode()),
    "base64 of base64": lambda secret: b"blob: " + base64.b64encode(base64.b64encode(b"RB1" + secret)),
    "gzip": gzip.compress,
    "zip": zipped,
    "zip in base64 in gzip": lambda secret: gzip.compress(base64.b64encode(zipped(secret))),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN.keys())
def test_it_is_found_however_it_is_written(write: Callable[[bytes], bytes]) -> None:
    hit, miss = Place("row", "hit", write(SECRET.encode())), Place("row", "miss", write(SECRET[::-1].encode()))

    assert search(SECRET, [miss, hit]) == [hit]


def test_no_spelling_is_so_short_that_it_is_found_by_chance() -> None:
    assert min(map(len, spellings(SECRET))) >= len(SECRET)
    assert search(SECRET, [Place("file", "noise", base64.b64encode(bytes(range(256)) * 50))]) == []


def test_broken_archives_are_read_as_they_are() -> None:
    places = [Place("file", head.hex(), head + SECRET.encode()) for head in (b"\x1f\x8b", b"PK\x03\x04")]

    assert search(SECRET, places) == places
