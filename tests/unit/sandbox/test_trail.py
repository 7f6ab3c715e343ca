"""The emulated AWS notes every request with its answer, and nothing that was secret in it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.trail import Call, read, with_trail

KEY = "AKIAEXAMPLE"
SIGNED = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=ab"


def app(status: int, body: bytes) -> Any:
    async def answering(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        told = [] if b"<RequestId>" in body else [(b"x-amzn-RequestId", b"r-1")]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})

    return answering


def call(file: Path, status: int, body: bytes, asked: bytes = b"", **scope: Any) -> Call:
    given = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [], **scope}
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": asked}

    asyncio.run(with_trail(app(status, body), file)(given, receive, send))
    assert sent[-1]["body"] == body
    (noted,) = read(file)
    return noted


def test_a_refusal_is_noted_with_who_and_what_and_the_code(tmp_path: Path) -> None:
    headers = [(b"authorization", SIGNED.encode()), (b"x-amz-target", b"DynamoDB_20120810.Scan")]
    body = b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}'

    noted = call(tmp_path / "trail", 400, body, headers=headers)

    assert (noted.caller, noted.service, noted.what) == (KEY, "dynamodb", "Scan")
    assert (noted.status, noted.error, noted.request_id) == (400, "AccessDeniedException", "r-1")


def test_a_signed_address_is_noted_by_its_key_and_without_its_signature(tmp_path: Path) -> None:
    query = f"X-Amz-Credential={KEY}%2F20260101%2Fus-east-1%2Fs3&X-Amz-Signature=abcdef&X-Amz-Security-Token=token"
    body = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"

    noted = call(tmp_path / "trail", 403, body, method="PUT", path="/runs/key", query_string=query.encode())

    assert (noted.caller, noted.what, noted.error) == (KEY, "PUT /runs/key", "SignatureDoesNotMatch")
    assert "abcdef" not in (tmp_path / "trail").read_text()
    assert "token" not in (tmp_path / "trail").read_text()


def test_an_answer_that_is_no_error_is_noted_without_its_body(tmp_path: Path) -> None:
    noted = call(tmp_path / "trail", 200, b'{"code": "Secret"}', method="GET", path="/bucket/key")

    assert (noted.status, noted.error, noted.caller) == (200, "", "")
    assert "Secret" not in (tmp_path / "trail").read_text()


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    call(tmp_path / "trail", 200, b"")
    with (tmp_path / "trail").open("a") as file:
        file.write('{"at": 1')

    assert len(list(read(tmp_path / "trail"))) == 1


def test_a_form_is_noted_by_its_action_and_a_refusals_id_is_found_in_its_body(tmp_path: Path) -> None:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    asked = b"Action=AssumeRole&RoleArn=secret-role&Version=2011-06-15"
    body = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error><RequestId>r-2</RequestId></ErrorResponse>"

    noted = call(tmp_path / "trail", 403, body, asked, headers=headers)

    assert (noted.what, noted.error, noted.request_id) == ("AssumeRole", "AccessDenied", "r-2")
    assert "secret-role" not in (tmp_path / "trail").read_text()
