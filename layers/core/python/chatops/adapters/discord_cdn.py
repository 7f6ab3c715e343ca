"""Files that people attach, from Discord's CDN and nowhere else.

The address comes from outside, so it is compared with the one place as text, before anything takes it apart. It is
signed, and so a secret: no error holds it. http.client, not requests: it follows no redirect, reads no proxy, no netrc
and no compressed answer.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Event, Timer
from urllib.parse import urlsplit

from chatops.adapters.discord_http import USER_AGENT
from chatops.errors import OutsideError, UserError

CONNECT_SECONDS = 2.0
ALL_SECONDS = 5.0
"""For the whole answer, however it drips."""

_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"}

# discord-api-docs, reference: signed attachment CDN URLs. RFC 3986: what a name in a path, and a query, are made of.
_NAME = r"[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,512}"
_QUERY = r"(?:\?[A-Za-z0-9._~%&=+-]{0,1024})?"
_PATH = rf"/(?:ephemeral-)?attachments/[0-9]{{1,20}}/[0-9]{{1,20}}/{_NAME}{_QUERY}"

_GONE = "The attached file is gone: Discord keeps such a file for a short time only. Attach it again."
_ELSEWHERE = "The attached file does not lie where Discord keeps files. Attach it again."


class DiscordCdn:
    """`Attachments` over HTTPS; `base_url` is the one place that files are fetched from."""

    def __init__(self, base_url: str, seconds: float = ALL_SECONDS) -> None:
        self._base = urlsplit(base_url.rstrip("/"))
        self._address = re.compile(re.escape(base_url.rstrip("/")) + f"(?P<rest>{_PATH})")
        self._seconds = seconds

    def fetch(self, address: str, most_bytes: int) -> bytes:
        """See Attachments."""
        found = self._address.fullmatch(address)
        if found is None:
            raise UserError(_ELSEWHERE)
        try:
            with closing(self._connection()) as connection, _over_after(self._seconds, connection):
                connection.request("GET", self._base.path + found["rest"], headers=_HEADERS)
                return _content(connection.getresponse(), most_bytes)
        except (OSError, HTTPException) as error:
            # Not chained: what the other side sent may be in it.
            raise OutsideError(f"fetching an attached file: {type(error).__name__}") from None

    def _connection(self) -> HTTPConnection:
        host, port = self._base.hostname or "", self._base.port
        if self._base.scheme == "https":
            return HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=CONNECT_SECONDS)


@contextmanager
def _over_after(seconds: float, connection: HTTPConnection) -> Iterator[None]:
    """Connect, and end whatever goes on over the connection when the time is up.

    A socket's own time limit is for one read: who sends a byte now and then would never meet it.
    """
    connection.connect()
    over, line = Event(), connection.sock

    def end() -> None:
        over.set()
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # not TLS's own, which would wait for the other side

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if over.is_set():
            raise TimeoutError


def _content(answer: HTTPResponse, most_bytes: int) -> bytes:
    """The body, read up to one byte more than it may have, whatever its length is said to be."""
    if answer.status in (403, 404, 410):  # also an address whose signature has ended
        raise UserError(_GONE)
    if answer.status != 200:
        raise OutsideError(f"fetching an attached file: HTTP {answer.status}")
    if answer.getheader("Content-Encoding", "") not in ("", "identity"):
        raise OutsideError("fetching an attached file: it came compressed")
    body = answer.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise UserError(f"The attached file is longer than {most_bytes} bytes.")
    if answer.length:
        raise OutsideError("fetching an attached file: it came cut off")
    return body
