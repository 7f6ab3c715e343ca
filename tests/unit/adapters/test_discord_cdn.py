"""The CDN's adapter against a real HTTP server that does whatever a test tells it to."""

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chatops.adapters.discord_cdn import DiscordCdn
from chatops.errors import OutsideError, UserError

PATH = "/ephemeral-attachments/1061000000000000900/1290000000000000001/key.json?ex=66fb8c5e&is=66fa3ade&hm=5ec4e7&"
CDN = "https://cdn.discordapp.com"
MOST = 8192

Line = socket.socket


class Server:
    """Hears requests, and answers each with `answer(line)`; `heard` keeps what came."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer: Callable[[Line], None] = says(b"content")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lines: list[Line] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._lines.append(line)
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: Line) -> None:
        with suppress(OSError), line:
            self.heard.append(line.recv(65536))
            self.answer(line)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next line
        self._listener.close()
        for line in self._lines:
            line.close()


def says(body: bytes, status: str = "200 OK", **headers: str) -> Callable[[Line], None]:
    given = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return lambda line: line.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def drips(text: bytes, pause: float = 0.05) -> Callable[[Line], None]:
    def slowly(line: Line) -> None:
        for byte in text:
            line.sendall(bytes([byte]))
            time.sleep(pause)

    return slowly


def endless(head: bytes, part: bytes) -> Callable[[Line], None]:
    def send(line: Line) -> None:
        line.sendall(head)
        while True:
            line.sendall(part)

    return send


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever happens, the signed address is in no log."""
    caplog.set_level(logging.DEBUG)
    yield
    out, err = capfd.readouterr()
    assert not [place for place in (caplog.text, out, err) if "5ec4e7" in place or "key.json" in place]


@pytest.mark.parametrize("folder", ["", "/cdn"], ids=["at the root", "in a folder"])
@pytest.mark.parametrize(
    "path",
    [PATH, PATH.replace("ephemeral-", ""), PATH.partition("?")[0], PATH.replace("key", "My%20key_(1)+~")],
    ids=["ephemeral", "lasting", "unsigned", "an odd name"],
)
def test_a_file_is_fetched_by_the_very_address_that_discord_gave(server: Server, path: str, folder: str) -> None:
    base = server.origin + folder

    assert DiscordCdn(base).fetch(base + path, MOST) == b"content"

    request = server.heard[0].decode()
    assert request.startswith(f"GET {folder}{path} HTTP/1.1\r\n")
    assert f"Host: {server.origin.removeprefix('http://')}" in request
    assert "Accept-Encoding: identity" in request and "User-Agent: DiscordBot (" in request


LOOKALIKES = [
    "",
    "key.json",
    "file:///etc/passwd",
    f"{CDN}",
    f"{CDN}/",
    f"{CDN}/attachments/1/2",
    f"{CDN}/attachments/1/2/",
    f"{CDN}/attachments/1/x/key.json",
    f"{CDN}/attachments/1/2/3/key.json",
    f"{CDN}/avatars/1/2/key.json",
    f"{CDN}//attachments/1/2/key.json",
    f"{CDN}/../attachments/1/2/key.json",
    f"{CDN}/attachments/1/2/key.json#x",
    f"{CDN}/attachments/1/2/key.json\r\nHost: evil.example",
    f"{CDN}/attachments/1/2/key.json\n",
    f" {CDN}/attachments/1/2/key.json",
    f"{CDN}/attachments/1/2/key .json",
    f"{CDN}/attachments/1/2/ключ.json",
    f"{CDN}/attachments/1/\u0662/key.json",
    f"{CDN}/attachments/1/2/key.json?x=\\",
    "http://cdn.discordapp.com/attachments/1/2/key.json",
    "ftp://cdn.discordapp.com/attachments/1/2/key.json",
    "HTTPS://CDN.DISCORDAPP.COM/attachments/1/2/key.json",
    "//cdn.discordapp.com/attachments/1/2/key.json",
    "https://cdn.discordapp.com./attachments/1/2/key.json",
    "https://cdn.discordapp.com:443/attachments/1/2/key.json",
    "https://cdn.discordapp.com:8443/attachments/1/2/key.json",
    "https://cdn.discordapp.com@evil.example/attachments/1/2/key.json",
    "https://user:word@cdn.discordapp.com/attachments/1/2/key.json",
    "https://evil.example#@cdn.discordapp.com/attachments/1/2/key.json",
    "https://evil.example\\@cdn.discordapp.com/attachments/1/2/key.json",
    "https://evil.example?cdn.discordapp.com/attachments/1/2/key.json",
    "https://evil.example/https://cdn.discordapp.com/attachments/1/2/key.json",
    "https://cdn.discordapp.com.evil.example/attachments/1/2/key.json",
    "https://cdnXdiscordapp.com/attachments/1/2/key.json",
    "https://evilcdn.discordapp.com/attachments/1/2/key.json",
    "https://media.discordapp.net/attachments/1/2/key.json",
    "https://cdn\u3002discordapp.com/attachments/1/2/key.json",
    "https://cdn.discordapp.\uff43om/attachments/1/2/key.json",
    "https://cdn.discord\u0430pp.com/attachments/1/2/key.json",
    "https://169.254.169.254/attachments/1/2/key.json",
    "https://[::1]/attachments/1/2/key.json",
    "https:\\\\cdn.discordapp.com\\attachments\\1\\2\\key.json",
]


@pytest.mark.parametrize("address", LOOKALIKES, ids=range(len(LOOKALIKES)))
def test_an_address_that_only_looks_like_discords_is_never_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", asked)
    monkeypatch.setattr(socket, "getaddrinfo", asked)

    with pytest.raises(UserError, match="does not lie where Discord keeps files") as refusal:
        DiscordCdn(CDN).fetch(address, MOST)
    assert "evil" not in str(refusal.value)


def test_the_right_address_would_have_been_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the refusals above do not pass because everything is refused."""
    asked: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)

    with pytest.raises(OutsideError):
        DiscordCdn(CDN).fetch(CDN + PATH, MOST)
    assert asked == [("cdn.discordapp.com", 443)]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(server: Server, status: str) -> None:
    server.answer = says(b"", status, Location=f"{server.origin}{PATH}")

    with pytest.raises(OutsideError, match="HTTP 30"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "410 Gone"])
def test_a_file_that_discord_no_longer_keeps_is_to_be_attached_again(server: Server, status: str) -> None:
    server.answer = says(b"This content is no longer available.", status)

    with pytest.raises(UserError, match="Attach it again"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)


@pytest.mark.parametrize("status", ["206 Partial", "204 None", "429 Slow", "500 Broken", "503 Away"])
def test_any_other_answer_is_trouble_outside(server: Server, status: str) -> None:
    server.answer = says(b"", status)

    with pytest.raises(OutsideError, match="HTTP"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)


@pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
def test_a_file_may_be_as_long_as_it_may(server: Server, size: int) -> None:
    server.answer = says(b"x" * size)

    assert DiscordCdn(server.origin).fetch(server.origin + PATH, MOST) == b"x" * size


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        says(b"x" * (MOST + 1)),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 65536),
        endless(CHUNKED, b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"),
    ],
    ids=["one byte more", "no length", "a long length", "chunks"],
)
def test_a_longer_file_is_refused_after_a_byte_too_many_whatever_its_length_is_said_to_be(
    server: Server, answer: Callable[[Line], None]
) -> None:
    server.answer = answer

    with pytest.raises(UserError, match=f"longer than {MOST} bytes"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)


@pytest.mark.parametrize(
    "answer",
    [
        says(b"half", Content_Length="8"),
        lambda line: line.sendall(CHUNKED + b"ff\r\nhalf"),
        lambda line: line.sendall(CHUNKED + b"zz\r\nhalf\r\n"),
        lambda line: line.sendall(b"SSH-2.0-OpenSSH_9.0\r\n"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"b" * 70_000 + b"\r\n\r\n"),
        lambda line: None,
    ],
    ids=["cut off", "a cut chunk", "a broken chunk", "no HTTP", "many headers", "a long header", "nothing"],
)
def test_half_an_answer_is_no_file(server: Server, answer: Callable[[Line], None]) -> None:
    server.answer = answer

    with pytest.raises(OutsideError) as trouble:
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)
    assert trouble.value.__cause__ is None and "half" not in str(trouble.value)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "gzip, gzip"])
def test_a_compressed_answer_that_was_not_asked_for_is_not_opened(server: Server, encoding: str) -> None:
    server.answer = says(gzip.compress(b"x" * 10_000_000)[:MOST], Content_Encoding=encoding)

    with pytest.raises(OutsideError, match="compressed"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)


SLOW = {
    "silence": lambda line: time.sleep(3),
    "the first line drips": drips(b"HTTP/1.1 200 OK" + b" " * 1000),
    "headers drip": drips(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 90),
    "the body drips": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000),
    "chunks drip": drips(CHUNKED + b"1\r\nx\r\n" * 1000),
    "it is about to answer": drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.001),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_an_answer_has_so_many_seconds_and_not_one_more_however_it_drips(
    server: Server, answer: Callable[[Line], None]
) -> None:
    server.answer = answer
    begun = time.monotonic()

    with pytest.raises(OutsideError, match="Timeout"):
        DiscordCdn(server.origin, seconds=0.4).fetch(server.origin + PATH, MOST)
    assert time.monotonic() - begun < 1.5


def test_nobody_there_is_trouble_outside(server: Server) -> None:
    server.close()

    with pytest.raises(OutsideError, match="fetching an attached file"):
        DiscordCdn(server.origin).fetch(server.origin + PATH, MOST)


def test_neither_a_proxy_nor_a_netrc_of_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password word\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert DiscordCdn(server.origin).fetch(server.origin + PATH, MOST) == b"content"
    assert b"authorization" not in server.heard[0].lower()


def certificate(folder: Path) -> Path:
    """A key and a certificate of it for 127.0.0.1, signed by nobody whom we trust."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdn")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "cdn.pem").write_bytes(private + signed.public_bytes(Encoding.PEM))
    return folder / "cdn.pem"


@pytest.fixture
def secure(server: Server, tmp_path: Path) -> Iterator[Server]:
    """The same server over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    plainly = server._talk

    def talk(line: Line) -> None:
        with suppress(OSError):
            plainly(context.wrap_socket(line, server_side=True))

    server._talk = talk  # type: ignore[method-assign]
    server.origin = server.origin.replace("http:", "https:")
    yield server


def test_a_certificate_that_nobody_signed_is_not_trusted(secure: Server) -> None:
    with pytest.raises(OutsideError, match="SSL"):
        DiscordCdn(secure.origin).fetch(secure.origin + PATH, MOST)
    assert secure.heard == []


def test_over_tls_a_file_is_fetched_and_a_dripping_answer_ends_in_time(
    secure: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cdn.pem"))
    assert DiscordCdn(secure.origin).fetch(secure.origin + PATH, MOST) == b"content"
    begun = time.monotonic()

    secure.answer = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
    with pytest.raises(OutsideError, match="Timeout"):
        DiscordCdn(secure.origin, seconds=0.4).fetch(secure.origin + PATH, MOST)
    assert time.monotonic() - begun < 1.5
